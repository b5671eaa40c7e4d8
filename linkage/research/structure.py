"""What anyone knows of the counts without any value: which lie inside which, which add up, which values there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from linkage.research.cells import (
    NO,
    UNKNOWN,
    YES,
    Counts,
    Key,
    Linear,
    Part,
    Stack,
    Structure,
    condition_of,
    joined,
    stack_name,
    stack_values,
)
from linkage.research.groups import deciding, group_facts, groups_of
from protocols import StudyProtocol
from protocols.model import Indicator, StackingTable


def structure_of(counts: Counts, protocol: StudyProtocol, keys: Iterable[Key]) -> Structure:
    """The facts that bind the counts of `keys`. Variables that nobody publishes take part where they bind others."""
    keys = tuple(keys)
    names = {(key.population, name) for key in keys for name, _ in key.condition}
    groups = groups_of(protocol) if counts.grouping and ("households", counts.grouping.variable) in names else ()
    names |= {("families", name) for name in deciding(protocol, groups)}
    stacks = tuple(_stacks(protocol, names))
    for stack in stacks:
        names |= {(stack.population, name) for name in (*stack.members, stack.domain)}
    values = {pair: (YES, NO, *((UNKNOWN,) if counts.unknown(*pair) else ())) for pair in sorted(names)}
    for stack in stacks:
        more = (UNKNOWN,) if counts.unknown(stack.population, stack.variable) else ()
        values[stack.population, stack.variable] = (*stack.values, *more)
    if groups and counts.grouping:
        variable = counts.grouping.variable
        more = (UNKNOWN,) if counts.unknown("households", variable) else ()
        values["households", variable] = (*counts.grouping.values, *more)
    populations = sorted({key.population for key in keys})
    found = Structure(
        areas=counts.areas,
        values=values,
        inside=(*_inside(protocol, populations), *_covered(protocol, populations, names)),
        same=tuple(
            ((s.population, ((s.variable, "0"),)), (s.population, ((s.domain, NO),)))
            for s in stacks  # in Kleene logic "no" in the domain is "no" in each of its indicators
        ),
        unions=tuple(
            ((p, ((d.name, YES),)), tuple((p, ((x, YES),)) for x in d.any_of))
            for d in protocol.domains
            for p in populations
        ),
        at_least=tuple(
            ((p, ((s.name, YES),)), s.at_least, tuple((p, ((x, YES),)) for x in s.provisions))
            for s in protocol.selections
            for p in populations
        ),
        stacks=stacks,
        linear=tuple(_covered_by_any(protocol, populations, names)),
        scale=_scale(counts, keys),
    )
    if not groups or counts.grouping is None:
        return found
    return replace(
        found,
        linear=(*found.linear, *group_facts(protocol, found, counts.grouping)),
        together=(("families", deciding(protocol, groups)),),
        sums=counts.grouping.sums,
    )


def _scale(counts: Counts, keys: Iterable[Key]) -> float:
    """The power of ten that brings the largest amount below a million."""
    largest = max((counts[key].value for key in keys if key.measure), default=0)
    return float(10 ** max(0, len(str(largest)) - 6))


def _stacks(protocol: StudyProtocol, names: set[tuple[str, str]]) -> Iterator[Stack]:
    at_most = {d: t.at_most for t in protocol.tables if isinstance(t, StackingTable) for d in t.domains}
    for domain in protocol.domains:
        for population in ("families", "households"):
            if (population, stack_name(domain.name)) in names:
                values = stack_values(len(domain.any_of), at_most.get(domain.name, len(domain.any_of)))
                yield Stack(population, stack_name(domain.name), domain.name, domain.any_of, values)


def _inside(protocol: StudyProtocol, populations: list[str]) -> Iterator[tuple[Part, Part]]:
    """Every (smaller, larger) that the protocol itself gives away."""
    yield ("families", ()), ("households", ())
    for population in populations:
        for domain in protocol.domains:
            for name in domain.any_of:
                yield (population, ((name, YES),)), (population, ((domain.name, YES),))
            for number in range(1, len(domain.any_of) + 1):
                for value in (str(number), f"{number}+"):
                    yield (population, ((stack_name(domain.name), value),)), (population, ((domain.name, YES),))
        for definition in protocol.definitions:
            if definition.same_person:
                parts = joined(*(condition_of(protocol, part) for part in definition.all_of))
                yield (population, ((definition.name, YES),)), (population, parts)
    for one, other in _twins(protocol.indicators):
        yield ("families", ((one.name, YES),)), ("households", ((other.name, YES),))
    for indicator in protocol.indicators:
        yield ("families", ((indicator.name, YES),)), ("households", ((indicator.name, YES),))


def _covered(
    protocol: StudyProtocol, populations: list[str], names: set[tuple[str, str]]
) -> Iterator[tuple[Part, Part]]:
    """Who has an indicator of one delivery occurs in that delivery."""
    for indicator in protocol.indicators:
        parts = _deliveries(indicator, names)
        for population in populations if len(parts) == 1 else ():
            yield (population, ((indicator.name, YES),)), parts[0]


def _covered_by_any(protocol: StudyProtocol, populations: list[str], names: set[tuple[str, str]]) -> Iterator[Linear]:
    """Who has an indicator of several deliveries occurs in one of them: no more than those that do, together."""
    for indicator in protocol.indicators:
        parts = _deliveries(indicator, names)
        for population in populations if len(parts) > 1 else ():
            own: Part = (population, ((indicator.name, YES),))
            yield Linear(((1.0, own), *((-1.0, part) for part in parts)), exact=False)


def _deliveries(indicator: Indicator, names: set[tuple[str, str]]) -> tuple[Part, ...]:
    """Of the deliveries of an indicator, the households that occur in them; none unless all of those are published."""
    found = {f"coverage_{source.delivery}" for source in indicator.sources}
    if not found <= {name for population, name in names if population == "households"}:
        return ()
    return tuple(("households", ((name, YES),)) for name in sorted(found))


def _twins(indicators: tuple[Indicator, ...]) -> Iterator[tuple[Indicator, Indicator]]:
    """The same test on families and on all households: the first count lies inside the second."""
    for one in indicators:
        for other in indicators:
            if one.sources == other.sources and (one.population, other.population) == ("families", "households"):
                yield one, other
