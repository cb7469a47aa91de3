"""Overview: the one next step, the data in use, the newest runs."""

import fake_run

from zapcls.blocks import numbers
from zapcls.config import build_config
from zapcls.data.task import Task
from zapcls.ui import messages, navigation
from zapcls.workspace.layout import choose_data
from zapcls.workspace.runs import list_runs


def list_primary(app):
    return [button.label for button in app.button if button.proto.type == "primary"]


def test_a_newcomer_has_one_button_and_it_trains_on_the_drawings(bare, open_page, launched):
    app = open_page("overview")
    assert list_primary(app) == ["Train now"]
    linked = {link.proto.page for link in app.page_link}
    assert linked >= set(navigation.PAGES) - {"overview"}
    assert "**Errors**: Which photos does it get wrong?" in app.said
    app.click("first_try")
    [run] = list_runs(bare)
    assert [job.path for job in launched] == [run.path]
    assert run.train_config == build_config("first-try")
    assert run.data_dir == bare.drawings_dir
    assert app.title[0].value == "Train"
    assert f"Training {run.run_id}" in app.said
    assert app.query_params["run"] == run.run_id


def test_an_evaluated_run_leads_to_its_errors(finished, workspace, open_page):
    failed = fake_run.add_failed(workspace, minute=45)
    app = open_page("overview")
    valid = finished.rates["splits"]["valid"]
    low, high = valid["error_low"], valid["error_high"]
    assert list_primary(app) == ["Look"]
    assert f"**{100 * valid['error_rate']:.1f} %** of valid photos wrong" in app.said
    assert f"95 % interval {100 * low:.1f} to {100 * high:.1f} % · n = {valid['n']}" in app.said
    fooled = round(100 * valid["error_rate"])
    assert app.title[0].value == f"{fooled} of 100 shoes fooled it. Can you tell?"
    assert app.link("Open results") == f"results?run={finished.run_id}"
    assert app.link("Open train") == f"train?run={failed.run_id}"
    places = [app.said.index(messages.escape(run.run_id)) for run in (failed, finished)]
    assert places == sorted(places)  # the newest first


def test_the_worst_errors_are_covered_until_a_guess_is_made(finished, table, open_page):
    valid = table[(table["split"] == "valid") & (table["label"] != "") & ~table["correct"]]
    worst = valid.sort_values(["prob", "image_id"], ascending=[False, True]).iloc[0]
    app = open_page("overview")
    shown = {button.key for button in app.button if button.key.startswith("guess-")}
    assert f"guess-{worst['image_id']}-{worst['label']}" in shown
    assert "It says" not in app.said
    app.click(f"guess-{worst['image_id']}-{worst['label']}")
    told = Task("gender", ("Women", "Men")).describe(worst["label"])
    assert numbers.begin(told) in app.said
    assert app.link("Why?") == f"errors?run={finished.run_id}&image={worst['image_id']}"


def test_the_filled_button_stands_at_the_current_step(table, decide, open_page):
    wrong = table[(table["split"] == "valid") & (table["label"] != "") & ~table["correct"]]
    decide(next(wrong.itertuples()), "model wrong")
    app = open_page("overview")
    assert list_primary(app) == ["Check them"]
    assert f"{len(wrong)}, 1 reviewed" in app.said


def test_photos_of_one_s_own_come_before_the_drawings(bare, tmp_path, open_page, launched):
    own = tmp_path / "photos"
    own.mkdir()
    choose_data(bare, own)
    app = open_page("overview")
    assert list_primary(app) == ["Train on your photos"]
    app.click("first_own")
    [run] = list_runs(bare)
    assert run.data_dir == own
