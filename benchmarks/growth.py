"""How cost grows with size, from the numbers that `national.py` kept: a figure, and its section of RESULTS.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from timing import machine, write_section

if TYPE_CHECKING:
    from national import Measured

FIGURE = Path(__file__).parent / "figures" / "growth.png"
STEPS = {"encode": "encode (all seven exports)", "link": "link", "bare": "bare Polars on the same columns"}
KEPT = "kept"  # `bare` with the settings of the allocator that `linkage link` makes


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The slope of log seconds on log size, by least squares."""
    x, y = [math.log(size) for size in sizes], [math.log(second) for second in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)


def report(found: list[Measured]) -> None:
    """The table, the exponents and the figure."""
    from national import middle

    sizes = sorted({one.persons for one in found})
    rows = {(size, step): middle(found, size, step) for size in sizes for step in (*STEPS, KEPT)}
    lines = [f"{machine('polars', 'polars-hash')}; CPU seconds of all threads, medians of the rounds, raw CSV to file."]
    lines += ["", "| persons | step | rounds | rows | CPU s | rows/s of CPU | most memory of one process, MiB |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for (size, step), one in rows.items():
        line = f"{size:,} | {step} | {one.round} | {one.rows:,} | {one.cpu:,.1f} | {one.rows / one.cpu:,.0f}"
        lines.append(f"| {line} | {one.memory:,} |")
    lines += ["", "| persons | link / bare Polars | link / bare Polars that keeps its memory too |", "|---|---|---|"]
    for size in sizes:
        link, bare, kept = (rows[size, step].cpu for step in ("link", "bare", KEPT))
        lines.append(f"| {size:,} | {link / bare:.1f} | {link / kept:.1f} |")
    last, times = rows[sizes[-1], "link"], rows[sizes[-1], "link"].cpu / rows[sizes[-1], "bare"].cpu
    lines += [
        "",
        f"The aim for the link is 3 times bare Polars and 6,144 MiB: it is {times:.1f} times, {last.memory:,} MiB.",
    ]
    lines += [
        "Bare Polars reads opened packages, and checks, re-keys and merges nothing. The commands have their allocator",
        "keep freed memory for a minute (`linkage/limits.py`); `kept` is bare Polars with that. They were measured in",
        "turn, in one run for each number of persons; encoding in another.",
    ]
    if len(sizes) > 1:
        grown = (f"{step} {exponent(sizes, [rows[s, step].cpu for s in sizes]):.2f}" for step in STEPS)
        lines += ["", f"Exponent of CPU time over {sizes[0]:,} to {sizes[-1]:,} persons: {', '.join(grown)}."]
    lines += ["", "![CPU time and memory against the number of persons](figures/growth.png)"]
    write_section("The whole country", lines)
    _draw(sizes, rows)


def _draw(sizes: list[int], rows: dict[tuple[int, str], Measured]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (time, memory) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for (step, title), mark in zip(STEPS.items(), "os^", strict=True):
        time.loglog(sizes, [rows[size, step].cpu for size in sizes], marker=mark, label=title)
        memory.loglog(sizes, [rows[size, step].memory for size in sizes], marker=mark, label=title)
    first = rows[sizes[0], "encode"].cpu
    time.loglog(sizes, [first * size / sizes[0] for size in sizes], ":", color="grey", label="linear")
    time.set(xlabel="persons", ylabel="CPU seconds", title="CPU time")
    memory.axhline(6 * 1024, linestyle=":", color="grey", label="6 GiB")
    memory.set(xlabel="persons", ylabel="MiB of one process", title="Most memory")
    for axes in (time, memory):
        axes.legend(fontsize="small")
        axes.grid(visible=True, which="major", alpha=0.3)
    figure.savefig(FIGURE, dpi=110)
    plt.close(figure)
