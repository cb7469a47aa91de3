"""A PDF is what a browser prints; where it does not, a sentence says so."""

import pytest

from zapcls.errors import ZapError
from zapcls.report import files
from zapcls.report.files import find_browser, print_pdf


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that puts a browser on the path: a shell script of these lines."""

    def write(*lines):
        browser = tmp_path / "bin" / "chromium"
        browser.parent.mkdir(exist_ok=True)
        browser.write_text("\n".join(["#!/bin/sh", *lines]))
        browser.chmod(0o755)
        monkeypatch.setenv("PATH", f"{browser.parent}:/usr/bin:/bin")

    return write


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "a page.html"
    path.write_text("words")
    return path


PRINTING = (
    'for word; do case "$word" in --print-to-pdf=*) target="${word#--print-to-pdf=}";; esac; done',
    'for last; do :; done; echo "$last" > "$target"',
)


def test_the_browser_is_asked_to_print_the_page(install, page, tmp_path):
    install(*PRINTING)

    print_pdf(page, tmp_path / "out.pdf")

    assert (tmp_path / "out.pdf").read_text().strip() == page.as_uri()


@pytest.mark.parametrize(
    "lines", [("echo no display >&2", "exit 3"), ("exit 0",), (*PRINTING, "exit 3")]
)
def test_a_browser_that_does_not_print_is_a_sentence(install, page, tmp_path, lines):
    install(*lines)

    with pytest.raises(ZapError, match=r"could not print the report \(no (display|message)\)"):
        print_pdf(page, tmp_path / "out.pdf")

    assert not (tmp_path / "out.pdf").exists()


def test_a_browser_that_hangs_is_left(install, page, tmp_path, monkeypatch):
    def hang(command, timeout, **options):
        raise files.subprocess.TimeoutExpired(command, timeout)

    install()
    monkeypatch.setattr(files.subprocess, "run", hang)

    with pytest.raises(ZapError, match="must print within"):
        print_pdf(page, tmp_path / "out.pdf")


def test_without_a_browser_the_sentence_says_what_to_do(monkeypatch, page, tmp_path, refuses):
    monkeypatch.setattr(files.shutil, "which", lambda name: None)

    assert find_browser() is None
    with refuses("Chromium", ".html"):
        print_pdf(page, tmp_path / "out.pdf")
