"""Tables as the page shows them: text in every cell, a count and its percentage under one heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from markupsafe import Markup

from linkage.research.disclosure import ReleasedCell, ReleasedTable
from linkage.research.quality_tables import BY_AREA, CHOICES
from linkage.research.report.figures.base import Pen
from linkage.research.report.figures.upset import titles
from linkage.research.report.overlap import Overlap
from linkage.research.tables import Column

PARTS = ("pct", "unknown", "mean")
# What a row is, where it is something else than the kind of the table says.
ROWS = {BY_AREA: "by-area", CHOICES: "choices"}
WIDE = 7
SHORT = 16


@dataclass(frozen=True)
class Head:
    """A heading over `span` columns; `parts` are the second line of headings under it."""

    title: Markup
    parts: tuple[Markup, ...] = ()

    @property
    def span(self) -> int:
        """How many columns it is over."""
        return max(len(self.parts), 1)


@dataclass(frozen=True)
class Cell:
    """What stands in a cell."""

    text: str | Markup
    hidden: bool = False


@dataclass(frozen=True)
class Line:
    """A row; `total` is set apart."""

    title: Markup
    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of the page; `words` has sentences in its cells, else numbers."""

    id: str
    title: Markup
    corner: Markup
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    words: bool = False

    @property
    def double(self) -> bool:
        """Whether there is a second line of headings."""
        return any(head.parts for head in self.heads)

    @property
    def stars(self) -> bool:
        """Whether something is hidden."""
        return any(cell.hidden for line in self.lines for cell in line.cells)

    @property
    def wide(self) -> bool:
        """Whether it needs a page on its side."""
        return sum(head.span for head in self.heads) > WIDE

    @property
    def short(self) -> bool:
        """Whether it fits on a page, so that it need not be cut in two."""
        return len(self.lines) <= SHORT


def anchor(name: str) -> str:
    """Where a table stands in the page."""
    return "tabel-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


def grid(table: ReleasedTable, pen: Pen) -> Grid:
    """A released table."""
    rows = pen.words(f"row_{ROWS.get(table.name, table.kind)}")
    lines = tuple(
        Line(
            pen.words.own(row.title),
            tuple(text(column, one, table.star, pen) for column, one in zip(table.columns, row.cells, strict=True)),
            total=row.name == ("gemeente" if table.kind in ("by-area", "municipalities") else "all"),
        )
        for row in table.rows
    )
    return Grid(anchor(table.name), pen.words.own(table.title), rows, heads(table.columns, pen), lines)


def text(column: Column, one: ReleasedCell, star: str, pen: Pen) -> Cell:
    """A cell as it is read."""
    if one.hidden:
        return Cell(star, hidden=True)
    if one.value is None:
        return Cell("")
    if column.unit == "euro":
        return Cell(pen.numbers.euros(one.value, column.decimals))
    return Cell(pen.numbers.number(one.value, column.decimals if isinstance(one.value, Decimal) else 0))


def heads(columns: Sequence[Column], pen: Pen) -> tuple[Head, ...]:
    """Columns `x`, `x_pct`, `x_unknown` or `x_mean` that follow each other come under one heading."""
    names = {column.name for column in columns}

    def base(column: Column) -> str:
        stem, _, part = column.name.rpartition("_")
        return stem if part in PARTS and stem in names else column.name

    found = []
    for name, group in groupby(columns, base):
        own = list(group)
        parts = tuple(_part(column, name, pen) for column in own) if len(own) > 1 else ()
        found.append(Head(pen.words.own(own[0].title), parts))
    return tuple(found)


def _part(column: Column, base: str, pen: Pen) -> Markup:
    if column.name == base:
        return pen.words("total" if column.unit == "euro" else "count")
    return pen.words(column.name.rpartition("_")[2])


def overlap_grid(overlap: Overlap, id_: str, pen: Pen) -> Grid:
    """The exclusive counts behind the UpSet."""
    lines = tuple(
        Line(
            pen.words.own(titles(overlap, combination, " + ")),
            (Cell("*", hidden=True) if one.hidden else Cell(pen.numbers.number(one.value or 0)),),
        )
        for combination, one in overlap.combinations.items()
    )
    words = pen.words
    return Grid(id_, words("f_upset_table"), words("f_upset_combination"), (Head(words("families")),), lines)
