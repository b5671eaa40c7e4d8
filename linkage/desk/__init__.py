"""The desk: a page on this computer alone, for people who have never opened a terminal (docs/spec/desk-v1.md).

It has the face of a holder and the face of a linker, and never both in one process: each imports its own room.
"""
