"""Whose program is at the other end of a connection: on Linux the kernel says so in /proc/net/tcp.

A cookie for 127.0.0.1 goes to every port of that address, also to that of another user of this computer. So having
the cookie is not enough: the connection must come from a program of the same user.
"""

from __future__ import annotations

import os
from pathlib import Path

TABLE = Path("/proc/net/tcp")
LOOPBACK = "0100007F"
_LOCAL, _REMOTE, _OWNER = 1, 2, 7


def owner_of(table: str, ours: int, theirs: int) -> int | None:
    """The user id of the socket from port `theirs` to port `ours` on the loopback; None where there is none."""
    wanted = (f"{LOOPBACK}:{theirs:04X}", f"{LOOPBACK}:{ours:04X}")
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > _OWNER and (fields[_LOCAL], fields[_REMOTE]) == wanted:
            return int(fields[_OWNER])
    return None


def is_same_user(ours: int, theirs: int) -> bool:
    """Whether a connection is our own user's. Where the system has no such table (not Linux), it cannot be told."""
    try:
        table = TABLE.read_text(encoding="ascii")
    except OSError:
        return not TABLE.parent.exists()
    return owner_of(table, ours, theirs) == os.geteuid()
