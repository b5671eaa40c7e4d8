"""The k-map: how many people in the whole population look like a row, from a table of counts (assess-v1, section 3).

Inside the file a person may be the only one with some facts while hundreds of people in town share them. Then who does
not know that somebody is in the file learns little; the k-map counts against all of them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

import polars as pl

from linkage.assess.result import Known
from linkage.errors import ColumnMissing, InputUnreadable, ValueUnknown
from linkage.holder.normalise import Job
from linkage.study import WireColumn

COUNT = "aantal"
MOST_LINES = 1_000_000
WORDS = {"ja": 1, "nee": 0}


@dataclass(frozen=True)
class Population:
    """Counts of persons per combination of `columns`, which are columns of the delivery; values as they leave."""

    columns: tuple[str, ...]
    table: pl.DataFrame

    @classmethod
    def read(cls, path: Path, job: Job) -> Population:
        """A CSV (`;`) of columns and `aantal`. Raises InputUnreadable, ColumnMissing, ValueUnknown."""
        header, lines = _lines(path)
        known = {column.name: column for column in job.wire if column.name != "year"}
        columns = tuple(name for name in header if name != COUNT)
        if COUNT not in header or not columns or set(columns) - set(known) or len(set(header)) != len(header):
            raise ColumnMissing(
                f"{path.name}: de kopregel heeft `{COUNT}` en verder kolommen van de levering: {', '.join(known)}"
            )
        rows = [_row(path, number, header, line, known) for number, line in enumerate(lines, start=2)]
        table = pl.DataFrame(rows, {name: pl.Int64() for name in (*columns, COUNT)}, orient="row", strict=False)
        return cls(columns, table.group_by(columns).agg(pl.col(COUNT).sum()))


def _lines(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = csv.reader(file, delimiter=";")
    except (OSError, UnicodeDecodeError, ValueError, csv.Error):
        raise InputUnreadable(f"{path.name} is geen leesbare CSV met `;` in UTF-8; sla hem zo op") from None
    if len(lines) > MOST_LINES:
        raise InputUnreadable(f"{path.name} heeft te veel rijen; tel de bevolking eerst per combinatie")
    return header, lines


def _row(path: Path, number: int, header: list[str], line: list[str], known: dict[str, WireColumn]) -> list[int]:
    """The columns in the order of the header, the count last."""
    if len(line) != len(header):
        raise InputUnreadable(f"{path.name}: rij {number} heeft niet evenveel velden als de kopregel")
    cells = dict(zip(header, line, strict=True))
    count = cells.pop(COUNT)
    if not (count.isascii() and count.isdigit() and len(count) < 10):
        raise ValueUnknown(f"{path.name}: rij {number}, kolom `{COUNT}` is geen heel getal; herstel het")
    return [*(_value(path, number, known[name], text) for name, text in cells.items()), int(count)]


def _value(path: Path, number: int, column: WireColumn, text: str) -> int:
    """Raises ValueUnknown; the word itself is not repeated."""
    words = {name: place for place, name in enumerate(column.categories)} if column.categories else WORDS
    if column.type == "integer" and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    if column.type == "integer" or text not in words:
        asked = "een heel getal" if column.type == "integer" else f"een van: {', '.join(words)}"
        raise ValueUnknown(f"{path.name}: rij {number}, kolom `{column.name}`: schrijf {asked}")
    return words[text]


def kmap(frames: Iterable[pl.DataFrame], population: Population, job: Job) -> tuple[Known, ...]:
    """For every combination of the population's columns: who sees a row, and picks among all people who look like it.

    A row of which nobody in the table has the facts counts as one of one: the worst that it can be.
    """
    columns = list(population.columns)
    parts = [frame.select(pl.col(columns).cast(pl.Int64)).group_by(columns).len(":rows") for frame in frames]
    rows = pl.concat(parts).group_by(columns).agg(pl.col(":rows").cast(pl.Int64).sum())
    sizes = range(1, min(3, len(columns)) + 1)
    chosen = list(chain.from_iterable(combinations(columns, size) for size in sizes))
    return tuple(
        _against(rows, population.table, list(names), job) for names in dict.fromkeys([*chosen, tuple(columns)])
    )


def _against(rows: pl.DataFrame, table: pl.DataFrame, names: list[str], job: Job) -> Known:
    here = rows.group_by(names).agg(pl.col(":rows").sum())
    there = table.group_by(names).agg(pl.col(COUNT).sum())
    n, k = pl.col(":rows"), pl.max_horizontal(pl.col(COUNT).fill_null(0), pl.lit(1))
    joined = here.join(there, on=names, how="left", nulls_equal=True).select(n, k.alias("k"))
    everyone = int(joined[":rows"].sum())
    found = joined.select(
        (n / pl.col("k")).sum().alias("expected"),
        n.filter(pl.col("k") == 1).sum().alias("unique"),
        n.filter(pl.col("k") < job.study.protocol.release.threshold).sum().alias("small"),
    ).row(0)
    expected, unique, small = (float(value) / everyone for value in found)
    return Known(tuple(names), everyone, expected, unique, small)
