"""What is packaged: how large it is, and whether it works in a clean environment.

    python -m benchmarks.packaging sizes
    python -m benchmarks.packaging answer --workspace DIR --run RUN --photo FILE
    python -m benchmarks.packaging image --workspace DIR --run RUN --photo FILE [--python FILE]

`sizes` adds up the files of each part of the requirements, and of all that it requires, as they are
installed here. `answer` installs zapcls as `pip install zapcls` does, has it classify a photo, and
checks that torch, fastai and Streamlit are absent. `image` runs the RUN steps of the Dockerfile,
without those that need a container (useradd), then its CMD and its HEALTHCHECK, and classifies the
photo through the service; with the Python of an environment that is there it installs nothing.
`answer` and `image` ask the package index.
"""

import argparse
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

PROJECT = Path(__file__).parents[1]
ABSENT = ("torch", "torchvision", "fastai", "streamlit")
PARTS = ("answer", "serve", "train")  # of the requirements
PORT = 8501  # of the image
SERVED_ON = 8599  # here
LIMIT_S = 300  # on a busy machine
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Prints what it says of a photo, which of ABSENT are there, and its peak memory.
CLASSIFY = """
import importlib.util, json, resource, sys
from zapcls.api import open_run

workspace, run, photo, *absent = sys.argv[1:]
answer = open_run(run, workspace).classify(photo)
there = [name for name in absent if importlib.util.find_spec(name) or name in sys.modules]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(json.dumps({"label": answer.label, "prob": answer.prob, "there": there, "peak_mb": peak}))
"""


def read_steps(path: Path) -> list[tuple[str, str]]:
    """Read a Dockerfile: instruction and what follows it, lines joined, comments left out."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    split = (line.strip().split(maxsplit=1) for line in joined if line.strip())
    return [(name.upper(), " ".join(rest[0].split()) if rest else "") for name, *rest in split]


def list_values(steps: list[tuple[str, str]], instruction: str) -> dict[str, str]:
    """List the names and values of all ARG or ENV."""
    words = (word for name, rest in steps if name == instruction for word in shlex.split(rest))
    return dict(word.partition("=")[::2] for word in words)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("sizes", "answer", "image"))
    parser.add_argument("--workspace", type=Path, default=Path("workspace"))
    parser.add_argument("--run", default="")
    parser.add_argument("--photo", type=Path, default=Path())
    parser.add_argument("--python", type=Path)
    asked = parser.parse_args()
    place = asked.workspace.resolve(), asked.run, asked.photo.resolve()
    with tempfile.TemporaryDirectory() as folder:
        if asked.what == "sizes":
            found = measure_sizes()
        elif asked.what == "answer":
            found = measure_answer(Path(folder), *place)
        else:
            found = measure_image(Path(folder), *place, asked.python)
    print(json.dumps(found, indent=1))


def measure_sizes() -> dict[str, int]:
    """Measure MB of each part: what it requires beyond the parts before it."""
    sizes, known = {}, set[str]()
    for part in PARTS:
        added = close_over(read_names(PROJECT / f"requirements-{part}.txt")) - known
        sizes[f"{part}_mb"] = round(sum(map(count_bytes, added)) / 1e6)
        known |= added
    return sizes


def read_names(file: Path) -> set[str]:
    """Read the packages that a requirements file names."""
    named = (_NAME.match(line) for line in file.read_text().splitlines())
    return {normalize(match[0]) for match in named if match}


def close_over(names: set[str]) -> set[str]:
    """Return packages and all that they require, and so on; those that are installed here."""
    known, left = set[str](), set(names)
    while left:
        name = left.pop()
        try:
            required = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # of another platform or Python
            continue
        known.add(name)
        plain = (line for line in required if "extra ==" not in line)
        matches = (_NAME.match(line) for line in plain)
        left |= {normalize(match[0]) for match in matches if match} - known
    return known


def normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def count_bytes(name: str) -> int:
    """Count the bytes of a package's files."""
    files = importlib.metadata.files(name) or []
    places = {Path(str(file.locate())) for file in files}
    return sum(place.stat().st_size for place in places if place.is_file())


def measure_answer(folder: Path, workspace: Path, run: str, photo: Path) -> dict[str, Any]:
    """Install what `zapcls.api` needs, and ask it.

    Raises:
        SystemExit: one of ABSENT is there.
    """
    python = build_environment(folder)
    base = count_mb(folder)
    pip = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir"]
    call([*pip, "-c", PROJECT / "constraints.txt", PROJECT], folder)
    words = [str(workspace), run, str(photo), *ABSENT]
    said = json.loads(call([python, "-c", CLASSIFY, *words], folder))
    if said["there"]:
        sys.exit(f"{', '.join(said['there'])} must be absent, but can be imported.")
    call([python, "-m", "zapcls", "classify", run, photo, "--workspace", workspace], folder)
    return {"packages_mb": count_mb(folder) - base, **said}


def measure_image(
    folder: Path, workspace: Path, run: str, photo: Path, there: Path | None
) -> dict[str, Any]:
    """Run the steps of the Dockerfile, serve, and ask the service.

    `there` is the Python of an environment that has the packages; None: they are installed.
    """
    steps = read_steps(PROJECT / "Dockerfile")
    python = there.absolute() if there else build_environment(folder / "usr")
    base, app = count_mb(folder), folder / "app"
    app.mkdir()
    given = list_values(steps, "ARG") | list_values(steps, "ENV")
    given |= {"PATH": f"{python.parent}:{os.environ['PATH']}", "ZAPCLS_WORKSPACE": str(workspace)}
    for instruction, rest in steps:
        if instruction == "COPY":
            copy_files(rest, app)
        elif instruction == "RUN" and "useradd" not in rest and not (there and "pip" in rest):
            print(f"RUN {rest}", file=sys.stderr)
            call(["sh", "-c", rest], app, given)
    packages = count_mb(folder) - base
    command = [*json.loads(find_step(steps, "CMD")), "--port", str(SERVED_ON)]
    with subprocess.Popen(command, cwd=app, env=os.environ | given) as server:
        try:
            wait_until_healthy(steps, app, given)
            answer = requests.post(
                f"http://localhost:{SERVED_ON}/api/classify", params={"run": run}, timeout=60,
                files=[("photos", (photo.name, photo.read_bytes()))],
            )  # fmt: skip
            answer.raise_for_status()
            status = Path(f"/proc/{server.pid}/status").read_text()
        finally:
            server.terminate()
    [peak] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    size = {} if there else {"packages_mb": packages}
    return {**size, **answer.json()["answers"][0], "peak_mb": round(peak / 1000)}


def build_environment(folder: Path) -> Path:
    """Make a clean environment, and return its Python."""
    venv.create(folder, with_pip=True, symlinks=True)
    return folder / "bin" / "python"


def find_step(steps: list[tuple[str, str]], instruction: str) -> str:
    """Return what follows the last such instruction."""
    return [rest for name, rest in steps if name == instruction][-1]


def find_health_check(steps: list[tuple[str, str]], port: int) -> list[str]:
    """Return the command of the HEALTHCHECK, asking another port."""
    _, _, command = find_step(steps, "HEALTHCHECK").partition(" CMD ")
    return json.loads(command.replace(str(PORT), str(port)))


def copy_files(rest: str, app: Path) -> None:
    """Copy what a COPY names into the folder that stands for the image's."""
    *sources, target = rest.split()
    for source in sources:
        place = app / target if len(sources) == 1 and target != "./" else app / source
        if (PROJECT / source).is_dir():
            shutil.copytree(PROJECT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / source, place)


def wait_until_healthy(steps: list[tuple[str, str]], app: Path, given: Mapping[str, str]) -> None:
    """Wait until the health check is content.

    Raises:
        SystemExit: it is not, after LIMIT_S.
    """
    command, give_up = find_health_check(steps, SERVED_ON), time.monotonic() + LIMIT_S
    while subprocess.run(command, cwd=app, env=os.environ | given, capture_output=True).returncode:
        if time.monotonic() > give_up:
            sys.exit(f"The server must answer its health check within {LIMIT_S} s, but did not.")
        time.sleep(0.5)


def call(command: list[Any], folder: Path, given: Mapping[str, str] | None = None) -> str:
    """Run a command, its errors on standard error, and return what it printed."""
    words, environment = [str(word) for word in command], os.environ | (given or {})
    return subprocess.run(
        words, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def count_mb(folder: Path) -> int:
    """Count the MB of all files below a folder."""
    return round(sum(size for size in list_sizes(folder)) / 1e6)


def list_sizes(folder: Path) -> Iterator[int]:
    """List the bytes of all files below a folder; links count nothing."""
    for place, _, names in os.walk(folder):
        for name in names:
            yield os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118


if __name__ == "__main__":
    main()
