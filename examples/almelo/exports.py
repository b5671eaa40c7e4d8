"""The eleven exports on disk, as the organisations would hand them over: byte for byte the same for the same town."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from .cells import Cell
from .layout import LAYOUTS, Layout
from .rows import Row
from .town import Town

CREATED = dt.datetime(2015, 4, 1, 9, 0, 0)
SPREADSHEET_DATE = "d-mmm"


def write(town: Town, directory: Path) -> dict[str, Path]:
    """Write directory/<holder>/<file> for every holder; returns the files by holder."""
    paths: dict[str, Path] = {}
    for layout in LAYOUTS:
        path = directory / layout.holder / layout.file
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[layout.kind](layout, town.files[layout.holder], path)
        paths[layout.holder] = path
    return paths


def _records(layout: Layout, rows: Sequence[Row]) -> list[list[Cell]]:
    writers = [column.write for column in layout.columns]
    return [[write(row, line) for write in writers] for line, row in enumerate(rows, 1)]


def _headings(layout: Layout) -> list[str]:
    return [column.heading for column in layout.columns]


def _write_csv(layout: Layout, rows: Sequence[Row], path: Path) -> None:
    # Named byte order: Python's own "utf-16" follows the machine.
    encoding = "utf-16-le" if layout.encoding == "utf-16" else layout.encoding
    with path.open("w", encoding=encoding, newline="") as file:
        if layout.encoding == "utf-16":
            file.write("\ufeff")
        writer = csv.writer(file, delimiter=layout.separator, quoting=_QUOTING[layout.quote_all], lineterminator="\r\n")
        writer.writerow(_headings(layout))
        writer.writerows(_records(layout, rows))


_QUOTING: dict[bool, Literal[0, 1]] = {True: csv.QUOTE_ALL, False: csv.QUOTE_MINIMAL}


def _write_xlsx(layout: Layout, rows: Sequence[Row], path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": CREATED, "author": layout.organisation})
        sheet = book.add_worksheet(layout.sheet)
        date = book.add_format({"num_format": SPREADSHEET_DATE})
        for line, title in enumerate(layout.title_rows):
            sheet.write_string(line, 0, title)
        top = len(layout.title_rows)
        headings: list[Cell] = [column.heading for column in layout.columns]
        for place, record in enumerate([headings, *_records(layout, rows)], top):
            _write_line(sheet, place, record, date)


def _write_line(sheet: Any, place: int, record: Sequence[Cell], date: object) -> None:
    for column, cell in enumerate(record):
        if isinstance(cell, dt.date):
            sheet.write_datetime(place, column, cell, date)
        elif isinstance(cell, int | Decimal):
            sheet.write_number(place, column, cell)
        elif cell:
            sheet.write_string(place, column, cell)


def _write_parquet(layout: Layout, rows: Sequence[Row], path: Path) -> None:
    records = _records(layout, rows)
    columns = {
        heading: pl.Series([record[place] for record in records], dtype=_dtype(records, place))
        for place, heading in enumerate(_headings(layout))
    }
    pl.DataFrame(columns).write_parquet(path)


def _dtype(records: Sequence[Sequence[Cell]], place: int) -> pl.DataType:
    first = next(record[place] for record in records if record[place] is not None)
    if isinstance(first, Decimal):
        return pl.Decimal(12, 2)
    return pl.Int64() if isinstance(first, int) else pl.String()


_WRITERS = {"csv": _write_csv, "xlsx": _write_xlsx, "parquet": _write_parquet}
