"""The commands that look into a run: its errors, its color bias, remedies."""
