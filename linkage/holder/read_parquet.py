"""Parquet to batches: typed columns as text, numbers with the holder's own decimal sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from linkage.errors import InputUnreadable
from linkage.holder.export import (
    BATCH_ROWS,
    Export,
    Progress,
    RawBatch,
    as_text,
    numbered,
    others,
    positions,
    refuse_long,
)
from linkage.study import Holder


def read_parquet(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open a Parquet file. Raises InputUnreadable, ColumnMissing."""
    try:
        lazy = pl.scan_parquet(path, glob=False)
        schema = lazy.collect_schema()
        height = int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InputUnreadable(f"{path.name} is niet te lezen als Parquet; maak de export opnieuw") from None
    found = positions(path, holder, schema.names())
    chosen = {key: schema.names()[at] for key, at in found.items()}
    texts = [as_text(path, source, schema[source], holder).alias(key) for key, source in chosen.items()]
    return Export("Parquet", others(schema.names(), found), _batches(path, lazy.select(texts), height, progress))


def _batches(path: Path, texts: pl.LazyFrame, height: int, progress: Progress) -> Iterator[RawBatch]:
    row = 2
    try:
        for frame in texts.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            batch = refuse_long(path, RawBatch(numbered(frame, row)))
            row += frame.height
            progress(row - 2, height)
            yield batch
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InputUnreadable(f"{path.name} is beschadigd voorbij rij {row}; maak de export opnieuw") from None
