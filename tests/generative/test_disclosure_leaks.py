"""Random tables of up to four dimensions: whatever is hidden stays hidden, and the audit says no more than is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from linkage.research.audit import Interval, Printed, audit
from linkage.research.cells import UNKNOWN, WHOLE, Condition, Count, Key, Structure
from linkage.research.suppress import NoWay, Question, suppress
from protocols import load_protocol
from protocols.model import ReleaseRule

RULE = load_protocol("nji_2016").release
HOUSEHOLDS = "households"


@dataclass(frozen=True)
class World:
    """Households by wijk and by the values of some variables, and the counts of them that are published."""

    areas: tuple[str, ...]
    values: dict[str, tuple[str, ...]]
    cells: tuple[tuple[str, Condition, int], ...]
    keys: tuple[Key, ...]

    @property
    def structure(self) -> Structure:
        return Structure(self.areas, {(HOUSEHOLDS, name): values for name, values in self.values.items()})

    def truth(self, key: Key) -> Count:
        found = sum(
            number
            for area, condition, number in self.cells
            if key.area in (WHOLE, area) and set(key.condition) <= set(condition)
        )
        return Count(found, found, min(found, 1))


def margins(areas: tuple[str, ...], names: tuple[str, ...], values: dict[str, tuple[str, ...]]) -> Iterator[Key]:
    """Every cell of the table over `names`, and all its margins, per wijk and for the municipality."""
    for size in range(len(names) + 1):
        for chosen in combinations(names, size):
            for picked in product(*(values[name] for name in chosen)):
                for area in (WHOLE, *areas):
                    yield Key(HOUSEHOLDS, area, tuple(zip(chosen, picked, strict=True)))


@st.composite
def worlds(draw: st.DrawFn, *, variables: int = 3, most: int = 60) -> World:
    areas = tuple(f"w{number}" for number in range(draw(st.integers(1, 4))))
    names = tuple(f"v{number}" for number in range(draw(st.integers(1, variables))))
    values = {name: draw(st.sampled_from([("ja", "nee"), ("a", "b", "c")])) for name in names}
    sizes = st.one_of(st.integers(0, 12), st.integers(0, most))
    cells = tuple(
        (area, tuple(zip(names, picked, strict=True)), draw(sizes))
        for area in areas
        for picked in product(*(values[name] for name in names))
    )
    return World(areas, values, cells, tuple(margins(areas, names, values)))


def released(world: World, rule: ReleaseRule) -> tuple[Printed, tuple[Interval, ...]]:
    counts = {key: world.truth(key) for key in world.keys}
    pattern = suppress(Question(world.structure, counts, world.truth, rule))
    hidden = pattern.primary | pattern.secondary
    printed = Printed({key: count.value for key, count in counts.items() if key not in hidden}, hidden)
    return printed, audit(printed, world.truth, world.structure, rule)


SLOW = [HealthCheck.too_slow]


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(worlds())
def test_no_table_leaks(world: World) -> None:
    hidden_stays_hidden(world)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=SLOW)
@given(worlds(most=200))
def test_no_table_leaks_at_length(world: World) -> None:
    hidden_stays_hidden(world)


def hidden_stays_hidden(world: World) -> None:
    """Every interval holds the truth, reaches the threshold and is wide enough; or nothing leaves."""
    try:
        printed, intervals = released(world, RULE)
    except NoWay:
        event("refused")
        return
    event(f"hidden: {len(printed.stars) > 0}, shown: {len(printed.shown) > 0}")
    assert all(interval.safe for interval in intervals), [i for i in intervals if not i.safe]
    for interval in intervals:
        if len(interval.blame) == 1:
            assert interval.low <= world.truth(interval.blame[0]).value <= interval.high
    assert not any(1 <= value < RULE.threshold for value in printed.shown.values())
    assert {key for key in world.keys if 1 <= world.truth(key).value < RULE.threshold} <= printed.stars


@settings(max_examples=10, deadline=None, suppress_health_check=SLOW)
@given(worlds(variables=2), st.booleans())
def test_the_same_tables_are_hidden_alike(world: World, show_zero: bool) -> None:
    rule = RULE.model_copy(update={"show_zero": show_zero})
    counts = {key: world.truth(key) for key in world.keys}
    question = Question(world.structure, counts, world.truth, rule)
    backwards = Question(world.structure, dict(reversed(counts.items())), world.truth, rule)
    try:
        assert suppress(question) == suppress(backwards)
    except NoWay:
        return


# --- the audit against an attacker who tries every table --------------------------------------------


def tables_of(total: int, cells: int) -> Iterator[tuple[int, ...]]:
    """Every way to divide households over cells."""
    if cells == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables_of(total - first, cells - 1):
            yield (first, *rest)


@st.composite
def small_worlds(draw: st.DrawFn) -> World:
    areas, values = ("w0", "w1"), {"v0": ("ja", "nee"), "v1": ("ja", "nee")}
    places = [(area, (("v0", a), ("v1", b))) for area in areas for a in values["v0"] for b in values["v1"]]
    total = draw(st.integers(3, 7))
    homes = Counter(draw(st.lists(st.integers(0, 7), min_size=total, max_size=total)))
    cells = tuple((area, condition, homes[place]) for place, (area, condition) in enumerate(places))
    names = draw(st.sampled_from([("v0",), ("v0", "v1")]))
    keys = tuple(key for key in margins(areas, names, values) if draw(st.integers(0, 3)) > 0)
    everyone = Key(HOUSEHOLDS, WHOLE)
    return World(areas, values, cells, tuple(dict.fromkeys((everyone, *keys))))


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(small_worlds(), st.data())
def test_the_audit_finds_what_trying_every_table_finds(world: World, data: st.DataObject) -> None:
    """The interval of each star is that of all tables that agree with what is printed, neither wider nor narrower."""
    rule = RULE.model_copy(update={"threshold": 3, "interval_width": 2, "show_zero": True})
    hideable = [key for key in world.keys if world.truth(key).value > 0 and key != Key(HOUSEHOLDS, WHOLE)]
    stars = frozenset(key for key in hideable if data.draw(st.booleans()))
    printed = Printed({key: world.truth(key).value for key in world.keys if key not in stars}, stars)
    found = {i.blame[0]: i for i in audit(printed, world.truth, world.structure, rule) if i.what == str(i.blame[0])}
    seen: dict[Key, set[int]] = {key: set() for key in stars}
    for numbers in tables_of(sum(number for *_, number in world.cells), len(world.cells)):
        cells = tuple((area, condition, n) for (area, condition, _), n in zip(world.cells, numbers, strict=True))
        other = World(world.areas, world.values, cells, world.keys)
        if all(other.truth(key).value == value for key, value in printed.shown.items()):
            values = {key: other.truth(key).value for key in stars}
            if all(values.values()):
                for key, value in values.items():
                    seen[key].add(value)
    assert UNKNOWN not in world.values
    for key, every in seen.items():
        assert (found[key].low, found[key].high) == (min(every), max(every)), key
