"""Jobs of every kind and the server killed at random moments, then started again."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from app_server import find_port, wait_until_served
from attempts import Tried
from kinds import KINDS, Place, build_place, digest, list_halves
from once import prepare

from zapcls.workspace import devices, jobs

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).parents[2]
FULL = dict.fromkeys(KINDS, 2) | {"train": 16, "server": 6}
SOME = {"build_store": 1}
CASES = {"kind": (SOME, KINDS)}
LIMIT_S = 900


@pytest.fixture(scope="module")
def place(drawn, tmp_path_factory):
    """A place with a trained run, to be copied."""
    return Place(prepare(tmp_path_factory, "place", lambda folder: build_place(folder, drawn)))


def start(job, place):
    """Start a job's process, as a page does."""
    command = [sys.executable, "-m", "zapcls", "work", str(job.path)]
    return subprocess.Popen(
        [*command, "--workspace", str(place.workspace.path)],
        cwd=PROJECT, env=os.environ | {"OMP_NUM_THREADS": "1"}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kill_after(process, seconds):
    """Kill a process and all that it started; return whether it had ended by itself."""
    try:
        process.communicate(timeout=seconds)
        return True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=LIMIT_S)
        return False


def finish(job, place):
    """Let a job end; return its seconds."""
    started = time.monotonic()
    process = start(job, place)
    _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, err
    return time.monotonic() - started


def find_fault(job, place):
    """Find what is wrong after a kill: a wrong state, a lock that is left, a half of a file."""
    status = jobs.read_status(job)
    if status.state not in ("lost", "done"):
        return f"its state is {status.state}: {status.message}"
    if jobs.is_held(job) or devices.find_holder(place.workspace, "cpu"):
        return "a lock is left"
    halves = list_halves(place.workspace.path)
    return f"not whole: {', '.join(halves)}" if halves else ""


def try_kills(kind, n, place, tmp_path, rng):
    """Kill a job of a kind `n` times, then let it end: as one that nobody disturbed."""
    calm = place.copy(tmp_path / "calm")
    job = KINDS[kind].create(calm)
    took_s = finish(job, calm)
    expected = digest(KINDS[kind].find(calm, job))
    assert expected or kind in ("export", "report")
    hit = place.copy(tmp_path / "hit")
    job, tried = KINDS[kind].create(hit), []
    while len(tried) < n:
        moment = rng.uniform(0, took_s)
        if kill_after(start(job, hit), moment):  # this machine was faster than before
            took_s *= 0.8
            job = KINDS[kind].create(hit)
            continue
        tried.append(Tried(f"{kind} after {moment:.2f} s", find_fault(job, hit)))
        jobs.reopen(job) if jobs.read_status(job).state != "done" else None
    finish(job, hit)
    found = digest(KINDS[kind].find(hit, job))
    if found != expected:
        unlike = sorted(key for key in expected if found.get(key) != expected[key])
        tried[-1] = Tried(tried[-1].what, f"ended otherwise than undisturbed: {unlike}")
    return tried


def test_a_killed_job_goes_on_to_the_same_bits(kind, place, tmp_path, judge, is_full, seed):
    n = (FULL if is_full else SOME)[kind]
    rng = random.Random(f"{seed} {kind}")
    judge(f"kills: {kind}", try_kills(kind, n, place, tmp_path, rng))


def serve(place, port):
    command = [sys.executable, "-m", "zapcls", "serve", "--port", str(port)]
    return subprocess.Popen(
        [*command, "--workspace", str(place.workspace.path)],
        cwd=PROJECT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip


def ask(port, place):
    """Ask the server about a photo: what it answers."""
    photo = next((place.path / "data").rglob("*.jpg")).read_bytes()
    address = f"http://localhost:{port}/api/classify"
    return requests.post(address, files={"photos": ("a.jpg", photo)}, timeout=LIMIT_S).json()


def test_a_killed_server_answers_as_before_once_it_is_back(place, tmp_path, judge, is_full, seed):
    if not is_full:
        pytest.skip("tried in the full harness")
    rng, tried, hit = random.Random(seed), [], place.copy(tmp_path / "hit")
    expected = None
    for number in range(FULL["server"] + 1):
        port, moment = find_port(), rng.uniform(0, 3)
        process = serve(hit, port)
        wait_until_served(f"http://localhost:{port}/_stcore/health")
        answer = ask(port, hit)
        expected = expected or answer
        wrong = "" if answer == expected else f"it answers {answer}"
        with ThreadPoolExecutor(1) as pool:  # it is busy when it is killed
            pool.submit(lambda: [ask(port, hit) for _ in range(1000)])  # noqa: B023
            kill_after(process, moment)
        halves = list_halves(hit.workspace.path)
        if number:
            tried.append(Tried(f"the server after {moment:.1f} s", wrong or ", ".join(halves)))
    judge("kills: server", tried)
