"""What a run came to in a few figures, as the commands print them."""

from typing import Any

from zapcls.workspace import jobs
from zapcls.workspace.runs import Run

OF_LABELS = ("threshold", "average_precision")  # which only a label has


def summarize_run(run: Run) -> dict[str, Any]:
    """Summarize a training: state, rates on valid with n and interval, seconds.

    The rates of a run that is not evaluated are None, and so are the `balanced_error_rate` and the
    `class_error_rates` {class: rate} of one that an older version evaluated. Of a run about several
    targets they are those of the one that is looked at, and `targets` has the rates of each.
    `labels` has the mean average precision of each column whose values are labels.
    """
    status = jobs.read_status(run)
    seconds = None if status.seconds is None else round(status.seconds, 1)
    rates = run.rates if run.is_evaluated else {}
    summary = {"run": run.run_id, "state": status.state, **summarize_rates(rates)}
    metrics = run.metrics if run.is_evaluated else {}
    every = metrics.get("targets", {})
    if len(every) > 1:
        summary["targets"] = {name: summarize_rates(each) for name, each in every.items()}
    if "labels" in metrics:
        summary["labels"] = metrics["labels"]
    return summary | {"seconds": seconds}


def summarize_rates(rates: dict[str, Any]) -> dict[str, Any]:
    """Summarize what was counted of a target: its rates on valid, None where there are none."""
    valid, classes = rates.get("splits", {}).get("valid", {}), rates.get("classes") or {}
    return {
        **{name: valid.get(name) for name in ("error_rate", "error_low", "error_high")},
        "n_valid": valid.get("n"),
        "balanced_error_rate": (rates.get("balanced") or {}).get("rate"),
        "class_error_rates": {name: row["rate"] for name, row in classes.items()} or None,
        **{name: rates[name] for name in OF_LABELS if name in rates},
    }
