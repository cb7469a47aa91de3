"""Tables in, plotly figures out; nothing here knows of Streamlit or of the disk."""

from zapcls.charts.answers import calibration, confusions
from zapcls.charts.base import CLASS_COLORS, NEUTRAL, class_colors, figure_of, intervals, rates
from zapcls.charts.color import counts_by_color, directions, error_by_color, odds, pairs

__all__ = [
    "CLASS_COLORS", "NEUTRAL", "calibration", "class_colors", "confusions", "counts_by_class",
    "counts_by_color", "directions", "error_by_color", "figure_of",
    "intervals", "odds", "pairs", "probabilities", "rates",
]  # fmt: skip
