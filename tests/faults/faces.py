"""The ways into a workspace that tests of faults go: commands, and the buttons of pages."""

import contextlib
import io
import re

from zapcls.commands.parser import main
from zapcls.workspace.color_labels import open_color_labels
from zapcls.workspace.layout import Workspace
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import list_runs
from zapcls.workspace.store import list_stores


def list_reading(run, image_id, photo, out):
    """List the commands that only look into a run."""
    run_id, other = run.run_id, list_runs(Workspace(run.path.parents[1]))[1].run_id
    return [
        ["runs"], ["errors", run_id], ["slices", run_id], ["label-issues", run_id],
        ["color-bias", run_id], ["reviews", "export", run_id], ["compare", run_id, other],
        ["classify", run_id, str(photo)], ["similar", run_id, image_id, "--by-run"],
        ["report", run_id, "-o", f"{out}/a.html"],
        ["export", run_id, "--onnx-only", "-o", f"{out}/model"],
    ]  # fmt: skip


def list_writing(run, image_id, sheet):
    """List the commands that write into the workspace of a run."""
    run_id = run.run_id
    return [
        ["train"], ["lr-find"], ["evaluate", run_id], ["cross-validate", run_id],
        ["color-bias", run_id, "--recolor"], ["similar", run_id, image_id],
        ["reviews", "import", run_id, str(sheet)], ["archive", run_id], ["delete", run_id],
    ]  # fmt: skip


def call(command, workspace):
    """Call a command in this process: its exit code, and what it wrote on standard error."""
    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        code = main([*command, "--workspace", str(workspace.path)])
    return code, err.getvalue()


def find_command_fault(command, code, err):
    """Find what is wrong with how a command ended, "" where it is done or told why not."""
    if code not in (0, 1, 2):
        return f"{command[0]} ended with {code}"
    return "" if code == 0 or "zapcls: " in err else f"{command[0]} failed without a sentence"


def list_buttons(app):
    """List the buttons that can be clicked, one of each kind (of an image, a run, a job)."""
    keys = [button.key for button in app.button if button.key and not button.disabled]
    kinds = {re.split(r"[-_](?=[0-9a-f]*\d)", key)[0]: key for key in reversed(keys)}
    return sorted(kinds.values())


def read_work(workspace, run):
    """Read what people did in a workspace, a text each: decisions, and colors named by eye."""
    decisions = open_reviews(workspace).read(run.facts["catalogue_id"], run.task.target)
    colors = [open_color_labels(store).read() for store in list_stores(workspace)]
    return {str(row) for table in (decisions, *colors) for row in table.to_dict("records")}
