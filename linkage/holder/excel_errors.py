"""Cells in which Excel shows an error (#N/B, #DEEL/0!): refused, since they read as empty, and empty may mean "none".

The library that reads the sheet does not tell an error from an empty cell, so it is looked for in the sheet's own XML.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fastexcel

from linkage.errors import InputUnreadable
from linkage.holder.excel_old import cells as old_cells
from linkage.holder.read_protected import OLE
from linkage.study import Holder

_ERROR = re.compile(rb'<c r="([A-Z]{1,3})([0-9]+)"[^>]*\bt="e"')
_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]+)"')
_CHUNK = 4 * 1024 * 1024
Cell = tuple[int, int]


def refuse_binary(path: Path, raw: bytes) -> None:
    """Raises InputUnreadable for a binary workbook (.xlsb), of which the reader takes error cells for empty ones."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            is_binary = "xl/workbook.bin" in book.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # an old workbook, or a damaged one: the reader says so
    if is_binary:
        raise InputUnreadable(
            f"{path.name} is een binaire werkmap (.xlsb), waarin foutmeldingen van Excel niet zijn te zien; bewaar het "
            "in Excel als .xlsx, en kies het opnieuw"
        )


def refuse_error_cells(path: Path, raw: bytes, holder: Holder, positions: dict[str, int]) -> None:
    """Raises InputUnreadable where a mapped cell below the header is an error; `raw` is the workbook."""
    if raw.startswith(OLE):
        names = fastexcel.read_excel(raw).sheet_names
        every, errors = old_cells(path, raw, names.index(holder.format.sheet or names[0]))
    else:
        errors = list(_cells(path, raw, holder, _ERROR))
        every = list(_cells(path, raw, holder, _CELL)) if errors else []
    if not errors:
        return
    # Positions count from the first column that has a cell.
    left = min(column for _, column in every)
    mapped = {left + at: holder.columns[key] for key, at in positions.items()}
    bad = [(row, column) for row, column in errors if column in mapped and row > holder.format.header_row]
    if bad:
        row, column = min(bad)
        more = f" (en zo zijn er nog {len(bad) - 1})" if len(bad) > 1 else ""
        raise InputUnreadable(
            f"{path.name}, rij {row}: in kolom `{mapped[column]}` staat een foutmelding van Excel, zoals #N/B{more}; "
            "herstel die cellen en bewaar het bestand opnieuw"
        )


def _cells(path: Path, raw: bytes, holder: Holder, pattern: re.Pattern[bytes]) -> Iterator[Cell]:
    """Row and column of the cells that match."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            place = _sheet(book, raw, holder) if "xl/workbook.xml" in book.namelist() else None
            if place in book.namelist():
                yield from _matches(book, place, pattern)
    except (zipfile.BadZipFile, OSError, LookupError, ValueError, NotImplementedError):
        raise InputUnreadable(f"{path.name} is niet heel als Excel-bestand; bewaar het opnieuw vanuit Excel") from None


def _matches(book: zipfile.ZipFile, place: str, pattern: re.Pattern[bytes]) -> Iterator[Cell]:
    carry = b""
    with book.open(place) as sheet:
        while chunk := sheet.read(_CHUNK):
            text, found, carry = (carry + chunk).rpartition(b"<c ")
            carry = found + carry
            for match in pattern.finditer(text):
                yield int(match[2]), _column(match[1])
    for match in pattern.finditer(carry):
        yield int(match[2]), _column(match[1])


def _sheet(book: zipfile.ZipFile, raw: bytes, holder: Holder) -> str | None:
    """The place of the chosen sheet in the workbook."""
    names = fastexcel.read_excel(raw).sheet_names
    chosen = re.findall(rb"<sheet [^>]*>", book.read("xl/workbook.xml"))[names.index(holder.format.sheet or names[0])]
    wanted = re.search(rb'r:id="([^"]+)"', chosen)
    for relation in re.findall(rb"<Relationship [^>]*>", book.read("xl/_rels/workbook.xml.rels")):
        name, target = re.search(rb'\bId="([^"]+)"', relation), re.search(rb'\bTarget="([^"]+)"', relation)
        if wanted and name and target and name[1] == wanted[1]:
            place = target[1].decode("utf-8")
            return place.removeprefix("/") if place.startswith("/") else f"xl/{place}"
    return None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
