"""What `benchmarks/peers.py` measured as tables, a figure and a file of every round."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from entrants import ENCODE, LARGER, LINK, Entrant
from timing import machine, write_section

FIGURES = Path(__file__).parents[1] / "figures"
TITLES = {
    ENCODE: "Encoding: the export of a register as CSV to a pseudonymised file",
    LARGER: "Encoding a larger file",
    LINK: "Linking: two pseudonymised files of persons, exactly",
}
HEAD = (
    "| program | version | rows | CPU s, median (min–max) | of which start-up | rows/s of CPU | ratio to ours | "
    "ratio without start-up | does less than ours | does more |"
)


@dataclass(frozen=True)
class Outcome:
    """One entrant: rows that went in (and in the run on a hundred people), seconds of CPU of each round for both,
    and why it failed, if it did.
    """

    entrant: Entrant
    rows: int
    few: int
    whole: Sequence[float]
    start: Sequence[float]
    failed: str | None

    @property
    def measured(self) -> bool:
        """Whether there are numbers."""
        return self.failed is None and bool(self.whole)

    @property
    def each(self) -> float:
        """Microseconds of CPU for a row, start-up and all."""
        return median(self.whole) / self.rows * 1e6

    @property
    def further(self) -> float | None:
        """Microseconds of CPU for a further row: what the run on a hundred people took is left out. None where that
        is less than half of what the rounds differ among themselves.
        """
        above = median(self.whole) - median(self.start)
        noise = max(self.whole) - min(self.whole)
        return above / (self.rows - self.few) * 1e6 if above > noise / 2 and above > 0 else None


def report(outcomes: Sequence[Outcome], facts: Mapping[str, int], rounds: int) -> None:
    """The section Peers of RESULTS.md, figures/peers.csv and figures/peers.png."""
    lines = [
        f"{machine('polars', 'polars-hash', 'numba')}; {facts['rows']:,} persons, {rounds} rounds, interleaved.",
        "Each program is a process of its own on one core, with the versions named; medians. *Ratio*: CPU time of the",
        "program for a row divided by ours (the default route) in this run, so above 1 we are faster. *Start-up* is",
        "the same command on 100 people; the larger the file, the less it counts. On a shared machine only ratios say",
        "much.",
    ]
    if "same" in facts:
        lines.append(f"pandas + hmac made the same pseudonyms and columns as we did in all {facts['same']:,} rows.")
    lines += [*_tables(outcomes, facts), "", *_words(outcomes)]
    write_section("Peers", [*lines, "", "![CPU time for a row, by program](figures/peers.png)"])
    _keep(outcomes)
    draw(outcomes, FIGURES / "peers.png")


def print_tables(outcomes: Sequence[Outcome], facts: Mapping[str, int]) -> None:
    """The tables on standard output, for a part of the programs."""
    sys.stdout.write("\n".join([*_tables(outcomes, facts), "", *_words(outcomes)]) + "\n")


def _tables(outcomes: Sequence[Outcome], facts: Mapping[str, int]) -> list[str]:
    lines = []
    for work, title in TITLES.items():
        here = [one for one in outcomes if one.entrant.work == work]
        lines += ["", f"### {title}", "", HEAD, "|---|---|---|---|---|---|---|---|---|---|"]
        lines += [f"| {' | '.join([*_cells(one, here[0]), *_about(one.entrant, facts)])} |" for one in here]
    return lines


def _cells(one: Outcome, ours: Outcome) -> list[str]:
    own = f"household-linkage {version('household-linkage')}", f"polars {version('polars')}"
    named = [one.entrant.name, one.entrant.version(*own), f"{one.rows:,}"]
    if not one.measured:
        return [*named, one.failed or "not run", "", "", "", ""]
    seconds = f"{median(one.whole):.2f} ({min(one.whole):.2f}–{max(one.whole):.2f})"
    ratios = [_ratio(one.each, ours.each), _ratio(one.further, ours.further)]
    return [*named, seconds, f"{median(one.start):.2f}", f"{one.rows / median(one.whole):,.0f}", *ratios]


def _ratio(one: float | None, ours: float | None) -> str:
    return "too small to tell" if one is None or ours is None else f"{one / ours:.1f}"


def _about(one: Entrant, facts: Mapping[str, int]) -> list[str]:
    known = {name: f"{count:,}" for name, count in facts.items()}
    return [one.less.format_map({"refused": "?", "blank": "?"} | known), one.more]


def _words(outcomes: Sequence[Outcome]) -> list[str]:
    """The aim, and how far the one that compares all with all comes in a minute."""
    found = {(one.entrant.name, one.entrant.work): one for one in outcomes if one.measured}
    said = []
    for work in (ENCODE, LARGER):
        pandas = found.get(("pandas + hmac", work))
        for name in ("linkage, default route", "linkage, fast route"):
            ours = found.get((name, work))
            if pandas and ours:
                times, further = _ratio(pandas.each, ours.each), _ratio(pandas.further, ours.further)
                said.append(
                    f"- {name}, {ours.rows:,} rows: pandas + hmac takes {times} times as long, without start-up "
                    f"{further}. The aim is 5."
                )
    for one in found.values():
        if one.entrant.at_most:
            minute = round(one.rows * (60 / median(one.whole)) ** 0.5, -4)
            said.append(
                f"- {one.entrant.name} links {one.rows:,} rows here. Its time grows with the square: in a minute of "
                f"CPU some {minute:,.0f}, in both files together."
            )
    return said


def _keep(outcomes: Sequence[Outcome]) -> None:
    with (FIGURES / "peers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["work", "program", "rows", "round", "cpu", "start"])
        for one in outcomes:
            for at, (cpu, start) in enumerate(zip(one.whole, one.start, strict=False)):
                writer.writerow([one.entrant.work, one.entrant.name, one.rows, at, round(cpu, 3), round(start, 3)])


# --- the figure -----------------------------------------------------------------------------------------


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """A bar for each program, microseconds of CPU for a row on a log scale, and a dot for what a further row takes."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    panels = [
        [one for one in outcomes if one.measured and one.entrant.work in works] for works in ((ENCODE, LARGER), (LINK,))
    ]
    heights = [len(panel) + 1 for panel in panels]
    figure, both = plt.subplots(2, 1, figsize=(9, 9), layout="constrained", height_ratios=heights)
    for axes, panel, work in zip(both, panels, (ENCODE, LINK), strict=True):
        _panel(axes, panel, TITLES[work])
    both[0].legend(loc="lower right", fontsize="small")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _panel(axes: Any, outcomes: Sequence[Outcome], title: str) -> None:
    places = range(len(outcomes))
    colours = ["#1f6f8b" if one.entrant.ours else "#b8b8b8" for one in outcomes]
    bars = axes.barh(places, [one.each for one in outcomes], color=colours, label="with start-up")
    dots = [(one.further, at) for at, one in enumerate(outcomes) if one.further is not None]
    axes.plot(*zip(*dots, strict=True), "o", color="black", markersize=5, label="a further row, without start-up")
    axes.bar_label(bars, [f"{one.each:.3g}" for one in outcomes], padding=4, fontsize=9)
    axes.set_yticks(places, [f"{one.entrant.name}\n{one.rows:,} rows" for one in outcomes], fontsize=9)
    axes.set_xscale("log")
    least = min([one.each for one in outcomes] + [dot for dot, _ in dots])
    axes.set_xlim(least / 2, max(one.each for one in outcomes) * 2)
    axes.invert_yaxis()
    axes.set(title=title, xlabel="microseconds of CPU for a row (log scale)")
    axes.grid(visible=True, axis="x", which="major", alpha=0.3)
