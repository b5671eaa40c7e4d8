"""Tables as files: CSV, Parquet, and Excel with a sheet per table. The same tables give the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from linkage.errors import OutputError
from linkage.files import harmless, replacing, write_text
from linkage.research.tables import Column, Number

FIXED_DATE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
SHEET_NAME = 31
NAMES = ("tabel", "rij", "rij_titel", "kolom", "kolom_titel", "waarde", "onderdrukt")
FORMATS = {"euro": "#,##0", "": "General"}


@dataclass(frozen=True)
class Line:
    """A row as printed: each cell a number, nothing (None), or the star."""

    name: str
    title: str
    cells: tuple[Number | str | None, ...]


@dataclass(frozen=True)
class Sheet:
    """A table as printed; `star` stands where a number is hidden, and `note` below."""

    name: str
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    star: str
    note: str


def frame(sheets: Iterable[Sheet]) -> pl.DataFrame:
    """A line per cell: tabel, rij, rij_titel, kolom, kolom_titel, waarde (null where hidden), onderdrukt."""
    lines = [
        (sheet.name, line.name, line.title, column.name, column.title, _number(value, sheet.star), value == sheet.star)
        for sheet in sheets
        for line in sheet.lines
        for column, value in zip(sheet.columns, line.cells, strict=True)
        if value is not None
    ]
    schema = {name: pl.Boolean() if name == "onderdrukt" else pl.String() for name in NAMES}
    made = pl.DataFrame(lines, schema=schema, orient="row")
    return made.with_columns(pl.col("waarde").cast(pl.Float64))


def _number(value: Number | str, star: str) -> str | None:
    return None if value == star else str(value)


def write(sheets: Sequence[Sheet], folder: Path, name: str) -> tuple[Path, ...]:
    """Write `name`.csv, .parquet and .xlsx; files that exist are replaced. Raises OutputError."""
    targets = tuple(folder / f"{name}.{suffix}" for suffix in ("csv", "parquet", "xlsx"))
    made = frame(sheets)
    write_text(targets[0], _csv(made))
    with replacing(targets[1]) as file:
        made.write_parquet(file)
    with replacing(targets[2]) as file:
        file.write(_xlsx(sheets))
    return targets


def _csv(made: pl.DataFrame) -> str:
    """`;` and a decimal comma, as Dutch programs write them; whole numbers without decimals."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(made.columns)
    for *names, value, hidden in made.iter_rows():
        number = "*" if hidden else f"{value:.2f}".rstrip("0").replace(".", ",") if value % 1 else str(int(value))
        writer.writerow([*(harmless(name) for name in names), number, "ja" if hidden else "nee"])
    return text.getvalue()


def _xlsx(sheets: Sequence[Sheet]) -> bytes:
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": FIXED_DATE.replace(tzinfo=None)})
    formats = {unit: book.add_format({"num_format": look}) for unit, look in FORMATS.items()}
    for sheet in sheets:
        _sheet(book.add_worksheet(sheet.name[:SHEET_NAME]), sheet, formats)
    try:
        book.close()
    except (OSError, xlsxwriter.exceptions.XlsxWriterException):
        raise OutputError("het Excelbestand kan niet worden gemaakt; controleer de namen van de tabellen") from None
    return memory.getvalue()


def _sheet(page: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    page.write_string(0, 0, sheet.title)
    for place, column in enumerate(sheet.columns, start=1):
        page.write_string(2, place, column.title)
    for number, line in enumerate(sheet.lines, start=3):
        page.write_string(number, 0, line.title)
        for place, (column, value) in enumerate(zip(sheet.columns, line.cells, strict=True), start=1):
            if isinstance(value, str):
                page.write_string(number, place, value)
            elif value is not None:
                page.write_number(
                    number, place, float(value) if isinstance(value, Decimal) else value, formats[column.unit]
                )
    page.write_string(len(sheet.lines) + 4, 0, sheet.note)
    page.set_column(0, 0, 40)
    page.freeze_panes(3, 1)
