"""What a table prints when some counts are hidden: each cell a number, a star, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from linkage.research.cells import Counts, Key
from linkage.research.tables import Cell, Column, Number, Row, Table, percentage
from protocols.model import CENT, ReleaseRule


@dataclass(frozen=True)
class ReleasedCell:
    """What a reader sees: a number, a star (`hidden`), or nothing at all where the table has no cell."""

    value: Number | None
    hidden: bool = False


@dataclass(frozen=True)
class Proposal:
    """A table as it would be printed, with the counts that each cell rests on: what the gate judges."""

    table: Table
    printed: tuple[tuple[ReleasedCell, ...], ...]

    def cells(self) -> Iterator[tuple[Row, Column, Cell, ReleasedCell]]:
        """Every cell, with what would be printed."""
        for row, out in zip(self.table.rows, self.printed, strict=True):
            yield from zip((row,) * len(out), self.table.columns, row.cells, out, strict=True)


def propose(tables: Iterable[Table], counts: Counts, hidden: frozenset[Key], rule: ReleaseRule) -> tuple[Proposal, ...]:
    """The tables as they would be printed when these counts are hidden. Values are counted anew."""
    return tuple(
        Proposal(
            table,
            tuple(
                tuple(
                    _print(row, column, table, cell, counts, hidden, rule)
                    for column, cell in zip(table.columns, row.cells, strict=True)
                )
                for row in table.rows
            ),
        )
        for table in tables
    )


def _print(
    row: Row, column: Column, table: Table, cell: Cell, counts: Counts, hidden: frozenset[Key], rule: ReleaseRule
) -> ReleasedCell:
    if cell.kind == "empty":
        return ReleasedCell(None)
    if cell.kind == "given":
        return _print_given(row, column, table, cell, hidden, rule)
    if not hidden.isdisjoint(cell.rests_on()):
        return ReleasedCell(None, hidden=True)
    return ReleasedCell(value_of(cell, column, counts))


def value_of(cell: Cell, column: Column, counts: Counts) -> Number | None:
    """What is printed in a cell: a whole number, a share or mean with decimals, or an amount in euros."""
    assert cell.key is not None
    value = counts[cell.key].value + sum(counts[key].value for key in cell.plus)
    bases = [counts[key].value for key in cell.base]
    if cell.kind == "percent":
        return percentage(value, bases[0] - sum(bases[1:]), column.decimals)
    if cell.kind == "mean" and sum(bases) <= 0:
        return None
    if cell.kind == "varied":
        assert cell.vary is not None
        value = cell.vary.of(value)
    number = Decimal(value) / (sum(bases) if cell.kind == "mean" else 1)
    if column.unit == "euro":
        return (number * CENT).quantize(Decimal(1).scaleb(-column.decimals), ROUND_HALF_UP)
    return number.quantize(Decimal(1).scaleb(-column.decimals), ROUND_HALF_UP) if cell.kind == "mean" else value


def _print_given(
    row: Row, column: Column, table: Table, cell: Cell, hidden: frozenset[Key], rule: ReleaseRule
) -> ReleasedCell:
    """A figure from elsewhere. A total over municipalities would give away our own, where that is hidden.

    In a table on the linkage, what stands in one column with a hidden number is about that number, and hidden with it.
    """
    if table.kind == "quality":
        own = (other for _, place, other in table.cells() if place is column)
        with_hidden = not hidden.isdisjoint(key for other in own for key in other.rests_on())
        return ReleasedCell(None, hidden=True) if with_hidden else ReleasedCell(cell.value)
    total = not row.name.startswith("gemeente:")
    small = any(isinstance(other.value, int) and 0 < other.value < rule.threshold for other in row.cells)
    gives_away = total and not hidden.isdisjoint(table.counts())
    return ReleasedCell(None, hidden=True) if small or gives_away else ReleasedCell(cell.value)
