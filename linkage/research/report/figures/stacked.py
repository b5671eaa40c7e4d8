"""Stacked bars: what makes up a whole, for stacking and for costs. A part that is hidden is a hatched piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from linkage.research.report.figures.bars import few, formatter
from linkage.research.report.figures.base import (
    AT_LEFT,
    HATCH,
    HATCH_COLOUR,
    SMALL,
    SOFT,
    bare,
    canvas,
    image,
    ink_on,
    legend,
    lines,
    place,
    text_width,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, RIGHT, BOTTOM = 262, 92, 46
STUB = 0.04


@dataclass(frozen=True)
class Piece:
    """A part of a bar: its size, or None where it is hidden."""

    colour: str
    size: Decimal | int | None


@dataclass(frozen=True)
class Stack:
    """A bar with what stands at its end. `rest` is what the hidden pieces are together, where the whole is shown."""

    label: str
    pieces: tuple[Piece, ...]
    rest: Decimal | int | None
    end: str


def draw(
    stacks: Sequence[Stack],
    entries: list[tuple[str, str]],
    written: Callable[[int | Decimal], str],
    ticks: Callable[[float], str],
    axis: str,
) -> tuple[str, int]:
    """The drawing and its height; `entries` are the colours and words of the legend."""
    above = 12 + 20 * _legend_rows(entries)
    height = above + 46 * len(stacks) + BOTTOM
    with canvas(height) as drawing:
        axes = place(drawing, LEFT, BOTTOM, RIGHT, above)
        reach = max((_length(stack) for stack in stacks), default=0.0) or 1.0
        for down, stack in enumerate(stacks):
            _stack(axes, stack, down, reach, written)
        axes.set_xlim(0, reach * (1.02 + STUB))
        axes.set_ylim(len(stacks) - 0.5, -0.5)
        axes.set_yticks([])
        axes.tick_params(axis="x", labelsize=SMALL)
        axes.xaxis.set_major_formatter(formatter(ticks))
        axes.xaxis.set_major_locator(few())
        axes.set_xlabel(axis, fontsize=SMALL)
        axes.axvline(0, color=SOFT, linewidth=1)
        bare(axes)
        legend(drawing, entries, 10, 4, 10)
        return image(drawing), height


def _legend_rows(entries: list[tuple[str, str]]) -> int:
    across, rows = 10.0, 1
    for _, words in entries:
        needed = 20 + text_width(words, SMALL) * 96 / 72 + 22
        if across > 10 and across + needed > 870:
            across, rows = 10.0, rows + 1
        across += needed
    return rows


def _length(stack: Stack) -> float:
    return sum(float(piece.size) for piece in stack.pieces if piece.size is not None) + float(stack.rest or 0)


def _stack(axes: Axes, stack: Stack, down: int, reach: float, written: Callable[[int | Decimal], str]) -> None:
    lines(axes, wrapped(stack.label, 38, 3), (0, down), (-8, 0), "right", xycoords=AT_LEFT)
    start = 0.0
    points = axes.get_window_extent().width / axes.figure.dpi * 72 / (reach * (1.02 + STUB))
    for piece in stack.pieces:
        if not piece.size:
            continue
        size = float(piece.size)
        axes.barh(down, size, 0.6, start, color=piece.colour, edgecolor="white", linewidth=0.6)
        words = written(piece.size)
        if text_width(words, SMALL) + 6 < size * points:
            lines(axes, words, (start + size / 2, down), (0, 0), "center", color=ink_on(piece.colour))
        start += size
    if any(piece.size is None for piece in stack.pieces):
        size = max(float(stack.rest), 0.0) if stack.rest is not None else STUB * reach
        axes.barh(down, size, 0.6, start, color="white", edgecolor=HATCH_COLOUR, hatch=HATCH, linewidth=0.6)
        start += size
    lines(axes, stack.end, (start, down), (5, 0), "left")
