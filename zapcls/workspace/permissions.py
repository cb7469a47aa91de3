"""Who may do what, in one table: asked wherever something is written, and by pages for their looks.

The mode is the process's: `local` on a person's own machine, `demo` where strangers may look.
"""

import os

from zapcls.errors import BadInput, Forbidden

ENVIRONMENT = "ZAPCLS_MODE"
RUNS_ENVIRONMENT = "ZAPCLS_DEMO_RUNS"  # ids, a comma between them; all evaluated ones without
ACTIONS = {
    "look": "see runs, photos and findings",
    "classify": "have photos classified",
    "start": "start, resume or stop a training or another job, and read its log",
    "choose": "choose, read or download data",
    "mark": "mark photos, name colors, import or undo decisions",
    "delete": "archive or delete runs, bring them back, delete features",
    "write": "write anything else into the workspace",
}
MODES = {"local": frozenset(ACTIONS), "demo": frozenset({"look", "classify"})}


def read_mode() -> str:
    """Return the process's mode.

    Raises:
        BadInput: $ZAPCLS_MODE is none of MODES; nothing is allowed then.
    """
    mode = os.environ.get(ENVIRONMENT) or "local"
    if mode not in MODES:
        raise BadInput(f"{ENVIRONMENT} must be one of {', '.join(MODES)}, got {mode!r}.")
    return mode


def may(action: str) -> bool:
    """Whether an action (of ACTIONS) is allowed in this mode."""
    return action in MODES[read_mode()]


def require(action: str) -> None:
    """Check that an action is allowed.

    Raises:
        Forbidden: it is not.
    """
    if not may(action):
        raise Forbidden(
            f"This is a demo, in which nobody may {ACTIONS[action]}. Install zapcls to do so."
        )


def list_shown_runs() -> list[str]:
    """List the ids of the runs that a demo is about; [] for all."""
    named = os.environ.get(RUNS_ENVIRONMENT, "") if read_mode() == "demo" else ""
    return [name for name in named.split(",") if name]
