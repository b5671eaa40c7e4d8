"""Work that takes longer than a page may: in a thread of its own, with progress, and it can be cancelled."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from linkage.errors import LinkageError, unforeseen

Progress = Callable[[int, int], None]
Task = Callable[[Progress], Any]


def give_back() -> None:
    """Let the system have the memory that is no longer used; the C library of Linux else keeps much of it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


class Work:
    """One task; `state` is running, done, failed or cancelled."""

    def __init__(self, task: Task) -> None:
        """Start it."""
        self.state = "running"
        self.error: LinkageError | None = None
        self.result: Any = None
        self._part = (0, 0)
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(task,), daemon=True)
        self._thread.start()

    @property
    def percent(self) -> int | None:
        """How far, in whole percents; None where it is not known how much there is, as of a database."""
        done, total = self._part
        return min(100, 100 * done // total) if total else None if done else 0

    @property
    def done(self) -> int:
        """How much was done: bytes of a file, rows of a database."""
        return self._part[0]

    def cancel(self, wait_seconds: float = 0.0) -> None:
        """Ask it to stop at its next step; it leaves nothing behind."""
        self._cancelled.set()
        if wait_seconds:
            self._thread.join(wait_seconds)

    def _progress(self, done: int, total: int) -> None:
        if self._cancelled.is_set():
            raise CancelledError
        self._part = (done, total)

    def _run(self, task: Task) -> None:
        try:
            self.result = task(self._progress)
            state = "done"
        except CancelledError:
            state = "cancelled"
        except LinkageError as error:
            self.error, state = error, "failed"
        except BaseException as error:  # noqa: BLE001  -- the edge of a room: a traceback quotes values, a panic is no Exception
            self.error, state = LinkageError(unforeseen(error)), "failed"
        give_back()
        self.state = state
