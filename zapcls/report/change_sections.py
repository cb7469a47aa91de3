"""The sections on what is changed, the color in the photo or the training, from their findings."""

from zapcls import blocks
from zapcls.data.task import Task
from zapcls.findings import recolor, remedies
from zapcls.findings.ask import Ask
from zapcls.report.blocks import Block, Chart, Section, Table, Text
from zapcls.report.color_sections import tell_missing
from zapcls.report.evidence import Evidence


def build_recoloring(evidence: Evidence) -> Section:
    """How often, and which way, the answer changes with the color, by both kinds of edit."""
    ask, known = build_ask(evidence), evidence.recolored
    if known is None:
        return Section("recolor", "The shoe recolored", tell_missing(evidence, "recolor"))
    found = recolor.Found(
        known.found["image_id"].nunique(), known.flips, known.controls, known.reached,
        known.found,
    )  # fmt: skip
    return _convert(recolor.section(found, ask))


def build_remedies(evidence: Evidence) -> Section:
    """What remedies bring and cost."""
    if evidence.trade is None:
        return Section("remedies", remedies.TITLE, tell_missing(evidence, "trade"))
    return _convert(remedies.section(remedies.Found(evidence.trade), build_ask(evidence)))


def build_ask(evidence: Evidence) -> Ask:
    """Build what the report asks of the findings."""
    color, label, called = evidence.claim
    task = Task("gender", tuple(evidence.classes))
    return Ask(task, group=color, label=label, called=called, edit="")


def _convert(section: blocks.Section) -> Section:
    return Section(section.name, section.title, _flatten(section.blocks))


def _flatten(found: tuple[blocks.Block, ...]) -> list[Block]:
    flat: list[Block] = []
    for block in found:
        match block:
            case blocks.Columns(columns):
                flat += [inner for column in columns for inner in _flatten(column)]
            case blocks.Text(text, style, help):
                flat.append(Text(text, style))
                flat += [Text(help, "note")] if help else []
            case blocks.Table(cells, caption, pale):
                flat.append(Table(cells, caption, pale))
            case blocks.Chart(title, figure, caption):
                flat.append(Chart(title, figure, caption))
    return flat
