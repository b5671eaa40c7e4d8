"""UpSet: how many have problems in exactly these domains; dots say which, bars how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.research.disclosure import ReleasedCell
from linkage.research.report.figures.bars import formatter
from linkage.research.report.figures.base import (
    ACCENT,
    AT_LEFT,
    HATCH,
    HATCH_COLOUR,
    INK,
    SIZE,
    SMALL,
    SOFT,
    WIDTH,
    Figure,
    Pen,
    bare,
    canvas,
    image,
    lines,
    place,
    wrapped,
)
from linkage.research.report.overlap import Combination, Overlap
from linkage.research.report.pick import whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, RIGHT, TOP, BARS = 390, 20, 34, 230
LABELS = 200
LINE = 40
OFF = "#d9dee3"


def upset(name: str, overlap: Overlap, pen: Pen) -> Figure:
    """Combinations from few domains to many, larger ones first."""
    ordered = list(overlap.combinations)
    matrix = LINE * len(overlap.domains)
    height = TOP + BARS + matrix + 46
    with canvas(height) as drawing:
        upper = place(drawing, LEFT, height - TOP - BARS, RIGHT, TOP)
        _sizes_of_combinations(upper, overlap, ordered, pen)
        _dots(place(drawing, LEFT, 36, RIGHT, TOP + BARS + 10), overlap, ordered)
        _sizes_of_domains(place(drawing, LABELS, 36, WIDTH - LEFT + 14, TOP + BARS + 10), overlap, pen)
        drawing.text(LEFT / WIDTH, 1 - 8 / height, pen.words.plain("f_upset_axis"), fontsize=SIZE, va="top", color=SOFT)
        found = image(drawing)
    cells = list(overlap.combinations.values())
    each = "; ".join(f"{titles(overlap, one, ' + ')}: {written(overlap.combinations[one], pen)}" for one in ordered)
    words = pen.words.plain
    alt = words("f_upset_alt", each=each, hidden=pen.hidden_note(cells)).strip()
    every = written(overlap.combinations[ordered[-1]], pen)
    caption = words("f_upset_caption", all=every, hidden=pen.hidden_note(cells)).strip()
    return Figure(name, pen.words("f_upset"), alt, found, height, f"{overlap.table.name}-precies", caption)


def titles(overlap: Overlap, combination: Combination, glue: str) -> str:
    """The domains of a combination by their titles."""
    return glue.join(title for name, title in overlap.domains if name in combination)


def written(cell: ReleasedCell, pen: Pen) -> str:
    """A count, or that it is suppressed."""
    return pen.words.plain("hidden") if cell.hidden or cell.value is None else pen.numbers.number(cell.value)


def _sizes_of_combinations(axes: Axes, overlap: Overlap, ordered: list[Combination], pen: Pen) -> None:
    tallest = max((whole(one) or 0 for one in overlap.combinations.values()), default=0) or 1
    for across, combination in enumerate(ordered):
        cell = overlap.combinations[combination]
        size = float(cell.value) if cell.value is not None else 0.05 * tallest
        if cell.hidden:
            axes.bar(across, size, 0.56, color="white", edgecolor=HATCH_COLOUR, hatch=HATCH, linewidth=0.6)
        else:
            axes.bar(across, size, 0.56, color=ACCENT)
        words = "*" if cell.hidden else pen.numbers.number(cell.value or 0)
        lines(axes, words, (across, size), (0, 7), "center")
    axes.set_xlim(-0.5, len(ordered) - 0.5)
    axes.set_ylim(0, tallest * 1.12)
    axes.set_xticks([])
    axes.tick_params(axis="y", labelsize=SMALL, labelcolor=SOFT)
    axes.yaxis.set_major_formatter(formatter(pen.numbers.tick))
    axes.axhline(0, color=SOFT, linewidth=1)
    bare(axes, grid="y")


def _dots(axes: Axes, overlap: Overlap, ordered: list[Combination]) -> None:
    for down in range(0, len(overlap.domains), 2):
        axes.axhspan(down - 0.5, down + 0.5, color="#f3f5f7", zorder=0)
    for across, combination in enumerate(ordered):
        on = [down for down, (name, _) in enumerate(overlap.domains) if name in combination]
        off = [down for down in range(len(overlap.domains)) if down not in on]
        axes.scatter([across] * len(off), off, s=90, color=OFF, zorder=2)
        axes.plot([across, across], [min(on), max(on)], color=INK, linewidth=2, zorder=2)
        axes.scatter([across] * len(on), on, s=90, color=INK, zorder=3)
    axes.set_xlim(-0.5, len(ordered) - 0.5)
    axes.set_ylim(len(overlap.domains) - 0.5, -0.5)
    axes.set_axis_off()


def _sizes_of_domains(axes: Axes, overlap: Overlap, pen: Pen) -> None:
    """Bars that grow to the left, towards the titles."""
    largest = max((whole(one) or 0 for one in overlap.sizes.values()), default=0) or 1
    for down, (name, title) in enumerate(overlap.domains):
        cell = overlap.sizes[name]
        size = float(cell.value) if cell.value is not None else 0.08 * largest
        look = {"color": "white", "edgecolor": HATCH_COLOUR, "hatch": HATCH} if cell.hidden else {"color": SOFT}
        axes.barh(down, size, 0.5, **look)  # type: ignore[arg-type]
        words = "*" if cell.hidden else pen.numbers.number(cell.value or 0)
        lines(axes, words, (size, down), (-4, 0), "right")
        lines(axes, wrapped(title, 26, 2), (0, down), (-(LABELS - 8) * 0.75, 0), "left", xycoords=AT_LEFT)
    axes.set_xlim(largest * 1.45, 0)
    axes.set_ylim(len(overlap.domains) - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.set_xlabel(pen.words.plain("f_upset_sizes"), fontsize=SMALL)
    bare(axes, grid="")
