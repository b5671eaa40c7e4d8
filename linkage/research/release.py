"""What leaves: the tables for readers, `release.json` for programs, and a review file for the output checker.

See docs/spec/release-v1.md, section 5.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from linkage.files import make_folder, write_text
from linkage.research import sheets
from linkage.research.disclosure import Release, ReleasedCell, ReleasedTable
from linkage.research.review import review

FORMAT = "household-linkage/release/v1"


def write(release: Release, folder: Path, checker: Path) -> tuple[Path, ...]:
    """Write a release: for readers tabellen.csv, .parquet, .xlsx and release.json; for the output checker `checker`.

    The last stays in the secured environment. Files that exist are replaced. Raises OutputError.
    """
    make_folder(folder)
    tables = sheets.write(tuple(sheets_of(release)), folder, "tabellen")
    data = folder / "release.json"
    write_text(data, _json(release))
    write_text(checker, "\n".join(review(release)) + "\n")
    return (*tables, data, checker)


def sheets_of(release: Release) -> Iterator[sheets.Sheet]:
    """The tables as they are printed."""
    for table in release.tables:
        lines = tuple(
            sheets.Line(row.name, row.title, tuple(_printed(cell, table.star) for cell in row.cells))
            for row in table.rows
        )
        yield sheets.Sheet(table.name, table.title, table.columns, lines, table.star, _note(release))


def _printed(cell: ReleasedCell, star: str) -> int | Decimal | str | None:
    return star if cell.hidden else cell.value


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
        "ledger": release.ledger,
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
