"""What a process for large files is given, which what a user set goes before."""

from __future__ import annotations

import gc
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
