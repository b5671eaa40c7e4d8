"""What a process for large files is given, which what a user set goes before."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from linkage import limits


def test_what_a_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"OPENBLAS_NUM_THREADS": "3"}
    monkeypatch.setattr(limits.os, "environ", environment)
    limits.for_large_files()
    assert environment == limits.LARGE | {"OPENBLAS_NUM_THREADS": "3"}


FAULTS = """
import resource, sys
from linkage.limits import for_large_files
if sys.argv[1] == "large":
    for_large_files()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def fill():
    return len([b"x" * (20 << 20) for _ in range(4)])
fill()
before = faults()
for _ in range(4):
    fill()
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of GNU can be told")
def test_freed_memory_is_kept() -> None:
    """Memory that was given back comes again a page at a time, each of which is a fault."""
    environment = {name: value for name, value in os.environ.items() if name not in limits.LARGE}
    found = {}
    for how in ("large", "plain"):
        order = [sys.executable, "-c", FAULTS, how]
        found[how] = int(subprocess.run(order, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    assert found["large"] * 10 < found["plain"]


LOADED = """
import sys
import linkage.cli
print({"polars", "numpy"} & set(sys.modules))
"""


def test_nothing_is_loaded_before_the_command_says_it() -> None:
    """The allocator and the threads of a library are chosen when it is loaded."""
    said = subprocess.run([sys.executable, "-c", LOADED], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert said == "set()\n"


def test_garbage_is_looked_for_again_after_loading() -> None:
    with suppress(ImportError), limits.loading():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()
    gc.unfreeze()
