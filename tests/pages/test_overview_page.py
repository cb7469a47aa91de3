"""Overview: the one next step, the data in use, the newest runs."""

import fake_run

from zapcls.config import build_config
from zapcls.ui import messages, navigation
from zapcls.workspace.runs import list_runs


def list_primary(app):
    return [button.label for button in app.button if button.proto.type == "primary"]


def test_a_newcomer_has_one_button_and_it_trains_on_the_drawings(bare, open_page, launched):
    app = open_page("overview")
    assert list_primary(app) == ["Train on the drawings (under a minute)"]
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
    assert list_primary(app) == []
    assert f"**{100 * valid['error_rate']:.1f} %** of valid photos wrong" in app.said
    assert f"95 % interval {100 * low:.1f} to {100 * high:.1f} % · n = {valid['n']}" in app.said
    assert app.link("Open its errors") == f"errors?run={finished.run_id}"
    assert app.link("Open results") == f"results?run={finished.run_id}"
    assert app.link("Open train") == f"train?run={failed.run_id}"
    places = [app.said.index(messages.escape(run.run_id)) for run in (failed, finished)]
    assert places == sorted(places)  # the newest first
