"""Catalogues and photos: sources, the task and its labels, splits, pixels, colors, drawings.

Source data is only read here; what zapcls keeps on disk belongs to `zapcls.workspace`.
"""
