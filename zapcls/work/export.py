"""Writes a run's model into a folder that other tools load: timm, transformers, ONNX Runtime."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from zapcls.answer.classify import open_classifier
from zapcls.errors import BadInput
from zapcls.evidence import Evidence, open_evidence
from zapcls.progress import Progress
from zapcls.report.card import write_card
from zapcls.work.limits import cool_again
from zapcls.workspace import exports
from zapcls.workspace.imports import check_has
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, replace_folder
from zapcls.workspace.run_tables import write_derived
from zapcls.workspace.runs import Run, find_evaluated

MOST_COMPARED = 200  # photos of valid


def export(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Export a run into a zip of its own; where timm cannot build its network, ONNX alone."""
    run = find_evaluated(workspace, job.config["run"])

    def write(derived: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="zapcls-export-") as folder:
            inside = Path(folder) / run.run_id
            inside.mkdir()
            _fill(inside, run, workspace, bool(exports.find_obstacle(run)), progress)
            shutil.make_archive(str(derived / run.run_id), "zip", folder)

    write_derived(run, exports.KIND, write)


def export_run(
    run: Run, workspace: Workspace, folder: Path, only_onnx: bool, progress: Progress
) -> None:
    """Export a run into a folder, whole or not at all.

    Raises:
        BadInput: timm cannot build its network, or the folder holds something else.
    """
    exports.check_target(folder)
    check_has(run, "model", "an export")
    obstacle = "" if only_onnx else exports.find_obstacle(run)
    if obstacle:
        raise BadInput(f"{obstacle}, or export with --onnx-only.")
    replace_folder(folder, lambda aside: _fill(aside, run, workspace, only_onnx, progress))


def _fill(
    folder: Path, run: Run, workspace: Workspace, only_onnx: bool, progress: Progress
) -> None:
    evidence = open_evidence(run, workspace)
    shutil.copyfile(open_classifier(run).path, folder / "model.onnx")
    if not only_onnx:
        _write_timm(folder, evidence, progress)
    progress("Writing the model card", 0, 0)
    card = write_card(evidence, has_timm=not only_onnx)
    (folder / exports.CARD).write_text(card, encoding="utf-8")


def _write_timm(folder: Path, evidence: Evidence, progress: Progress) -> None:
    """Write the weights as timm names them, and compare their answers with the run's."""
    progress("Loading torch and the network", 0, 0)
    from zapcls.model.learner import load_network
    from zapcls.model.timm_folder import build_timm, check_answers, write_timm

    run, config = evidence.run, evidence.run.train_config
    network = load_network(run.facts, run.weights_path)
    cool_again(network, run)
    net = build_timm(network, config.arch)
    write_timm(net, evidence.classes, config.image_size, config.statistics, folder)
    progress("Comparing its answers with the run's", 0, 0)
    table = evidence.predictions
    rows = table.loc[table["split"] == "valid", "row"].head(MOST_COMPARED).to_numpy()
    pixels = np.asarray(evidence.store.pixels[rows])
    prob, _ = open_classifier(run).predict(pixels)
    check_answers(folder, config.image_size, config.statistics, pixels, prob, config.answer_views)
