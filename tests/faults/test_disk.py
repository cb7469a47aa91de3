"""A disk that is full, in each phase of each kind of job and at each button; one that may only be
read, at each page, button and command.
"""

import contextlib
import os
import random
import shutil
import subprocess
from functools import partial

import pytest
from attempts import Tried, attempt, describe
from faces import call, find_command_fault, list_buttons, list_reading, list_writing, read_work
from kinds import KINDS, Place, build_place, digest, list_halves, perform
from once import prepare
from whole_workspace import add_finished_workspace

from zapcls.errors import ZapError
from zapcls.ui import navigation
from zapcls.workspace import jobs, sheets
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.trash import restore_run

pytestmark = pytest.mark.slow
DISK_BYTES = 600_000_000
LEFT = (0, 4_096, 100_000)  # bytes that a full disk has left
SOME = ("build_store", "classify")  # kinds in the suite, one phase each
# The suite has tests of each button that starts a job, on a disk that only seems full.
# Compare has no button where two runs give the same answers, as they do here.
CLICKED = [page for page in navigation.PAGES if page != "compare"]
CASES = {"kind": (SOME, KINDS), "page": ((), CLICKED)}
RESUMED = ("train", "import")  # others are created anew by their page
VIEWS = {"errors": ({}, {"view": "Suspects"}, {"view": "Slices"}, {"view": "Map"})}


@contextlib.contextmanager
def mounting(place, *how):
    """Mount at a place; skips where nobody may."""
    done = subprocess.run(["mount", *how, str(place)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here ({done.stderr.strip()})")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # files of it are mapped


@contextlib.contextmanager
def mounting_read_only(place):
    with mounting(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        yield


class Disk:
    """A small disk of its own, which can be filled."""

    def __init__(self, path):
        self.path, self._filler = path, path / "filler"

    def fill(self, left=0):
        """Leave so many bytes; nothing is done where the disk is full already."""
        if not self._filler.exists():
            free = shutil.disk_usage(self.path).free
            with self._filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free - left)

    def free(self):
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path):
    (tmp_path / "disk").mkdir()
    options = ("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs")
    with mounting(tmp_path / "disk", *options) as place:
        yield Disk(place)


@pytest.fixture(scope="module")
def place(drawn, tmp_path_factory):
    """A place with a trained run, to be copied."""
    return Place(prepare(tmp_path_factory, "place", lambda folder: build_place(folder, drawn)))


def list_phases(kind, calm):
    """Do a job undisturbed: its phases, and what it leaves."""
    job, phases = KINDS[kind].create(calm), []
    perform(job, calm, lambda status: phases.append(status.phase))
    return list(dict.fromkeys(phases)), digest(KINDS[kind].find(calm, job))


def try_phase(kind, phase, place, disk, left, expected):
    """Fill the disk as a phase of a job begins; free it, and start the job again."""
    job, known, told = KINDS[kind].create(place), digest(place.workspace.path), ""
    what = f"{kind}, {phase or 'at its start'}, {left:,} bytes left"

    def watch(status):
        if status.phase == phase:
            disk.fill(left)

    try:
        perform(job, place, watch)
    except ZapError as error:
        told = str(error)
    except Exception as error:
        return Tried(what, describe(error))
    status, now = jobs.read_status(job), digest(place.workspace.path)
    halves = list_halves(place.workspace.path)
    disk.free()
    if (status.state, status.message) != (("failed", told) if told else ("done", "")):
        return Tried(what, f"its state is {status.state}: {status.message}")
    # What the frozen network gave is kept as it comes, for the next start.
    old = [name for name in known if "/bodies/" not in name]
    lost = sorted(name for name in old if now.get(name) != known[name]) if told else []
    if lost or halves:
        return Tried(what, f"changed though it failed: {lost}, not whole: {halves}")
    if told and kind in RESUMED:
        jobs.reopen(job)
    elif told:
        job = KINDS[kind].create(place)
    if told:
        perform(job, place)
    is_same = digest(KINDS[kind].find(place, job)) == expected
    return Tried(what, "" if is_same else "the next start came to something else", told)


def test_a_disk_that_fills_up_in_a_job_is_a_sentence(
    kind, place, disk, tmp_path, judge, is_full, seed
):
    rng, tried = random.Random(f"{seed} {kind}"), []
    phases, expected = list_phases(kind, place.copy(tmp_path / "calm"))
    for number, phase in enumerate(phases if is_full else [rng.choice(phases)]):
        copy = place.copy(disk.path / str(number))
        tried.append(try_phase(kind, phase, copy, disk, rng.choice(LEFT), expected))
        shutil.rmtree(copy.path)
    judge(f"full disk in a job: {kind}", tried)


def try_buttons(pages, open_page, run, workspace, spoil):
    """Click each kind of button of some pages, each on a page that is opened anew."""
    tried, work = [], read_work(workspace, run)
    for page in pages:
        for params in VIEWS.get(page, ({},)):
            for key in list_buttons(open_page(workspace, page, run=run.run_id, **params)):
                app = open_page(workspace, page, run=run.run_id, **params)
                spoil()
                one = attempt(f"{page} {params}: {key}", partial(click, app, key))
                tried.append(one)
                if not run.path.is_dir():  # archived or deleted, which needs no room
                    restore_run(workspace, run.run_id)
                if not work <= read_work(workspace, run):
                    tried[-1] = Tried(one.what, "what people did has changed")
    return tried


def click(app, key):
    """Click a button; return what the page then tells as an error."""
    app.click(key)
    return next((one.value for one in [*app.error, *app.toast]), "")


def test_a_full_disk_is_a_sentence_at_any_button(page, disk, drawn, open_page, judge, is_full):
    run = add_finished_workspace(disk.path / "workspace", drawn)
    workspace = Workspace(run.path.parents[1])
    tried = try_buttons([page], open_page, run, workspace, disk.fill)
    judge(f"full disk at a button: {page}", tried)


def test_a_workspace_that_may_only_be_read_can_be_looked_at(
    finished, workspace, open_page, judge, is_full, tmp_path, drawn
):
    image_id = read_predictions(finished, workspace)["image_id"].iloc[0]
    work, sheet, out = read_work(workspace, finished), tmp_path / "sheet.csv", tmp_path / "out"
    sheet.write_text(",".join(sheets.CSV_COLUMNS))
    out.mkdir()
    reading = list_reading(finished, image_id, next(drawn.rglob("*.jpg")), out)
    writing = list_writing(finished, image_id, sheet)
    pages = list(navigation.PAGES)
    with mounting_read_only(workspace.path):
        tried = [look(page, workspace, finished, open_page) for page in pages]
        for command in [*reading, *(writing if is_full else writing[-2:])]:
            code, err = call(command, workspace)
            fault = find_command_fault(command, code, err)
            if command in reading and code:
                fault = f"it only looks, but says {err}"
            tried.append(Tried(" ".join(command), fault, err if code else ""))
        if is_full:
            tried += try_buttons(pages, open_page, finished, workspace, lambda: None)
        assert read_work(workspace, finished) == work
    judge("read-only workspace", tried)


def look(page, workspace, run, open_page):
    """Look at a page of a workspace that may only be read: it shows no error."""
    app = open_page(workspace, page, run=run.run_id)
    said = [error.value for error in app.error]
    return Tried(page, f"it says {said[0]}" if said else "" if app.title else "it is empty")
