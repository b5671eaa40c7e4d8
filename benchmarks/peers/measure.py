"""CPU time of a process with all that it starts, also what outlives it (the Java of Spark does)."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 20.0
_THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
ONE_CORE = dict.fromkeys(_THREADS, "1")


class NotDone(Exception):
    """A process that failed; the text names the kind of error alone."""


@dataclass(frozen=True)
class Spent:
    """Seconds of CPU (user and system, with children) and the rows that the process told of."""

    cpu: float
    rows: int


def adopt_orphans() -> None:
    """From now on what a child leaves behind becomes a child of ours, so that its CPU time is counted. Linux only."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def measured(order: Sequence[str], limit: float) -> Spent:
    """Run it to its end. Raises NotDone where it fails, takes more than `limit` seconds, or tells no rows."""
    before = _children()
    with tempfile.TemporaryFile("w+") as errors:
        environment = {**os.environ, **ONE_CORE}
        process = subprocess.Popen(order, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        try:
            told, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise NotDone(f"took more than {limit:.0f} seconds") from None
        finally:
            _end_the_rest()
        if process.returncode:
            errors.seek(0)
            raise NotDone(_kind(errors.read()))
    return Spent(_children() - before, json.loads(told.splitlines()[-1])["rows"])


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _end_the_rest() -> None:
    """Wait for the orphans; those that stay too long are ended."""
    until = time.monotonic() + _PATIENCE
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
            if time.monotonic() > until:
                _kill_children()


def _kill_children() -> None:
    own = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    for child in own.read_text(encoding="ascii").split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)


def _kind(errors: str) -> str:
    """The name of the last exception: messages hold paths."""
    named = [line.split(":")[0] for line in errors.splitlines() if line[:1].isalpha() and "Error" in line.split(":")[0]]
    return f"failed with {named[-1].split('.')[-1]}" if named else "failed"
