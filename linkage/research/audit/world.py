"""One population and measure: households by wijk and by each combination of values that was published together."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

from linkage.research.cells import WHOLE, Condition, Key, Structure

if TYPE_CHECKING:
    from linkage.research.audit.knowledge import Knowledge

Form = dict[int, float]


class World:
    """One population and measure: households by wijk and by each combination of values that was published together."""

    def __init__(self, knowledge: Knowledge, population: str, measure: str) -> None:
        mine = [key for key in knowledge.keys if (key.population, key.measure) == (population, measure)]
        self.areas = knowledge.structure.areas if any(key.area for key in mine) else ()
        places = self.areas or (WHOLE,)
        whole = not measure
        self.everyone = {area: knowledge.variable(whole=whole) for area in places}
        self.cells: dict[str, list[dict[Condition, int]]] = {area: [] for area in places}
        for names in self._together(knowledge.structure, population, measure, mine):
            values = [knowledge.structure.values[population, name] for name in names]
            for area in places:
                every = (tuple(zip(names, chosen, strict=True)) for chosen in product(*values))
                there = [one for one in every if knowledge.structure.possible(population, one)]
                cells = {combination: knowledge.variable(whole=whole) for combination in there}
                self.cells[area].append(cells)
                knowledge.fact(0, 0, (-1, {self.everyone[area]: 1.0}), (1, dict.fromkeys(cells.values(), 1.0)))

    def _together(
        self, structure: Structure, population: str, measure: str, keys: Iterable[Key]
    ) -> list[tuple[str, ...]]:
        """Variables by whether some chain of conditions links them."""
        home: dict[str, set[str]] = {}
        counted = not measure
        members = [{x} for s in structure.stacks if counted and s.population == population for x in s.members]
        linked = [set(names) for own, names in structure.together if counted and own == population]
        for names in (*({name for name, _ in key.condition} for key in keys), *members, *linked):
            group = set(names).union(*(home.get(name, set()) for name in names))
            for name in group:
                home[name] = group
        return sorted({tuple(sorted(group)) for group in home.values()})

    def form(self, area: str, condition: Condition) -> Form | None:
        """The count of a condition; of the municipality, the sum of its wijken."""
        places = self.areas if not area and self.areas else (area,)
        total: Form = {}
        for place in places:
            if place not in self.everyone:
                return None
            if not condition:
                total[self.everyone[place]] = 1.0
                continue
            cells = next((c for c in self.cells[place] if _covers(c, condition)), None)
            if cells is None:
                return None
            total |= {index: 1.0 for combination, index in cells.items() if set(condition) <= set(combination)}
        return total


def _covers(cells: dict[Condition, int], condition: Condition) -> bool:
    names = {name for name, _ in next(iter(cells))}
    return {name for name, _ in condition} <= names
