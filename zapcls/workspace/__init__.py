"""All that is ours on disk: the layout, jobs and their locks, runs, stores, checks and reviews.

Here belongs how a file is written whole, read back and checked; what a job does is in
`zapcls.work`.
"""
