"""Maps of shares per area: five classes at most from light to dark, hidden hatched, no data grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from linkage.research.disclosure import ReleasedCell
from linkage.research.report.figures.base import (
    EMPTY,
    HATCH,
    HATCH_COLOUR,
    LEADING,
    SEQUENCE,
    SIZE,
    SMALL,
    WIDTH,
    Figure,
    Pen,
    canvas,
    image,
    ink_on,
    legend,
    lines,
    place,
    text_width,
    wrapped,
)
from linkage.research.report.maps import Polygon, Ring, Shapes
from linkage.research.report.pick import AreaShares

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_IN_A_ROW = 3
EDGE = 0.004  # room for half a line


@dataclass(frozen=True)
class Classes:
    """Limits of classes from low to high: one fewer than there are classes."""

    limits: tuple[float, ...]

    def colour(self, value: float) -> str:
        """The darker the higher; few classes are spread over the whole scale."""
        number = sum(value >= limit for limit in self.limits)
        return self.colours[number]

    @property
    def colours(self) -> tuple[str, ...]:
        """A colour per class."""
        last = len(SEQUENCE) - 1
        count = len(self.limits)
        return tuple(SEQUENCE[round(place * last / count)] for place in range(count + 1)) if count else (SEQUENCE[2],)


def classes_of(values: Sequence[float]) -> Classes:
    """At most five classes of equal width with round limits."""
    if not values or max(values) == min(values):
        return Classes(())
    low, high = min(values), max(values)
    raw = (high - low) / len(SEQUENCE)
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * power
        first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
        if last - first + 2 <= len(SEQUENCE):
            return Classes(tuple(round(number * step, 10) for number in range(first, last + 1)))
    return Classes(())


# --- figures ----------------------------------------------------------------------------------------


def area_map(name: str, shown: AreaShares, shapes: Shapes, pen: Pen) -> Figure:
    """One map, with the names of the areas where they fit."""
    height = 540
    with canvas(height) as drawing:
        axes = place(drawing, 0, 4, 190, 4)
        axes.set_anchor("W")
        classes = _classes(shown)
        _panel(axes, shown, shapes, classes, pen, names=True)
        right = axes.get_position().x1 * WIDTH + 26
        legend(drawing, _legend(shown, shapes, classes, pen), right, 8, WIDTH - right - 40)
        found = image(drawing)
    caption = " ".join((in_words("f_map_alt", shown, pen), _missing(shapes, pen))).strip()
    return Figure(name, pen.words.own(shown.table.title), caption, found, height, shown.table.name)


def domain_maps(name: str, maps: Sequence[AreaShares], shapes: Shapes, pen: Pen) -> Figure:
    """Small maps beside each other, each with classes of its own."""
    columns = min(len(maps), MOST_IN_A_ROW)
    wide, high = WIDTH // columns, 400
    height = high * -(-len(maps) // columns)
    with canvas(height) as drawing:
        for number, one in enumerate(maps):
            left, top = (number % columns) * wide, (number // columns) * high
            right = WIDTH - left - wide
            axes = place(drawing, left + 6, height - top - high + 90, right + 6, top + 44)
            classes = _classes(one)
            _panel(axes, one, shapes, classes, pen, names=False)
            where = (left + 10) / WIDTH, 1 - (top + 6) / height
            drawing.text(*where, wrapped(one.title, 34, 2), fontsize=SIZE, fontweight="bold", va="top")
            legend(drawing, _legend(one, shapes, classes, pen), left + 10, top + high - 84, right + 4)
        found = image(drawing)
    each = " ".join(_each(one, pen) for one in maps)
    alt = f"{pen.words.plain('f_domain_maps_alt', each=each)} {_missing(shapes, pen)}".strip()
    return Figure(name, pen.words("f_domain_maps"), alt, found, height, maps[0].table.name)


# --- words ------------------------------------------------------------------------------------------


def in_words(key: str, shown: AreaShares, pen: Pen) -> str:
    """The message of a picture per area: the highest, the lowest, and how many are hidden."""
    highest, lowest = _extremes(shown, pen)
    hidden = pen.hidden_note(list(shown.counts.values()))
    if not highest:
        return pen.words.plain("f_none_shown")
    base = pen.words.plain(f"share_of_{shown.base}")
    return pen.words.plain(key, base=base, highest=highest, lowest=lowest, hidden=hidden).strip()


def _extremes(shown: AreaShares, pen: Pen) -> tuple[str, str]:
    values = {area: one.value for area, one in shown.shares.items() if one.value is not None}
    if not values:
        return "", ""
    found = []
    for extreme in (max(values.values()), min(values.values())):
        areas = [area for area, value in values.items() if value == extreme]
        found.append(f"{pen.words.listed_plain(areas)} ({pen.numbers.percent(extreme, shown.share.decimals)})")
    return found[0], found[1]


def _each(shown: AreaShares, pen: Pen) -> str:
    highest, lowest = _extremes(shown, pen)
    if not highest:
        return f"{shown.title}: {pen.words.plain('f_none_shown')}"
    hidden = pen.hidden_note(list(shown.counts.values()))
    return f"{pen.words.plain('f_domain_each', title=shown.title, highest=highest, lowest=lowest)} {hidden}".strip()


def _missing(shapes: Shapes, pen: Pen) -> str:
    return (
        pen.words.plain("missing_areas", areas=pen.words.listed_plain(list(shapes.missing))) if shapes.missing else ""
    )


def _classes(shown: AreaShares) -> Classes:
    return classes_of([float(one.value) for one in shown.shares.values() if one.value is not None])


def _legend(shown: AreaShares, shapes: Shapes, classes: Classes, pen: Pen) -> list[tuple[str, str]]:
    def limit(value: float) -> str:
        return f"{pen.numbers.tick(value)}%" if pen.numbers.language == "en" else f"{pen.numbers.tick(value)} %"

    limits = classes.limits
    labels = [pen.words.plain("legend_less", high=limit(limits[0]))] if limits else []
    labels += [pen.words.plain("legend_between", low=pen.numbers.tick(a), high=limit(b)) for a, b in pairwise(limits)]
    labels += [pen.words.plain("legend_more", low=limit(limits[-1]))] if limits else []
    values = [one.value for one in shown.shares.values() if one.value is not None]
    if values and not limits:
        labels = [pen.numbers.percent(values[0], shown.share.decimals)]
    entries = list(zip(classes.colours, labels, strict=False))
    cells = [shown.shares.get(area) for area in shapes.polygons]
    if any(one is not None and one.hidden for one in cells):
        entries.append((HATCH, pen.words.plain("legend_hidden")))
    if any(one is None or (one.value is None and not one.hidden) for one in cells):
        entries.append((EMPTY, pen.words.plain("legend_no_data")))
    return entries


# --- drawing ----------------------------------------------------------------------------------------


def _panel(axes: Axes, shown: AreaShares, shapes: Shapes, classes: Classes, pen: Pen, *, names: bool) -> None:
    axes.set_axis_off()
    points = [point for polygons in shapes.polygons.values() for polygon in polygons for point in polygon[0]]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    edge = EDGE * max(max(xs) - min(xs), max(ys) - min(ys))
    axes.set_xlim(min(xs) - edge, max(xs) + edge)
    axes.set_ylim(min(ys) - edge, max(ys) + edge)
    axes.set_aspect(shapes.stretch)
    axes.apply_aspect()
    for area, polygons in shapes.polygons.items():
        one = shown.shares.get(area)
        colour = _area(axes, polygons, one, classes)
        _label(axes, area if names else "", polygons, one, colour, shown, pen)


def _area(axes: Axes, polygons: Sequence[Polygon], one: ReleasedCell | None, classes: Classes) -> str:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    rings = [Outline([*ring[:-1], ring[0]], closed=True) for polygon in polygons for ring in polygon]
    outline = Outline.make_compound_path(*rings)
    if one is not None and one.hidden:
        axes.add_patch(PathPatch(outline, facecolor="white", edgecolor=HATCH_COLOUR, hatch=HATCH, linewidth=0.8))
        return "#ffffff"
    colour = EMPTY if one is None or one.value is None else classes.colour(float(one.value))
    axes.add_patch(PathPatch(outline, facecolor=colour, edgecolor="#5b6770", linewidth=0.8))
    return colour


def _label(
    axes: Axes,
    area: str,
    polygons: Sequence[Polygon],
    one: ReleasedCell | None,
    colour: str,
    shown: AreaShares,
    pen: Pen,
) -> None:
    """Name and number where they fit inside; else the number; else nothing: the table has them."""
    outer = max((polygon[0] for polygon in polygons), key=lambda ring: abs(_surface(ring)))
    middle = _middle(outer)
    room = _chord(outer, middle)
    if room is None:
        return
    middle = (room[0] + room[1]) / 2, middle[1]
    number = _written(one, shown, pen)
    names = [f"{name}\n{number}".strip() for name in ([area, _broken(area)] if area else [])]
    fitting = [words for words in (*names, number) if words and _fits(axes, outer, middle, words)]
    if fitting:
        if one is not None and one.hidden:
            _blank(axes, middle, fitting[0])
        lines(axes, fitting[0], middle, (0, 0), "center", color=ink_on(colour))


def _blank(axes: Axes, middle: tuple[float, float], words: str) -> None:
    """A white field behind words, so that they can be read on hatching."""
    from matplotlib.patches import FancyBboxPatch
    from matplotlib.transforms import ScaledTranslation

    wide, high = text_width(words, SMALL) + 4, LEADING * SMALL * (words.count("\n") + 1) + 3
    points = axes.figure.dpi_scale_trans.frozen()
    at = axes.transData.transform(middle) / axes.figure.dpi
    box = FancyBboxPatch((-wide / 144, -high / 144), wide / 72, high / 72, "round,pad=0,rounding_size=0.03")
    box.set(
        facecolor="white",
        edgecolor="none",
        transform=points + ScaledTranslation(at[0], at[1], axes.figure.dpi_scale_trans),
    )
    axes.add_artist(box)


def _written(one: ReleasedCell | None, shown: AreaShares, pen: Pen) -> str:
    if one is not None and one.hidden:
        return "*"
    return "" if one is None or one.value is None else pen.numbers.percent(one.value, shown.share.decimals)


def _broken(name: str) -> str:
    """A name over two lines, at the space or hyphen nearest to its middle."""
    places = [place + 1 for place, letter in enumerate(name) if letter in " -"]
    if not places:
        return name
    at = min(places, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:at].rstrip()}\n{name[at:]}"


def _surface(ring: Ring) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring)) / 2


def _middle(ring: Ring) -> tuple[float, float]:
    """The centroid, by the shoelace formula; around the first point, so that large coordinates keep their digits."""
    x, y = ring[0]
    own = [(a - x, b - y) for a, b in ring]
    surface = _surface(tuple(own))
    if not surface:
        return x, y
    crosses = [(x0 + x1, y0 + y1, x0 * y1 - x1 * y0) for (x0, y0), (x1, y1) in pairwise(own)]
    across, up = sum(a * c for a, _, c in crosses), sum(b * c for _, b, c in crosses)
    return x + across / (6 * surface), y + up / (6 * surface)


def _chord(ring: Ring, at: tuple[float, float]) -> tuple[float, float] | None:
    """The stretch inside a ring at the height of a point, around that point; None where it is outside."""
    across, height = at
    crossings = sorted(
        x0 + (height - y0) / (y1 - y0) * (x1 - x0)
        for (x0, y0), (x1, y1) in pairwise(ring)
        if (y0 > height) != (y1 > height)
    )
    stretches = zip(crossings[::2], crossings[1::2], strict=False)
    return next((one for one in stretches if one[0] < across < one[1]), None)


def _fits(axes: Axes, ring: Ring, middle: tuple[float, float], words: str) -> bool:
    """Whether words around a point stay inside a ring, at their top, their middle and their foot."""
    x, y = axes.transData.transform(middle)
    pixels = axes.figure.dpi / 72
    half_wide = (text_width(words, SMALL) / 2 + 2) * pixels
    half_high = LEADING * SMALL * (words.count("\n") + 1) / 2 * pixels
    back = axes.transData.inverted()
    for up in (-half_high, 0.0, half_high):
        left, height = back.transform((x - half_wide, y + up))
        right, _ = back.transform((x + half_wide, y + up))
        room = _chord(ring, (middle[0], height))
        if room is None or room[0] > left or room[1] < right:
            return False
    return True
