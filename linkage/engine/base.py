"""What the plan asks of an engine; the plan itself does no I/O and imports no engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import narwhals.stable.v2 as nw
import polars as pl

Frame = nw.LazyFrame[Any]
PART_ROWS = 2**20


def parts(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Batches put together, to files of a size that reads well and is no burden in memory; one at least."""
    held: list[pl.DataFrame] = []
    rows = given = 0
    for batch in batches:
        held.append(batch)
        rows += batch.height
        if rows >= PART_ROWS:
            yield pl.concat(held)
            held, rows, given = [], 0, given + 1
    if held or not given:
        yield pl.concat(held)


class Engine(Protocol):
    """Scan, materialise, collect; the rows and types are the same on every engine."""

    folder: Path
    """Where a file must stand so that the engine can read it; the caller removes it."""

    def save(self, batches: Iterable[pl.DataFrame], name: str) -> list[Path]:
        """Rows to files in `folder` that `scan` reads; Binary columns are join keys, of 16 bytes each."""

    def scan(self, paths: Sequence[Path]) -> Frame:
        """Files of `save` with the same columns as one lazy frame."""

    def materialise(self, frame: Frame) -> Frame:
        """Compute once: write to a temporary Parquet file and scan it again."""

    def numbered(self, frame: Frame, key: str) -> Frame:
        """As `materialise`, with in the place of a key that is another in each row what is quickest to join by.

        Which row gets which number says nothing, and may differ from run to run.
        """

    def suspects(self, frame: Frame, key: str) -> Frame:
        """At least the rows of which another has the same key, and as few others as the engine can tell cheaply."""

    def collect(self, frame: Frame) -> pl.DataFrame:
        """All rows, in no particular order, keys as UInt128."""


def if_any(engine: Engine, frame: Frame) -> Frame | None:
    """None instead of a frame without rows: to join it would be to read the other side for nothing."""
    return None if engine.collect(frame.head(1)).is_empty() else frame
