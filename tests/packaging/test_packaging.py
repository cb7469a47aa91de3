"""What is packaged says what the project is: the image, the compose file, the requirements."""

import fnmatch
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from benchmarks.packaging import (
    PARTS,
    close_over,
    find_health_check,
    find_step,
    list_values,
    normalize,
    read_names,
    read_steps,
)
from zapcls.service.routes import build_routes

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def steps():
    return read_steps(PROJECT / "Dockerfile")


def list_steps(steps, instruction):
    return [rest for name, rest in steps if name == instruction]


def test_the_image_keeps_the_rules_of_small_and_safe_ones(steps):
    """Those of hadolint that apply: pinned, cached nowhere, JSON commands, not root."""
    [base] = list_steps(steps, "FROM")
    assert list_values(steps, "ARG")["PYTHON_VERSION"] == "3.11"
    assert re.fullmatch(r"python:\$\{PYTHON_VERSION\}-slim-\w+", base)  # DL3006, DL3007
    for run in list_steps(steps, "RUN"):
        assert run.count("pip install") == run.count("pip install --no-cache-dir -c")  # DL3042
        assert not re.search(r"\b(sudo|cd|curl|wget|apt-get|ssh)\b", run)  # DL3004, DL3003, DL3008
        assert "|" not in run  # DL4006
    assert {name for name, _ in steps} <= {
        "ARG", "FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK",
        "CMD",
    }  # fmt: skip
    assert find_step(steps, "WORKDIR").startswith("/")  # DL3000
    assert find_step(steps, "USER") not in ("root", "0")  # DL3002
    names = [name for name, _ in steps]
    assert max(n for n, name in enumerate(names) if name in ("RUN", "COPY")) < names.index("USER")
    assert json.loads(find_step(steps, "CMD")) == ["python", "-m", "zapcls", "serve"]  # DL3025
    assert len(list_steps(steps, "CMD")) == len(list_steps(steps, "HEALTHCHECK")) == 1


def test_the_image_is_a_demo_whose_health_is_asked_where_it_is_told(steps):
    given = list_values(steps, "ENV")
    assert given["ZAPCLS_MODE"] == "demo"
    assert given["STREAMLIT_SERVER_ADDRESS"] == "0.0.0.0"
    assert find_step(steps, "EXPOSE") == "8501"
    assert "/api/health" in [route.path for route in build_routes()]
    code = find_health_check(steps, 8501)[-1]
    assert "localhost:8501" in code
    for base, url in (("", "8501/api/health"), ("/shoes/", "8501/shoes/api/health")):
        asked = code.replace("urlopen(f", "print(f").replace(", timeout=4", "")
        environment = {"STREAMLIT_SERVER_BASE_URL_PATH": base}
        said = subprocess.run(
            [sys.executable, "-c", asked], env=environment, capture_output=True, text=True
        )
        assert said.stdout.strip().endswith(url)


def test_all_that_is_copied_is_there_and_is_sent_to_the_engine(steps):
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    copied = [word for rest in list_steps(steps, "COPY") for word in rest.split()[:-1]]
    assert len(copied) > 7
    for name in copied:
        assert (PROJECT / name).exists(), name
        sent = ".streamlit/config.toml" if name == ".streamlit" else name
        assert is_sent(sent, rules), name
    for name in ("workspace", ".venv", ".git", ".streamlit/secrets.toml", "tests", "docs"):
        assert not is_sent(name, rules), name


def is_sent(name, rules):
    """Whether a file is sent to the engine: the last rule that fits it decides."""
    sent = True
    for rule in filter(None, rules):
        if not rule.startswith("#") and fnmatch.fnmatch(name, rule.removeprefix("!")):
            sent = rule.startswith("!")
    return sent


def test_the_compose_file_serves_a_demo_that_can_write_nothing():
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
    demo, train = services["demo"], services["train"]
    assert demo["read_only"] is True
    assert demo["volumes"] == ["./workspace:/workspace:ro"]
    assert "environment" not in demo  # the image's own: demo
    assert train["build"]["args"] == {"DEVICE": "cuda"}
    for service in services.values():
        assert service["ports"] == ["127.0.0.1:8501:8501"]  # on this machine alone
        assert service["logging"]["options"]["max-size"] == "10m"


def test_the_devcontainer_makes_what_the_makefile_makes():
    content = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text())
    make, target = content["postCreateCommand"].split()
    assert make == "make"
    command = ["make", "--dry-run", "--always-make", target]
    made = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert made.returncode == 0
    assert "requirements-dev.txt" in made.stdout


def test_each_package_is_required_once_and_is_pinned():
    parts = [read_names(PROJECT / f"requirements-{part}.txt") for part in PARTS]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts))
    pinned = {
        normalize(line.partition("==")[0])
        for line in (PROJECT / "constraints.txt").read_text().splitlines()
    }
    assert set().union(*parts) <= pinned
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    assert lines == [f"-r requirements-{part}.txt" for part in PARTS]
    dynamic = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]
    files = dynamic["dynamic"]
    assert files["dependencies"]["file"] == "requirements-answer.txt"
    extras = {name: extra["file"] for name, extra in files["optional-dependencies"].items()}
    assert extras == {name: f"requirements-{name}.txt" for name in PARTS[1:]}


# Classifies a photo where nothing can be imported but the given packages and the standard library.
ALONE = """
import sys
from importlib.machinery import PathFinder

allowed, (workspace, run, photo) = set(sys.argv[1].split()), sys.argv[2:]

class Only:
    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        known = allowed | sys.stdlib_module_names
        if path is None and top not in known and not top.startswith("_"):  # _: of Python's own
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)

sys.meta_path.insert(0, Only)
from zapcls.api import list_findings, open_run

opened = open_run(run, workspace)
print(opened.classify(photo).label, len(opened.similar(photo)))
print(*[opened.describe(name) for name, _ in list_findings()][:1])
import zapcls.commands.parser
"""


@pytest.mark.slow
def test_who_only_asks_needs_only_the_answer_requirements(kinds):
    known = importlib.metadata.packages_distributions()
    needed = close_over(read_names(PROJECT / "requirements-answer.txt"))
    allowed = {module for module, names in known.items() if needed & set(map(normalize, names))}
    assert not allowed & {"torch", "fastai", "streamlit", "timm", "onnx", "cleanlab"}
    photo = next(kinds.data_dir.rglob("*.jpg"))
    words = [" ".join({*allowed, "zapcls"}), kinds.workspace.path, kinds.run.run_id, photo]

    process = subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, words)],
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip

    assert process.returncode == 0, process.stderr
    assert process.stdout.split()[0] in " ".join(kinds.run.task.classes)
