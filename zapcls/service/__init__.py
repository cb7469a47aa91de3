"""The network's face: routes beside the app's own pages, in the same process.

A route reads a request, asks `zapcls.api`, and writes JSON; what is computed belongs to the floors
below, and who may ask to `ui.hosts`, `ui.upload_limits` and `workspace.permissions`.
"""
