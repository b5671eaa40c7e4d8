"""SPSS (.sav, .zsav) to batches: what SPSS shows of a value, as text (docs/spec/exports-v1.md, section 4)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from linkage.errors import ExtraMissing, InputUnreadable
from linkage.holder.export import (
    BATCH_ROWS,
    Export,
    Progress,
    RawBatch,
    numbered,
    others,
    positions,
    refuse_long,
    with_decimal,
)
from linkage.study import IDENTIFIER_COLUMNS, Holder

# The library reads from the start up to what is asked, so a file is read in few pieces.
CHUNK_ROWS = 8 * BATCH_ROWS
# What is never a category, whatever labels it has: an identifier, or a year.
NO_LABELS = frozenset({*(part for parts in IDENTIFIER_COLUMNS.values() for part in parts), "year"})


@dataclass(frozen=True)
class Variables:
    """The variables of a file: their names, the labels of each one's values as text, how it measures, and the cases."""

    names: tuple[str, ...]
    labels: Mapping[str, Mapping[str, str]]
    measures: Mapping[str, str]
    cases: int


def read_spss(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open an SPSS file. Raises InputUnreadable, ColumnMissing, ExtraMissing."""
    about = variables(path)
    found = positions(path, holder, list(about.names))
    chosen = {key: about.names[at] for key, at in found.items()}
    wanted = Wanted(chosen, holder.format.decimal, holder.values)
    return Export("SPSS", others(list(about.names), found), _batches(path, about, wanted, progress))


def variables(path: Path) -> Variables:
    """What the file says of its variables. Raises InputUnreadable, ExtraMissing."""
    _, about = _read(path, metadataonly=True)
    labels = {
        name: {code: label for value, label in known.items() if (code := _code(value)) and label.strip()}
        for name, known in about.variable_value_labels.items()
    }
    return Variables(tuple(about.column_names), labels, about.variable_measure, about.number_rows or 0)


@dataclass(frozen=True)
class Wanted:
    """Which variable stands for which key, the decimal sign, and the holder's own words of a key."""

    chosen: Mapping[str, str]
    decimal: str = "comma"
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def texts(path: Path, about: Variables, wanted: Wanted, first: int, most: int) -> Any:
    """`most` cases from `first` (counted from 0), as text columns under their keys. Raises InputUnreadable."""
    names = list(dict.fromkeys(wanted.chosen.values()))
    read, _ = _read(path, usecols=names, row_offset=first, row_limit=most)
    try:
        return read.select(_shown(read[name], key, about, wanted).alias(key) for key, name in wanted.chosen.items())
    except pl.exceptions.PolarsError:
        raise _damaged(path) from None


def _batches(path: Path, about: Variables, wanted: Wanted, progress: Progress) -> Iterator[RawBatch]:
    start = 0
    while start < about.cases:
        piece = texts(path, about, wanted, start, CHUNK_ROWS)
        if piece.height != min(CHUNK_ROWS, about.cases - start):
            raise _damaged(path)
        for batch in piece.iter_slices(BATCH_ROWS):
            frame = numbered(batch, start + 1)  # SPSS calls the first case 1
            start += batch.height
            progress(start, about.cases)
            yield refuse_long(path, RawBatch(frame))


def _read(path: Path, **options: Any) -> tuple[Any, Any]:
    library = _library()
    try:
        return library.read_sav(str(path), output_format="polars", **options)  # type: ignore[no-any-return]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  -- the edge of a room: its errors share no base, and may quote a value
        raise _damaged(path) from None


def _library() -> Any:
    try:
        return import_module("pyreadstat")
    except ModuleNotFoundError:
        raise ExtraMissing(
            'voor SPSS is een extra nodig; installeer het met: pip install "household-linkage[spss]", of bewaar de '
            "export als CSV"
        ) from None


def _damaged(path: Path) -> InputUnreadable:
    return InputUnreadable(
        f"{path.name} is niet te lezen als SPSS-bestand: het is beschadigd, of niet heel; bewaar het opnieuw vanuit "
        "SPSS, of als CSV"
    )


# --- a value as text --------------------------------------------------------------------------------


def _shown(column: pl.Series, key: str, about: Variables, wanted: Wanted) -> pl.Expr:
    text = _plain(column)
    number = with_decimal(text, wanted.decimal) if column.dtype.is_numeric() else text
    if key in NO_LABELS or about.measures.get(column.name) == "scale" or column.dtype.is_temporal():
        return number
    own = {word.strip() for word in wanted.words.get(key, {})}
    labels = {code: label for code, label in about.labels.get(column.name, {}).items() if code not in own}
    return text.replace_strict(labels, default=number, return_dtype=pl.String) if labels else number


def _plain(column: pl.Series) -> pl.Expr:
    """Text as it is, a whole number without decimals, a moment at midnight as a day."""
    value = pl.col(column.name)
    if column.dtype.is_float():
        whole = (value == value.round(0)) & (value.abs() < 1e15)
        return (
            pl.when(whole)
            .then(value.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(value.round(6).cast(pl.String))
        )
    text = value.cast(pl.String)
    if isinstance(column.dtype, pl.Datetime):
        return text.str.replace(r" 00:00:00(\.0+)?$", "")
    return text.replace("", None) if column.dtype == pl.String else text


def _code(value: object) -> str:
    """A labelled value as `_plain` writes it."""
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(round(value, 6))
