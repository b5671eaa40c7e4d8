"""How often each problem occurs in the municipality, by domain."""

from __future__ import annotations

from collections.abc import Sequence

from linkage.research.report.figures import bars
from linkage.research.report.figures.base import COLOURS, Figure, Pen
from linkage.research.report.pick import Problem


def problem_bars(name: str, problems: Sequence[Problem], pen: Pen) -> Figure:
    """A bar per indicator, in percent of the families of whom it is known; the most frequent of a domain on top."""
    domains = list(dict.fromkeys(problem.domain.name for problem in problems))
    ordered = sorted(problems, key=lambda one: (domains.index(one.domain.name), -_size(one)))
    drawn = bars.draw(
        [
            bars.Bar(
                one.title,
                one.share,
                COLOURS[domains.index(one.domain.name) % len(COLOURS)],
                "" if place and ordered[place - 1].domain.name == one.domain.name else one.domain.title,
            )
            for place, one in enumerate(ordered)
        ],
        pen.numbers.percent,
        pen.numbers.tick,
        pen.words.plain("f_problems_axis"),
    )
    most = [one for one in sorted(problems, key=lambda one: -_size(one))[:3] if one.share.value is not None]
    told = [f"{one.title} ({pen.numbers.percent(one.share.value)})" for one in most if one.share.value is not None]
    hidden = pen.hidden_note([one.share for one in problems])
    alt = pen.words.plain("f_problems_alt", most=pen.words.listed_plain(told), hidden=hidden).strip()
    return Figure(name, pen.words("f_problems"), alt, drawn.image, drawn.height, problems[0].table)


def _size(problem: Problem) -> float:
    return -1.0 if problem.share.value is None else float(problem.share.value)
