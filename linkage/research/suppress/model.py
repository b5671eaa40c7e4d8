"""All tables that agree with what anyone knows, as rows of a linear program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from linkage.research.cells import UNKNOWN, WHOLE, Condition, Key, Part, holds
from linkage.research.suppress.question import Question

Form = dict[int, float]


@dataclass
class Rows:
    """Rows of a sparse matrix with their bounds."""

    rows: list[Form] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, form: Form, low: float, high: float) -> None:
        """Low <= form <= high."""
        self.rows.append(form)
        self.low.append(low)
        self.high.append(high)


def plus(*terms: tuple[float, Form]) -> Form:
    """A weighted sum of forms."""
    total: Form = {}
    for weight, form in terms:
        for index, coefficient in form.items():
            total[index] = total.get(index, 0.0) + weight * coefficient
    return {index: coefficient for index, coefficient in total.items() if coefficient}


class Model:
    """All tables that agree with the structure: a variable per base, and per cell of each cross table."""

    def __init__(self, question: Question) -> None:
        self.structure = question.structure
        self.keys = sorted(question.counts)
        self.rows = Rows()
        self.size = 0
        self.atoms: dict[tuple[str, str, str, tuple[str, ...]], dict[Condition, int]] = {}
        self.bases: dict[tuple[str, str, str], int] = {}
        for population, measure in sorted({(key.population, key.measure) for key in self.keys}):
            self._population(population, measure)
        self._between()

    def new(self) -> int:
        """One more variable."""
        self.size += 1
        return self.size - 1

    def _population(self, population: str, measure: str) -> None:
        mine = [key for key in self.keys if (key.population, key.measure) == (population, measure)]
        stacked = [
            *((x,) for s in self.structure.stacks if not measure and s.population == population for x in s.members),
            *(names for own, names in self.structure.together if not measure and own == population),
        ]
        local = _groups(tuple(n for n, _ in key.condition) for key in mine if key.area)
        whole = _groups([*(tuple(n for n, _ in key.condition) for key in mine), *local, *stacked])
        areas = self.structure.areas if any(key.area for key in mine) else ()
        for area, groups in ((WHOLE, whole), *((area, local) for area in areas)):
            self._area(population, measure, area, groups)
        for group in local if areas else ():
            for condition in self.structure.crossing(population, group):
                self._adds_up(Key(population, WHOLE, condition, measure), areas)
        if areas:
            self._adds_up(Key(population, WHOLE, (), measure), areas)

    def _area(self, population: str, measure: str, area: str, groups: list[tuple[str, ...]]) -> None:
        base = self.bases[population, measure, area] = self.new()
        for group in groups:
            cells = {condition: self.new() for condition in self.structure.crossing(population, group)}
            self.atoms[population, measure, area, group] = cells
            self.rows.add(plus((1, dict.fromkeys(cells.values(), 1.0)), (-1, {base: 1.0})), 0, 0)

    def _adds_up(self, key: Key, areas: Iterable[str]) -> None:
        parts = [(-1.0, form) for area in areas if (form := self.form(key.at(key.part, area))) is not None]
        total = self.form(key)
        if total is not None:
            self.rows.add(plus((1, total), *parts), 0, 0)

    def form(self, key: Key) -> Form | None:
        """A count as a sum of variables; None where nothing is known of it."""
        place = (key.population, key.measure, key.area)
        if place not in self.bases:
            return None
        if not key.condition:
            return {self.bases[place]: 1.0}
        names = {name for name, _ in key.condition}
        for (*where, group), cells in self.atoms.items():
            if tuple(where) == place and names <= set(group):
                return {index: 1.0 for condition, index in cells.items() if holds(condition, key.condition)}
        return None

    # --- facts between counts ---------------------------------------------------------------------

    def _between(self) -> None:
        places = sorted({(measure, area) for _, measure, area in self.bases})
        for measure, area in places:
            for one, other in self.structure.inside:
                self._at_most([one], [other], measure, area)
            for one, other in self.structure.same:
                self._at_most([one], [other], measure, area)
                self._at_most([other], [one], measure, area)
            for whole, parts in self.structure.unions:
                self._at_most([whole], list(parts), measure, area)
            for chosen, number, parts in self.structure.at_least:
                self._at_most([chosen] * number, list(parts), measure, area)
        self._stacked()
        self._adding_up()

    def _adding_up(self) -> None:
        """Groups that are sums of cells, and amounts that are sums of amounts."""
        for linear in self.structure.linear:
            forms = [self.form(Key(p, WHOLE, condition)) for _, (p, condition) in linear.parts]
            known = [form for form in forms if form is not None]
            if len(known) == len(forms):
                signs = [weight for weight, _ in linear.parts]
                self.rows.add(plus(*zip(signs, known, strict=True)), 0 if linear.exact else -np.inf, 0)
        for made in self.structure.sums:
            for condition in sorted({key.condition for key in self.keys if key.measure == made.whole}):
                terms = [(-1.0, made.whole), *made.parts]
                forms = [self.form(Key("households", WHOLE, condition, name)) for _, name in terms]
                known = [form for form in forms if form is not None]
                if len(known) == len(forms):
                    self.rows.add(plus(*zip([weight for weight, _ in terms], known, strict=True)), 0, 0)

    def _at_most(self, less: list[Part], more: list[Part], measure: str, area: str) -> None:
        forms = [self.form(Key(p, area, c, measure)) for p, c in (*less, *more)]
        known = [form for form in forms if form is not None]
        if len(known) == len(forms):
            signs = [1.0] * len(less) + [-1.0] * len(more)
            self.rows.add(plus(*zip(signs, known, strict=True)), -np.inf, 0)

    def _stacked(self) -> None:
        """Who has exactly k indicators brings k households to the columns, and at most one to each."""
        for stack in self.structure.stacks:
            brings: dict[str, Form] = {name: {} for name in stack.members}
            for value in self.structure.values[stack.population, stack.variable]:
                level = self.form(Key(stack.population, WHOLE, ((stack.variable, value),)))
                if level is None:
                    return
                per = {name: self.new() for name in stack.members}
                for name, index in per.items():
                    brings[name][index] = 1.0
                    self.rows.add(plus((1, {index: 1.0}), (-1, level)), -np.inf, 0)
                if value != UNKNOWN:
                    self._level(per, level, value, len(stack.members))
            for name, form in brings.items():
                column = self.form(Key(stack.population, WHOLE, ((name, "ja"),)))
                if column is not None:
                    self.rows.add(plus((1, form), (-1, column)), 0, 0)

    def _level(self, per: dict[str, int], level: Form, value: str, members: int) -> None:
        least, most = int(value.rstrip("+")), members if value.endswith("+") else int(value)
        total = dict.fromkeys(per.values(), 1.0)
        self.rows.add(plus((1, total), (-least, level)), 0, np.inf)
        self.rows.add(plus((1, total), (-most, level)), -np.inf, 0)


def _groups(sets: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Variables that stand together in a condition, joined until no two groups share one."""
    groups: list[set[str]] = []
    for names in sets:
        new = set(names)
        for group in [g for g in groups if g & new]:
            groups.remove(group)
            new |= group
        if new:
            groups.append(new)
    return sorted(tuple(sorted(group)) for group in groups)
