"""Rows as stretches of bytes of one length: moving a row is then one copy, where a table takes one for each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from linkage.hashing.columns import VALUE_BYTES, raw, values

Rows = NDArray[np.void]
"""For column 2 the fields `2`, its value (zeros where there is none), and `2?`, whether there is one."""

STEP = 8_192  # rows that stay in the processor's cache while they are taken apart

_FORMATS: dict[pl.DataType, str] = {pl.Binary(): f"V{VALUE_BYTES}", pl.Int32(): "<i4", pl.Boolean(): "?"}


def format_of(schema: Mapping[str, pl.DataType]) -> np.dtype[np.void]:
    """The format of a row. Raises KeyError for a column that is no pseudonym, number or yes and no."""
    fields = [(f"{at}", _FORMATS[kind]) for at, kind in enumerate(schema.values())]
    return np.dtype(fields + [(f"{name}?", "?") for name, _ in fields])


def pack(frame: pl.DataFrame) -> Rows:
    """The rows of a table of columns with sixteen bytes, Int32 and Boolean."""
    rows = np.zeros(frame.height, format_of(frame.schema))
    for at, column in enumerate(frame):
        rows[f"{at}"] = _plain(column)
        rows[f"{at}?"] = True
        if column.null_count():
            absent = column.is_null().to_numpy()
            rows[f"{at}?"][absent] = False
            rows[f"{at}"][absent] = np.zeros((), rows.dtype[f"{at}"])
    return rows


def _plain(column: pl.Series) -> NDArray[Any]:
    if column.dtype == pl.Binary:
        return raw(column).view(f"V{VALUE_BYTES}").reshape(-1)
    return column.fill_null(False if column.dtype == pl.Boolean else 0).to_numpy()


def unpack(rows: Rows, schema: Mapping[str, pl.DataType], order: NDArray[np.intp] | None = None) -> pl.DataFrame:
    """Back from `pack`; in another order where one is given."""
    columns = {name: np.empty(len(rows), rows.dtype[name]) for name in rows.dtype.names or ()}
    for first in range(0, len(rows), STEP):
        here = slice(first, first + STEP)
        part = rows[here] if order is None else rows.take(order[here])
        for name, column in columns.items():
            column[here] = part[name]
    made = [_column(columns[f"{at}"], columns[f"{at}?"], name, schema[name]) for at, name in enumerate(schema)]
    return pl.DataFrame(made)


def _column(found: NDArray[Any], valid: NDArray[np.bool_], name: str, kind: pl.DataType) -> pl.Series:
    every = bool(valid.all())
    if kind == pl.Binary:
        return values(name, found.view(np.uint8).reshape(-1, VALUE_BYTES), np.empty(0, np.bool_) if every else valid)
    column = pl.Series(name, found, kind)
    return column if every else column.zip_with(pl.Series(valid), pl.Series([None], dtype=kind))


def behind(parts: Sequence[Rows]) -> Rows:
    """One behind the other; as bytes, since NumPy joins rows with fields field by field."""
    return np.concatenate([part.view(np.uint8) for part in parts]).view(parts[0].dtype)


def high(rows: Rows, at: int) -> NDArray[np.uint64]:
    """The first eight bytes of the pseudonyms of a column as a number, which is in the order of the bytes."""
    return np.ascontiguousarray(rows[f"{at}"]).view(">u8")[::2].astype(np.uint64)
