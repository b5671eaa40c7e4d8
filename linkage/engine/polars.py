"""The embedded engine: Polars, lazy and streaming. Join keys are UInt128, half the cost of binary ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from linkage.engine.base import Frame, parts


class PolarsEngine:
    """Runs the plan on this machine; temporary files go into `folder`, which the caller removes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written = 0

    def save(self, batches: Iterable[pl.DataFrame], name: str) -> list[Path]:
        """Files of UInt128 keys, as they lie in memory."""
        paths = []
        for number, part in enumerate(parts(batches)):
            paths.append(self.folder / f"{name}.{number}.arrow")
            keys = pl.col(pl.Binary).bin.reinterpret(dtype=pl.UInt128, endianness="big")
            part.with_columns(keys).write_ipc(paths[-1], compression="uncompressed")
        return paths

    def scan(self, paths: Sequence[Path]) -> Frame:
        """The files as one lazy frame."""
        return nw.from_native(pl.scan_ipc(list(paths), glob=False, hive_partitioning=False))

    def materialise(self, frame: Frame) -> Frame:
        """Compute once, to a temporary file; keys cannot be compressed."""
        self._written += 1
        path = self.folder / f"step-{self._written}.parquet"
        self._native(frame).sink_parquet(path, compression="uncompressed", statistics=False, maintain_order=False)
        return nw.from_native(pl.scan_parquet(path, glob=False, hive_partitioning=False))

    def numbered(self, frame: Frame, key: str) -> Frame:
        """Computed once, with the number of the row, of 32 bits, for the key."""
        return self.materialise(nw.from_native(self._native(frame).drop(key).with_row_index(key)))

    def suspects(self, frame: Frame, key: str) -> Frame:
        """The rows of which another has the same 64 bits of its key: sorting those is quicker than grouping keys."""
        native, bits = self._native(frame), pl.col(key).cast(pl.UInt64, wrap_numerical=True)
        values = np.sort(native.select(bits).drop_nulls().collect(engine="streaming").to_series().to_numpy())
        twice = pl.Series(np.unique(values[1:][values[1:] == values[:-1]]))
        return nw.from_native(native.filter(bits.is_in(twice.implode()) if len(twice) else pl.lit(value=False)))

    def collect(self, frame: Frame) -> pl.DataFrame:
        """All rows."""
        return self._native(frame).collect(engine="streaming")

    @staticmethod
    def _native(frame: Frame) -> pl.LazyFrame:
        native = nw.to_native(frame)
        assert isinstance(native, pl.LazyFrame)
        return native
