"""What remedies cost and bring: what is said, what may be chance, the plane and the table."""

import itertools
import math
from types import SimpleNamespace

import pandas as pd
import pytest
from hand_made import pick, read_texts
from small import small_config

from zapcls import schema
from zapcls.analysis.remedies import ALL_SEEDS
from zapcls.blocks import Chart, Table
from zapcls.config import build_config
from zapcls.data.task import Task
from zapcls.evidence import MISSING
from zapcls.findings import remedies
from zapcls.findings.ask import Ask
from zapcls.findings.remedies import Found
from zapcls.findings.remedy_settings import REMEDIES

NAN = math.nan
LOWER = (-0.04, -0.06, -0.02, 0.001)  # difference, its interval, p_holm
HIGHER = (0.04, 0.02, 0.06, 0.001)
CHANCE = (-0.04, -0.09, 0.01, 0.2)
BASE = (NAN, NAN, NAN, NAN)
ASK = Ask(Task("gender", ("Women", "Men")))


def build_found(group=("red", "Men"), by="color", **changes):
    """`changes`: remedy -> measure -> what `LOWER` and the like have; else it may be chance."""
    rows = []
    for name in ("plain", *(name.replace("_", "-") for name in changes)):
        for measure in schema.TRADE_MEASURES:
            is_group = measure == "worst group"
            known = changes.get(name.replace("-", "_"), {}).get(measure, CHANCE)
            change = BASE if name == "plain" else known
            columns = ("difference", "difference_low", "difference_high", "p_holm")
            n = 0 if is_group and not group[0] else 40
            rate = 0.1 if name == "plain" else 0.1 + change[0]
            row = {
                "option": name, "measure": measure, "color": group[0] * is_group,
                "label": group[1] * is_group, "n": n, "n_products": n // 2, "rate": rate,
                "low": 0.05, "high": 0.2, "p": change[3], **dict(zip(columns, change, strict=True)),
            }  # fmt: skip
            rows += [
                row | {"seed": seed, "rate": rate + 0.01 * (2 * seed - 1) * (seed >= 0)}
                for seed in (ALL_SEEDS, 0, 1)
            ]
    table = schema.conform(pd.DataFrame(rows), schema.TRADE, "trade")
    return Found(table.rename(columns={"color": by}))


@pytest.fixture
def found():
    return build_found(
        gray={"flip": LOWER, "error": HIGHER},
        last_layer={"worst group": LOWER, "flip": LOWER},
        balanced={},
    )


def test_the_answer_names_what_lowers_each_figure_and_what_raises_any(found):
    assert remedies.describe_answer(found, ASK) == (
        "Of 3 remedies: **Half in gray and Balanced last layer** lower the share of answers that "
        "the hue flips; **Balanced last layer** lowers the error rate of red men's shoes; "
        "**none** lowers the error rate; **Half in gray** raises the error rate."
    )
    assert remedies.describe_answer(build_found(gray={}), ASK) == (
        "Of 1 remedy: **none** lowers the share of answers that the hue flips, the error rate of "
        "red men's shoes or the error rate."
    )


def test_a_figure_names_what_changes_it_and_what_may_be_chance(found):
    assert remedies.describe_measure(found, "flip", ASK) == (
        "**Share of answers that the hue flips**: 10.0 % (5.0 to 20.0 %) with Plain "
        "(40 edited photos, 20 products). Lower with Half in gray −4.0 (−6.0 to −2.0) and "
        "Balanced last layer −4.0 (−6.0 to −2.0) points. "
        "Chance may explain the difference: Balanced weights."
    )
    error = remedies.describe_measure(found, "error", ASK)
    assert "(40 photos, 20 products). Higher with Half in gray +4.0 (+2.0 to +6.0) points." in error
    assert "Lower" not in error


def test_flips_stand_beside_those_of_random_edits(found):
    table = found.remedies
    is_plain = (table["option"] == "plain") & (table["seed"] == ALL_SEEDS)
    table.loc[is_plain & (table["measure"] == "control"), "rate"] = 0.06
    table.loc[is_plain & (table["measure"] == "excess"), ["rate", "low", "high"]] = 0.04, 0.01, 0.07

    assert remedies.describe_flips(found) == (
        "With Plain a hue edit flips 10.0 % of the answers, a random edit of the same distance 6.0 "
        "%: +4.0 (+1.0 to +7.0) points. Most of these flips come with any move of the hue, "
        "whatever the color."
    )
    table.loc[is_plain & (table["measure"] == "control"), "rate"] = 0.03
    assert remedies.describe_flips(found).endswith("+4.0 (+1.0 to +7.0) points.")


def test_the_section_is_the_answer_two_planes_each_figure_and_a_table(found):
    section = remedies.section(found, ASK)

    texts = read_texts(section)
    assert texts[0] == remedies.describe_answer(found, ASK)
    assert "difference from Plain (dotted)" in texts[1]
    assert "2 trainings of each remedy" in texts[1]
    assert [chart.title for chart in pick(section, Chart)] == [
        "Error rate of red men's shoes",
        "Share of answers that the hue flips",
    ]
    [table] = pick(section, Table)
    table = table.cells.set_index("remedy")
    assert list(table.index) == [
        "Plain", "Half in gray", "Balanced last layer", "Balanced weights",
    ]  # fmt: skip
    changes = table["error rate, change in points"]
    assert list(changes[:2]) == ["–", "+4.0 (+2.0 to +6.0), p 0.001"]
    assert table.loc["Plain", "error rate"] == "10.0 % (5.0 to 20.0 %)"
    assert table["flips beyond those of random edits, points"].iloc[0] == "+10.0 (+5.0 to +20.0)"


def test_without_a_large_group_there_is_one_plane_and_a_sentence():
    found = build_found(group=("", ""), gray={"worst group": BASE})
    section = remedies.section(found, ASK)

    assert len(pick(section, Chart)) == 1
    assert remedies.describe_measure(found, "worst group", ASK) == (
        "**Error rate of the worst color group**: no color group is large enough to be compared "
        "with the others."
    )
    assert "worst" not in remedies.describe_answer(found, ASK)
    table = remedies.write_remedies(found, ASK)
    assert (table["error rate of the worst color group"] == "no such shoes").all()


def test_the_worst_group_may_be_of_any_column_and_label():
    found = build_found(group=("Acme", "Boots"), by="brand", gray={"worst group": LOWER})
    ask = Ask(Task("category", ("Boots", "Shoes"), "photo", "photos"))

    told = read_texts(remedies.section(found, ask))[0]

    assert "lowers the error rate of photos labelled Boots of brand Acme;" in told


@pytest.mark.parametrize(
    ("config", "is_imported", "text"),
    [
        (build_config(), False, MISSING["trade"]),
        (small_config(), False, "must start from trained weights"),
        (build_config(), True, "imported without its training: trying remedies needs that"),
    ],
)
def test_before_the_job_a_sentence_says_what_to_do(config, is_imported, text, tmp_path):
    run = SimpleNamespace(
        train_config=config, is_imported=is_imported, task=ASK.task, path=tmp_path,
        onnx_path=tmp_path / "model.onnx",
    )  # fmt: skip
    found = remedies.find(SimpleNamespace(remedies=None, run=run), ASK)

    [block] = remedies.section(found, ASK).blocks

    assert text in block.text
    assert remedies.tables(found, ASK)["remedies"].empty


def draw(found, measure="flip"):
    """Draw a plane: (traces of single seeds, traces of means, the figure)."""
    figure = remedies.draw(found, measure, ASK)
    count = len(figure.data) // 2
    return figure.data[:count], figure.data[count:], figure


def test_each_remedy_stands_at_its_rates_with_its_seeds_pale():
    singles, means, figure = draw(build_found(gray={"error": HIGHER, "flip": LOWER}))

    assert [trace.name for trace in means] == ["Plain", "Half in gray"]
    assert [trace.x[0] for trace in means] == pytest.approx([0.1, 0.14])
    assert [trace.y[0] for trace in means] == pytest.approx([0.1, 0.06])
    assert list(singles[0].x) == pytest.approx([0.09, 0.11])
    assert list(singles[1].y) == pytest.approx([0.05, 0.07])
    assert all(trace.marker.opacity < 0.6 for trace in singles)
    upright, flat = figure.layout.shapes
    assert (upright.x0, upright.x1, flat.y0, flat.y1) == (0.1, 0.1, 0.1, 0.1)
    assert means[0].marker.symbol == "diamond"
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert left < 0.09 < 0.16 < right
    assert bottom < 0.04 < 0.11 < top


def test_the_lines_of_a_mark_end_where_its_difference_does_and_never_below_zero():
    wide = (-0.04, -0.5, -0.02, 0.001)
    _, [base, gray], _ = draw(build_found(gray={"error": HIGHER, "flip": wide}))

    assert base.error_x.array is None
    assert gray.error_x.array[0] == pytest.approx(0.1 + 0.06 - 0.14)
    assert gray.error_x.arrayminus[0] == pytest.approx(0.14 - 0.12)
    assert gray.error_y.array[0] == pytest.approx(0.1 - 0.02 - 0.06)
    assert gray.error_y.arrayminus[0] == pytest.approx(0.06)


def test_names_lead_to_their_marks_apart_from_each_other():
    found = build_found(**{name.replace("-", "_"): {} for name in list(REMEDIES)[1:]})
    _, _, figure = draw(found)
    notes = figure.layout.annotations
    heights = sorted(note.ay for note in notes)
    bottom, top = figure.layout.yaxis.range

    assert {note.text for note in notes} == {remedy.title for remedy in REMEDIES.values()}
    assert min(b - a for a, b in itertools.pairwise(heights)) > 0.08 * (top - bottom)
    assert bottom < heights[0] < heights[-1] < top
