"""Two runs compared: the answer, both labels, groups, flips and trainings, told and drawn."""

import math

import pandas as pd
import pytest
from hand_made import pick, read_texts

from zapcls.analysis.compare import IMAGES, RUNS
from zapcls.analysis.compare_groups import worst_groups
from zapcls.blocks import Chart, Table
from zapcls.config import TrainConfig
from zapcls.data.color import SWATCHES
from zapcls.data.task import Task
from zapcls.findings import compare, compare_flips, compare_groups, compare_trainings
from zapcls.findings.ask import Ask
from zapcls.findings.compare import RUN_COLORS, Found
from zapcls.findings.training import pick_kept

NAN = math.nan
ASK = Ask(Task("gender", ("Women", "Men")))
BRANDS = Ask(Task("category", ("Boots", "Shoes"), "photo", "photos"), by="brand")
GONE = dict.fromkeys(("difference", "low", "high", "p", "p_holm"), NAN)


def build_row(n, difference, half, p, **facts):
    """Build what `pair_rates` returns: the first run errs on half of n, the second on more."""
    row = {"n": n, "n_products": n // 2, "fixed": 1, "broken": 2, "by_relabelling": 0}
    row |= {"difference": difference, "low": difference - half, "high": difference + half, "p": p}
    for run, rate in zip(RUNS, (0.5, 0.5 + difference), strict=True):
        row |= {f"errors_{run}": int(rate * n), f"rate_{run}": rate}
        row[f"balanced_{run}"] = rate + 0.1
        row |= {f"low_{run}": rate - 0.1, f"high_{run}": rate + 0.1}
    return row | {"p_holm": p, "is_small": n // 2 < 20} | (facts if n else facts | GONE)


def build_found(difference=-0.1, half=0.05, p=0.01, n=100, reviewed=30, **facts):
    """Build two runs compared; the reviewed photos had no label before they were corrected."""
    counts = {images: {"old": n, "corrected": n} for images in IMAGES}
    counts["reviewed"] = {"old": 0, "corrected": reviewed}
    rows = [
        build_row(counts[images][labels], difference, half, p, images=images, labels=labels)
        for images in IMAGES
        for labels in ("old", "corrected")
    ]
    known = {"left_out": (0, 0), "is_imported": False, "is_random": False, "corrected": None}
    return Found(pd.DataFrame({"cell": ["fixed"] * 120}), pd.DataFrame(rows), **known | facts)


@pytest.mark.parametrize(
    ("difference", "half", "p", "said"),
    [
        (-0.1, 0.05, 0.01, "the second run is wrong less often"),
        (0.1, 0.05, 0.01, "the second run is wrong more often"),
        (0.1, 0.05, 0.06, "the difference could be chance"),
        (0.1, 0.15, 0.01, "the difference could be chance"),
    ],
)
def test_the_answer_is_about_photos_that_nobody_reviewed(difference, half, p, said):
    lead, answer, _ = read_texts(compare.section(build_found(difference, half, p), ASK))

    rates = "50.0 % → 40.0 %" if difference < 0 else "50.0 % → 60.0 %"
    assert lead == f"On 100 photos that nobody reviewed: {rates} wrong"
    alike = "60.0 % → 50.0 %" if difference < 0 else "60.0 % → 70.0 %"
    told = f"counting 50 products; p = {p}): {said}. With classes weighted equally: {alike}."
    assert answer.endswith(told)
    tiny = compare.section(build_found(p=0.0001), ASK)
    assert "p < 0.001" in read_texts(tiny)[1]


def test_where_all_was_reviewed_there_is_no_fair_test():
    section = compare.section(build_found(n=0, reviewed=0), BRANDS)

    assert read_texts(section)[0] == (
        "No such photos: every photo that is valid in both runs was reviewed."
    )
    table = pick(section, Table)[0].cells
    assert list(table["first, wrong"]) == ["no such photos"]
    assert "nan" not in table.to_string()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "120 photos that neither of them learned from."),
        ({"left_out": (3, 4)}, "3 valid photos of the first run and 4 of the second are left out."),
        (
            {"is_imported": True},
            "that both answered; what an imported run learned from is not known",
        ),
        (
            {"is_random": True},
            "With a random split, the runs trained on other colors of the same products",
        ),
        ({"corrected": 5}, "a retraining of the first on the same split, 5 of its labels corr"),
    ],
)
def test_the_source_says_what_is_left_out(facts, said):
    assert said in compare.describe_source(build_found(**facts))


def test_where_nobody_reviewed_there_is_one_row():
    section = compare.section(build_found(reviewed=0), ASK)

    [table] = pick(section, Table)
    assert list(table.cells["photos, labels"]) == ["not reviewed, old"]
    assert not pick(section, Chart)


def test_every_row_of_the_summary_is_written_and_drawn_with_its_n():
    section = compare.section(build_found(), ASK)
    table = pick(section, Table)[0]
    chart = pick(section, Chart)[0].figure

    assert table.is_open
    first, _, gone = (table.cells.iloc[place] for place in range(3))
    assert list(first)[:5] == [
        "not reviewed, old", "100", "50.0 % (40.0 to 60.0 %)", "40.0 % (30.0 to 50.0 %)",
        "−10.0 (−15.0 to −5.0)",
    ]  # fmt: skip
    assert (gone["photos, labels"], gone["points"]) == ("reviewed, old", "–")
    [marks] = chart.data
    assert list(marks.x)[:3] == pytest.approx([-0.1, -0.1, NAN], nan_ok=True)
    assert marks.error_x.array[0] == pytest.approx(0.05)
    assert [note.text for note in chart.layout.annotations][1:3] == ["n = 100", "no such shoes"]
    low, high = chart.layout.xaxis.range
    assert low == -high < -0.15
    assert set(marks.marker.color) == {RUN_COLORS["second"]}


@pytest.fixture
def groups():
    """Pink women's shoes differ, black men's may by chance, of pink men's there are none."""
    return pd.DataFrame(
        [
            build_row(60, -0.2, 0.1, 0.001, color="pink", label="Women"),
            build_row(8, 0.4, 0.5, 0.3, color="black", label="Women"),
            build_row(50, 0.1, 0.05, 0.2, color="black", label="Men"),
            build_row(0, 0.0, 0.0, NAN, color="pink", label="Men"),
        ]
    )


def test_groups_that_differ_are_named_with_the_worst_of_each_run(groups):
    section = compare_groups.section(compare_groups.Found(groups, worst_groups(groups)), ASK)
    told, worst, caption = read_texts(section)

    assert told == (
        "**1 of 3** groups of color and label differ between the runs after correcting for how "
        "many were tried: pink women's shoes: **−20.0 (−30.0 to −10.0) points**."
    )
    assert worst == (
        "Worst color group. First run: pink women's shoes, **50.0 %** wrong (40.0 to 60.0 %; "
        "n = 60; the other run 30.0 %); second run: black men's shoes, **60.0 %** wrong "
        "(50.0 to 70.0 %; n = 50; the other run 50.0 %)."
    )
    assert "the 118 photos that nobody reviewed" in caption
    none = compare_groups.describe_told(groups.assign(p_holm=1.0), ["a", "b", "c", "d"], "groups")
    assert none.endswith("were tried.")


def test_groups_are_drawn_as_bars_beside_their_differences(groups):
    section = compare_groups.section(compare_groups.Found(groups, worst_groups(groups)), ASK)
    bars, apart, men, _ = (chart.figure for chart in pick(section, Chart))

    first, second = bars.data
    assert (first.name, second.name) == RUNS
    assert list(first.x) == ["pink", "black"]
    assert list(second.y) == pytest.approx([0.3, 0.9])
    assert (first.marker.color, second.marker.color) == tuple(RUN_COLORS.values())
    assert list(first.marker.opacity) == [1, 0.45]
    swatches = [shape.fillcolor for shape in bars.layout.shapes]
    assert swatches == [SWATCHES["pink"], SWATCHES["black"]]
    [marks] = apart.data
    assert list(marks.x) == pytest.approx([-0.2, 0.4])
    assert list(marks.marker.color) == swatches
    assert [note.text for note in apart.layout.annotations] == ["n = 30", "n = 4"]
    assert {note.text for note in men.layout.annotations} == {"no such shoes"}
    table = pick(section, Table)[0]
    assert table.cells["group"].iloc[0] == "pink women's shoes"
    assert table.pale == (False, True, False, True)


def test_groups_may_be_of_any_attribute_and_the_largest_are_drawn():
    rows = [
        build_row(30 + place, 0.1, 0.05, 0.2, brand=f"b{place}", label="Boots")
        for place in range(20)
    ]
    found = compare_groups.Found(pd.DataFrame(rows), pd.DataFrame())
    section = compare_groups.section(found, BRANDS)

    bars, *_ = pick(section, Chart)
    assert section.title == "Error rate by brand"
    assert list(bars.figure.data[0].x) == [f"b{place}" for place in range(8, 20)]
    assert not bars.figure.layout.shapes
    table = pick(section, Table)[0].cells
    assert table["group"].iloc[0] == "photos labelled Boots of brand b0"
    assert list(compare_groups.tables(found, BRANDS)) == ["by_brand"]


def test_flips_of_both_runs_are_told_drawn_and_never_called_wrong():
    flips = pd.DataFrame(
        [
            build_row(40, -0.3, 0.1, 0.001, edit="hue", to="all"),
            build_row(40, -0.3, 0.1, 0.001, edit="hue", to="pink"),
        ]
    )
    section = compare_flips.section(compare_flips.Found(flips, ()), ASK)
    told, totals, _ = read_texts(section)

    assert told.startswith("**1 of 1** edits and colors differ between the runs")
    assert told.endswith("hue of the shoe, pink: **−30.0 (−40.0 to −20.0) points**.")
    assert totals == (
        "Hue of the shoe: 50.0 % → 20.0 % flipped, −30.0 (−40.0 to −20.0) points "
        "(n = 40 edited photos)."
    )
    bars, apart = (chart.figure for chart in pick(section, Chart))
    assert list(bars.data[0].x) == ["pink"]
    assert bars.layout.yaxis.title.text == "flip rate"
    assert apart.layout.xaxis.title.text == "flip rate, second minus first, points"
    table = pick(section, Table)[0].cells
    assert list(table["group"]) == ["hue of the shoe, all", "hue of the shoe, pink"]


def test_flips_that_cannot_be_compared_say_what_is_missing():
    none = pd.DataFrame(columns=["edit", "to", "p"])

    [text] = read_texts(compare_flips.section(compare_flips.Found(none, RUNS), ASK))
    assert text.endswith("which Color bias starts; missing: first and second.")
    [text] = read_texts(compare_flips.section(compare_flips.Found(none, ()), ASK))
    assert text == "No photo that is valid in both runs was given another color."


def build_history(*rates):
    return pd.DataFrame(
        {
            "phase": "unfrozen",
            "epoch": range(1, len(rates) + 1),
            "tune_error_rate": rates,
            "tune_loss": rates,
        }
    )


def compare_histories(settings, first, second, averaging=("no", "no")):
    histories = (first, second)
    kept = (
        pick_kept(history, TrainConfig(averaging=way))
        for history, way in zip(histories, averaging, strict=True)
    )
    return compare_trainings.Found(settings, histories, tuple(kept))


def test_trainings_are_lines_in_the_runs_colors_beside_the_settings_that_differ():
    settings = pd.DataFrame({"setting": ["seed"], "first": ["0"], "second": ["1"]})
    histories = build_history(0.3, 0.2), build_history(0.4, 0.1, 0.2)
    found = compare_histories(settings, *histories, averaging=("no", "yes"))
    section = compare_trainings.section(found, ASK)
    [chart], [table] = pick(section, Chart), pick(section, Table)
    first, kept_first, second, kept_second = chart.figure.data

    assert (first.name, second.name) == RUNS
    assert (list(first.y), list(second.y)) == ([0.3, 0.2], [0.4, 0.1, 0.2])
    assert (list(kept_first.x), list(kept_second.x)) == ([2], [3])  # the best; averaged, the last
    assert [trace.line.color for trace in (first, second)] == list(RUN_COLORS.values())
    assert table.cells is settings
    alike = compare_histories(settings[:0], build_history(), build_history(0.1))
    section = compare_trainings.section(alike, ASK)
    [chart], [text] = pick(section, Chart), read_texts(section)
    assert [len(trace.x) for trace in chart.figure.data] == [0, 0, 1, 1]
    assert text == "Both were trained with the same settings."
    assert compare_trainings.describe_settings(alike).startswith("Nothing differs")


@pytest.mark.parametrize(
    ("settings", "corrected", "said"),
    [
        ([("hue_jitter", "0.0", "0.5")], None, "hue jitter (of the color circle) (0.0 → 0.5).**"),
        ([], 3, "**Only this differs: 3 corrected labels.**"),
        ([("seed", "0", "1")], 1, "**2 things differ:** seed (0 → 1); 1 corrected label."),
    ],
)
def test_what_was_done_differently_is_one_sentence(settings, corrected, said):
    table = pd.DataFrame(settings, columns=["setting", *RUNS])
    found = compare_histories(table, build_history(), build_history())

    assert compare_trainings.describe_settings(found, corrected).endswith(said)
