"""The network, on torch and fastai: bodies, features, loaders, the recipe, the export.

Only this floor and the jobs above it load torch. Nothing here knows of findings or of a page.
"""
