"""Bars from a base line, one under the other, with the number at the end: the form of several figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from linkage.research.disclosure import ReleasedCell
from linkage.research.report.figures.base import (
    AT_LEFT,
    HATCH,
    HATCH_COLOUR,
    SIZE,
    SMALL,
    SOFT,
    bare,
    canvas,
    image,
    lines,
    place,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import Formatter, Locator

LEFT, RIGHT, TOP, BOTTOM = 300, 70, 10, 48
LABEL = 44
STUB = 0.05  # of the scale: the length of a hidden bar, which says nothing


@dataclass(frozen=True)
class Bar:
    """A bar; `heading` stands above it where a group begins."""

    label: str
    cell: ReleasedCell
    colour: str
    heading: str = ""


@dataclass(frozen=True)
class Bars:
    """A drawing and its height."""

    image: str
    height: int


def draw(
    bars: Sequence[Bar], written: Callable[[int | Decimal], str], ticks: Callable[[float], str], axis: str
) -> Bars:
    """Horizontal bars; a hidden one is a hatched stub with a star, and its length says nothing."""
    step = 30 if any("\n" in wrapped(bar.label, LABEL, 2) for bar in bars) else 25
    headings = sum(bool(bar.heading) for bar in bars)
    height = TOP + BOTTOM + step * len(bars) + 32 * headings
    with canvas(height) as drawing:
        axes = place(drawing, LEFT, BOTTOM, RIGHT, TOP)
        values = [float(bar.cell.value) for bar in bars if bar.cell.value is not None]
        low, high = min([0.0, *values]), max([0.0, *values])
        reach = (high - low) or 1.0
        down = 0.0
        for bar in bars:
            if bar.heading:
                down += 32 / step
                _heading(axes, bar.heading, down - 1.0)
            _bar(axes, bar, down, reach, written)
            down += 1
        axes.set_ylim(down - 0.5, -0.5)
        axes.set_xlim(low * 1.02 - (0.16 * reach if low < 0 else 0), max(high, low + reach) + 0.02 * reach)
        axes.set_yticks([])
        axes.set_xlabel(axis, fontsize=SMALL)
        axes.xaxis.set_major_formatter(formatter(ticks))
        axes.xaxis.set_major_locator(few())
        axes.tick_params(axis="x", labelsize=SMALL)
        axes.axvline(0, color=SOFT, linewidth=1)
        bare(axes)
        return Bars(image(drawing), height)


def _heading(axes: Axes, words: str, down: float) -> None:
    look = {"fontsize": SIZE, "fontweight": "bold", "xycoords": AT_LEFT}
    lines(axes, words, (0, down), (-(LEFT - 8) * 0.75, 0), "left", **look)


def _bar(axes: Axes, bar: Bar, down: float, reach: float, written: Callable[[int | Decimal], str]) -> None:
    lines(axes, wrapped(bar.label, LABEL, 2), (0, down), (-8, 0), "right", xycoords=AT_LEFT)
    value = float(bar.cell.value) if bar.cell.value is not None else 0.0
    if bar.cell.hidden:
        axes.barh(down, STUB * reach, 0.62, color="white", edgecolor=HATCH_COLOUR, hatch=HATCH, linewidth=0.6)
        value, words = STUB * reach, "*"
    else:
        axes.barh(down, value, 0.62, color=bar.colour)
        words = "–" if bar.cell.value is None else written(bar.cell.value)
    before = value < 0
    lines(axes, words, (value, down), (-4 if before else 4, 0), "right" if before else "left")


def formatter(ticks: Callable[[float], str]) -> Formatter:
    """Ticks in the language of the report."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: ticks(value))


def few() -> Locator:
    """A tick or six, at round numbers."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
