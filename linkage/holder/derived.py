"""Derived fields: parts of a person to the canonical texts that are made into pseudonyms (names-v1, section 5).

For records without a common number, and only where the protocol asks for it. A field of which one part is missing is
null: unknown, which is not the same as different.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from linkage.holder.names import CANARY, READERS, RESERVED
from linkage.holder.once import once
from protocols.model import PART_COLUMNS, Derived

BAR = "|"


def derived(cells: pl.DataFrame, fields: Iterable[Derived]) -> pl.DataFrame:
    """`id:FIELD` for each field, from the text columns of PART_COLUMNS; a column that is not there is unknown."""
    fields = tuple(fields)
    known = _parts(cells, {part for field in fields for part in field.of})
    parts = known.select(pl.when(pl.col(name) != RESERVED[name]).then(name).alias(name) for name in known.columns)
    return parts.select(_joined(field).alias(f"id:{field.name}") for field in fields)


def canary_texts(fields: Iterable[Derived]) -> dict[str, str]:
    """By field: the canonical text of the person that is nobody, made from the raw form."""
    fields = tuple(fields)
    parts = _parts(pl.DataFrame([CANARY]), {part for field in fields for part in field.of})
    return {field.name: str(parts.select(_joined(field)).item()) for field in fields}


def _joined(field: Derived) -> pl.Expr:
    return pl.concat_str([pl.col(part) for part in field.of], separator=BAR)


def _parts(cells: pl.DataFrame, wanted: set[str]) -> pl.DataFrame:
    """A column for each part; each different cell is read once."""
    found: list[pl.Series] = []
    for columns, read in READERS:
        made = [part for part in sorted(wanted) if PART_COLUMNS[part] == columns]
        if made:
            texts = pl.DataFrame([_text(name, cells).alias(f":{name}") for name in columns])
            found.extend(once(lambda given, read=read: read(_plain(given)), texts).select(made))  # type: ignore[misc]
    return pl.DataFrame(found)


def _plain(given: pl.DataFrame) -> pl.DataFrame:
    return given.rename(lambda name: name.removeprefix(":"))


def _text(name: str, cells: pl.DataFrame) -> pl.Series:
    return cells[name] if name in cells.columns else pl.Series([None], dtype=pl.String).new_from_index(0, cells.height)
