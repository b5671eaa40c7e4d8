"""Between a Polars column and memory, by the Arrow interface: strings in without a copy, sixteen-byte values out.

Arrow's string view: sixteen bytes a row, being the length and then the text itself where it has at most twelve bytes;
else its first four bytes, the number of a buffer and the place in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import nanoarrow
import numpy as np
import polars as pl
from nanoarrow.c_array_stream import c_array_stream
from numpy.typing import NDArray

VALUE_BYTES = 16
_VIEWS = ("vu", "vz")


@dataclass(frozen=True)
class Strings:
    """One chunk of a String or Binary column: `views` (rows, 4) UInt32, the buffers of text, and `valid` per row, or
    empty where no row is null. `owner` keeps the memory alive: the arrays may not be used after it is gone.
    """

    views: NDArray[np.uint32]
    buffers: tuple[NDArray[np.uint8], ...]
    valid: NDArray[np.bool_]
    owner: Any

    def __len__(self) -> int:
        return len(self.views)

    @property
    def addresses(self) -> NDArray[np.uint64]:
        """Where each buffer begins."""
        return np.array([buffer.ctypes.data for buffer in self.buffers], np.uint64)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many bytes each buffer has."""
        return np.array([buffer.size for buffer in self.buffers], np.int64)


def strings(column: pl.Series) -> Iterator[Strings]:
    """The chunks of a String or Binary column. Raises TypeError for a column of another type."""
    stream = c_array_stream(column)
    if stream.get_schema().format not in _VIEWS:
        raise TypeError("a String or Binary column is needed")
    for array in stream:
        if array.length:
            yield _chunk(array)


def _chunk(array: Any) -> Strings:
    view, here = array.view(), slice(array.offset, array.offset + array.length)
    # Validity, views, the buffers of text, and last a buffer with the sizes of those.
    validity, views, *texts, _ = (view.buffer(at) for at in range(view.n_buffers))
    found = _bytes(views).view(np.uint32).reshape(-1, 4)[here]
    return Strings(found, tuple(map(_bytes, texts)), _valid(array, validity), array)


def _valid(array: Any, validity: Any) -> NDArray[np.bool_]:
    if not array.null_count:
        return np.empty(0, np.bool_)
    here = slice(array.offset, array.offset + array.length)
    return np.unpackbits(_bytes(validity), bitorder="little")[here].astype(np.bool_)


def _bytes(buffer: Any) -> NDArray[np.uint8]:
    return np.frombuffer(buffer, np.uint8) if buffer.size_bytes else np.empty(0, np.uint8)


def values(name: str, raw: NDArray[np.uint8], valid: NDArray[np.bool_]) -> pl.Series:
    """A Binary column of the rows of `raw` (rows, 16); null where `valid` (rows, or empty for no null) is false."""
    bits = np.packbits(valid, bitorder="little") if len(valid) else None
    buffers = [bits, np.ascontiguousarray(raw).reshape(-1)]
    array = nanoarrow.c_array_from_buffers(nanoarrow.fixed_size_binary(VALUE_BYTES), len(raw), buffers)
    return pl.Series(array).alias(name)


def as_number(column: pl.Expr) -> pl.Expr:
    """Sixteen bytes as one unsigned number, highest byte first: in the same order, and much quicker to compare."""
    return column.bin.reinterpret(dtype=pl.UInt128, endianness="big")


def raw(column: pl.Series) -> NDArray[np.uint8]:
    """The bytes of a Binary column whose values have sixteen, (rows, 16); where there is no value, anything."""
    arrays = c_array_stream(column.bin.reinterpret(dtype=pl.Array(pl.UInt8, VALUE_BYTES)))
    parts = [_rows(array) for array in arrays if array.length]
    return np.concatenate(parts) if parts else np.empty((0, VALUE_BYTES), np.uint8)


def _rows(array: Any) -> NDArray[np.uint8]:
    place = array.child(0).offset + VALUE_BYTES * array.offset
    return _bytes(array.view().child(0).buffer(1))[place : place + VALUE_BYTES * array.length].reshape(-1, VALUE_BYTES)


def joined(name: str, parts: Sequence[pl.Series]) -> pl.Series:
    """Binary columns one behind the other; one alone is not copied."""
    if len(parts) == 1:
        return parts[0]
    return pl.concat(parts) if parts else pl.Series(name, [], pl.Binary)
