"""A body as the child that parsed it leaves it: values at places that the manifest gives, with nothing left to parse.

One field behind the other, pseudonyms first, as the manifest names them. Of each the values of all rows: 16 bytes for a
pseudonym, 4 for a number (signed, little-endian), 1 for a boolean; then a byte for each row, 1 where it has a value and
else 0. The child is not trusted: size, marks and ranges are checked here, in the copy that is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nanoarrow
import numpy as np
import polars as pl
from numpy.typing import NDArray

from linkage.errors import ContentWrong
from linkage.hashing.columns import VALUE_BYTES, Strings, strings, values

if TYPE_CHECKING:
    from linkage.transfer.manifest import Manifest

BATCH = 131_072
WRONG = "de inhoud van het pakket is niet wat het manifest zegt; laat de houder opnieuw coderen"
_WIDTHS = {"boolean": 1, "integer": 4, "category": 4}
_TYPES: dict[int, Any] = {16: pl.Binary(), 4: pl.Int32(), 1: pl.Boolean()}
_NUMBERS: dict[int, Any] = {4: "<i4", 1: "u1"}
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Field:
    """One column: its values begin at `at` and its marks at `marks`; numbers lie from `minimum` to `maximum`."""

    name: str
    width: int
    at: int
    marks: int
    minimum: int = 0
    maximum: int = 0

    @property
    def dtype(self) -> pl.DataType:
        """The type that it has in a body and in a batch."""
        kind: pl.DataType = _TYPES[self.width]
        return kind


def layout(rows: int, pseudonyms: Sequence[str], columns: Sequence[Mapping[str, Any]]) -> list[Field]:
    """The fields of a body of so many rows; each of `columns` has name, type, minimum and maximum."""
    found, at = [], 0
    wanted = [(name, VALUE_BYTES, 0, 0) for name in pseudonyms]
    wanted += [(c["name"], _WIDTHS[c["type"]], c["minimum"], c["maximum"]) for c in columns]
    for name, width, minimum, maximum in wanted:
        found.append(Field(name, width, at, at + rows * width, minimum, maximum))
        at += rows * (width + 1)
    return found


def size(rows: int, fields: Sequence[Field]) -> int:
    """Bytes of the whole file."""
    return rows * sum(field.width + 1 for field in fields)


# --- in the child -------------------------------------------------------------------------------


def write(file: int, first: int, batch: pl.DataFrame, fields: Sequence[Field]) -> None:
    """Put a batch in its places, `first` being its first row. Raises ValueError for a pseudonym of another width."""
    for field in fields:
        column = batch[field.name]
        raw, known = _pseudonyms(column) if field.width == VALUE_BYTES else _numbers(column, field.width)
        _put(file, raw, field.at + first * field.width)
        _put(file, known, field.marks + first)


def _put(file: int, raw: NDArray[Any], at: int) -> None:
    left = memoryview(np.ascontiguousarray(raw).view(np.uint8).data).cast("B") if raw.size else memoryview(b"")
    while left:
        done = os.pwrite(file, left, at)
        left, at = left[done:], at + done


def _numbers(column: pl.Series, width: int) -> tuple[NDArray[Any], NDArray[Any]]:
    filled = column.fill_null(False if width == 1 else 0)
    return filled.to_numpy().astype(_NUMBERS[width]), _marks(column)


def _marks(column: pl.Series) -> Bytes:
    if not column.null_count():
        return np.ones(column.len(), np.uint8)
    return column.is_not_null().to_numpy().astype(np.uint8)


def _pseudonyms(column: pl.Series) -> tuple[Bytes, Bytes]:
    parts = [_chunk(chunk) for chunk in strings(column)]
    whole = parts[0] if len(parts) == 1 else np.concatenate([np.empty((0, VALUE_BYTES), np.uint8), *parts])
    return whole, _marks(column)


def _chunk(chunk: Strings) -> Bytes:
    """(rows, 16): the texts of a chunk, zeros where there is none."""
    if not len(chunk.valid):
        return _gathered(chunk.views, chunk.buffers)
    made = np.zeros((len(chunk), VALUE_BYTES), np.uint8)
    made[chunk.valid] = _gathered(chunk.views[chunk.valid], chunk.buffers)
    return made


def _gathered(views: NDArray[np.uint32], buffers: Sequence[Bytes]) -> Bytes:
    """The texts that the views point to; where they stand one behind the other in one buffer nothing is copied."""
    if (views[:, 0] != VALUE_BYTES).any():
        raise ValueError("a pseudonym of another width")
    number, first = (int(views[0, 2]), int(views[0, 3])) if len(views) else (0, 0)
    last = first + VALUE_BYTES * len(views)
    in_line = np.array_equal(views[:, 3], np.arange(first, last, VALUE_BYTES, dtype=np.uint32))
    if in_line and len(views) and (views[:, 2] == number).all():
        return buffers[number][first:last].reshape(-1, VALUE_BYTES)
    made = np.empty((len(views), VALUE_BYTES), np.uint8)
    for number, buffer in enumerate(buffers):
        here = views[:, 2] == number
        made[here] = buffer[views[here, 3].astype(np.int64)[:, None] + np.arange(VALUE_BYTES)]
    return made


# --- in the linker ------------------------------------------------------------------------------


def batches(path: Path, manifest: Manifest) -> Iterator[pl.DataFrame]:
    """The rows, some at a time, with the types of a body: Binary of 16 bytes, Boolean, Int32; at least one batch.

    Raises ContentWrong.
    """
    rows = manifest.rows
    fields = layout(rows, manifest.pseudonyms, [column.model_dump() for column in manifest.columns])
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if os.fstat(file).st_size != size(rows, fields):
            raise ContentWrong(WRONG)
        for first in range(0, max(rows, 1), BATCH):
            count = min(BATCH, rows - first)
            yield pl.DataFrame([_column(file, field, first, count) for field in fields])
    finally:
        os.close(file)


def _column(file: int, field: Field, first: int, count: int) -> pl.Series:
    raw = _read(file, field.at + first * field.width, count * field.width)
    marks = _read(file, field.marks + first, count)
    if count and marks.max() > 1:
        raise ContentWrong(WRONG)
    known = np.empty(0, np.bool_) if marks.all() else marks.view(np.bool_)
    if field.width == VALUE_BYTES:
        return values(field.name, raw.reshape(-1, VALUE_BYTES), known)
    numbers = raw.view(_NUMBERS[field.width])
    inside = numbers[known] if len(known) else numbers
    if len(inside) and not field.minimum <= inside.min() <= inside.max() <= field.maximum:
        raise ContentWrong(WRONG)
    return _series(field, numbers, known)


def _series(field: Field, numbers: NDArray[Any], known: NDArray[np.bool_]) -> pl.Series:
    bits = np.packbits(known, bitorder="little") if len(known) else None
    if field.width == 1:
        kind, content = nanoarrow.bool_(), np.packbits(numbers.astype(np.bool_), bitorder="little")
    else:
        kind, content = nanoarrow.int32(), numbers
    return pl.Series(nanoarrow.c_array_from_buffers(kind, len(numbers), [bits, content])).alias(field.name)


def _read(file: int, at: int, count: int) -> Bytes:
    raw = np.empty(count, np.uint8)
    if os.preadv(file, [raw.data], at) != count:
        raise ContentWrong(WRONG)
    return raw
