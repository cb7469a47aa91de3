"""Statistics: tables in, numbers and tables out, products as the units.

Nothing here knows of a file, a page, a chart or a sentence; what a figure means is a finding's to
say (`zapcls.findings`), and whether a difference is one is for `findings.verdict` to decide.
"""
