"""What can go wrong, as a person is told it: the rule, what was received, what to do."""


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


class Damaged(ZapError):
    """The files of a run or a job cannot be used: one is damaged, or of another version."""
