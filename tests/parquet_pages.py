"""The pages of a Parquet file as they stand there, uncompressed: what a reader never shows lies there too.

A page header is a Thrift struct in the compact protocol (parquet.thrift, PageHeader): field 1 the type of the page,
2 its size uncompressed, 3 its size in the file; the page follows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

DICTIONARY = 2


@dataclass(frozen=True)
class Page:
    """A page of a column: its type, and its bytes."""

    column: str
    type: int
    content: bytes


def pages(raw: bytes) -> Iterator[Page]:
    """Every page of every column, with a footer that pyarrow reads."""
    footer = pq.ParquetFile(io.BytesIO(raw)).metadata
    for group in range(footer.num_row_groups):
        for number in range(footer.num_columns):
            yield from _column(raw, footer.row_group(group).column(number))


def _column(raw: bytes, column: Any) -> Iterator[Page]:
    offsets = [place for place in (column.dictionary_page_offset, column.data_page_offset) if place is not None]
    place, end = min(offsets), min(offsets) + column.total_compressed_size
    while place < end:
        header = io.BytesIO(raw[place:])
        fields = _struct(header)
        place += header.tell()
        packed = raw[place : place + fields[3]]
        if column.compression == "UNCOMPRESSED":
            content = packed
        else:
            content = pa.decompress(packed, fields[2], codec=column.compression.lower(), asbytes=True)
        yield Page(column.path_in_schema, fields[1], content)
        place += fields[3]


def _struct(data: io.BytesIO) -> dict[int, Any]:
    """A compact struct; fields of structs within it are read over."""
    fields: dict[int, Any] = {}
    number = 0
    while kind := data.read(1)[0]:
        number = number + (kind >> 4) if kind >> 4 else _signed(data)
        fields[number] = _value(data, kind & 15)
    return fields


def _value(data: io.BytesIO, kind: int) -> Any:
    if kind in (1, 2):
        return kind == 1
    if kind in (4, 5, 6):
        return _signed(data)
    if kind == 8:
        return data.read(_number(data))
    assert kind == 12, kind
    return _struct(data)


def _number(data: io.BytesIO) -> int:
    value = shift = 0
    while True:
        byte = data.read(1)[0]
        value |= (byte & 127) << shift
        if byte < 128:
            return value
        shift += 7


def _signed(data: io.BytesIO) -> int:
    value = _number(data)
    return (value >> 1) ^ -(value & 1)
