"""How sections look in one self-contained HTML file, and as PDF.

The sections are the findings' own; here belong their order, the template and what is about the run
itself: its data, its limits, the commands that make it again.
"""
