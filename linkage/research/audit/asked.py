"""Of which counts an attacker must be left uncertain, and how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import floor, inf

from linkage.research.audit.printed import Printed, Truth
from linkage.research.cells import NO, UNKNOWN, WHOLE, Condition, Key, Part, Structure
from protocols.model import ReleaseRule


@dataclass(frozen=True)
class Asked:
    """A count, as the first key less the second, and what an attacker must be left with."""

    what: str
    plus: Key
    minus: Key | None
    blame: tuple[Key, ...]
    low_at_most: float
    high_at_least: float
    width: float


def questions(printed: Printed, truth: Truth, structure: Structure, rule: ReleaseRule) -> Iterator[Asked]:
    """Every count that may not be too certain, printed or following from what is printed."""
    published = sorted({*printed.shown, *printed.stars})
    for key in published:
        if key.measure:
            yield from _about_amount(key, printed, truth, structure, rule)
        else:
            yield from _about_count(key, printed, truth, rule)
    yield from _about_crossings([key for key in published if not key.measure], truth, structure, rule)
    yield from _about_differences(published, truth, structure, rule)


def _about_count(key: Key, printed: Printed, truth: Truth, rule: ReleaseRule) -> Iterator[Asked]:
    value = truth(key).value
    small = (1 if rule.show_zero else 0) <= value < rule.threshold
    if small or key in printed.stars:
        yield Asked(str(key), key, None, (key,), inf, rule.threshold, rule.interval_width)
    values = {value for _, value in key.condition}
    if values - {NO} and UNKNOWN not in values:
        unknown = sum(truth(key.at((key.population, ((name, UNKNOWN),)))).value for name, _ in key.condition)
        base = truth(key.at((key.population, ()))).value - unknown
        most = floor(float(rule.group_share * base))
        if value > most:
            yield Asked(f"{key} (bijna iedereen)", key, None, (key,), most, 0, rule.interval_width)


def _about_amount(key: Key, printed: Printed, truth: Truth, structure: Structure, rule: ReleaseRule) -> Iterator[Asked]:
    found = truth(key)
    few = 1 <= found.households < rule.threshold
    dominated = found.value > 0 and Decimal(found.largest) > rule.dominance_share * found.value
    if few or dominated or key in printed.stars:
        width = rule.interval_width * found.value / max(found.households, 1)
        least = float(Decimal(found.largest) / rule.dominance_share) if few or dominated else 0.0
        size = structure.size
        yield Asked(str(key), key, None, (key,), inf, size(key, least), size(key, width))


def _about_crossings(published: list[Key], truth: Truth, structure: Structure, rule: ReleaseRule) -> Iterator[Asked]:
    """Small cells of the cross tables that published counts span, printed or not: "not S", "S and A but not C"."""
    seen = set(published)
    for key in published:
        names = tuple(name for name, _ in key.condition)
        for values in product(*(structure.values[key.population, name] for name in names)) if names else ():
            cell = key.at((key.population, tuple(zip(names, values, strict=True))))
            if cell in seen or UNKNOWN in values or not structure.possible(cell.population, cell.condition):
                continue
            seen.add(cell)
            if 1 <= truth(cell).value < rule.threshold:
                blame = tuple(k for k in published if k.area in (cell.area, WHOLE) and _shares(k, cell))
                yield Asked(str(cell), cell, None, blame, inf, rule.threshold, rule.interval_width)


def _shares(one: Key, other: Key) -> bool:
    return one.population == other.population and {n for n, _ in one.condition} <= {n for n, _ in other.condition}


def _about_differences(published: list[Key], truth: Truth, structure: Structure, rule: ReleaseRule) -> Iterator[Asked]:
    """Small differences between a published count and a published part of it."""
    larger_of: dict[Part, list[Part]] = {}
    for inner, outer in structure.inside:
        larger_of.setdefault(inner, []).append(outer)
    there = set(published)
    for smaller in published:
        parts = [(smaller.population, condition) for condition in _weaker(smaller.condition)]
        for part in (*parts, *larger_of.get(smaller.part, ())):
            if (larger := smaller.at(part)) in there:
                yield from _about_difference(larger, smaller, truth, structure, rule)


def _about_difference(
    larger: Key, smaller: Key, truth: Truth, structure: Structure, rule: ReleaseRule
) -> Iterator[Asked]:
    one, other = truth(larger), truth(smaller)
    households, value = one.households - other.households, one.value - other.value
    if 1 <= households < rule.threshold and value > 0:
        width = rule.interval_width * (value / households if larger.measure else 1.0)
        least = 0.0 if larger.measure else float(rule.threshold)
        what = f"{larger} zonder {smaller}"
        yield Asked(what, larger, smaller, (smaller, larger), inf, least, structure.size(larger, width))


def _weaker(condition: Condition) -> Iterator[Condition]:
    """Every condition that asks for less."""
    for keep in product((True, False), repeat=len(condition)):
        if not all(keep):
            yield tuple(literal for literal, kept in zip(condition, keep, strict=True) if kept)
