"""What a group would cost if an assumption were different: a bar per scenario from the base, widest first."""

from __future__ import annotations

from linkage.research.disclosure import ReleasedCell, ReleasedTable
from linkage.research.report.figures import bars
from linkage.research.report.figures.base import Figure, Pen
from linkage.research.report.pick import cell_of

MORE, LESS = "#b5500b", "#01689b"


def tornado(name: str, table: ReleasedTable, group: tuple[str, str], base: ReleasedCell, pen: Pen) -> Figure:
    """The differences that scenarios make to the total of a group, in euros; hidden ones below."""
    found = [(row.title, cell_of(table, row, group[0])) for row in table.rows]
    ordered = sorted(found, key=lambda one: (-abs(float(one[1].value)) if one[1].value is not None else 1.0, one[0]))
    told = pen.words.plain("hidden_long") if base.value is None else pen.numbers.euros(base.value)
    drawn = bars.draw(
        [bars.Bar(title, one, MORE if (one.value or 0) > 0 else LESS) for title, one in ordered],
        pen.numbers.change,
        lambda value: pen.numbers.short_euros(round(value)),
        pen.words.plain("f_tornado_axis", base=told),
    )
    shown = [(title, one.value) for title, one in ordered if one.value is not None]
    most = f"{shown[0][0]} ({pen.numbers.change(shown[0][1])})" if shown else pen.words.plain("f_tornado_none")
    alt = pen.words.plain("f_tornado_alt", base=told, most=most, hidden=pen.hidden_note([one for _, one in found]))
    title = pen.words("f_tornado", group=pen.words.own(group[1]))
    return Figure(name, title, alt.strip(), drawn.image, drawn.height, table.name)
