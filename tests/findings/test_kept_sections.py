"""A section is built once for all visitors, and anew once a table that it stands on changes."""

import gc
import os
import shutil
import weakref

import pytest

from zapcls.evidence import open_evidence
from zapcls.findings import build_between, build_section, find_between
from zapcls.findings.ask import Ask
from zapcls.workspace.runs import Run


@pytest.fixture
def evidence(several, tmp_path):
    return open_evidence(
        Run(shutil.copytree(several.run.path, tmp_path / "run")), several.workspace
    )


@pytest.mark.parametrize("name", ["rates", "groups"])
def test_a_section_is_kept_until_its_tables_change(evidence, name):
    ask = Ask(evidence.task)
    built = build_section(name, evidence, ask)
    assert build_section(name, evidence, ask) is built
    assert build_section(name, evidence, Ask(evidence.task, split="train")) is not built

    answers = evidence.run.path / "predictions.parquet"
    os.utime(answers, ns=(0, answers.stat().st_mtime_ns + 1))
    assert build_section(name, evidence, ask) is not built


def test_a_newer_version_of_a_comparison_takes_the_place_of_the_older(evidence, several, tmp_path):
    ask = Ask(evidence.task)
    other = Run(shutil.copytree(several.run.path, tmp_path / "other"))
    second = open_evidence(other, several.workspace)
    found = weakref.ref(find_between("compare", evidence, second, ask))
    section = weakref.ref(build_between("compare", evidence, second, ask))

    answers = other.path / "predictions.parquet"
    os.utime(answers, ns=(0, answers.stat().st_mtime_ns + 1))
    build_between("compare", evidence, second, ask)

    gc.collect()
    assert (found(), section()) == (None, None)
