"""One form of figure: horizontal bars of percentages with a line at the limit, as a data URI, always the same bytes."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # slow to load; only a page draws
    from matplotlib.axes import Axes

WIDTH, LEFT, RIGHT, TOP, BOTTOM, STEP, HEAD = 880, 330, 70, 8, 46, 24, 30
INK, SOFT, GRID = "#1a1a1a", "#595959", "#d9dee3"
FINE, OVER, LINE = "#2b70a5", "#b33c00", "#1a1a1a"
LABEL = 54
STEP_OF_TWO = 32
CHANCE = "hoe vaak iemand de goede kiest, gemiddeld"
FONTS = "'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
SETTINGS: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "household-linkage/assess/v1",
    "hatch.linewidth": 0.8,
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "xtick.color": SOFT,
}


@dataclass(frozen=True)
class Bar:
    """A share from 0 to 1; `over` where it is above `limit`; `heading` above the first bar of a group."""

    label: str
    share: float
    limit: float | None = None
    over: bool = False
    heading: str = ""


def wrapped(label: str) -> str:
    """A label on at most two lines."""
    return "\n".join(textwrap.wrap(label, LABEL, max_lines=2, placeholder=" …"))


def percent(share: float) -> str:
    """A share in Dutch: two decimals below one per cent; a little is never nothing, nearly all never all."""
    shown = 100 * share
    if 0 < shown < 0.01:
        return "< 0,01%"
    if 99.95 <= shown < 100:
        return "> 99,9%"
    return f"{shown:.{2 if 0 < shown < 1 else 1}f}%".replace(".", ",")


def bars(shown: Sequence[Bar], axis: str = CHANCE) -> tuple[str, int]:
    """The data URI and its height in CSS pixels. The same bars give the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    heads = sum(bool(bar.heading) for bar in shown)
    step = STEP_OF_TWO if any("\n" in wrapped(bar.label) for bar in shown) else STEP
    height = TOP + BOTTOM + step * len(shown) + HEAD * heads
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)  # type: ignore[arg-type]
        drawing = Figure(figsize=(WIDTH / 96, height / 96), dpi=96)
        axes = drawing.add_axes(
            (LEFT / WIDTH, BOTTOM / height, (WIDTH - LEFT - RIGHT) / WIDTH, (height - BOTTOM - TOP) / height)
        )
        _draw(axes, shown, step, axis)
        out = io.BytesIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        FigureCanvasSVG(drawing).print_svg(out, metadata=nothing)  # type: ignore[no-untyped-call]
    text = out.getvalue().decode("utf-8")
    svg = text[text.index("<svg ") :].replace("'DejaVu Sans'", FONTS)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii"), height


def _draw(axes: Axes, shown: Sequence[Bar], step: int, axis: str) -> None:
    down = 0.0
    for bar in shown:
        if bar.heading:
            down += HEAD / step
            axes.annotate(
                bar.heading, (0, down - 1), xycoords=("axes fraction", "data"), xytext=(-(LEFT - 8) * 0.75, 0),
                textcoords="offset points", fontweight="bold", va="center", annotation_clip=False,
            )  # fmt: skip
        _bar(axes, bar, down)
        down += 1
    axes.set_ylim(down - 0.4, -0.6)
    most = max([0.01, *(bar.share for bar in shown), *(bar.limit or 0.0 for bar in shown)])
    axes.set_xlim(0, most * 1.04)
    _frame(axes, axis)


def _bar(axes: Axes, bar: Bar, down: float) -> None:
    # Hatched as well as red: told apart in a grey print too.
    look = {"color": "white", "edgecolor": OVER, "hatch": "////"} if bar.over else {"color": FINE}
    axes.barh(down, bar.share, 0.62, **look)  # type: ignore[arg-type]
    words = wrapped(bar.label)
    axes.annotate(
        words, (0, down), xycoords=("axes fraction", "data"), xytext=(-6, 0), textcoords="offset points", ha="right",
        va="center", annotation_clip=False,
    )  # fmt: skip
    axes.annotate(
        percent(bar.share), (bar.share, down), xytext=(4, 0), textcoords="offset points", va="center",
        annotation_clip=False, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip
    if bar.limit is not None:
        axes.plot([bar.limit, bar.limit], [down - 0.5, down + 0.5], color=LINE, linewidth=1.6, linestyle=(0, (3, 1.5)))


def _frame(axes: Axes, axis: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    axes.xaxis.grid(visible=True, color=GRID, linewidth=0.8)
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}%".replace(".", ",")))
    axes.set_xlabel(axis, fontsize=8.5)
