"""Every page passes axe-core: no serious fault in light, in dark and in a narrow window."""

import fake_run
import pytest
from axe_playwright_python.sync_playwright import Axe

from zapcls.ui.navigation import PAGES
from zapcls.workspace.run_tables import read_predictions, write_derived
from zapcls.workspace.store import find_store

pytestmark = pytest.mark.slow
# Streamlit's navigation puts a div between its list and the items of it.
NAVIGATION = "[data-testid=stSidebarNavItems]"
ELSEWHERE = {"exclude": [[NAVIGATION]]}
# Its tables scroll in a box that takes no focus, where the window is narrow.
RULES = {"scrollable-region-focusable": {"enabled": False}}
SERIOUS = ("serious", "critical")
VIEWS = (
    "errors?view=Suspects", "errors?view=Slices", "errors?view=Map", "color_bias?open_groups=true",
)  # fmt: skip
# The app's own style comes after its first heading, and its primary buttons need it.
IS_AT_REST = """() => {
  const app = document.querySelector("[data-testid=stApp]");
  if (!app || !getComputedStyle(app).getPropertyValue("--pale")) return false;
  return app.dataset.testScriptState === "notRunning" && document.querySelector(".stMain h1")
    && !document.querySelector("[data-stale=true]")
    && [...document.images].every((image) => image.complete);
}"""
# A color that is on its way to another one has a contrast of neither.
AT_ONCE = "* { transition: none !important; animation: none !important; }"


@pytest.fixture(scope="module")
def paths(shelf, finished):
    """The address of every page and view, with a run about which all is known, and one before."""
    run = fake_run.add_finished(shelf, minute=1)
    fake_run.add_check(run, find_store(shelf, finished.facts["catalogue_id"]))
    fake_run.add_map(run)
    recolored = fake_run.ask_recolored(run, shelf)
    write_derived(run, "recolor", lambda folder: recolored.to_parquet(folder / "recolor.parquet"))
    fake_run.add_curve(shelf)
    wrong = read_predictions(run, shelf).query("split == 'valid' and label != '' and not correct")
    pages = ["" if name == "overview" else name for name in PAGES]  # the app's own address
    paths = [*pages, *VIEWS, f"errors?image={wrong['image_id'].iloc[0]}"]
    return [f"{path}{'&' if '?' in path else '?'}run={run.run_id}" for path in paths]


def find_faults(page, **options):
    """Find what axe-core calls serious: its rule, where, and what is wrong there."""
    asked = {"resultTypes": ["violations"], "rules": RULES, **options}
    found = Axe().run(page, ELSEWHERE, asked)
    return [
        (fault["id"], *node["target"], node["failureSummary"])
        for fault in found.response["violations"] if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]  # fmt: skip


def test_no_page_has_a_serious_fault(page, served, paths):
    faults = {}
    for path in paths:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{served}/{path}")
        page.wait_for_function(IS_AT_REST)
        page.add_style_tag(content=AT_ONCE)
        faults[path, "light"] = find_faults(page)
        page.set_viewport_size({"width": 480, "height": 800})
        faults[path, "narrow"] = find_faults(page)
        page.emulate_media(color_scheme="dark")
        faults[path, "dark"] = find_faults(page, runOnly=["color-contrast"])
    assert {place: found for place, found in faults.items() if found} == {}
