"""How many problems at once, per domain: families with none are left out of the bars, or nothing else would be seen."""

from __future__ import annotations

from linkage.research.disclosure import ReleasedCell, ReleasedRow, ReleasedTable
from linkage.research.report.figures import stacked
from linkage.research.report.figures.base import HATCH, SEQUENCE, Figure, Pen
from linkage.research.report.figures.upset import written
from linkage.research.report.pick import cell, cell_of, column, whole


def stacking(name: str, table: ReleasedTable, pen: Pen) -> Figure:
    """A bar per domain, a piece per number of problems."""
    rows = [row for row in table.rows if row.name.isdigit() and row.name != "0"]
    colours = [SEQUENCE[min(place + 1, len(SEQUENCE) - 1)] for place in range(len(rows))]
    domains = [one for one in table.columns if column(table, f"{one.name}_pct")]
    stacks = [
        stacked.Stack(
            one.title, _pieces(table, rows, colours, one.name), _rest(table, rows, one.name), _end(table, one.name, pen)
        )
        for one in domains
    ]
    cells = [cell_of(table, row, one.name) for one in domains for row in rows]
    entries = [(colour, _label(row, pen)) for colour, row in zip(colours, rows, strict=True)]
    if any(one.hidden for one in cells):
        entries.append((HATCH, pen.words.plain("legend_hidden")))
    found, height = stacked.draw(
        stacks, entries, pen.numbers.number, pen.numbers.tick, pen.words.plain("f_stacking_axis")
    )
    each = " ".join(f"{one.title}: {_told(table, rows, one.name, pen)}." for one in domains)
    alt = pen.words.plain("f_stacking_alt", each=each, hidden=pen.hidden_note(cells)).strip()
    caption = pen.words.plain("f_stacking_caption", hidden=pen.hidden_note(cells)).strip()
    return Figure(name, pen.words("f_stacking"), alt, found, height, table.name, caption)


def _label(row: ReleasedRow, pen: Pen) -> str:
    return pen.words.plain("problem_1" if row.title == "1" else "problem_n", n=row.title)


def _pieces(table: ReleasedTable, rows: list[ReleasedRow], colours: list[str], name: str) -> tuple[stacked.Piece, ...]:
    cells = [cell_of(table, row, name) for row in rows]
    return tuple(
        stacked.Piece(colour, None if one.hidden else whole(one) or 0)
        for colour, one in zip(colours, cells, strict=True)
    )


def having(table: ReleasedTable, name: str) -> int | None:
    """Those with at least one problem: all, less those with none and those of whom it is unknown."""
    parts: list[ReleasedCell] = [cell(table, row, name) for row in ("all", "0", "?")]
    if any(one.hidden for one in parts) or whole(parts[0]) is None:
        return None
    return (whole(parts[0]) or 0) - (whole(parts[1]) or 0) - (whole(parts[2]) or 0)


def _rest(table: ReleasedTable, rows: list[ReleasedRow], name: str) -> int | None:
    total = having(table, name)
    return None if total is None else total - sum(whole(cell_of(table, row, name)) or 0 for row in rows)


def _end(table: ReleasedTable, name: str, pen: Pen) -> str:
    total = having(table, name)
    return "*" if total is None else pen.numbers.number(total)


def _told(table: ReleasedTable, rows: list[ReleasedRow], name: str, pen: Pen) -> str:
    cells = [(row, cell_of(table, row, name)) for row in rows]
    return ", ".join(
        f"{_label(row, pen)} {written(one, pen)}" for row, one in cells if one.hidden or one.value is not None
    )
