"""What a process may take, and that nothing of its memory is kept on a disk; on Windows there are fewer such limits."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PR_SET_DUMPABLE = 4
_MALLOPT = {"MALLOC_TRIM_THRESHOLD_": -1, "MALLOC_MMAP_THRESHOLD_": -3}  # their numbers in malloc.h
LARGE = {
    # Polars' allocator gives memory back after half a second, to ask for it again in the next step.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:60000,muzzy_decay_ms:0",
    # And so does the C library of Linux, from which NumPy has its memory.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(1024 * 1024 * 1024),
    # NumPy starts a thread for each processor, which nothing here uses.
    "OPENBLAS_NUM_THREADS": "1",
}
"""The environment of a process for large files, as far as the user has not set it otherwise."""


def no_core_dumps() -> None:
    """No image of memory, which holds keys and identifiers, on disk or with a crash reporter.

    A child inherits the limit, and not the second: `exec` sets it again, so each process says it for itself.
    """
    if os.name != "posix":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A reporter behind a pipe in core_pattern gets its dump without regard to that limit, unless the process says no.
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def limit(memory: int, seconds: int | None = None, file_bytes: int | None = None) -> None:
    """At most so many bytes of address space, seconds of computing and bytes in one file; and no core dumps."""
    no_core_dumps()
    if os.name != "posix":
        return
    import resource

    asked = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: seconds, resource.RLIMIT_FSIZE: file_bytes}
    for what, most in asked.items():
        if most is not None:
            resource.setrlimit(what, (most, most))


def for_large_files() -> None:
    """Freed memory is kept for a while. It has effect before Polars and NumPy are loaded, and in children."""
    for name, value in LARGE.items():
        if name not in os.environ:
            os.environ[name] = value
            _already_read(name, value)


def _already_read(name: str, value: str) -> None:
    """The C library read its variables when this process began, so it is told; others than that of GNU have no such."""
    if sys.platform == "linux" and name in _MALLOPT:
        import ctypes

        tell = getattr(ctypes.CDLL(None), "mallopt", None)
        if tell is not None:
            tell(_MALLOPT[name], int(value))


@contextmanager
def loading() -> Iterator[None]:
    """No garbage is looked for while modules load: they stay, and looking takes a tenth of the time that they need."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def never_spill() -> None:
    """Polars keeps to memory: by itself it moves rows to a folder under /var/tmp when memory gets tight.

    Its budget is a share of the machine's memory (`POLARS_OOC_MEMORY_BUDGET_FRACTION`); what is never reached is never
    moved. A budget of no disk will not do: then it writes first, and stops afterwards.
    """
    os.environ["POLARS_OOC_MEMORY_BUDGET_FRACTION"] = "1000000"
    if "polars" in sys.modules:
        sys.modules["polars"].Config.load("{}")  # it reads its variables again
