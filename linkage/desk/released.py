"""What may be read by anybody: the report and the released tables of a folder. No household file, ledger or package."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, Response

from linkage.errors import InputUnreadable

REPORT, TABLES, RELEASE = "verslag.html", "tabellen.csv", "release.json"
QUALITY = (
    *("koppeling", "koppelfouten", "dekking", "dekking-wijk", "dekking-leeftijd", "dekking-jaar"),
    "gevoeligheid",
)
MOST_REPORT_BYTES = 64 * 1024 * 1024
MOST_TABLE_BYTES = 16 * 1024 * 1024
FIELDS = ("tabel", "rij", "rij_titel", "kolom", "kolom_titel", "waarde", "onderdrukt")
HIDDEN = "*"
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Table:
    """A released table: the titles of its columns, and per row its title and its cells, a star where hidden."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Released:
    """What was released: when, over which date, from which number on a count is shown, and the tables."""

    released: str
    reference_date: str
    threshold: int
    tables: tuple[Table, ...]

    @property
    def quality(self) -> tuple[Table, ...]:
        """How good the linkage is, where that was released."""
        return tuple(table for table in self.tables if table.name in QUALITY)

    @property
    def others(self) -> tuple[Table, ...]:
        """All other tables."""
        return tuple(table for table in self.tables if table.name not in QUALITY)


def report(folder: Path) -> Response:
    """The report as it is, in a box in which it can do nothing. Raises InputUnreadable."""
    content = _read(folder / REPORT, MOST_REPORT_BYTES)
    return HTMLResponse(content, headers={"Content-Security-Policy": REPORT_POLICY})


def released(folder: Path) -> Released:
    """The tables of a release. Raises InputUnreadable where they are not there, or not of one release."""
    about = _about(folder)
    lines = _lines(folder)
    try:
        titles = {table["name"]: str(table["title"]) for table in about["tables"]}
        return Released(
            _day(about["released"]),
            _day(about["reference_date"]),
            int(about["rule"]["threshold"]),
            tuple(
                _table(name, title, [line for line in lines if line["tabel"] == name]) for name, title in titles.items()
            ),
        )
    except (KeyError, TypeError, ValueError):
        raise InputUnreadable(f"{RELEASE} is niet heel; haal de uitgifte opnieuw op") from None


def _day(written: str) -> str:
    return f"{dt.date.fromisoformat(written):%d-%m-%Y}"


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads(_read(folder / RELEASE, MOST_TABLE_BYTES))
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or not str(about.get("format", "")).startswith("household-linkage/release/"):
        raise InputUnreadable(f"{RELEASE} is niet van een uitgifte; kies de map die `linkage release` maakte")
    return about


def _lines(folder: Path) -> list[dict[str, str]]:
    try:
        text = _read(folder / TABLES, MOST_TABLE_BYTES).decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    except (UnicodeDecodeError, csv.Error):
        lines = []
    if not lines or any(set(line) != set(FIELDS) or None in line.values() for line in lines):
        raise InputUnreadable(f"{TABLES} is niet van een uitgifte; kies de map die `linkage release` maakte")
    return lines


def _table(name: str, title: str, lines: list[dict[str, str]]) -> Table:
    columns = {line["kolom"]: line["kolom_titel"] for line in lines}
    rows: dict[str, tuple[str, dict[str, str]]] = {}
    for line in lines:
        cell = HIDDEN if line["onderdrukt"] != "nee" else line["waarde"]
        rows.setdefault(line["rij"], (line["rij_titel"], {}))[1][line["kolom"]] = cell
    shown = tuple((row, tuple(cells.get(column, "") for column in columns)) for row, cells in rows.values())
    return Table(name, title, tuple(columns.values()), shown)


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError:
        raise InputUnreadable(f"{path.name} is niet te lezen; controleer de map") from None
    if len(content) > most:
        raise InputUnreadable(f"{path.name} is te groot om te tonen; open het met een ander programma")
    return content
