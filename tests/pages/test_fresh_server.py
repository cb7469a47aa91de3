"""A page opened by its address as the first thing that a server does, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from zapcls.ui import navigation

ROOT = Path(__file__).parents[2]
OPEN_EACH_PAGE = """
import json, sys
import zapcls.__main__, zapcls.work
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest, app_test
from zapcls.ui import cache, navigation

scripts = app_test.ScriptCache()
app_test.ScriptCache = lambda: scripts
cache.devices = lambda: {}  # asked in a process of its own, which does load torch
BidiComponentManager.discover_and_register_components = lambda *args, **kwargs: None
found = {}
for name, path in navigation.PAGES.items():
    app = AppTest.from_file(sys.argv[1], default_timeout=200)  # each forgets the last navigation
    app.query_params["answer"] = "all"
    app.switch_page(path).run()
    assert not app.exception, (name, app.exception[0].value)
    run = app.sidebar.selectbox(key="run").value
    found[name] = [app.title[0].value, run, app.query_params.get("answer")]
heavy = {"torch", "torchvision", "fastai", "timm"} & set(sys.modules)
print(json.dumps({"pages": found, "heavy": sorted(heavy)}))
"""
TITLES = {"learning_rate": "Learning rate", "color_bias": "Color bias"}


def test_each_page_opens_with_its_run_and_without_torch(finished):
    process = subprocess.run(
        [sys.executable, "-c", OPEN_EACH_PAGE, str(ROOT / "streamlit_app.py")],
        cwd=ROOT,
        env=os.environ | {"ZAPCLS_WORKSPACE": str(finished.path.parents[1])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout.splitlines()[-1])
    assert answer["heavy"] == []
    assert answer["pages"].pop("overview")[0].endswith("fooled it. Can you tell?")
    assert answer["pages"] == {
        name: [TITLES.get(name, name.capitalize()), finished.run_id, "all"]
        for name in navigation.PAGES
        if name != "overview"
    }
