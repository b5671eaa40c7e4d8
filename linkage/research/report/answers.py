"""The first screen: how many families, where, which problems, what do they cost. From shown cells alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from markupsafe import Markup

from linkage.research.disclosure import ReleasedCell
from linkage.research.report.figures.base import Pen
from linkage.research.report.numbers import Number, share
from linkage.research.report.pick import Facts, whole

MOST_NAMED = 2
MOST_PROBLEMS = 3


@dataclass(frozen=True)
class Answer:
    """A question, the number or name that answers it, a sentence, and where more stands."""

    question: str
    big: Markup
    sentence: Markup
    more: str


def answers(facts: Facts, pen: Pen) -> tuple[Answer, ...]:
    """The four answers, in order."""
    return (_families(facts, pen), _where(facts, pen), _problems(facts, pen), _costs(facts, pen))


def times(more: Number, less: Number) -> Decimal | None:
    """How many times, to a tenth; None of nothing."""
    return (Decimal(more) / Decimal(less)).quantize(Decimal("0.1"), ROUND_HALF_UP) if less > 0 else None


def _silent(question: str, more: str, pen: Pen, *cells: ReleasedCell) -> Answer:
    """No number: because it is hidden, or because there is no table."""
    hidden = any(one.hidden for one in cells)
    big = pen.words("hidden_long") if hidden else Markup("–")
    return Answer(pen.words.plain(question), big, pen.words("a_nothing_shown" if hidden else "a_no_table"), more)


def _families(facts: Facts, pen: Pen) -> Answer:
    definition, words = facts.definition, pen.words
    everyone = whole(facts.families)
    cell = facts.defined(definition.name) if definition else facts.families
    count = whole(cell)
    what = words.own(definition.title) if definition else Markup("")
    if definition is None or (count is None and everyone is None):
        return _silent("q_families", "#vraag", pen, cell, facts.families)
    if count is None:
        sentence = words("a_families_hidden", families=pen.numbers.number(everyone or 0), what=what)
        return Answer(words.plain("q_families"), words("hidden_long"), sentence, "#vraag")
    if everyone is None:
        sentence = words("a_families_no_share", what=what)
    else:
        part = share(count, everyone)
        sentence = words(
            "a_families",
            families=pen.numbers.number(everyone),
            count=pen.numbers.number(count),
            share="–" if part is None else pen.numbers.percent(part),
            what=what,
        )
    return Answer(words.plain("q_families"), Markup("{}").format(pen.numbers.number(count)), sentence, "#vraag")


def _where(facts: Facts, pen: Pen) -> Answer:
    shown, words = facts.main_map, pen.words
    if shown is None:
        return _silent("q_where", "#waar", pen)
    counts, shares = _largest(shown.counts), _largest(shown.shares)
    if counts is None or shares is None:
        return _silent("q_where", "#waar", pen, *shown.counts.values())
    most, highest = _named(counts[0], pen), _named(shares[0], pen)
    sentence = words(
        "a_where_same" if counts[0] == shares[0] else "a_where",
        most=most,
        count=pen.numbers.number(counts[1]),
        highest=highest,
        share=pen.numbers.percent(shares[1], shown.share.decimals),
        base=words(f"base_{shown.base}"),
    )
    return Answer(words.plain("q_where"), most, sentence, "#waar")


def _largest(cells: Mapping[str, ReleasedCell]) -> tuple[list[str], Number] | None:
    """The areas with the largest number that is shown, and that number."""
    values = {area: one.value for area, one in cells.items() if one.value is not None}
    if not values:
        return None
    top = max(values.values())
    return [area for area, value in values.items() if value == top], top


def _named(areas: list[str], pen: Pen) -> Markup:
    names = [pen.words.own(area) for area in areas[:MOST_NAMED]]
    rest = len(areas) - MOST_NAMED
    return pen.words.listed([*names, *([pen.words("others", n=rest)] if rest > 0 else [])])


def _problems(facts: Facts, pen: Pen) -> Answer:
    everyone = whole(facts.families)
    domains = [(domain, facts.in_domain(domain.name)) for domain in facts.protocol.domains]
    shown = [(whole(cell) or 0, domain) for domain, cell in domains if whole(cell) is not None]
    if not shown or not everyone:
        return _silent("q_problems", "#problemen", pen, *(cell for _, cell in domains))
    size, largest = max(shown, key=lambda one: one[0])
    counted = [(one.count.value, one) for one in facts.problems if one.count.value is not None]
    top = sorted(counted, key=lambda one: -one[0])[:MOST_PROBLEMS]
    most = [Markup("{} ({})").format(pen.words.own(lower(one.title)), pen.numbers.number(count)) for count, one in top]
    sentence = pen.words(
        "a_problems", domain=Markup("<b>{}</b>").format(pen.words.own(lower(largest.title))),
        most=pen.words.listed(most) if most else pen.words("hidden_long"),
    )  # fmt: skip
    big = Markup("{}").format(pen.numbers.percent(share(size, everyone) or 0))
    return Answer(pen.words.plain("q_problems"), big, sentence, "#problemen")


def lower(title: str) -> str:
    """A title inside a sentence; an abbreviation keeps its capitals."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _costs(facts: Facts, pen: Pen) -> Answer:
    if not facts.compared:
        return _silent("q_costs", "#kosten", pen)
    (group, title), *others = facts.compared
    mean = facts.cost(group, "mean")
    if mean.value is None:
        return _silent("q_costs", "#kosten", pen, mean)
    for other, other_title in others:
        less = facts.cost(other, "mean").value
        factor = times(mean.value, less) if less is not None else None
        if less is not None and factor is not None:
            sentence = pen.words(
                "a_costs",
                times=pen.numbers.number(factor, 1),
                mean=pen.numbers.euros(less),
                group=pen.words.own(lower(title)),
                other=pen.words.own(lower(other_title)),
            )
            break
    else:
        sentence = pen.words("a_costs_alone", group=pen.words.own(lower(title)))
    return Answer(pen.words.plain("q_costs"), Markup("{}").format(pen.numbers.euros(mean.value)), sentence, "#kosten")
