"""What recoloring does to the answers: what is said, drawn, written out, and left to chance."""

from types import SimpleNamespace

import pandas as pd
import pytest
from hand_made import pick, read_texts

from zapcls import schema
from zapcls.blocks import Chart, Table, Text
from zapcls.data.color import SWATCHES
from zapcls.data.task import Task
from zapcls.evidence import MISSING
from zapcls.findings import recolor
from zapcls.findings.ask import Ask
from zapcls.findings.recolor import Found

GENDER = Ask(Task("gender", ("Women", "Men")), group="pink", label="Women")
KIND = Ask(
    Task("category", ("Boots", "Shoes", "Sandals"), "photo", "photos"), group="red", label="Boots"
)


def build_row(to, label, flips, n, control, excess, p, edit="hue", n_products=30):
    rate = flips / n
    return {
        "edit": edit, "to": to, "label": label, "n": n, "n_products": n_products, "flips": flips,
        "flip_rate": rate, "low": rate / 2, "high": min(1, rate * 1.5), "shift": -0.1,
        "shift_low": -0.2, "shift_high": -0.05, "control_rate": control, "excess": excess,
        "excess_low": excess - 0.1, "excess_high": excess + 0.1, "p": p, "p_holm": 2 * p,
    }  # fmt: skip


@pytest.fixture
def found():
    """Pink women's shoes flip by their color, red ones no more than their control."""
    flips = pd.DataFrame(
        [
            build_row("all", "all", 30, 100, 0.1, 0.2, 0.001),
            build_row("pink", "Women", 20, 40, 0.1, 0.4, 0.001),
            build_row("red", "Women", 10, 40, 0.2, 0.05, 0.4),
            build_row("red", "Men", 0, 3, 0.0, 0.0, 1.0, n_products=3),
            build_row("all", "all", 5, 50, 0.4, -0.3, 0.001, edit="color"),
        ]
    )
    controls = pd.DataFrame(
        {"edit": ["hue", "identity"], "n": [100, 40], "n_products": [30, 30], "hits": [30, 0],
         "rate": [0.3, 0.0], "low": [0.2, 0.0], "high": [0.4, 0.1], "delta_e": [22.04, 0.0]}
    )  # fmt: skip
    reached = pd.DataFrame(
        {"edit": "hue", "to": ["pink", "red", "blue"], "tried": [50, 50, 50],
         "reached": [40, 43, 4]}
    )  # fmt: skip
    hue_flips = pd.DataFrame({"image_id": ["a"], "flips": [True]})
    return Found(40, flips, controls, reached, hue_flips)


def test_the_page_reads_the_rate_the_control_and_the_verdict(found):
    told = read_texts(recolor.section(found, GENDER))

    assert told[0] == (
        "Hue, lightness fixed: **30 of 100** recolored photos (30 products) get a different "
        "answer, 30.0 % (15.0 to 45.0 %). With a random hue as the control it is 10.0 %. The "
        "difference is +20.0 (+10.0 to +30.0) points: **it is the color itself**."
    )
    assert told[1] == (
        "Women's shoes turned pink: **20 of 40** get a different answer, 50.0 % (25.0 to 75.0 %); "
        "with a random hue it is 10.0 %. The difference is +40.0 (+30.0 to +50.0) points: **it is "
        "the color itself** (p = 0.001, 0.002 corrected for the colors tried)."
    )
    assert "40 photos; 87 of 150 edits" in told[2]
    assert "Seldom reached: blue 4 of 50." in told[2]


@pytest.mark.parametrize(
    ("excess", "p", "said"),
    [
        (0.2, 0.01, "it is the color itself"),
        (-0.2, 0.01, "the color flips fewer than a random hue"),
        (0.2, 0.03, "could be chance"),
        (0.05, 0.01, "could be chance"),
    ],
)
def test_no_more_is_said_than_interval_and_corrected_p_allow(excess, p, said):
    row = pd.Series(build_row("pink", "Women", 20, 40, 0.1, excess, p))
    assert recolor.judge(row, "hue") == said


def test_the_charts_are_of_the_label_with_the_control_beside(found):
    flips, shifts = (block.figure for block in pick(recolor.section(found, GENDER), Chart))

    control, edited = flips.data
    assert (control.name, list(control.x)) == ("a random hue", [0.2, 0.1])
    assert list(flips.layout.yaxis.ticktext) == ["red", "pink"]
    assert list(edited.x) == [0.25, 0.5]
    assert list(edited.error_x.array) == pytest.approx([0.125, 0.25])
    assert list(edited.marker.color) == [SWATCHES["red"], SWATCHES["pink"]]
    assert [note.text for note in flips.layout.annotations] == ["10 of 40", "20 of 40"]
    [dots] = shifts.data
    assert list(dots.x) == [-0.1, -0.1]
    title = shifts.layout.xaxis.title.text
    assert (title.startswith("← men's"), title.endswith("women's →")) == (True, True)


def test_the_tables_hold_every_label_and_kind_of_edit(found):
    flips, controls = pick(recolor.section(found, GENDER), Table)

    assert list(flips.cells["turned"]) == ["all", "red", "pink", "red"]
    assert list(flips.cells["label"])[:2] == ["all", "sold as women's"]
    assert flips.pale == (False, False, False, True)
    assert list(controls.cells["edit"]) == ["nothing moved", "hue of the shoe"]
    assert list(controls.cells["mean change, CIELAB"]) == ["0.0", "22.0"]


def test_a_report_holds_both_edits_and_another_group_column_has_no_target(found):
    both = Ask(GENDER.task, label="Women", edit="")
    told = read_texts(recolor.section(found, both))
    assert [text.split(":")[0] for text in told if "recolored photos (" in text] == [
        "Hue, lightness fixed", "Hue and lightness",
    ]  # fmt: skip
    assert any("**the color flips fewer than the same lightness alone**" in text for text in told)

    by_brand = recolor.section(found, Ask(GENDER.task, by="brand", group="Acme", label="Women"))
    assert not any("turned Acme" in text for text in read_texts(by_brand))


def test_other_things_and_classes_are_worded_by_the_task(found):
    flips = found.flips.replace({"label": {"Women": "Boots", "Men": "Shoes"}})
    section = recolor.section(Found(40, flips, found.controls, found.reached, flips), KIND)
    told = " ".join(read_texts(section))

    assert section.title == "The photo recolored"
    assert "Photos labelled Boots turned red: **10 of 40**" in told
    _, shifts = pick(section, Chart)
    assert shifts.figure.layout.xaxis.title.text.startswith("← less Boots")
    nothing = recolor.describe_target(flips, "green", "hue", KIND)
    assert nothing == "No photos labelled Boots of another color could be turned green in this way."


def build_evidence(recoloring, lack=MISSING["recolor"]):
    photos = pd.DataFrame(
        {"image_id": ["a", "b"], "product_id": ["p", "q"], "label": "Women", "color": "black"}
    )
    return SimpleNamespace(
        recoloring=recoloring,
        predictions=photos,
        keep=lambda key, needs, compute: compute(),
        missing={} if recoloring is not None else {"recolor": lack},
    )


def test_before_the_job_a_sentence_names_it_and_json_is_empty():
    found = recolor.find(build_evidence(None), GENDER)

    assert recolor.section(found, GENDER).blocks == (Text(MISSING["recolor"], "missing"),)
    assert [len(table) for table in recolor.tables(found, GENDER).values()] == [0, 0]
    imported = recolor.find(build_evidence(None, "It has no model."), GENDER)
    assert recolor.section(imported, GENDER).blocks == (Text("It has no model.", "missing"),)


def test_json_has_a_row_an_edit_and_one_a_control():
    rows = [
        ("a", "identity", "", "Women"), ("a", "hue", "red", "Men"), ("a", "random", "red", "Women"),
        ("b", "identity", "", "Women"), ("b", "hue", "red", "Women"), ("b", "random", "red", "Men"),
    ]  # fmt: skip
    asked = pd.DataFrame(rows, columns=["image_id", "edit", "to", "prediction"])
    asked = asked.assign(
        named=asked["to"], is_reached=True, delta_e=1.0, delta_l=0.0, prob_label=0.5,
        prob_first=0.5,
    )  # fmt: skip
    found = recolor.find(build_evidence(schema.conform(asked, schema.RECOLORING, "")), GENDER)
    tables = recolor.tables(found, GENDER)

    assert found.photos == 2
    assert list(tables["recolor"].columns) == recolor.RECOLOR
    first = tables["recolor"].iloc[0]
    assert (first["to"], first["n"], first["flip_rate"], first["excess"]) == ("all", 2, 0.5, 0.0)
    rates = tables["controls"].set_index("edit")["flip_rate"]
    assert rates.to_dict() == {"identity": 0, "hue": 0.5, "random": 0.5}
