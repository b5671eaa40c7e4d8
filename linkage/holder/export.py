"""What an export is to the rest of this room: where its columns stand, and batches of text.

Every cell is text, so that no leading zero is lost. A row number is the one that a spreadsheet shows: the first record
of the file is row 1, and an empty line counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from linkage.errors import ColumnMissing, InputUnreadable
from linkage.study import Holder

BATCH_ROWS = 65_536
MOST_COLUMNS = 16_384  # as many as a sheet of Excel has
MOST_CELL_BYTES = 131_072  # a cell of Excel has at most 32,767 characters
MOST_BATCH_BYTES = 256 * 1024 * 1024
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RawBatch:
    """Text columns under their protocol keys, and `row`: the row number in the export."""

    frame: pl.DataFrame


@dataclass(frozen=True)
class Export:
    """An export whose header was found: its kind, the columns that stay at home, and its batches."""

    kind: str
    stays: tuple[str, ...]
    batches: Iterator[RawBatch]


def positions(path: Path, holder: Holder, header: list[str]) -> dict[str, int]:
    """Where each protocol key stands. Raises ColumnMissing; InputUnreadable for more columns than a table has.

    Messages name agreed columns only: a file without header has data there.
    """
    if len(header) > MOST_COLUMNS:
        raise InputUnreadable(
            f"{path.name} heeft {len(header)} kolommen, en er kunnen er hoogstens {MOST_COLUMNS} zijn; maak de export "
            "opnieuw"
        )
    found: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        found.setdefault(fold(name), []).append(index)
    missing = [source for source in holder.columns.values() if fold(source) not in found]
    if missing:
        raise ColumnMissing(_missing(path, missing, len(header)))
    double = [source for source in holder.columns.values() if len(found[fold(source)]) > 1]
    if double:
        raise ColumnMissing(
            f"{path.name}: er zijn meer kolommen met de naam `{double[0]}`; geef ze in de export elk een eigen naam"
        )
    return {key: found[fold(source)][0] for key, source in holder.columns.items()}


def _missing(path: Path, names: list[str], read: int) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    columns = f"de kolom {listed} staat" if len(names) == 1 else f"de kolommen {listed} staan"
    return (
        f"{path.name}: {columns} niet in de kopregel (daar staan er {read}); vergelijk de kopregel van de export met "
        "[holder.columns] en [holder.format] in de studie"
    )


def fold(name: str) -> str:
    """A column name as it is compared: without regard to capitals and white space."""
    return " ".join(name.split()).casefold()


def others(header: list[str], used: dict[str, int]) -> tuple[str, ...]:
    """The names of the columns that nobody asks for."""
    taken = set(used.values())
    return tuple(name for index, name in enumerate(header) if index not in taken)


_LENGTH = pl.exclude("row").str.len_bytes().fill_null(0).cast(pl.Int64)


def refuse_long(path: Path, batch: RawBatch) -> RawBatch:
    """The same batch. Raises InputUnreadable, with the row, for a cell or a batch that is larger than any export's."""
    longest = batch.frame.select(_LENGTH.max()).fill_null(0).row(0)
    if max(longest) > MOST_CELL_BYTES:
        long = batch.frame.filter(pl.any_horizontal(_LENGTH > MOST_CELL_BYTES))["row"]
        raise InputUnreadable(
            f"{path.name}, rij {long[0]}: een cel heeft meer dan {MOST_CELL_BYTES} tekens; herstel die rij"
        )
    # All is counted only where it can be too much.
    can_be = sum(longest) * batch.frame.height
    if can_be > MOST_BATCH_BYTES and sum(batch.frame.select(_LENGTH.sum()).row(0)) > MOST_BATCH_BYTES:
        raise InputUnreadable(f"{path.name} heeft te lange cellen om te verwerken; maak de export opnieuw")
    return batch


_READABLE = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Date, pl.Datetime)


def as_text(path: Path, source: str, dtype: pl.DataType, holder: Holder) -> pl.Expr:
    """A typed column as text: numbers with the holder's decimal sign. Raises InputUnreadable for lists and the like."""
    column = pl.col(source)
    if dtype.is_numeric():
        # 0.1 + 0.2 is 0.30000000000000004; what stands behind the sixth decimal is the machine's, not the holder's.
        return with_decimal((column.round(6) if dtype.is_float() else column).cast(pl.String), holder.format.decimal)
    if not isinstance(dtype, _READABLE) and dtype != pl.Null:
        raise InputUnreadable(
            f"{path.name}: in kolom `{source}` staan geen teksten, getallen of datums; maak de export opnieuw, met in "
            "elke cel een waarde"
        )
    return column.cast(pl.String)


def with_decimal(text: pl.Expr, decimal: str) -> pl.Expr:
    """The text of a number with the holder's own decimal sign."""
    return text.str.replace(".", ",", literal=True) if decimal == "comma" else text


def numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    """With `row`, counting from `first`."""
    return frame.with_row_index("row", offset=first)


def without_empty(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the rows in which every cell is empty: lines that a spreadsheet adds, and no records."""
    _, first, *rest = frame.columns
    # In two steps: few rows have an empty first cell, and only of those are the other cells looked at.
    candidates = frame.filter(_blank(first))
    empty = candidates.filter(pl.all_horizontal(_blank(name) for name in (first, *rest)))["row"]
    return frame.filter(~pl.col("row").is_in(empty.implode())) if empty.len() else frame


def _blank(name: str) -> pl.Expr:
    return pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "")
