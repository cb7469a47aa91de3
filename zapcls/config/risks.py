"""The shares of wrong answers that a person can allow among those that are called sure."""

RISKS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15, 0.20)
RISK = 0.05  # until a person says otherwise


def write_risk(risk: float) -> str:
    """Write a share that can be allowed: 0.05 -> 5 %."""
    return f"{100 * risk:.0f} %"
