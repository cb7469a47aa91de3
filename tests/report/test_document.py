"""The report: every figure is a table's, nothing of the data becomes markup, nothing is fetched."""

import base64
import hashlib
import json
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hand_made import HandMade, build_classes, list_texts
from reported_run import HOSTILE, add_run

from zapcls import work
from zapcls.blocks import Table, Text
from zapcls.commands.parser import build_parser
from zapcls.commands.training import read_config
from zapcls.data.labels import label_rows
from zapcls.data.task import Task
from zapcls.errors import BadInput
from zapcls.findings import groups, pairs
from zapcls.findings.ask import build_ask
from zapcls.findings.claim import describe_reach
from zapcls.findings.remedy_settings import find_obstacle
from zapcls.progress import silent
from zapcls.report import document, files
from zapcls.report.document import (
    build_sections,
    check_target,
    lay_out,
    render,
    save_report,
    write_prose,
)
from zapcls.report.limits import build_limits
from zapcls.report.run_sections import list_commands, write_setting
from zapcls.work.report import write_report
from zapcls.workspace import jobs

SPACE = "\N{NO-BREAK SPACE}"


class Reader(HTMLParser):
    """Reads the page as a browser does: its tables, its words, its elements, its scripts."""

    def __init__(self, page):
        super().__init__()
        self.tables, self.elements, self.said, self.scripts, self.tag = [], [], "", [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "script":
            self.scripts.append("")
        self.tag = tag
        if tag == "br" and self.tables:
            self.tables[-1][-1][-1] += " "

    def handle_data(self, data):
        if self.tag == "script":
            self.scripts[-1] += data
            return
        self.said += data
        if self.tag in ("td", "th", "br", "i") and data.strip():
            self.tables[-1][-1][-1] += data.strip()

    def handle_endtag(self, tag):
        self.tag = "" if tag == "script" else self.tag

    def find_table(self, frame):
        """The table on the page that has the columns of a frame, and as many rows."""
        head = [str(name) for name in frame.columns]
        return [t[1:] for t in self.tables if t[0] == head and len(t) == len(frame) + 1]

    def __contains__(self, sentence):
        plain = sentence.replace("**", "").replace(SPACE, " ")
        return " ".join(plain.split()) in " ".join(self.said.replace(SPACE, " ").split())


@pytest.fixture(scope="module")
def read(page):
    return Reader(page)


def write_rows(frame):
    return [
        [f"{value:,}" if isinstance(value, int) else str(value) for value in row]
        for row in frame.to_numpy(dtype=object).tolist()
    ]


def test_every_table_and_sentence_of_the_findings_is_on_the_page(read, full_evidence):
    sections = [one for one in build_sections(full_evidence) if one.name != "run"]
    tables = [block for section in sections for block in section.blocks if isinstance(block, Table)]
    assert len(tables) > 12
    for table in tables:
        assert write_rows(table.cells) in read.find_table(table.cells)
    for section in sections:
        for said in list_texts(section).splitlines():
            assert said in read


def test_an_explanation_stands_once_at_the_end_of_its_section(full_evidence):
    ask = build_ask(full_evidence)
    section = lay_out(pairs.section(pairs.find(full_evidence, ask), ask))

    notes = [block.text for block in section.blocks if isinstance(block, Text)]
    assert notes.count(pairs.explain(ask)) == 1
    assert section.blocks[-1] == Text(pairs.explain(ask), "note")


def test_the_data_the_settings_and_the_terms_are_told(read, worked):
    catalog = worked.store.read_catalog()
    kept = int(label_rows(catalog, worked.run.task)["kept"].sum())
    assert f"lists {len(catalog):,} rows. {kept:,} are kept" in read
    assert "left out: blank gender 2" in " ".join(" ".join(r) for t in read.tables for r in t)
    assert "UT Zappos50K is for academic, non-commercial use only" in read
    assert "seed 0, trained and evaluated in 1 min 23 s on cpu" in read


def test_the_charts_hold_the_figures_of_the_tables(read, full_evidence):
    figures = json.loads(read.scripts[0])
    places = [a["id"] for tag, a in read.elements if a.get("id", "").startswith("chart-")]
    assert places == [f"chart-{place}" for place in range(len(figures))]
    for source in full_evidence.sources:
        found = groups.find(full_evidence, replace(build_ask(full_evidence), source=source)).groups
        rates = found[found["label"] == "Women"]["rate"]
        drawn = [
            trace["y"]
            for figure in figures
            for trace in figure["data"]
            if trace.get("name") == "Women" and isinstance(trace.get("y"), dict)
        ]
        arrays = [np.frombuffer(base64.b64decode(y["bdata"]), y["dtype"]) for y in drawn]
        assert any(np.allclose(rates, y, equal_nan=True) for y in arrays if len(y) == len(rates))


def test_what_the_data_say_never_becomes_markup(page, read):
    assert HOSTILE not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 2  # a brand, and the folder
    assert HOSTILE in read.said
    assert not any("onerror" in attributes for _, attributes in read.elements)
    assert all(a["src"].startswith("data:image/") for tag, a in read.elements if tag == "img")
    assert "<" not in read.scripts[0]


def test_a_sentence_is_escaped_before_it_is_made_strong():
    assert write_prose("**<b>1 %**") == f"<strong>&lt;b&gt;1{SPACE}%</strong>"


def test_the_page_fetches_nothing_and_runs_nothing_but_its_own_scripts(page, read):
    assert not any(tag in ("link", "iframe", "object") for tag, _ in read.elements)
    assert not any("src" in a for tag, a in read.elements if tag == "script")
    assert all(a["href"].startswith("#") for tag, a in read.elements if tag == "a")
    [policy] = [a["content"] for tag, a in read.elements if tag == "meta" and "content" in a
                and a.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    assert "default-src 'none'" in policy
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in read.scripts[1:]
    ]
    assert allowed == hashes
    assert page.count("plotly.js v") == 1


def test_no_path_of_this_machine_is_told(page, worked):
    assert str(worked.workspace.path) not in page
    assert str(worked.data_dir.parent) not in page
    assert write_setting("/home/someone/weights.safetensors") == "weights.safetensors"
    assert write_setting(["Women", "Men"]) == "Women, Men"


def test_small_groups_and_what_could_be_found_are_counted(full_evidence):
    ask = build_ask(full_evidence)
    told = [block.text for block in build_limits(full_evidence, ask).blocks]

    for source, said in zip(full_evidence.sources, told[1:3], strict=True):
        one = replace(ask, source=source)
        found = groups.find(full_evidence, one).groups.query("n > 0")
        [pink] = found.query("color == 'pink' and label == 'Women'").to_dict("records")
        assert f"{found['is_small'].sum()} of {len(found)} groups" in said
        assert describe_reach(pink) in said


def test_a_part_whose_job_has_not_run_says_so_and_shows_no_figure(evidence):
    read = Reader(render(evidence, build_sections(evidence)))
    told = evidence.missing | {"trade": find_obstacle(evidence.run.train_config)}
    for sentence in told.values():
        assert sentence in read
    assert "recolored photos" not in read.said
    assert "Label check, all photos" not in read.said


def test_a_claim_without_shoes_is_no_rate(reported, evidence):
    table = evidence.predictions[evidence.predictions["color"] != "pink"]
    made = HandMade(table, run=reported.run, store=reported.store)

    read = Reader(render(made, build_sections(made)))

    assert "This run, valid: no such shoes to compare." in read
    assert "No such shoes: valid has no pink women's shoes." in read
    assert "nan" not in read.said.lower()


@pytest.mark.parametrize("count", [4, 21])
def test_a_report_on_any_number_of_classes(build_table, reported, count):
    task = Task("category", tuple(f"Kind {place}" for place in range(count)))
    table = build_classes(build_table, task.classes).assign(row=0)
    table = pd.concat([table, table.assign(split="train", image_id="t" + table["image_id"])])
    made = HandMade(table, task=task, run=reported.run, store=reported.store)

    read = Reader(render(made, build_sections(made)))

    assert "Are pink shoes labelled Kind 0 called Kind 1 more often than others?" in read
    assert "sold as" not in read.said
    assert [a for tag, a in read.elements if a.get("id") == "limits"]


def test_the_commands_make_the_very_settings(own, evidence):
    settings = {"arch": "resnet18", "seed": 3, "classes": ("Women", "Men"), "split": "random"}
    run = add_run(own.workspace, own.data_dir, own.store, image_size=64, **settings)

    train, *rest = list_commands(run, {"recolor": ""}).replace("\\\n", " ").splitlines()

    python, m, zapcls, *arguments = shlex.split(train)
    assert (python, m, zapcls) == ("python", "-m", "zapcls")
    assert read_config(build_parser().parse_args(arguments)) == run.train_config
    assert [line.split()[3] for line in rest] == ["label-issues", "trade", "report"]
    leaky = HandMade(evidence.predictions, run=run)
    assert "A split that leaks." in build_limits(leaky, build_ask(leaky)).blocks[0].text


@pytest.fixture
def stubbed(monkeypatch):
    """A page and a browser that take no time."""
    for module in (document, work.report):
        monkeypatch.setattr(module, "build_page", lambda *arguments: "<!doctype html>")
        monkeypatch.setattr(module, "print_pdf", lambda page, target: target.write_bytes(b"%PDF"))
    monkeypatch.setattr(work.report, "find_browser", lambda: "chromium")
    monkeypatch.setattr(document, "need_browser", lambda: "chromium")


@pytest.mark.parametrize("has_browser", [True, False])
def test_the_job_leaves_the_whole_folder(own, stubbed, monkeypatch, has_browser):
    if not has_browser:
        monkeypatch.setattr(work.report, "find_browser", lambda: None)
    assert files.find_report(own.run, ".html") is None
    job = jobs.create(own.workspace.jobs_dir, "report", {"run": str(own.run.path)})

    write_report(job, own.workspace, silent)

    assert [path.name for path in (own.run.path / "derived").iterdir()] == ["report"]
    assert files.find_report(own.run, ".html").read_text() == "<!doctype html>"
    pdf = files.find_report(own.run, ".pdf")
    assert pdf.read_bytes() == b"%PDF" if has_browser else pdf is None


def test_a_report_is_saved_by_its_name(reported, tmp_path, stubbed):
    save_report(reported.run, reported.workspace, tmp_path / "a.html")
    save_report(reported.run, reported.workspace, tmp_path / "a.pdf")

    assert (tmp_path / "a.html").read_text() == "<!doctype html>"
    assert (tmp_path / "a.pdf").read_bytes() == b"%PDF"


def test_a_target_that_cannot_be_is_refused_first(tmp_path, refuses, monkeypatch):
    with refuses(".html", "report.txt"):
        check_target(tmp_path / "report.txt")
    with refuses("folder", "nowhere"):
        check_target(tmp_path / "nowhere" / "report.html")
    monkeypatch.setattr(files.shutil, "which", lambda name: None)
    with pytest.raises(BadInput, match="Chromium"):
        check_target(tmp_path / "report.pdf")
