"""The embedded engine: Polars, lazy and streaming. Join keys are UInt128, half the cost of binary ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import narwhals.stable.v2 as nw
import polars as pl

from linkage.engine.base import Frame


class PolarsEngine:
    """Runs the plan on this machine; temporary files go into `folder`, which the caller removes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written = 0

    def scan(self, paths: Sequence[Path], keys: Sequence[str]) -> Frame:
        """Parquet files as one lazy frame, with the keys reinterpreted from 16 bytes."""
        lazy = pl.scan_parquet(list(paths), glob=False, hive_partitioning=False)  # a folder may have brackets
        return nw.from_native(
            lazy.with_columns(pl.col(key).bin.reinterpret(dtype=pl.UInt128, endianness="big") for key in keys)
        )

    def materialise(self, frame: Frame) -> Frame:
        """Compute once, to a temporary Parquet file (which only Polars reads: UInt128 is its own)."""
        self._written += 1
        path = self.folder / f"step-{self._written}.parquet"
        self._native(frame).sink_parquet(path, compression="lz4", statistics=False, maintain_order=False)
        return nw.from_native(pl.scan_parquet(path, glob=False, hive_partitioning=False))

    def collect(self, frame: Frame) -> pl.DataFrame:
        """All rows."""
        return self._native(frame).collect(engine="streaming")

    @staticmethod
    def _native(frame: Frame) -> pl.LazyFrame:
        native = nw.to_native(frame)
        assert isinstance(native, pl.LazyFrame)
        return native
