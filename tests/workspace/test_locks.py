"""A lock that nobody holds is never taken for held, however many look; a held one always is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from zapcls.workspace import locks


@pytest.fixture
def lock(tmp_path):
    """A lock that was held and is free."""
    lock = FileLock(tmp_path / "lock")
    with lock:
        pass
    return lock


def look(lock, times):
    return {locks.can_take(lock) for _ in range(times)}


def test_those_who_look_at_once_do_not_take_each_other_for_a_holder(lock, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: look(tmp_path / "lock", 200), range(8)))
    assert seen == [{True}] * 8


@pytest.mark.parametrize("has_flock", [True, False])
def test_a_lock_that_is_held_is_told(lock, tmp_path, monkeypatch, has_flock):
    if not has_flock:
        monkeypatch.setattr(locks, "fcntl", None)
    assert look(tmp_path / "nothing", 1) == look(tmp_path / "lock", 1) == {True}
    with lock:
        assert look(tmp_path / "lock", 1) == {False}
    assert look(tmp_path / "lock", 1) == {True}
