"""How many are in exactly these domains and no other: worked out of an overlap table, as far as what is shown allows.

Each shown cell of the table is a sum of such exclusive counts. Exact elimination finds those that follow; the others
are hidden. A count that follows and is from 1 below the threshold would be a failure of the gate; it is hidden too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from linkage.research.disclosure import ReleasedCell, ReleasedTable
from linkage.research.report.pick import ABSENT, Facts, cell, whole

Combination = tuple[str, ...]


@dataclass(frozen=True)
class Overlap:
    """Exclusive counts per combination of domains, from one domain to all, larger ones first."""

    table: ReleasedTable
    domains: tuple[tuple[str, str], ...]
    sizes: dict[str, ReleasedCell]
    combinations: dict[Combination, ReleasedCell]
    everyone: ReleasedCell


def overlap_of(facts: Facts) -> Overlap | None:
    """The exclusive counts of the first overlap table; None without a table, or where some are unknown in a domain.

    With unknowns a sum of the table is not the sum of exclusive counts, so nothing exact can be said.
    """
    table = facts.any_of_kind("overlap")
    if table is None:
        return None
    titles = {one.name: one.title for one in facts.protocol.domains}
    names = tuple(one.name for one in table.columns if one.name in titles)
    everyone = cell(table, "all", "all")
    if len(names) < 2 or _some_unknown(table, names, whole(everyone)):
        return None
    found = _solve(_equations(facts, table, names), [*_combinations(names)])
    threshold = facts.release.rule.threshold
    sizes = {name: cell(table, "in_domain", name) for name in names}
    cells = {one: _cell(found.get(one), threshold) for one in _combinations(names)}
    own = {one: cells[one] for one in sorted(cells, key=lambda one: (len(one), -(whole(cells[one]) or 0)))}
    return Overlap(table, tuple((name, titles[name]) for name in names), sizes, own, everyone)


def _combinations(names: Combination) -> Iterator[Combination]:
    for number in range(1, len(names) + 1):
        yield from combinations(names, number)


def _cell(value: Fraction | None, threshold: int) -> ReleasedCell:
    if value is None or value.denominator != 1 or value < 0 or 0 < value < threshold:
        return ReleasedCell(None, hidden=True)
    return ReleasedCell(int(value))


def _some_unknown(table: ReleasedTable, names: Combination, everyone: int | None) -> bool:
    for name in names:
        has, has_not = whole(cell(table, "in_domain", name)), whole(cell(table, "not_in_domain", name))
        if None not in (has, has_not, everyone) and (has or 0) + (has_not or 0) != everyone:
            return True
    return False


def _equations(facts: Facts, table: ReleasedTable, names: Combination) -> Iterator[tuple[set[Combination], int]]:
    """Which exclusive counts each shown cell adds up."""
    every = list(_combinations(names))
    for name in names:
        yield from _equation(every, cell(table, "in_domain", name), {name})
        lone = whole(cell(table, "only_this_domain", name))
        if lone is not None:
            yield {(name,)}, lone
        for other in names:
            pair = cell(table, f"and_{other}", name) if other != name else ABSENT
            yield from _equation(every, pair, {name, other})
    for definition in facts.protocol.definitions:
        parts = facts.parts(definition.name)
        if not definition.same_person and parts <= set(names):
            yield from _equation(every, facts.defined(definition.name), parts)


def _equation(
    every: Iterable[Combination], found: ReleasedCell, within: Iterable[str]
) -> Iterator[tuple[set[Combination], int]]:
    total = whole(found)
    if total is None:
        return
    parts = {one for one in every if set(one) >= set(within)}
    yield parts, total
    if total == 0:
        yield from (({one}, 0) for one in parts)


def _solve(
    equations: Iterable[tuple[set[Combination], int]], unknowns: list[Combination]
) -> dict[Combination, Fraction]:
    """The unknowns that have one solution, by elimination in exact fractions; none where there is no solution."""
    rows = [[*(Fraction(one in parts) for one in unknowns), Fraction(total)] for parts, total in equations]
    done = 0
    for place in range(len(unknowns)):
        pivot = next((row for row in rows[done:] if row[place]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(done, [number / pivot[place] for number in pivot])
        rows = [
            row if at == done else [a - row[place] * b for a, b in zip(row, rows[done], strict=True)]
            for at, row in enumerate(rows)
        ]
        done += 1
    if any(row[-1] for row in rows[done:]):
        return {}  # the cells contradict each other, so nothing follows from them
    alone = ((row, [p for p, number in enumerate(row[:-1]) if number]) for row in rows[:done])
    return {unknowns[places[0]]: row[-1] for row, places in alone if len(places) == 1}
