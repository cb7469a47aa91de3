"""Train a footwear classifier on UT Zappos50K and see what it gets wrong, and why."""

__version__ = "0.1.0"
