"""Dutch CSV to batches: the separator under which the agreed columns are found, then blocks through Polars."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from linkage.errors import InputUnreadable
from linkage.holder.export import (
    Export,
    Progress,
    RawBatch,
    fold,
    numbered,
    others,
    positions,
    refuse_long,
    without_empty,
)
from linkage.holder.records import Block, blocks, check_fields, check_quotes, check_size, encoding_of, may_be_even
from linkage.study import Holder

SEPARATORS = (";", ",", "\t", "|")
HEADER_BYTES = 1_000_000


@dataclass(frozen=True)
class _Layout:
    path: Path
    separator: str
    width: int
    positions: dict[str, int]

    @property
    def needed(self) -> int:
        """The fewest fields that hold all mapped columns."""
        return max(self.positions.values()) + 1


def read_csv(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open a CSV. Raises InputUnreadable, ColumnMissing."""
    encoding = encoding_of(path, holder.format.encoding)
    rest = blocks(path, encoding, progress)
    first = next(rest, Block(1, b"", b""))
    separator, header = _header(path, first.text, holder)
    layout = _Layout(path, separator, len(header), positions(path, holder, header))
    check_quotes(path, first, separator)
    named = "tab" if separator == "\t" else separator
    kind = f"CSV ({encoding}, scheidingsteken {named})"
    return Export(kind, others(header, layout.positions), _batches(layout, first, rest, holder.format.header_row))


def _header(path: Path, first: bytes, holder: Holder) -> tuple[str, list[str]]:
    """The separator under which the header has most of the agreed columns, and that header."""
    wanted = {fold(source) for source in holder.columns.values()}
    candidates = (holder.format.separator,) if holder.format.separator else SEPARATORS
    headers = [(separator, _header_under(first, separator, holder.format.header_row)) for separator in candidates]
    separator, header = max(headers, key=lambda item: (len(wanted & {fold(name) for name in item[1]}), len(item[1])))
    if not any(name.strip() for name in header):
        raise InputUnreadable(
            f"{path.name} heeft geen kopregel in rij {holder.format.header_row}; zet daar de kolomnamen, of pas "
            "header_row aan in de studie"
        )
    return separator, header


def _header_under(first: bytes, separator: str, row: int) -> list[str]:
    text = io.StringIO(first[:HEADER_BYTES].decode("utf-8", errors="ignore"), newline="\n")
    try:
        for number, record in enumerate(csv.reader(text, delimiter=separator), 1):
            if number == row:
                return record
    except csv.Error:
        pass
    return []


def _batches(layout: _Layout, first: Block, rest: Iterator[Block], header_row: int) -> Iterator[RawBatch]:
    if first.rows > header_row:
        yield from _batch(layout, first.without(header_row))
    for block in rest:
        check_quotes(layout.path, block, layout.separator)
        yield from _batch(layout, block)


def _batch(layout: _Layout, block: Block) -> Iterator[RawBatch]:
    frame = without_empty(numbered(_parsed(layout, block), block.row))
    if frame.height:
        chosen = frame.select("row", *(pl.col(f"c{at}").alias(key) for key, at in layout.positions.items()))
        yield refuse_long(layout.path, RawBatch(chosen))


def _parsed(layout: _Layout, block: Block) -> pl.DataFrame:
    check_size(layout.path, block, layout.width)
    if may_be_even(block, layout.separator, layout.width):
        frame = _polars(layout, block, ragged=False)
        if frame is not None:
            return frame
    check_fields(layout.path, block, layout.separator, layout.width, layout.needed)
    frame = _polars(layout, block, ragged=True)
    if frame is None:
        raise InputUnreadable(
            f"{layout.path.name}: ergens in rij {block.row} t/m {block.row + block.rows - 1} klopt de opmaak niet; "
            "bewaar de export als Excel (.xlsx)"
        )
    return frame


def _polars(layout: _Layout, block: Block, *, ragged: bool) -> pl.DataFrame | None:
    """The cells; None where Polars does not see the records that we see. Its own messages quote a cell."""
    names = [f"c{index}" for index in range(layout.width)]
    # A first line of our own: Polars takes the number of columns from it, and would pass over an empty one.
    top = layout.separator.join(names).encode()
    try:
        frame = pl.read_csv(
            top + b"\n" + block.text,
            has_header=False,
            separator=layout.separator,
            schema=dict.fromkeys(names, pl.String()),
            infer_schema=False,
            truncate_ragged_lines=ragged,
        ).slice(1)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    return frame if frame.height == block.rows else None
