"""What leaves, and the book that it is written in: a chain of everything that was ever published in a study.

The ledger holds what readers hold, numbers shown and cells hidden, so it is no secret itself; but it decides what may
still be published, so it is chained as the linker's ledger is (docs/spec/release-v1.md, section 4).
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import xlsxwriter

from linkage.errors import OutputError, ReleaseLedgerBroken
from linkage.files import make_folder, replacing, write_text
from linkage.research.cells import Key

if TYPE_CHECKING:
    # Not at run time: the gate writes in the book, so the book cannot import the gate.
    from linkage.research.disclosure import Release, ReleasedCell, ReleasedTable, Verdict

FORMAT = "household-linkage/release/v1"
START = "0" * 64
FIXED_DATE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


# --- the ledger -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One release: what it showed and hid that no release before it had shown or hidden."""

    previous: str
    study: str
    wave: int
    reference_date: str
    protocol_digest: str
    released: str
    tables: tuple[str, ...]
    shown: tuple[tuple[Key, int], ...]
    hidden: tuple[Key, ...]

    def line(self) -> bytes:
        """The entry as it stands in the file."""
        data = {
            **{name: getattr(self, name) for name in _PLAIN},
            "tables": list(self.tables),
            "shown": [[*_as_list(key), value] for key, value in self.shown],
            "hidden": [_as_list(key) for key in self.hidden],
        }
        return json.dumps(data, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"

    def digest(self) -> str:
        """What the next entry holds as `previous`."""
        return hashlib.sha256(self.line()).hexdigest()


_PLAIN = {
    "previous": str,
    "study": str,
    "wave": int,
    "reference_date": str,
    "protocol_digest": str,
    "released": str,
}


def _as_list(key: Key) -> list[Any]:
    return [key.population, key.area, [list(literal) for literal in key.condition], key.measure]


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a ledger whose chain holds; none where there is no file. Raises ReleaseLedgerBroken."""
    if not path.exists():
        return ()
    try:
        lines = path.read_bytes().splitlines(keepends=True)
        entries = tuple(_entry(json.loads(line)) for line in lines)
    except (OSError, ValueError, TypeError, KeyError):
        raise ReleaseLedgerBroken(f"{path.name} is niet te lezen; zet de reservekopie terug") from None
    expected = START
    for entry, line in zip(entries, lines, strict=True):
        if entry.previous != expected or entry.line() != line:
            raise ReleaseLedgerBroken(f"{path.name} is veranderd: de ketting klopt niet; zet de reservekopie terug")
        expected = entry.digest()
    return entries


def _entry(data: dict[str, Any]) -> Entry:
    if set(data) != {*_PLAIN, "tables", "shown", "hidden"}:
        raise ValueError("not an entry")
    if any(type(data[name]) is not kind for name, kind in _PLAIN.items()):
        raise TypeError("not an entry")
    shown = []
    for *key, value in data["shown"]:
        if type(value) is not int:
            raise TypeError("not an entry")
        shown.append((_key(*key), value))
    return Entry(
        **{name: data[name] for name in _PLAIN},
        tables=tuple(str(name) for name in data["tables"]),
        shown=tuple(shown),
        hidden=tuple(_key(*key) for key in data["hidden"]),
    )


def _key(population: str, area: str, condition: list[list[str]], measure: str) -> Key:
    literals = tuple((str(name), str(value)) for name, value in condition)
    return Key(str(population), str(area), literals, str(measure))


def append(path: Path, entries: tuple[Entry, ...], new: Entry) -> Entry:
    """Write the ledger with one entry chained on, unless the same tables left before and nothing is new."""
    chained = replace(new, previous=entries[-1].digest() if entries else START)
    if entries and not new.shown and not new.hidden:
        return chained
    with replacing(path) as file:
        file.writelines(entry.line() for entry in (*entries, chained))
    return chained


# --- the files --------------------------------------------------------------------------------------


def write(release: Release, folder: Path) -> tuple[Path, ...]:
    """Write a release: for readers tabellen.csv, .parquet, .xlsx and release.json; for the checker uitvoercontrole.md.

    Files that exist are replaced. Raises OutputError.
    """
    make_folder(folder)
    frame = _frame(release.tables)
    files = {name: folder / name for name in _FILES}
    write_text(files["tabellen.csv"], _csv(frame))
    with replacing(files["tabellen.parquet"]) as file:
        frame.write_parquet(file)
    with replacing(files["tabellen.xlsx"]) as file:
        file.write(_xlsx(release))
    write_text(files["release.json"], _json(release))
    write_text(files["uitvoercontrole.md"], "\n".join(_review(release)) + "\n")
    return tuple(files.values())


_FILES = ("tabellen.csv", "tabellen.parquet", "tabellen.xlsx", "release.json", "uitvoercontrole.md")


def _frame(tables: Iterable[ReleasedTable]) -> pl.DataFrame:
    """A line per cell; `waarde` is empty where the cell is hidden, and `onderdrukt` says so."""
    lines = [
        (table.name, row.name, row.title, column.name, column.title, _text(cell, ""), cell.hidden)
        for table in tables
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell.hidden or cell.value is not None
    ]
    names = ("tabel", "rij", "rij_titel", "kolom", "kolom_titel", "waarde", "onderdrukt")
    schema = {name: pl.Boolean() if name == "onderdrukt" else pl.String() for name in names}
    frame = pl.DataFrame(lines, schema=schema, orient="row")
    return frame.with_columns(pl.col("waarde").replace("", None).cast(pl.Float64))


def _text(cell: ReleasedCell, star: str) -> str:
    if cell.hidden:
        return star
    return "" if cell.value is None else str(cell.value)


def _csv(frame: pl.DataFrame) -> str:
    """`;` and a decimal comma, as Dutch programs write them; whole numbers without decimals."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(frame.columns)
    for *names, value, hidden in frame.iter_rows():
        number = "*" if hidden else f"{value:g}".replace(".", ",") if value % 1 else str(int(value))
        writer.writerow([*names, number, "ja" if hidden else "nee"])
    return text.getvalue()


def _xlsx(release: Release) -> bytes:
    """A sheet per table; the same bytes for the same release."""
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True})
    book.set_properties({"created": FIXED_DATE.replace(tzinfo=None)})
    for table in release.tables:
        sheet = book.add_worksheet(table.name[:31])
        sheet.write_string(0, 0, table.title)
        for place, column in enumerate(table.columns, start=1):
            sheet.write_string(2, place, column.title)
        for line, row in enumerate(table.rows, start=3):
            sheet.write_string(line, 0, row.title)
            for place, cell in enumerate(row.cells, start=1):
                _write(sheet, line, place, cell, table.star)
        sheet.write_string(len(table.rows) + 4, 0, _note(release))
    try:
        book.close()
    except (OSError, xlsxwriter.exceptions.XlsxWriterException):
        raise OutputError("tabellen.xlsx kan niet worden gemaakt; controleer de namen van de tabellen") from None
    return memory.getvalue()


def _write(sheet: Any, line: int, place: int, cell: ReleasedCell, star: str) -> None:
    if cell.hidden:
        sheet.write_string(line, place, star)
    elif cell.value is not None:
        sheet.write_number(line, place, cell.value)


def _note(release: Release) -> str:
    rule = release.rule
    return (
        f"{rule.star} = onderdrukt: minder dan {rule.threshold} huishoudens, of nodig om zo'n aantal niet te laten "
        f"berekenen. Percentages zijn berekend uit getoonde aantallen. Protocol {release.about.protocol_digest}"
    )


def _json(release: Release) -> str:
    about = release.about
    data = {
        "format": FORMAT,
        "study": about.study,
        "wave": about.wave,
        "reference_date": about.reference_date,
        "protocol_digest": about.protocol_digest,
        "released": about.released,
        "rule": release.rule.model_dump(mode="json"),
        "ledger": about.digest(),
        "tables": [_table(table) for table in release.tables],
    }
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


def _table(table: ReleasedTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "kind": table.kind,
        "columns": [asdict(column) for column in table.columns],
        "rows": [
            {"name": row.name, "title": row.title, "cells": [_plain(cell, table.star) for cell in row.cells]}
            for row in table.rows
        ],
    }


def _plain(cell: ReleasedCell, star: str) -> int | str | None:
    """A decimal stays text: a binary float is not what was released."""
    if cell.hidden:
        return star
    return str(cell.value) if isinstance(cell.value, Decimal) else cell.value


# --- for the output checker ---------------------------------------------------------------------------


def _review(release: Release) -> Iterator[str]:
    """What is asked for and which rule each table passed, after the example of ACRO."""
    about, rule = release.about, release.rule
    yield "# Uitvoercontrole"
    yield ""
    yield "Voor de controleur. Dit blad blijft in de beveiligde omgeving: het zegt welke sterren een klein aantal zijn."
    yield ""
    yield f"- studie {about.study}, meting {about.wave}, peildatum {about.reference_date}"
    yield f"- protocol {about.protocol_digest}"
    yield f"- uitgegeven {about.released}; regel in het logboek {about.digest()}"
    yield f"- gevraagd: {', '.join(table.name for table in release.tables)}"
    yield ""
    yield "## De regels"
    yield ""
    yield f"1. Een aantal van 1 tot en met {rule.threshold - 1} wordt `{rule.star}`, en ook het aantal van de overigen."
    yield f"2. Nul wordt {'getoond' if rule.show_zero else 'onderdrukt'}."
    yield "3. Andere aantallen worden onderdrukt voor zover dat nodig is om die van regel 1 niet te laten berekenen."
    yield f"4. Wie alles samenneemt wat ooit is uitgegeven, houdt per onderdrukt aantal {rule.interval_width} ruimte."
    yield f"5. Geen cel boven {100 * rule.group_share:.0f}% van haar rij; geen bedrag waarvan een huishouden meer dan "
    yield f"   {100 * rule.dominance_share:.0f}% brengt. Percentages en gemiddelden alleen uit getoonde aantallen."
    yield "6. Binnen een meting verandert geen getoond aantal; tussen metingen niet met minder dan de drempel."
    if release.waves_accepted:
        yield "   **Hiervan is afgeweken: kleine veranderingen tussen metingen zijn aanvaard. Beoordeel ze.**"
    yield ""
    yield f"Onafhankelijk nagerekend: {release.audited} aantallen; kleinste ruimte {_number(release.smallest_width)}."
    for verdict in release.verdicts:
        yield from _verdict(verdict)


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield ""
    yield f"## {verdict.table}: {verdict.title}"
    yield ""
    yield "Uitkomst: voldoet aan regel 1 tot en met 6."
    yield ""
    yield f"- getoond {verdict.shown}, waarvan nul {verdict.zero}"
    yield f"- onderdrukt om het eigen aantal {len(verdict.primary)}, om een ander {len(verdict.secondary)}, "
    yield f"  percentages en gemiddelden {verdict.shares_hidden}"
    yield f"- kleinste ruimte {_number(verdict.smallest_width)}"
    for title, places in (("eigen aantal", verdict.primary), ("bescherming van een ander", verdict.secondary)):
        for place in places:
            yield f"  - {place} ({title})"


def _number(width: float | None) -> str:
    return "niet van toepassing" if width is None else "onbegrensd" if width == float("inf") else f"{width:g}"
