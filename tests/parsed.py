"""A body as the linker's child leaves it, written and read by the letter of docs/spec/package-v1.md, section 5.1."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import polars as pl

from linkage.transfer.manifest import Manifest


def put(path: Path, frame: pl.DataFrame, manifest: Manifest) -> Manifest:
    """Write the rows, and say how many there are; null is a mark of 0 and a value of zeros."""
    parts = []
    for name in manifest.pseudonyms:
        values = frame[name].to_list()
        parts += [b"".join(value or bytes(16) for value in values), _marks(values)]
    for column in manifest.columns:
        values = frame[column.name].to_list()
        code = "?" if column.type == "boolean" else "i"
        parts += [struct.pack(f"<{len(values)}{code}", *(value or 0 for value in values)), _marks(values)]
    path.write_bytes(b"".join(parts))
    return manifest.model_copy(update={"rows": frame.height})


def _marks(values: list[Any]) -> bytes:
    return bytes(value is not None for value in values)


def rows_of(path: Path, manifest: Manifest) -> dict[str, list[Any]]:
    """By column its values, None where the mark says so. Raises ValueError for another size or mark."""
    raw, rows, at = path.read_bytes(), manifest.rows, 0
    found: dict[str, list[Any]] = {}
    formats = dict.fromkeys(manifest.pseudonyms, "16s")
    formats |= {column.name: "B" if column.type == "boolean" else "i" for column in manifest.columns}
    for name, code in formats.items():
        width = struct.calcsize(f"<{code}")
        values = [struct.unpack_from(f"<{code}", raw, at + width * row)[0] for row in range(rows)]
        marks = raw[at + width * rows : at + (width + 1) * rows]
        if set(marks) - {0, 1}:
            raise ValueError("a mark is 0 or 1")
        found[name] = [value if mark else None for value, mark in zip(values, marks, strict=True)]
        at += (width + 1) * rows
    if at != len(raw):
        raise ValueError("another size")
    return found
