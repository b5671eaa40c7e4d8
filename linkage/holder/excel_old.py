"""Error cells of an old workbook (.xls), from its own records [MS-XLS]: the reader takes them for empty cells."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from linkage.errors import ExtraMissing, InputUnreadable

BOF, EOF, SHEET, FORMULA, ERROR = 0x0809, 0x000A, 0x0085, 0x0006, 0x0205
# Records that begin with the row and column of a cell that has something in it.
CELLS = frozenset({FORMULA, ERROR, 0x0203, 0x0204, 0x027E, 0x00BD, 0x00FD})
Cell = tuple[int, int]


def cells(path: Path, raw: bytes, sheet: int) -> tuple[list[Cell], list[Cell]]:
    """Row and column, from 1, of the cells of that sheet, and of those that are errors.

    Raises InputUnreadable, ExtraMissing.
    """
    every, errors = [], []
    try:
        stream = _stream(raw)
        starts = [struct.unpack_from("<I", body)[0] for kind, body in _records(stream, 0) if kind == SHEET]
        for kind, body in _records(stream, starts[sheet]):
            if kind in CELLS:
                row, column = struct.unpack_from("<HH", body)
                every.append((row + 1, column + 1))
                if _is_error(kind, body):
                    errors.append(every[-1])
    except ModuleNotFoundError:
        raise ExtraMissing(
            f'{path.name} is van een oude soort; bewaar het in Excel als .xlsx, of installeer: pip install "household-'
            'linkage[excel]"'
        ) from None
    except (OSError, ValueError, LookupError, TypeError, struct.error):
        raise InputUnreadable(f"{path.name} is niet heel als Excel-bestand; bewaar het opnieuw vanuit Excel") from None
    return every, errors


def _stream(raw: bytes) -> bytes:
    with import_module("olefile").OleFileIO(io.BytesIO(raw)) as container:
        name = "Workbook" if container.exists("Workbook") else "Book"
        return bytes(container.openstream(name).read())


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of one part, to its end; a chart inside a sheet is a part of its own, and is passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + size]
        at += 4 + size
        depth += (kind == BOF) - (kind == EOF)
        if depth == 0:
            return
        if depth == 1:
            yield kind, body


def _is_error(kind: int, body: bytes) -> bool:
    if kind == ERROR:
        return body[7] == 1
    return kind == FORMULA and body[6] == 2 and body[12:14] == b"\xff\xff"
