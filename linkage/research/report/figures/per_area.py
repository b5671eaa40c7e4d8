"""Shares per area as bars, for who has no outlines to draw a map with."""

from __future__ import annotations

from linkage.research.report.figures import bars
from linkage.research.report.figures.base import ACCENT, Figure, Pen
from linkage.research.report.figures.choropleth import in_words
from linkage.research.report.pick import AreaShares

MOST = 40


def area_bars(name: str, shown: AreaShares, pen: Pen) -> Figure:
    """The highest on top, at most so many; hidden ones below. The table has them all."""
    ordered = sorted(shown.shares.items(), key=lambda one: -float(-1 if one[1].value is None else one[1].value))
    drawn = bars.draw(
        [bars.Bar(area, cell, ACCENT) for area, cell in ordered[:MOST]],
        lambda value: pen.numbers.percent(value, shown.share.decimals),
        pen.numbers.tick,
        pen.words.plain(f"share_of_{shown.base}"),
    )
    alt = in_words("f_bars_alt", shown, pen)
    return Figure(name, pen.words.own(shown.table.title), alt, drawn.image, drawn.height, shown.table.name)
