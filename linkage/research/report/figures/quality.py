"""How much of each delivery was linked, and by which way."""

from __future__ import annotations

from linkage.research.disclosure import ReleasedCell, ReleasedTable
from linkage.research.report.figures import stacked
from linkage.research.report.figures.base import HATCH, Figure, Pen
from linkage.research.report.pick import cell_of, column
from linkage.research.tables import Column

# What the table of linkage quality divides the rows of a delivery into, and how it is coloured.
PIECES = {
    "linked_pct": "#0072b2",
    "person_pct": "#0072b2",
    "address_pct": "#56b4e9",
    "agreement_pct": "#009e73",
    "unclear_pct": "#e69f00",
    "outside_pct": "#d5d5d5",
}
LINKED = ("linked_pct", "person_pct", "address_pct", "agreement_pct")


def linked(name: str, table: ReleasedTable, pen: Pen) -> Figure | None:
    """A bar per delivery and holder; None where the table has no such shares."""
    columns = [found for one in PIECES if (found := column(table, one)) is not None]
    if not columns or not table.rows:
        return None
    own = {row.title: [cell_of(table, row, one.name) for one in columns] for row in table.rows}
    cells = [one for found in own.values() for one in found]
    entries = [(PIECES[one.name], one.title.replace(" (%)", "")) for one in columns]
    entries += [(HATCH, pen.words.plain("legend_hidden"))] if any(one.hidden for one in cells) else []
    stacks = [_stack(title, columns, found, pen) for title, found in own.items()]
    decimals = max(one.decimals for one in columns)
    image, height = stacked.draw(
        stacks,
        entries,
        lambda value: pen.numbers.percent(value, decimals),
        pen.numbers.tick,
        pen.words.plain("f_quality_axis"),
    )
    each = " ".join(f"{stack.label}: {stack.end}." for stack in stacks)
    hidden = pen.hidden_note(cells)
    alt = pen.words.plain("f_quality_alt", each=each, hidden=hidden).strip()
    caption = pen.words.plain("f_quality_caption", hidden=hidden).strip()
    return Figure(name, pen.words("f_quality"), alt, image, height, table.name, caption)


def _stack(title: str, columns: list[Column], cells: list[ReleasedCell], pen: Pen) -> stacked.Stack:
    pieces = tuple(
        stacked.Piece(PIECES[one.name], None if cell.hidden else cell.value or 0)
        for one, cell in zip(columns, cells, strict=True)
    )
    ways = [cell for one, cell in zip(columns, cells, strict=True) if one.name in LINKED]
    known = [cell.value for cell in ways if cell.value is not None]
    decimals = max(one.decimals for one in columns)
    end = pen.numbers.percent(sum(known), decimals) if len(known) == len(ways) else pen.words.plain("unknown")
    return stacked.Stack(title, pieces, None, end if not any(cell.hidden for cell in ways) else "*")
