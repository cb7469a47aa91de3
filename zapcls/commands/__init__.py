"""The terminal's face: the parser, the progress bar, what is printed and the exit codes.

A module holds the commands of one subject and adds them to the parser. What a command finds out
or does belongs to the floors below.
"""
