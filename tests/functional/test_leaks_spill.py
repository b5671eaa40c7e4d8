"""Polars moves rows to a folder under /var/tmp when memory gets tight: in clear, and for whoever looks. Not here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TIGHT = {"POLARS_OVERRIDE_TOTAL_MEMORY_MB": "5"}
WORK = """
frame = pl.select(pl.int_range(1_000_000).alias("a")).with_columns(pl.col("a").cast(pl.String).alias("s"))
assert frame.lazy().group_by("s").agg(pl.col("a").sum()).collect(engine="streaming").height == 1_000_000
"""


def spilled(first: str, folder: Path) -> bool:
    """Whether work on more than there is memory leaves traces in the folder that Polars would use."""
    environment = os.environ | TIGHT | {"POLARS_OOC_SPILL_DIR": str(folder)}
    environment.pop("POLARS_OOC_MEMORY_BUDGET_FRACTION", None)
    subprocess.run([sys.executable, "-c", first + WORK], env=environment, check=True)
    return any(folder.rglob("*"))


def test_polars_itself_does(tmp_path: Path) -> None:
    """Or the next test shows nothing."""
    assert spilled("import polars as pl", tmp_path)


@pytest.mark.parametrize("first", ["import linkage\nimport polars as pl", "import polars as pl\nimport linkage"])
def test_after_linkage_was_loaded_it_does_not(first: str, tmp_path: Path) -> None:
    """Every command and every child process loads `linkage` first; a notebook may have loaded Polars before."""
    assert not spilled(first, tmp_path)
