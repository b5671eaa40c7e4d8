"""The desk: a page on this computer alone, for people who have never opened a terminal (docs/spec/desk-v1.md).

It has the face of a holder, of a linker and of a researcher, one per process: each imports its own room.
"""
