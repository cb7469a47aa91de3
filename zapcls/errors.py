"""What can go wrong, as a person is told it: the rule, what was received, what to do."""

import errno
import re

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_RIGHT = (errno.EACCES, errno.EPERM)
_UNFIT_PATH = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


class ZapError(Exception):
    """Base of every error with a sentence for a person; `exit_code` is the process's."""

    exit_code = 1


class BadInput(ZapError):
    """A file, a folder, a photo or a setting that a person gave cannot be used."""

    exit_code = 2


class RunBusy(ZapError):
    """The device is held by another run; the sentence names it."""


class Stopped(ZapError):
    """A person asked the work to stop, and it did."""

    exit_code = 130


class Forbidden(ZapError):
    """The mode that the app runs in does not allow it."""


class Damaged(ZapError):
    """The files of a run or a job cannot be used: one is damaged, or of another version."""


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that the disk, or a person's share of it, is full.

    NumPy names no number: "71680 requested and 19424 written".
    """
    if not isinstance(error, OSError):
        return False
    return error.errno in _DISK_FULL or (
        error.errno is None and bool(re.fullmatch(r"\d+ requested and \d+ written", str(error)))
    )


def explain_system_error(error: OSError) -> ZapError | None:
    """Build the sentence for what the system refused; None for what no person can mend."""
    place = error.filename2 or error.filename or "a file"
    if is_disk_full(error):
        return ZapError(
            f"The disk has no room left for {place}. Free some space, then do it again; what was "
            "there before is kept."
        )
    if error.errno == errno.EROFS:
        return ZapError(
            f"{place} cannot be written: it is on a read-only disk. You can still look at what is "
            "there; to add to it, choose another --workspace."
        )
    if error.errno in _NO_RIGHT:
        return BadInput(
            f"This program lacks the right to use {place}. Give it that right, or choose "
            "another place."
        )
    if error.errno == errno.ENOENT:
        return ZapError(
            f"{place} must be there, but is not; it may have been deleted while it was in use. "
            "Put it back, or start again without it."
        )
    if error.errno in _UNFIT_PATH:
        return BadInput(f"{str(place)[:200]} cannot be used ({error.strerror}). Choose another.")
    return None
