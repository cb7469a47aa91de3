"""Results: its figures are those of the predictions table, counted here by hand."""

import pandas as pd

from zapcls.evidence import open_evidence
from zapcls.findings.causes import sort_errors
from zapcls.workspace.layout import write_json


def read_split_rows(run, split):
    table = pd.read_parquet(run.path / "predictions.parquet")
    return table[(table["split"] == split) & (table["label"] != "")]


def test_the_headline_and_the_confusion_buttons_count_their_photos(finished, open_page):
    valid = read_split_rows(finished, "valid")
    wrong = (valid["label"] != valid["prediction"]).sum()
    assert 0 < wrong < len(valid)
    train = read_split_rows(finished, "train")
    guess = (valid["label"] != train["label"].value_counts().idxmax()).mean()
    app = open_page("results")
    assert f"### {wrong} of {len(valid)} photos wrong: {100 * wrong / len(valid):.1f} %" in app.said
    assert f"counting {valid['product_id'].nunique()} products" in app.said
    assert f"would be wrong on {100 * guess:.1f} %" in app.said
    for split, rows in (("valid", valid), ("train", train)):
        app.choose("results_split", split)
        for label, called in (("Women", "Men"), ("Men", "Women")):
            count = ((rows["label"] == label) & (rows["prediction"] == called)).sum()
            assert count > 0
            text = {"Women": "women's", "Men": "men's"}
            button = app.button(key=f"cell-{label}-{called}")
            assert button.label == f"{text[label]} called {text[called]}: {count}"
    app.click("cell-Men-Women")
    assert app.title[0].value == "Errors"
    params = {"run": finished.run_id, "label": "Men", "prediction": "Women"}
    assert app.query_params.items() >= params.items()
    assert app.button_group(key="split").value == "train"
    assert f"**{count}** photo" in app.said


def test_a_random_split_is_called_what_it_is_among_the_settings(finished, open_page):
    config = finished.config
    config["train"]["split"] = "random"
    write_json(finished.path / "config.json", config)
    app = open_page("results")
    assert "other colors of the same products were trained on" in app.said
    assert "photos of products it never trained on" not in app.said
    [table] = [frame.value for frame in app.dataframe if "setting" in frame.value]
    settings = table.set_index("setting")["value"]
    assert settings["split"] == "random"
    assert settings["catalogue"] == finished.facts["catalogue_id"]
    assert app.link("Its learning-rate curves") == f"learning_rate?run={finished.run_id}"
    charts = len(app.get("plotly_chart"))
    # Confusions, calibration, what is sure, two tables of rates, causes, loss and error.
    assert charts == 8


def test_a_cross_validation_tells_its_cost_and_then_its_interval(finished, open_page, launched):
    write_json(finished.path / "metrics.json", finished.metrics | {"seconds": 61.0})
    app = open_page("results")
    assert "about **5 min 5 s** on this machine" in app.said

    app.click("cross_validate")

    [job] = launched
    about = {"run": str(finished.path), "target": finished.target}
    assert job.config == {"kind": "cross_validate", "folds": 5} | about

    rates = {"errors": 12, "n": 100, "error_rate": 0.12, "error_low": 0.07, "error_high": 0.19}
    facts = {"folds": 5, "targets": {"gender": {"splits": {"valid": rates}}}}
    write_json(finished.path / "derived" / "cross-validation" / "metrics.json", facts)
    said = open_page("results").said
    assert "**12 of 100** photos are wrong: 12.0 % (95 % interval 7.0 to 19.0 %)" in said
    assert "Cross-validate this recipe" not in said


def test_the_causes_count_each_error_of_valid_once_and_open_it(finished, workspace, open_page):
    valid = read_split_rows(finished, "valid")
    wrong = valid[valid["label"] != valid["prediction"]]
    found = sort_errors(open_evidence(finished, workspace))
    counts = found[found["image_id"].isin(wrong["image_id"])]["cause"].value_counts()
    assert counts.sum() == len(wrong)

    app = open_page("results")

    buttons = {b.key: b.label for b in app.button if b.key and b.key.startswith("cause-")}
    assert buttons == {f"cause-{c}": f"{c[0].upper()}{c[1:]}: {n}" for c, n in counts.items()}
    assert "The labels have not been checked yet" in app.said
    app.click(f"cause-{counts.index[0]}")
    assert app.title[0].value == "Errors"
    assert f"**{counts.iloc[0]}** photo" in app.said


def test_what_the_run_comes_to_on_other_catalogues_stands_here(finished, open_page):
    assert "On other catalogues" not in open_page("results").said
    rates = {"n": 20, "errors": 3, "error_rate": 0.15, "error_low": 0.05, "error_high": 0.36}
    facts = {"catalogue_id": "gone", "excluded_trained": 7}
    for target in ("gender", "another"):
        write_json(
            finished.path / "derived" / f"evaluate-{target}" / "metrics.json",
            facts | {"targets": {target: {"splits": {"valid": rates}}}},
        )

    said = open_page("results").said

    told = "**gone**: 3 of 20 wrong, 15.0 % (5.0 to 36.0 %); 7 photos that it was trained on"
    assert said.count(told) == 1
