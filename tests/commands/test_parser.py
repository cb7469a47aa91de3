"""What every command has in common: its help, its refusals, its exit codes."""

from pathlib import Path

import pytest

from zapcls.__main__ import main

pytestmark = pytest.mark.usefixtures("workspace_dir")

COMMANDS = (
    *("catalog", "download", "sample", "train", "lr-find", "runs"),
    *("evaluate", "classify", "devices", "serve", "work", "colors", "errors", "label-issues"),
    *("slices", "reviews", "compare", "cross-validate", "color-bias", "report", "trade", "delete"),
    *("archive", "restore"),
    *("export", "import"),
)


def test_each_command_is_listed_and_has_help(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out
    for command in COMMANDS:
        with pytest.raises(SystemExit) as exit:
            main([command, "--help"])
        out = capsys.readouterr().out
        assert exit.value.code == 0
        assert out.startswith(f"usage: zapcls {command}")
        assert "--workspace" in out or command == "reviews"
        assert f"    {command}" in listed


@pytest.mark.parametrize(
    "words",
    [[], ["fly"], ["train", "--device", "abacus"], ["sample"], ["train", "--seed", "x"]],
)
def test_an_unknown_command_or_option_is_bad_input(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(words)

    assert exit.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: zapcls")


@pytest.mark.parametrize("top", [0, -3, "many"])
def test_a_number_of_errors_is_one_or_more(capsys, top):
    with pytest.raises(SystemExit, match="2"):
        main(["errors", "any", "--top", str(top)])
    assert f"1 or more, got '{top}'" in capsys.readouterr().err


def test_a_workspace_that_is_a_file(refused, tmp_path):
    (tmp_path / "file").write_text("")

    for words in (["runs"], ["catalog", "--json"], ["classify", "run", "a.jpg"], ["train"]):
        assert "must be a folder" in refused(*words, "--workspace", tmp_path / "file")


def test_a_folder_that_is_no_job(refused, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert "JOB_DIR must be" in refused("work", folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can write")
@pytest.mark.parametrize(
    "words", [["report", "any", "-o", "/proc/a.html"], ["sample", "--dest", "/proc/a"]]
)
def test_a_folder_that_cannot_be_written_is_a_sentence(refused, words):
    code = 2 if words[0] == "report" else 1
    assert "/proc/a" in refused(*words, code=code)


def test_an_interrupted_command_ends_with_130(monkeypatch, capsys, drawn):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zapcls.workspace.opening.read_catalogue", interrupt)

    assert main(["catalog", "--data", str(drawn)]) == 130
    assert capsys.readouterr().err.endswith("zapcls: interrupted.\n")
