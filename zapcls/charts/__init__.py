"""Tables in, plotly figures out; nothing here knows of Streamlit or of the disk."""

from zapcls.charts.answers import calibration, confusions, counts_by_class, probabilities
from zapcls.charts.base import CLASS_COLORS, NEUTRAL, class_colors, figure_of, intervals, rates
from zapcls.charts.color import counts_by_color, error_by_color, pairs
from zapcls.charts.recolor import flips, shifts
from zapcls.charts.training import error_curve, loss_curves, lr_curve

__all__ = [
    "CLASS_COLORS", "NEUTRAL", "calibration", "class_colors", "confusions", "counts_by_class",
    "counts_by_color", "error_by_color", "error_curve", "figure_of", "flips", "intervals",
    "loss_curves", "lr_curve", "pairs", "probabilities", "rates", "shifts",
]  # fmt: skip
