"""How it was done, in words of the protocol and the study."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from linkage.research.report.figures.base import Pen
from linkage.research.report.grid import Cell, Grid, Head, Line
from linkage.research.report.pick import Facts
from protocols.model import Definition


@dataclass(frozen=True)
class Method:
    """What the section on method shows."""

    deliveries: Grid
    domains: tuple[tuple[str, tuple[str, ...]], ...]
    definitions: tuple[tuple[str, Markup], ...]
    readings: Grid | None
    rule: tuple[Markup, ...]


def method(facts: Facts, pen: Pen) -> Method:
    """All of it from the agreement; no number of any table."""
    titles = {one.name: one.title for one in facts.protocol.indicators}
    return Method(
        deliveries=_deliveries(facts, pen),
        domains=tuple((one.title, tuple(titles[name] for name in one.any_of)) for one in facts.protocol.domains),
        definitions=tuple((one.title, _parts(facts, one, pen)) for one in facts.protocol.definitions),
        readings=_readings(facts, pen),
        rule=_rule(facts, pen),
    )


def _parts(facts: Facts, definition: Definition, pen: Pen) -> Markup:
    protocol = facts.protocol
    titles = {one.name: one.title for one in (*protocol.indicators, *protocol.domains, *protocol.definitions)}
    told = pen.words("definition_parts", parts=pen.words.own("; ".join(titles[name] for name in definition.all_of)))
    if definition.same_person:
        same = pen.words.own("; ".join(titles[name] for name in definition.same_person))
        told += Markup("; ") + pen.words("same_person", parts=same)
    return told


def _deliveries(facts: Facts, pen: Pen) -> Grid:
    lines, own = [], pen.words.own
    for delivery in facts.protocol.deliveries:
        by = [holder.organisation for holder in facts.study.holder if holder.delivery == delivery.name]
        who = pen.words.own(", ".join(dict.fromkeys(by))) if by else pen.words("nobody")
        lines.append(Line(own(delivery.title), (Cell(own(delivery.purpose)), Cell(who))))
    words = pen.words
    heads = (Head(words("purpose")), Head(words("by_whom")))
    return Grid("tabel-leveringen", words("deliveries"), words("delivery"), heads, tuple(lines), words=True)


def _readings(facts: Facts, pen: Pen) -> Grid | None:
    own = pen.words.own
    lines = tuple(
        Line(Markup("{}").format(one.id), (Cell(own(one.topic)), Cell(own(one.adopted))))
        for one in facts.protocol.readings
    )
    words = pen.words
    heads = (Head(words("topic")), Head(words("adopted")))
    return Grid("tabel-keuzen", words("readings"), words("reading"), heads, lines, words=True) if lines else None


def _rule(facts: Facts, pen: Pen) -> tuple[Markup, ...]:
    rule = facts.release.rule
    text = pen.words(
        "release_text",
        most=rule.threshold - 1,
        star=rule.star,
        width=rule.interval_width,
        dominance=pen.numbers.percent(rule.dominance_share * 100, 0),
        threshold=rule.threshold,
    )
    return text, pen.words("zero_shown" if rule.show_zero else "zero_hidden")
