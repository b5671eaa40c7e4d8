"""What all figures share: a canvas that gives the same bytes each time, colours that all can tell apart, hatching."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from linkage.research.disclosure import ReleasedCell
from linkage.research.report.numbers import Numbers
from linkage.research.report.texts import Words

if TYPE_CHECKING:  # slow to load; only a report draws
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

WIDTH = 880  # CSS pixels
INK, SOFT, GRID, EMPTY = "#1a1a1a", "#595959", "#d9dee3", "#d5d5d5"
ACCENT = "#01689b"
# Okabe and Ito's palette: told apart by readers with any kind of colour vision.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
# One hue from light to dark: order is seen without colour, and in a grey print.
SEQUENCE = ("#e3eef6", "#b3d1e6", "#78acd0", "#2b70a5", "#123f66")
HATCH = "////"
HATCH_COLOUR = "#6b6b6b"
SIZE, SMALL = 9.5, 8.5
LEADING = 1.2
AT_LEFT = ("axes fraction", "data")
# Laid out in the widest of these, the one that the drawing library brings; so nothing grows too long in the others.
LAYOUT_FONT = "'DejaVu Sans'"
FONTS = "'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
SETTINGS: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": SIZE,
    "svg.fonttype": "none",
    "svg.hashsalt": "household-linkage/report/v1",
    "hatch.linewidth": 0.8,
    "text.parse_math": False,
    "text.usetex": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class Pen:
    """How to write in a figure: words and numbers of one language."""

    words: Words
    numbers: Numbers

    def hidden_note(self, cells: list[ReleasedCell]) -> str:
        """How many of these are hidden, in a sentence; nothing where none is."""
        hidden = sum(one.hidden for one in cells)
        return self.words.plain("n_hidden", n=hidden, all=len(cells)) if hidden else ""


@dataclass(frozen=True)
class Figure:
    """A drawing as a data URI, with all of its message in words (`alt`), and the table that has its numbers.

    `caption` is what stands under it; without one that is `alt`.
    """

    name: str
    title: Markup
    alt: str
    image: str
    height: int
    table: str
    caption: str = ""
    width: int = WIDTH


@contextmanager
def canvas(height: int, width: int = WIDTH) -> Iterator[Drawing]:
    """A drawing of so many CSS pixels."""
    import matplotlib
    from matplotlib.figure import Figure as New

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)  # type: ignore[arg-type]
        yield New(figsize=(width / 96, height / 96), dpi=96)


def image(drawing: Drawing) -> str:
    """The drawing as a data URI: SVG without metadata, dates or addresses."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    FigureCanvasSVG(drawing).print_svg(out, metadata=nothing)  # type: ignore[no-untyped-call]
    text = out.getvalue().decode("utf-8")
    svg = text[text.index("<svg ") :].replace(LAYOUT_FONT, FONTS)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")


def place(drawing: Drawing, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes with margins in CSS pixels."""
    width, height = drawing.get_size_inches() * 96
    return drawing.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    )


def bare(axes: Axes, *, grid: str = "x") -> None:
    """No frame and no ticks; thin lines to read off."""
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    if grid == "x":
        axes.xaxis.grid(visible=True, color=GRID, linewidth=0.8)
    elif grid == "y":
        axes.yaxis.grid(visible=True, color=GRID, linewidth=0.8)


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"


def wrapped(text: str, width: int, lines: int = 3) -> str:
    """Text over a few lines, cut off with an ellipsis where it is longer still."""
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" …", break_on_hyphens=True))


def lines(axes: Axes, words: str, at: tuple[float, float], offset: tuple[float, float], side: str, **look: Any) -> None:
    """Text of several lines beside a point, each line an element of its own: a reader's font keeps them aligned.

    `offset` is in points; `side` is what of the text stands at the point.
    """
    rows = words.split("\n")
    size = look.setdefault("fontsize", SMALL)
    where = look.pop("xycoords", "data")
    for place, row in enumerate(rows):
        down = ((len(rows) - 1) / 2 - place) * LEADING * size
        axes.annotate(
            row, at, xycoords=where, xytext=(offset[0], offset[1] + down), textcoords="offset points", ha=side,
            va="center", annotation_clip=False, **look,
        )  # fmt: skip


def text_width(text: str, size: float) -> float:
    """Width in points of the widest line."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(family="DejaVu Sans")
    widths = [TextPath((0, 0), line, size=size, prop=font).get_extents().width for line in text.split("\n") if line]
    return float(max(widths, default=0.0))


def legend(drawing: Drawing, entries: list[tuple[str, str]], left: float, top: float, right: float) -> None:
    """Coloured boxes with words, from left to right in rows, at `top` pixels from above; hidden is hatched."""
    from matplotlib.patches import Rectangle

    width, height = (float(side) for side in drawing.get_size_inches() * 96)
    across, down = left, top
    for colour, words in entries:
        needed = 20 + text_width(words, SMALL) * 96 / 72 + 22
        if across > left and across + needed > width - right:
            across, down = left, down + 20
        where = (across / width, 1 - (down + 12) / height)
        look = {"facecolor": "white", "edgecolor": HATCH_COLOUR, "hatch": HATCH * 2, "linewidth": 0.6}
        look = look if colour == HATCH else {"facecolor": colour, "edgecolor": SOFT, "linewidth": 0.3}
        drawing.add_artist(Rectangle(where, 14 / width, 12 / height, transform=drawing.transFigure, **look))  # type: ignore[arg-type]
        drawing.text(where[0] + 20 / width, where[1] + 1.5 / height, words, fontsize=SMALL, va="bottom", ha="left")
        across += needed
