"""The command `trade`: it trains what it is asked for, and prints what is known."""

import json
import math

import pandas as pd
import pytest

from zapcls import schema
from zapcls.__main__ import main
from zapcls.analysis.remedies import ALL_SEEDS
from zapcls.commands import terminal
from zapcls.config import build_config
from zapcls.data.task import Task
from zapcls.findings import remedies
from zapcls.findings.ask import Ask
from zapcls.findings.remedies import Found
from zapcls.findings.remedy_settings import REMEDIES, SEEDS
from zapcls.workspace.layout import Workspace
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_tables import write_derived


@pytest.fixture
def run(tmp_path, call_evaluated):
    """A run that is evaluated, as far as a command looks."""
    workspace = Workspace(tmp_path / "workspace")
    run = create_run(workspace, build_config("laptop"), tmp_path / "data")
    call_evaluated(run)
    return run


def write_trade(run, rate=0.1):
    rows = [
        {"option": option, "measure": measure, "seed": seed, "color": "", "label": "", "n": 40,
         "n_products": 20, "rate": rate, "low": 0.05, "high": 0.2, "difference": math.nan,
         "difference_low": math.nan, "difference_high": math.nan, "p": math.nan, "p_holm": math.nan}
        for option in ("plain", "gray") for measure in schema.TRADE_MEASURES
        for seed in (ALL_SEEDS, 0, 1)
    ]  # fmt: skip
    found = schema.conform(pd.DataFrame(rows), schema.TRADE, "trade")
    write_derived(run, "trade", lambda folder: found.to_parquet(folder / "trade.parquet"))
    return found


@pytest.fixture
def performed(run, monkeypatch):
    """The jobs that were done; each leaves a trade."""
    done = []

    def perform(job, workspace):
        done.append(job)
        write_trade(run, rate=0.3)

    monkeypatch.setattr(terminal, "perform_in_terminal", perform)
    return done


@pytest.fixture
def command(run, capsys):
    """Return a function that runs the command with some words and gives what it prints."""

    def call(*words, code=0):
        assert main(["trade", run.run_id, *words, "--workspace", str(run.path.parents[1])]) == code
        out, err = capsys.readouterr()
        return err if code else out

    return call


def test_what_is_known_is_printed_as_the_page_says_it(run, command, performed):
    table = write_trade(run)

    lines = command().splitlines()

    assert not performed
    found, ask = Found(table), Ask(Task("gender", ("Women", "Men")))
    said = remedies.list_sentences(found, ask)
    assert lines == [line.replace("**", "") for line in said]


def test_json_is_the_table_a_row_a_line(run, command, performed):
    found = write_trade(run)

    rows = [json.loads(line) for line in command("--json").splitlines()]

    assert len(rows) == len(found)
    assert list(rows[0]) == list(schema.TRADE)


def test_what_is_not_known_is_trained(run, command, performed):
    assert "30.0 %" in command()

    [job] = performed
    config = {"run": str(run.path), "target": "", "options": list(REMEDIES), "seeds": SEEDS}
    assert (job.kind, job.config) == ("trade", {"kind": "trade", **config})


def test_asked_for_options_are_trained_anew(run, command, performed):
    write_trade(run)

    command("--options", "gray,hue-jitter")
    command("--seeds", "2")

    first, second = performed
    names = ["plain", "hue-jitter", "gray"]
    assert (first.config["options"], first.config["seeds"]) == (names, SEEDS)
    assert (second.config["options"], second.config["seeds"]) == (list(REMEDIES), 2)


def test_an_unknown_option_is_refused_before_a_job_is_made(command, performed):
    assert "'purple'" in command("--options", "purple", code=2)
    assert not performed
