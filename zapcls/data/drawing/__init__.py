"""Draws the shoes of the drawn catalogue."""
