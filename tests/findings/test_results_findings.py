"""What Results and Errors say of a run: the sentences, and what their charts and tables open."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hand_made import list_texts, pick

from zapcls import schema
from zapcls.analysis.lr_curves import summarize
from zapcls.analysis.metrics import labelled
from zapcls.blocks import Chart, Links, Table, Text
from zapcls.data.task import Task
from zapcls.evidence import MISSING
from zapcls.findings import (
    FINDINGS,
    calibration,
    causes,
    confusions,
    label_check,
    rates,
    slices,
    training,
)
from zapcls.findings.ask import Ask

GENDER = Ask(Task("gender", ("Women", "Men")))
KINDS = Ask(Task("category", ("Boots", "Sandals", "Shoes"), "photo", "photos"), split="train")


@pytest.fixture
def evidence(build_table):
    """Return a function that knows some predictions and nothing else."""

    def build(rows, ask=GENDER, **known):
        table = build_table(rows)
        facts = {"heads": None, "issues": None, "verdicts": None, "outliers": None}
        facts |= {"recoloring": None, "check": SimpleNamespace(is_done=False)} | known
        run = SimpleNamespace(train_config=SimpleNamespace(split="product"), is_imported=False)
        return SimpleNamespace(
            predictions=table, answers=lambda source: table, classes=list(ask.task.classes),
            run=run, keep=lambda key, needs, compute: compute(),
            labelled=lambda split: labelled(table, split), **facts,
        )  # fmt: skip

    return build


ANSWERS = [
    *({"label": "Women", "prediction": "Men"} for _ in range(2)),
    *({"label": "Women", "prediction": "Women"} for _ in range(6)),
    *({"label": "Men", "prediction": "Men"} for _ in range(2)),
    {"label": "Women", "prediction": "Women", "split": "train"},
]


def test_the_rate_is_told_against_always_guessing(evidence) -> None:
    heads = pd.DataFrame(ANSWERS[:10]).assign(
        split="valid", product_id=range(10), correct=lambda t: t["label"] == t["prediction"]
    )
    found = rates.find(evidence(ANSWERS, heads=heads), GENDER)
    said = list_texts(rates.section(found, GENDER))
    assert "2 of 10 photos wrong: 20.0 %" in said
    assert "With each gender weighted equally, 12.5 % are wrong (" in said
    assert "). Always answering women's would be wrong on 20.0 %." in said
    assert rates.describe(found).startswith("**2 of 10** valid photos are wrong: 20.0 % (95 %")
    assert "called women's: right in 100 % of 6 · called men's: right in 50.0 % of 4" in said
    assert "They are wrong on 2 of 10, **20.0 %**" in said
    [table] = pick(rates.detail(found, GENDER), Table)
    assert list(table.cells["gender"]) == ["women's", "men's"]
    by_split, by_class = pick(rates.detail(found, GENDER), Chart)
    assert by_split.opens[("train",)] == {"split": "train", "answer": "wrong"}
    assert by_class.opens[("Men",)] == {"split": "valid", "label": ["Men"], "answer": "wrong"}
    assert rates.tables(found, GENDER)["by_class"]["hits"].to_list() == [2, 0]


def test_pairs_are_listed_the_most_confused_first_and_open_their_photos(evidence) -> None:
    rows = [("Boots", "Shoes")] * 3 + [("Shoes", "Boots")] + [("Boots", "Boots")] * 2
    answers = [{"label": a, "prediction": b, "split": "train"} for a, b in rows]
    found = confusions.find(evidence(answers, KINDS), KINDS)
    section = confusions.section(found, KINDS)
    [links] = pick(section, Links)
    assert [link.text for link in links.links] == ["Boots called Shoes: 3", "Shoes called Boots: 1"]
    assert links.links[0].help == "60.0 % of what is labelled Boots."
    [chart] = pick(section, Chart)
    assert len(chart.opens) == 9
    assert chart.opens[("Boots", "Shoes")] == links.links[0].opens
    assert chart.opens[("Boots", "Boots")]["answer"] == "right"
    assert links.links[0].opens["split"] == "train"
    assert "All 4 errors, by pair:" in list_texts(section)
    right = confusions.find(evidence(answers[4:], KINDS), KINDS)
    assert "Nothing is mixed up." in list_texts(confusions.section(right, KINDS))


def test_of_many_pairs_ten_are_listed() -> None:
    names = [f"c{number}" for number in range(12)]
    counts = pd.DataFrame(1, index=names, columns=names)
    counts.loc["c3", "c5"] = 9
    ask = Ask(Task("sub_category", tuple(names)))
    section = confusions.section(confusions.Found(counts), ask)
    [links] = pick(section, Links)
    assert len(links.links) == 10
    assert links.links[0].name == "cell-c3-c5"
    assert "The 10 most confused of 132 pairs hold 18 of 140 errors:" in list_texts(section)


def test_how_sure_the_run_is_stands_beside_how_often_it_is_right(evidence) -> None:
    found = calibration.find(evidence(ANSWERS), GENDER)
    section = calibration.section(found, GENDER)
    assert "it is 80.0 % sure of its answer, and right on 80.0 % of 10 photos" in (
        list_texts(section)
    )
    [chart] = pick(section, Chart)
    _, points = chart.figure.data
    written = [text.rpartition("n = ")[2] for text in points.hovertext]
    assert written == [str(n) for n in found.bins["n"]]
    nothing = calibration.find(evidence(ANSWERS), Ask(GENDER.task, split="tune"))
    assert "There are no photos to compare." in list_texts(calibration.section(nothing, GENDER))


def test_each_error_has_one_cause_that_opens_its_photos(evidence) -> None:
    found = causes.find(evidence(ANSWERS), GENDER)
    section = causes.section(found, GENDER)
    assert found.counts["n"].sum() == len(found.errors) == 2
    [links] = pick(section, Links)
    assert [link.text for link in links.links] == ["Model error: 2"]
    assert links.links[0].opens == {"split": "valid", "answer": "wrong", "cause": ["model error"]}
    assert "shares of 2 errors" in list_texts(section)
    assert "The labels have not been checked yet" in list_texts(section)
    checked = evidence(ANSWERS[2:], check=SimpleNamespace(is_done=True))
    [text] = causes.section(causes.find(checked, GENDER), GENDER).blocks
    assert text.text == "Nothing is wrong in valid."


def test_a_slice_opens_by_filters_or_by_its_photos() -> None:
    columns = ["n", "n_products", "hits", "rate", "low", "high", "rest_rate", "excess", "p"]
    row = (20, 12, 8, 0.4, 0.2, 0.6, 0.1, 6.0, 0.01)
    table = pd.DataFrame([row, row], columns=columns).assign(
        where=[{"label": "Women", "color": "pink"}, {"material": "Suede"}],
        is_flagged=[True, False], folded=0,
    )  # fmt: skip
    table.attrs["tried"] = 40
    found = slices.Found(table, {1: ("i3", "i5")}, 100, 12)
    section = slices.section(found, GENDER)
    assert "**1 of 40** named groups errs more often" in list_texts(section)
    [written] = pick(section, Table)
    assert list(written.cells["group"]) == ["sold as women's × color pink", "material Suede"]
    assert written.pale == (False, True)
    by_filter, by_ids = written.opens
    assert (by_filter["label"], by_filter["color"]) == (["Women"], ["pink"])
    assert by_ids["images"] == ("i3", "i5")
    [chart] = pick(section, Chart)
    assert chart.opens[(1,)] == by_ids
    nothing = slices.Found(table.head(0), {}, 4, 1)
    assert "No group has 10 products or more in valid" in list_texts(
        slices.section(nothing, GENDER)
    )


def test_suspects_are_told_with_what_they_rest_on() -> None:
    facts = {"n": 100, "n_products": 60, "error_rate": 0.15, "error_low": 0.1, "error_high": 0.22}
    suspects = pd.DataFrame({"mark": ["model wrong", None, None]})
    found = label_check.Found(pd.DataFrame(), suspects, facts, 0.9, 20)
    said = list_texts(label_check.section(found, GENDER))
    assert "**3 of 100** labels are suspected; 1 reviewed." in said
    assert "15.0 % wrong (10.0 to 22.0 %, n = 100 photos of 60 products)" in said
    assert "on its 20 valid photos the two give the same answer in 90.0 %" in said
    unchecked = label_check.Found(None, pd.DataFrame(), {}, float("nan"), 0)
    assert label_check.section(unchecked, GENDER).blocks == (Text(MISSING["oof"], "missing"),)
    assert label_check.tables(unchecked, GENDER) == {}


def test_a_training_is_told_with_its_settings_and_curves(tmp_path: Path) -> None:
    (tmp_path / "model.json").touch()
    history = pd.DataFrame(
        {"phase": ["frozen", "unfrozen", "unfrozen"], "epoch": [1, 2, 3],
         "tune_loss": [0.7, 0.5, 0.4], "tune_error_rate": [0.1, 0.2, 0.2]}
    )  # fmt: skip
    losses = pd.DataFrame(
        {"phase": ["frozen", "frozen", "unfrozen"], "epoch": [0.5, 1.0, 1.5],
         "train_loss": [0.9, 0.8, 0.6]}
    )  # fmt: skip
    run = SimpleNamespace(
        path=tmp_path, run_id="r1", is_imported=False, metrics={"seconds": 83.0},
        train_config=SimpleNamespace(seed=7, split="random", averaging="no"),
        facts={"device": "cpu", "batch_size": 32, "catalogue_id": "cat", "torch": "2.0"},
        config={"train": {"batch_size": 64, "classes": ["Women", "Men"], "weights": "/a/b/w.pt"}},
    )  # fmt: skip
    crossed = {"errors": 12, "n": 100, "error_rate": 0.12, "error_low": 0.07, "error_high": 0.19}
    parts = pd.DataFrame([("valid", 1200, 400)], columns=["split", "n", "n_products"])
    found = training.Found(run, parts, history, losses, crossed | {"folds": 5})
    section = training.section(found, GENDER)
    said = list_texts(section)
    assert "**r1**, seed 7, trained and evaluated in 1 min 23 s on cpu." in said
    assert "other colors of the same products were trained on" in said
    assert "Valid 1,200 photos of 400 products." in said
    assert "A batch of 64 did not fit in memory; the run was trained with 32." in said
    assert "**12 of 100** photos are wrong: 12.0 % (95 % interval 7.0 to 19.0 %)" in said
    [table] = pick(section, Table)
    settings = table.cells.set_index("setting")["value"].to_dict()
    expected = {"batch_size": "32", "classes": "Women, Men", "weights": "w.pt", "catalogue": "cat"}
    assert settings.items() >= expected.items()
    loss, error = pick(section, Chart)
    frozen, unfrozen, tune = loss.figure.data
    assert (frozen.name, unfrozen.name, tune.name) == ("train, frozen", "train, unfrozen", "tune")
    assert list(frozen.x) == [0.5, 1.0]
    assert list(tune.y) == [0.7, 0.5, 0.4]
    line, kept = error.figure.data
    assert list(line.y) == [0.1, 0.2, 0.2]
    assert (kept.x[0], kept.y[0]) == (3, 0.2)  # of the last phase; the lower loss wins


RATES = [1e-4, 1e-3, 1e-2, 1e-1]


def build_curves(*losses: list[float]) -> pd.DataFrame:
    """Curves of a phase, a seed each list; a seed whose loss exploded has no further rows."""
    rows = [
        ("frozen", seed, rate, loss)
        for seed, curve in enumerate(losses)
        for rate, loss in zip(RATES, curve, strict=False)
    ]
    return pd.DataFrame(rows, columns=list(schema.LR_CURVE))


def test_a_finder_of_one_seed_is_a_line_with_its_suggestions() -> None:
    curves = build_curves([0.9, 0.8, 0.5, 2.0])
    figure = training.draw_lr_curve(summarize(curves), curves, {"valley": 1.1e-3, "steep": 9e-3})
    line, *marks = figure.data
    assert list(line.x) == RATES
    assert not line.showlegend
    assert [mark.name for mark in marks] == ["valley", "steep"]
    assert [(mark.x[0], mark.y[0]) for mark in marks] == [(1.1e-3, 0.8), (9e-3, 0.5)]
    assert figure.layout.xaxis.type == "log"


def test_a_finder_of_several_seeds_has_a_band_and_faint_lines() -> None:
    curves = build_curves([0.9, 0.8, 0.5, 3.0], [0.7, 0.6, 0.4], [0.8, 0.7, 0.3, 2.0])
    figure = training.draw_lr_curve(summarize(curves), curves, {"valley": 1.1e-3})
    band, *seeds, median, valley = figure.data
    assert list(median.y) == [0.8, 0.7, 0.4, 3.0]
    assert (valley.x[0], valley.y[0]) == (1.1e-3, 0.7)
    assert list(band.x) == [*RATES, *RATES[::-1]]
    high, low = list(band.y)[:4], list(band.y)[4:][::-1]
    assert (high[:3], low) == ([0.9, 0.8, 0.5], [0.7, 0.6, 0.3, 2.0])
    # One seed exploded: it lies off the chart, and no seed is cut off below.
    assert figure.layout.yaxis.range[1] < high[3] < float("inf")
    assert figure.layout.yaxis.range[0] < 0.3
    assert [seed.showlegend for seed in seeds] == [True, False, False]
    assert all(seed.opacity < 1 and seed.line.width < median.line.width for seed in seeds)


def test_every_finding_keeps_the_contract() -> None:
    for finding in FINDINGS.values():
        assert finding.NEEDS
        assert all(callable(getattr(finding, n)) for n in ("find", "section", "tables"))
