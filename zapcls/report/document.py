"""Composes the report: sections on a run, rendered into one file that needs nothing else."""

import base64
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import plotly.io
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from zapcls import __version__
from zapcls.blocks import Block, Chart, Columns, Links, Section, Text
from zapcls.data.color import SWATCHES
from zapcls.errors import BadInput
from zapcls.evidence import Evidence, open_evidence
from zapcls.findings import FINDINGS, answer, bias, find, recolor, remedies, summary
from zapcls.findings.ask import Ask, build_ask
from zapcls.progress import Progress, silent
from zapcls.report import limits, run_sections
from zapcls.report.files import need_browser, print_pdf
from zapcls.workspace.layout import Workspace, check_writable
from zapcls.workspace.runs import Run

# Findings, in reading order.
ABOUT_RUN = ("training", "rates", "labels", "confusions", "calibration", "sure", "familiar")
SUFFIXES = (".html", ".pdf")
FONT = "'Segoe UI', 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
INK, GRID = "#22262a", "#e6e8ea"


def save_report(run: Run, workspace: Workspace, file: Path, progress: Progress = silent) -> None:
    """Write a run's report to a file that ends in .html or .pdf.

    Raises:
        BadInput: it ends otherwise, its folder is not there, or there is no Chromium for a PDF.
    """
    check_target(file)
    page = build_page(run, workspace, progress).encode()
    with tempfile.TemporaryDirectory(prefix="zapcls-report-") as folder:
        html, pdf = Path(folder) / "report.html", Path(folder) / "report.pdf"
        html.write_bytes(page)
        if file.suffix == ".pdf":
            progress("Printing the PDF", 0, 0)
            print_pdf(html, pdf)
        shutil.copyfile(html if file.suffix == ".html" else pdf, file)


def check_target(file: Path) -> None:
    """Check that a report can be written there, before anything is computed.

    Raises:
        BadInput: see `save_report`.
    """
    if file.suffix not in SUFFIXES:
        raise BadInput(
            f"FILE must end in {' or '.join(SUFFIXES)}, got {file.name}. Name it report.html."
        )
    if not file.resolve().parent.is_dir():
        raise BadInput(
            f"FILE must lie in a folder that is there, got {file}. Make {file.parent} first."
        )
    check_writable(file)
    if file.suffix == ".pdf":
        need_browser()


def build_page(run: Run, workspace: Workspace, progress: Progress = silent) -> str:
    """Build the report of an evaluated run: HTML with its charts and photos inside.

    Raises:
        ZapError: the run's catalogue is gone from the workspace.
    """
    evidence = open_evidence(run, workspace)
    progress("Comparing colors", 0, 0)
    sections = build_sections(evidence)
    progress("Writing the report", 0, 0)
    return render(evidence, sections)


def build_sections(evidence: Evidence) -> list[Section]:
    """Build all sections but the method, the answer first."""
    ask = build_ask(evidence)
    first, verdict, *found = build_bias(evidence, ask, (ask.label, ask.called))
    is_label = bool(evidence.task.labels_of)
    about_run = [name for name in ABOUT_RUN if is_label or name != "labels"]
    return [
        first,
        verdict,
        run_sections.build_data(evidence),
        *(FINDINGS[name].section(find(name, evidence, ask), ask) for name in about_run),
        *found,
        limits.build_limits(evidence, ask),
    ]


def build_bias(evidence: Evidence, ask: Ask, labels: Sequence[str] = ()) -> list[Section]:
    """Build all that is found out about one group column, the answer first.

    `labels` are those that pairs and odds are of, all classes unless given.
    """
    sections = [
        answer.section(answer.find(evidence, ask), ask),
        summary.section(summary.find(evidence, ask), ask),
        *bias.build_sections(evidence, ask, labels or evidence.classes),
    ]
    if ask.by == "color":  # the one group that can be changed
        ask = replace(ask, edit="")
        sections += [
            finding.section(finding.find(evidence, ask), ask) for finding in (recolor, remedies)
        ]
    return sections


def render(evidence: Evidence, sections: Sequence[Section]) -> str:
    """Render the sections through the template; everything is escaped but our own markup.

    The page's own policy lets nothing run but its two scripts, and nothing be fetched.
    """
    run, sections = evidence.run, [lay_out(section) for section in sections]
    environment = Environment(
        loader=PackageLoader("zapcls.report", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"prose": write_prose, "cell": write_cell}
    charts = [block for section in sections for block in section.blocks if isinstance(block, Chart)]
    scripts = [get_plotlyjs(), resources.files("zapcls.report").joinpath("draw.js").read_text()]
    return environment.get_template("report.html.j2").render(
        run=run,
        thing=evidence.task.thing,
        answer=sections[0],
        sections=sections[1:],
        id=id,
        commands=run_sections.list_commands(run, evidence.missing),
        weights=run_sections.write_setting(run.train_config.weights)
        if run.train_config.weights not in ("bundled", "imagenet", "none")
        else "",
        places={id(chart): place for place, chart in enumerate(charts)},
        figures=Markup(write_figures(charts)),
        scripts=[Markup(script) for script in scripts],
        policy=" ".join(f"'sha256-{hash_script(script)}'" for script in scripts),
        swatches=SWATCHES,
        version=__version__,
    )


def lay_out(section: Section) -> Section:
    """Set columns one below the other, and what explains a paragraph at the end, once."""
    blocks = list(_flatten(section.blocks))
    helps = dict.fromkeys(block.help for block in blocks if isinstance(block, Text) and block.help)
    return replace(section, blocks=(*blocks, *(Text(said, "note") for said in helps)))


def _flatten(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Columns):
            for column in block.columns:
                yield from _flatten(column)
        elif not isinstance(block, Links):  # which lead to pages
            yield block


def write_prose(text: str) -> Markup:
    """Escape a sentence and make what stands between two `**` strong; no line begins with %."""
    safe = str(escape(text)).replace(" %", "\N{NO-BREAK SPACE}%")
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe))


def write_cell(value: object) -> str:
    """Write a table's cell: whole numbers with commas, an interval on a line of its own."""
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return escape(text).replace(" (", Markup("<br>("))


def write_figures(charts: list[Chart]) -> str:
    """Write the figures as JSON that may stand in a script element."""
    figures = []
    for chart in charts:
        figure = chart.figure
        figure.update_layout(
            template="plotly_white",
            font={"family": FONT, "size": 12, "color": INK},
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
        )
        figures.append(json.loads(plotly.io.to_json(figure)))
    return json.dumps(figures).replace("<", "\\u003c")


def hash_script(script: str) -> str:
    """The hash by which a page's policy names a script that may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
