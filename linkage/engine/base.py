"""What the plan asks of an engine; the plan itself does no I/O and imports no engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import narwhals.stable.v2 as nw
import polars as pl

Frame = nw.LazyFrame[Any]


class Engine(Protocol):
    """Scan, materialise, collect; the rows and types are the same on every engine."""

    folder: Path
    """Where a file must stand so that the engine can read it; the caller removes it."""

    def scan(self, paths: Sequence[Path], keys: Sequence[str]) -> Frame:
        """Parquet files with the same columns as one lazy frame; `keys` are 16-byte join keys."""

    def materialise(self, frame: Frame) -> Frame:
        """Compute once: write to a temporary Parquet file and scan it again."""

    def collect(self, frame: Frame) -> pl.DataFrame:
        """All rows, in no particular order, keys as UInt128."""
