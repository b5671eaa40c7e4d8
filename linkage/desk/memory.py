"""A file that was dragged into the page: kept in memory that has no name on any disk, and gone when it is closed."""

from __future__ import annotations

import os
from pathlib import Path

from linkage.errors import OutputError
from linkage.holder.source import source


class Held:
    """A file in memory; `path` can be read as long as it is not closed, by us and by a child that is given it."""

    def __init__(self, name: str) -> None:
        """An empty one. Raises OutputError where the system has none."""
        if not can_hold():
            raise OutputError("slepen werkt niet op deze computer; kies het bestand in de lijst")
        self._descriptor: int | None = os.memfd_create("linkage-desk", os.MFD_CLOEXEC)
        self.path = source(Path(f"/proc/self/fd/{self._descriptor}"), called=name)
        self.path.descriptor = self._descriptor
        self.size = 0

    def write(self, block: bytes) -> None:
        """Add a block. Raises OutputError where memory is full."""
        assert self._descriptor is not None
        try:
            written = 0
            while written < len(block):
                written += os.write(self._descriptor, block[written:])
        except OSError:
            raise OutputError("het bestand past niet in het geheugen; kies het in de lijst") from None
        self.size += len(block)

    def close(self) -> None:
        """Give the memory back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def can_hold() -> bool:
    """Whether this system keeps files in memory."""
    return hasattr(os, "memfd_create") and Path("/proc/self/fd").exists()
