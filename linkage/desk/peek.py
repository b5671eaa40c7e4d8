"""A first look at an export: its sheets, the row with the column names, and what each column looks like.

No cell goes further than this file: a column is described by its form ("9 digits"), never by a value.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from linkage.desk.peek_apart import HEADER_ROWS, SAMPLE_ROWS, Sheet, peek_apart
from linkage.errors import InputUnreadable
from linkage.holder.export import MOST_COLUMNS, fold
from linkage.holder.read import reader_of
from linkage.holder.read_csv import HEADER_BYTES, SEPARATORS
from linkage.holder.records import blocks, encoding_of
from linkage.study import Format

MOST_SHARE = 0.8
NAMED = ("Parquet", "SPSS", "database")  # their columns have names by themselves, and there is no row with them
_OTHERS = {b"%PDF": "een PDF", b"{\\rtf": "een tekstdocument", b"<": "een webpagina of XML"}
_FORMS = (
    ("nine", r"[0-9]{9}"),
    ("ten", r"[0-9]{10}"),
    ("postcode", r"[1-9][0-9]{3} ?[A-Za-z]{2}"),
    ("date", r"[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{1,4}( .*)?"),
    ("yes_no", r"(?i)ja|nee|j|n|y|true|false|waar|onwaar"),
    ("year", r"(19|20)[0-9]{2}"),
    ("whole", r"-?[0-9]+"),
    ("amount", r"(€ ?)?-?[0-9.]*[0-9](,[0-9]+)?|-?[0-9]+\.[0-9]+"),
)


@dataclass(frozen=True)
class Look:
    """An export of which the columns are known; `forms` says what each looks like, in words of `_FORMS`."""

    kind: str
    format: Format
    sheets: tuple[str, ...]
    header: tuple[str, ...]
    forms: tuple[str, ...]


def look(path: Path, agreed: Format, wanted: tuple[str, ...], header_row: int | None = None) -> Look:
    """The columns of an export. Without `header_row` the row that has most of the wanted names is taken.

    Raises InputUnreadable, ExtraMissing, PassphraseNeeded, WrongPassphrase.
    """
    sheet = _opened(path, agreed, {fold(name) for name in wanted})
    at = 1 if sheet.kind in NAMED else header_row or _header_row(sheet, wanted)
    header = sheet.rows[at - 1] if at <= len(sheet.rows) else ()
    if not any(name.strip() for name in header):
        raise InputUnreadable(
            f"{path.name}: in rij {at} staan geen kolomnamen; kies een andere rij of een ander blad, of kies een "
            "andere export"
        )
    if len(header) > MOST_COLUMNS:
        raise InputUnreadable(
            f"{path.name} heeft {len(header)} kolommen, en er kunnen er hoogstens {MOST_COLUMNS} zijn; maak een export "
            "met alleen de kolommen die nodig zijn"
        )
    forms = tuple(_form([row[place] for row in sheet.rows[at:] if place < len(row)]) for place in range(len(header)))
    used = sheet.format if sheet.kind in NAMED else sheet.format.model_copy(update={"header_row": at})
    return Look(sheet.kind, used, sheet.sheets, header, forms)


def _opened(path: Path, agreed: Format, wanted: set[str]) -> Sheet:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        raise InputUnreadable(f"{path.name} is niet te openen; sluit het in andere programma's") from None
    if not start:
        raise InputUnreadable(f"{path.name} is leeg; maak de export opnieuw")
    reader = reader_of(path)
    if reader is not None:
        return peek_apart(reader, path, agreed)
    _refuse_others(path, start)
    return _csv(path, agreed, wanted)


def _refuse_others(path: Path, start: bytes) -> None:
    """What systems give when they are asked for Excel, and what is no text at all. Raises InputUnreadable."""
    found = next(
        (name for mark, name in _OTHERS.items() if start.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(mark)), None
    )
    if found is not None:
        raise InputUnreadable(f"{path.name} is {found}; open het in Excel, bewaar het als .xlsx, en kies het opnieuw")
    if b"\x00" in start and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputUnreadable(f"{path.name} is geen CSV, Excel, Parquet of SPSS; kies de export zelf")


def _header_row(sheet: Sheet, wanted: tuple[str, ...]) -> int:
    """The row with most of the wanted names; the agreed one where no row has any."""
    names = {fold(name) for name in wanted}
    scores = [len(names & {fold(cell) for cell in row}) for row in sheet.rows[:HEADER_ROWS]]
    best = max(scores, default=0)
    return scores.index(best) + 1 if best else sheet.format.header_row


# --- per kind of file -----------------------------------------------------------------------------


def _csv(path: Path, agreed: Format, wanted: set[str]) -> Sheet:
    # The file itself says how it is written; what was agreed is only needed where it cannot be seen.
    encoding = agreed.encoding if agreed.encoding == "utf-16" else None
    first = next(blocks(path, encoding_of(path, encoding), _no_progress), None)
    text = first.text[:HEADER_BYTES].decode("utf-8", errors="ignore") if first else ""
    read = {separator: _records(text, separator) for separator in SEPARATORS}
    separator = max(read, key=lambda mark: _fit(read[mark], wanted, mark == agreed.separator))
    used = agreed.model_copy(update={"encoding": encoding, "separator": separator})
    return Sheet("CSV", used, (), read[separator])


def _no_progress(_done: int, _total: int) -> None:
    """Nobody waits for the first block."""


def _records(text: str, separator: str) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline="\n"), delimiter=separator):
            found.append(tuple(record))
            if len(found) == HEADER_ROWS + SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return tuple(found)


def _fit(rows: tuple[tuple[str, ...], ...], wanted: set[str], agreed: bool) -> tuple[int, bool, int]:
    known = max((len(wanted & {fold(cell) for cell in row}) for row in rows[:HEADER_ROWS]), default=0)
    return known, agreed, max((len(row) for row in rows[:HEADER_ROWS]), default=0)


# --- what a column looks like ----------------------------------------------------------------------


def _form(cells: list[str]) -> str:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "empty"
    for name, pattern in _FORMS:
        fits = sum(re.fullmatch(pattern, cell) is not None for cell in filled)
        if fits >= MOST_SHARE * len(filled):
            return name
    return "text"
