"""The report on a run: one self-contained file, every figure of which stands in a table."""
