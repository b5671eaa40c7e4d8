"""What the mean costs of a household are made of, for each group."""

from __future__ import annotations

from decimal import Decimal

from linkage.research.disclosure import ReleasedCell, ReleasedTable
from linkage.research.report.figures import stacked
from linkage.research.report.figures.base import COLOURS, HATCH, Figure, Pen
from linkage.research.report.pick import cell

OTHER = "#8c8c8c"
ROUNDING = 1  # euro per part: the whole and its parts are rounded apart


def breakdown(name: str, table: ReleasedTable, groups: list[tuple[str, str]], pen: Pen) -> Figure:
    """A bar per group; parts beyond the colours there are, the last of the table, are taken together in grey."""
    parts = [row for row in table.rows if row.name != "all"]
    colours = [COLOURS[place] if place < len(COLOURS) else OTHER for place in range(len(parts))]
    entries = [(colour, row.title) for colour, row in zip(colours, parts, strict=True) if colour != OTHER]
    entries += [(OTHER, pen.words.plain("other_parts"))] if OTHER in colours else []
    cells = {group: [cell(table, row.name, f"{group}_mean") for row in parts] for group, _ in groups}
    every = [one for own in cells.values() for one in own]
    entries += [(HATCH, pen.words.plain("rest_hidden"))] if any(one.hidden for one in every) else []
    stacks = [_stack(table, group, words, cells[group], colours, pen) for group, words in groups]
    found, height = stacked.draw(
        stacks,
        entries,
        pen.numbers.euros,
        lambda value: pen.numbers.euros(round(value)),
        pen.words.plain("f_costs_axis"),
    )
    each = " ".join(f"{one.label}: {one.end if one.end != '*' else pen.words.plain('hidden')}." for one in stacks)
    alt = pen.words.plain("f_costs_alt", each=each, hidden=pen.hidden_note(every)).strip()
    caption = pen.words.plain("f_costs_caption", hidden=pen.hidden_note(every)).strip()
    return Figure(name, pen.words.own(table.title), alt, found, height, table.name, caption)


def _stack(
    table: ReleasedTable, group: str, title: str, cells: list[ReleasedCell], colours: list[str], pen: Pen
) -> stacked.Stack:
    pieces = tuple(
        stacked.Piece(colour, None if one.hidden else max(one.value or 0, 0))
        for colour, one in zip(colours, cells, strict=True)
    )
    whole = cell(table, "all", f"{group}_mean")
    rest: Decimal | int | None = None
    if whole.value is not None:
        rest = whole.value - sum((one.value or 0 for one in cells), Decimal(0))
        rest = max(rest, 0) if rest > ROUNDING * len(cells) else 0
    return stacked.Stack(title, pieces, rest, "*" if whole.value is None else pen.numbers.euros(whole.value))
