"""Which counts to hide: those that are too small, and then so many others that nobody can compute them.

One linear program holds all tables of a release and everything released before. For each count in need, it looks for
a second set of tables that agrees with everything shown, in which that count is large enough, and that departs from
the true tables at the least cost; where it departs, a count must be hidden. After Fischetti and Salazar, and Kelly.
Nothing here decides whether a release is safe: `audit` does, without a line of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import combinations
from math import floor

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from linkage.research.cells import NO, UNKNOWN, WHOLE, Condition, Count, Key, Part, Structure, holds
from protocols.model import ReleaseRule

Form = dict[int, float]
TINY = 1e-6
COST_OF_TOTAL, COST_OF_BASE = 20.0, 400.0


class NoWay(Exception):
    """A count cannot be protected, whatever else is hidden; `blame` are the published counts it hangs on."""

    def __init__(self, blame: tuple[Key, ...]) -> None:
        super().__init__("no way to protect a count")
        self.blame = blame


@dataclass(frozen=True)
class Need:
    """What some table that agrees with everything shown must allow: this high, this low, and this far apart."""

    high: float
    width: float
    low: float = np.inf


@dataclass(frozen=True)
class Question:
    """`counts` are the counts to publish; `fixed` were shown before and cannot be taken back, `hidden` were hidden.

    `truth` counts anything else; `weight` makes a count dearer to hide than its value does.
    """

    structure: Structure
    counts: Mapping[Key, Count]
    truth: Callable[[Key], Count]
    rule: ReleaseRule
    weight: Mapping[Key, float] = field(default_factory=dict)
    fixed: frozenset[Key] = frozenset()
    hidden: frozenset[Key] = frozenset()


@dataclass(frozen=True)
class Pattern:
    """`primary` are hidden for their own value, `secondary` to protect those."""

    primary: frozenset[Key]
    secondary: frozenset[Key]


def suppress(question: Question) -> Pattern:
    """The counts to hide. Raises NoWay where what may not be hidden gives a count away."""
    return _Search(question).run()


# --- counts that are too small --------------------------------------------------------------------


def primary(question: Question) -> frozenset[Key]:
    """Counts that may not be shown, whatever stands beside them."""
    return frozenset(key for key in question.counts if _own_need(question, key) is not None)


def _own_need(question: Question, key: Key) -> Need | None:
    """What a count needs for its own value, its complement or its share of the base; None where it may be shown."""
    rule, count = question.rule, question.counts[key]
    if key.measure:
        return _amount_need(rule, count)
    smallest = 1 if rule.show_zero else 0
    if smallest <= count.value < rule.threshold:
        return Need(rule.threshold, rule.interval_width)
    if not key.condition or any(value == UNKNOWN for _, value in key.condition):
        return None
    base = _base(question, key)
    low, most = np.inf, floor(float(rule.group_share * base))
    if count.value > most and any(value != NO for _, value in key.condition):
        low = float(most)
    if len(key.condition) == 1 and 1 <= base - count.value < rule.threshold:
        low = min(low, float(base - rule.threshold))
    return Need(0, rule.interval_width, max(low, 0.0)) if low < np.inf else None


def _amount_need(rule: ReleaseRule, count: Count) -> Need | None:
    """An amount is hidden where few bring it, or one brings nearly all; it must stay some households' worth wide."""
    few = 1 <= count.households < rule.threshold
    dominated = count.value > 0 and count.largest > rule.dominance_share * count.value
    if not few and not dominated:
        return None
    worth = count.value / max(count.households, 1)
    return Need(float(Decimal(count.largest) / rule.dominance_share), worth * rule.interval_width)


def _base(question: Question, key: Key) -> int:
    """How many households the count is taken from: those of whom it is known."""
    unknown = (question.truth(key.at((key.population, ((name, UNKNOWN),)))) for name, _ in key.condition)
    return question.truth(key.at((key.population, ()))).value - sum(count.value for count in unknown)


# --- the linear program ---------------------------------------------------------------------------


@dataclass
class _Rows:
    """Rows of a sparse matrix with their bounds."""

    rows: list[Form] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, form: Form, low: float, high: float) -> None:
        """Low <= form <= high."""
        self.rows.append(form)
        self.low.append(low)
        self.high.append(high)


def _plus(*terms: tuple[float, Form]) -> Form:
    """A weighted sum of forms."""
    total: Form = {}
    for weight, form in terms:
        for index, coefficient in form.items():
            total[index] = total.get(index, 0.0) + weight * coefficient
    return {index: coefficient for index, coefficient in total.items() if coefficient}


class _Model:
    """All tables that agree with the structure: a variable per base, and per cell of each cross table."""

    def __init__(self, question: Question) -> None:
        self.structure = question.structure
        self.keys = sorted(question.counts)
        self.rows = _Rows()
        self.size = 0
        self.atoms: dict[tuple[str, str, str, tuple[str, ...]], dict[Condition, int]] = {}
        self.bases: dict[tuple[str, str, str], int] = {}
        for population, measure in sorted({(key.population, key.measure) for key in self.keys}):
            self._population(population, measure)
        self._between()

    def new(self) -> int:
        self.size += 1
        return self.size - 1

    def _population(self, population: str, measure: str) -> None:
        mine = [key for key in self.keys if (key.population, key.measure) == (population, measure)]
        stacked = [(name,) for s in self.structure.stacks if s.population == population for name in (*s.members,)]
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
            self.rows.add(_plus((1, dict.fromkeys(cells.values(), 1.0)), (-1, {base: 1.0})), 0, 0)

    def _adds_up(self, key: Key, areas: Iterable[str]) -> None:
        parts = [(-1.0, form) for area in areas if (form := self.form(key.at(key.part, area))) is not None]
        total = self.form(key)
        if total is not None:
            self.rows.add(_plus((1, total), *parts), 0, 0)

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

    def _at_most(self, less: list[Part], more: list[Part], measure: str, area: str) -> None:
        forms = [self.form(Key(p, area, c, measure)) for p, c in (*less, *more)]
        known = [form for form in forms if form is not None]
        if len(known) == len(forms):
            signs = [1.0] * len(less) + [-1.0] * len(more)
            self.rows.add(_plus(*zip(signs, known, strict=True)), -np.inf, 0)

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
                    self.rows.add(_plus((1, {index: 1.0}), (-1, level)), -np.inf, 0)
                if value != UNKNOWN:
                    self._level(per, level, value, len(stack.members))
            for name, form in brings.items():
                column = self.form(Key(stack.population, WHOLE, ((name, "ja"),)))
                if column is not None:
                    self.rows.add(_plus((1, form), (-1, column)), 0, 0)

    def _level(self, per: dict[str, int], level: Form, value: str, members: int) -> None:
        least, most = int(value.rstrip("+")), members if value.endswith("+") else int(value)
        total = dict.fromkeys(per.values(), 1.0)
        self.rows.add(_plus((1, total), (-least, level)), 0, np.inf)
        self.rows.add(_plus((1, total), (-most, level)), -np.inf, 0)


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


# --- solving --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """Columns and rows that hang together when the shown bases stand still."""

    columns: np.ndarray
    rows: LinearConstraint | None


@dataclass(frozen=True)
class _Table:
    """A second set of tables: its values, and the published counts in which it departs from the true ones."""

    values: dict[int, float]
    departs: frozenset[Key]


class _Program:
    """The rows of a model with, per published count, its level and how far a second table departs from it."""

    def __init__(self, question: Question, model: _Model, derived: list[Form]) -> None:
        self.question, self.model = question, model
        self.level = {key: self._level(model.form(key)) for key in model.keys}
        self.up = {key: model.new() for key in model.keys}
        self.down = {key: model.new() for key in model.keys}
        for key in model.keys:
            value = float(question.counts[key].value)
            model.rows.add({self.level[key]: 1.0, self.up[key]: -1.0, self.down[key]: 1.0}, value, value)
        self.derived = [self._level(form, free=True) for form in derived]
        self.least, self.most = np.zeros(model.size), np.full(model.size, np.inf)
        self.least[self.derived] = -np.inf
        self.prices = np.zeros(model.size)
        self.owner = {index: key for side in (self.up, self.down) for key, index in side.items()}
        self.roof = 1000.0 + 10 * max((float(count.value) for count in question.counts.values()), default=0.0)
        self._matrix()
        self._frozen: frozenset[Key] | None = None

    def _level(self, form: Form | None, *, free: bool = False) -> int:
        """The variable that is the count; a new one where the count is a sum."""
        assert form is not None
        if not free and list(form.values()) == [1.0]:
            return next(iter(form))
        index = self.model.new()
        self.model.rows.add(_plus((1, form), (-1, {index: 1.0})), 0, 0)
        return index

    def _matrix(self) -> None:
        rows = self.model.rows
        entries = np.array([(r, c, v) for r, form in enumerate(rows.rows) for c, v in form.items()]).reshape(-1, 3)
        where = (entries[:, 0].astype(int), entries[:, 1].astype(int))
        self.matrix = sparse.csr_array((entries[:, 2], where), shape=(len(rows.rows), self.model.size))
        self.low, self.high = np.array(rows.low), np.array(rows.high)

    def price(self, key: Key, *, hidden: bool) -> None:
        """What it costs to depart from a count, and how far one may: a star is known not to be zero."""
        value, zero = float(self.question.counts[key].value), self.question.rule.show_zero
        never = key in self.question.fixed or (zero and value == 0)
        self.prices[[self.up[key], self.down[key]]] = 0.0 if hidden else cost(self.question, key)
        self.most[self.up[key]] = 0.0 if never else np.inf
        self.most[self.down[key]] = 0.0 if never else max(value - (1.0 if zero else 0.0), 0.0)

    # --- parts ------------------------------------------------------------------------------------

    def divide(self, hidden: set[Key]) -> None:
        """Freeze the shown bases, the dearest of all counts: what is left falls apart into small programs."""
        frozen = frozenset(key for key in self.model.keys if not key.condition and key not in hidden)
        if frozen == self._frozen:
            return
        self._frozen = frozen
        still = np.full(self.model.size, np.nan)
        for key in frozen:
            still[self.level[key]] = self.question.counts[key].value
            still[[self.up[key], self.down[key]]] = 0.0
        free = np.isnan(still)
        entries = self.matrix.tocoo()
        kept = free[entries.col]
        ends = (entries.row[kept], entries.col[kept] + len(self.low))
        size = len(self.low) + self.model.size
        labels = connected_components(sparse.coo_array((np.ones(kept.sum()), ends), shape=(size, size)), directed=False)
        self.labels = labels[1][len(self.low) :]
        self._row_labels = labels[1][: len(self.low)]
        self._moved = self.matrix @ np.nan_to_num(still)
        self._free, self._parts = free, dict[int, _Part]()

    def _part(self, at: int) -> _Part:
        label = int(self.labels[at])
        if label not in self._parts:
            columns = np.flatnonzero((self.labels == label) & self._free)
            rows = np.flatnonzero(self._row_labels == label)
            matrix, moved = self.matrix[rows][:, columns], self._moved[rows]
            bounds = LinearConstraint(matrix, self.low[rows] - moved, self.high[rows] - moved)
            self._parts[label] = _Part(columns, bounds if len(rows) else None)
        return self._parts[label]

    def _everything(self) -> _Part:
        return _Part(np.arange(self.model.size), LinearConstraint(self.matrix, self.low, self.high))

    # --- the two questions ------------------------------------------------------------------------

    def extreme(self, at: int, sign: int) -> _Table | None:
        """The table with the lowest (-1) or highest (1) count that departs in hidden counts alone."""
        part = self._part(at) if self._free[at] else self._everything()
        most = np.where(self.prices > 0, 0.0, self.most)[part.columns]
        prices = np.where(part.columns == at, -float(sign), 0.0)
        least = self.least[part.columns]
        return self._solve(part, prices, least, np.where(part.columns == at, np.minimum(most, self.roof), most))

    def cheapest(self, at: int, low: float, high: float) -> _Table | None:
        """The table at least cost with the count between two bounds."""
        parts = [self._part(at)] if self._free[at] else []
        for part in (*parts, self._everything()):
            here = part.columns == at
            least = np.where(here, np.maximum(self.least[part.columns], low), self.least[part.columns])
            most = np.where(here, np.minimum(self.most[part.columns], high), self.most[part.columns])
            found = self._solve(part, self.prices[part.columns], least, most)
            if found is not None:
                return found
        return None

    def _solve(self, part: _Part, prices: np.ndarray, least: np.ndarray, most: np.ndarray) -> _Table | None:
        if (least > most).any():
            return None
        found = milp(prices, constraints=part.rows, bounds=Bounds(least, most))
        if found.x is None:
            return None
        moved = [index for index in part.columns[found.x > TINY].tolist() if index in self.owner]
        values = dict(zip(part.columns.tolist(), found.x.tolist(), strict=True))
        return _Table(values, frozenset(self.owner[index] for index in moved))


def cost(question: Question, key: Key) -> float:
    """Small counts go first, totals last; a base carries every percentage of its row."""
    price = (1.0 + min(question.counts[key].value, 1000) / 200) * question.weight.get(key, 1.0)
    price *= COST_OF_BASE if not key.condition else 1.0
    return price * (COST_OF_TOTAL if not key.area and question.structure.areas else 1.0)


# --- the search -----------------------------------------------------------------------------------


@dataclass
class _Goal:
    """A count in need, published or derived; the lowest and highest table found for it, and where those depart."""

    blame: tuple[Key, ...]
    at: int
    need: Need
    value: float
    low: float = 0.0
    high: float = 0.0
    low_departs: frozenset[Key] = frozenset()
    high_departs: frozenset[Key] = frozenset()

    def __post_init__(self) -> None:
        self.low = self.high = self.value

    def forget(self) -> None:
        """Only the true table is left."""
        self.low = self.high = self.value
        self.low_departs = self.high_departs = frozenset()

    def see(self, table: _Table) -> None:
        """Every table found is a witness for every goal."""
        value = table.values.get(self.at, self.value)
        if value < self.low:
            self.low, self.low_departs = value, table.departs
        if value > self.high:
            self.high, self.high_departs = value, table.departs

    @property
    def met(self) -> bool:
        """Whether the tables found so far leave it uncertain enough."""
        enough = self.high >= self.need.high - TINY and self.low <= self.need.low + TINY
        return enough and self.high - self.low >= self.need.width - TINY


class _Search:
    """Hides more and more until every goal is met, then shows again what need not be hidden."""

    def __init__(self, question: Question) -> None:
        self.question = question
        model = _Model(question)
        self.primary = primary(question) - question.fixed
        self.hidden = set(self.primary | question.hidden)
        derived = list(_derived(question, model))
        self.program = _Program(question, model, [found.form for found in derived])
        for key in model.keys:
            self.program.price(key, hidden=key in self.hidden)
        self.goals = [self._goal(key) for key in sorted(primary(question))]
        for found, at in zip(derived, self.program.derived, strict=True):
            self.goals.append(_Goal(found.blame, at, found.need, found.value))

    def run(self) -> Pattern:
        """Hide, see to what was hidden, and repeat until nothing changes."""
        stars: dict[Key, _Goal] = {}
        self._protect(self.goals)
        while new := sorted(self.hidden - self.primary - stars.keys()):
            stars |= {key: self._star(key) for key in new}
            self._protect([*self.goals, *stars.values()])
        self._show_again(stars)
        return Pattern(self.primary, frozenset(self.hidden - self.primary))

    def _goal(self, key: Key) -> _Goal:
        need = _own_need(self.question, key)
        assert need is not None
        return _Goal((key,), self.program.level[key], need, float(self.question.counts[key].value))

    def _star(self, key: Key) -> _Goal:
        """What is hidden for others must be uncertain too, or it is not hidden."""
        count, width = self.question.counts[key], float(self.question.rule.interval_width)
        worth = count.value / max(count.households, 1) if key.measure else 1.0
        return _Goal((key,), self.program.level[key], Need(0, width * worth), float(count.value))

    # --- hiding -----------------------------------------------------------------------------------

    def _protect(self, goals: list[_Goal]) -> None:
        for goal in sorted(goals, key=lambda g: (g.value, g.blame, g.at)):
            if not goal.met:
                self.program.divide(self.hidden)
                self._reach(goal, goals)

    def _reach(self, goal: _Goal, goals: list[_Goal]) -> None:
        """Widen a goal for nothing as far as it goes; then buy what is missing, upward first."""
        self._widen(goal, goals)
        if goal.low > goal.need.low + TINY:
            self._buy(goal, goals, -np.inf, goal.need.low)
        if not goal.met:
            self._buy(goal, goals, max(goal.need.high, goal.low + goal.need.width), np.inf)
        if not goal.met:
            self._buy(goal, goals, -np.inf, min(goal.need.low, goal.high - goal.need.width))
        if not goal.met:
            raise NoWay(goal.blame)

    def _widen(self, goal: _Goal, goals: list[_Goal]) -> None:
        for sign in (-1, 1):
            if not goal.met:
                self._see(self.program.extreme(goal.at, sign), goals)

    def _buy(self, goal: _Goal, goals: list[_Goal], low: float, high: float) -> None:
        """Hide every count in which the cheapest table departs."""
        table = self.program.cheapest(goal.at, low, high)
        for key in sorted(table.departs - self.hidden) if table else ():
            self._hide(key, hidden=True)
        self._see(table, [goal, *goals])

    def _see(self, table: _Table | None, goals: list[_Goal]) -> None:
        for goal in goals if table else ():
            assert table is not None
            goal.see(table)

    def _hide(self, key: Key, *, hidden: bool) -> None:
        (self.hidden.add if hidden else self.hidden.discard)(key)
        self.program.price(key, hidden=hidden)

    # --- showing again ----------------------------------------------------------------------------

    def _show_again(self, stars: dict[Key, _Goal]) -> None:
        """Programs hide in turn, so that some of what was hidden first is not needed in the end."""
        for key in sorted(stars.keys() - self.question.hidden, key=lambda k: (-cost(self.question, k), k)):
            self._hide(key, hidden=False)
            goals = [*self.goals, *(goal for other, goal in stars.items() if other in self.hidden)]
            lost = [goal for goal in goals if key in goal.low_departs | goal.high_departs]
            before = [replace(goal) for goal in lost]
            self.program.divide(self.hidden)
            if not self._met_again(lost):
                self._hide(key, hidden=True)
                for goal, old in zip(lost, before, strict=True):
                    goal.low, goal.low_departs = old.low, old.low_departs
                    goal.high, goal.high_departs = old.high, old.high_departs

    def _met_again(self, goals: list[_Goal]) -> bool:
        """Whether goals whose witness is gone can be met with what is hidden now."""
        for goal in goals:
            goal.forget()
        for goal in goals:
            self._widen(goal, goals)
            if not goal.met:
                return False
        return True


# --- counts that nobody prints ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Derived:
    """A small count that is not printed."""

    blame: tuple[Key, ...]
    form: Form
    need: Need
    value: float


def _derived(question: Question, model: _Model) -> Iterator[_Derived]:
    """Small counts that follow from published ones: cells of the cross tables they span, and differences."""
    need = Need(question.rule.threshold, question.rule.interval_width)
    for cell in _crossed(question):
        value, form = question.truth(cell).value, model.form(cell)
        if form is not None and 1 <= value < question.rule.threshold:
            yield _Derived(_spanning(question, cell), form, need, float(value))
    for larger, smaller in _nested(question):
        one, other = question.counts[larger], question.counts[smaller]
        forms = model.form(larger), model.form(smaller)
        households, value = one.households - other.households, one.value - other.value
        if forms[0] and forms[1] and 1 <= households < question.rule.threshold and value > 0:
            wide = Need(0, question.rule.interval_width * value / households) if larger.measure else need
            yield _Derived((larger, smaller), _plus((1, forms[0]), (-1, forms[1])), wide, float(value))


def _spanning(question: Question, cell: Key) -> tuple[Key, ...]:
    """The published counts that are about the same variables in the same place."""
    names = {name for name, _ in cell.condition}
    same = (key for key in sorted(question.counts) if key.area == cell.area and key.population == cell.population)
    return tuple(key for key in same if key.condition and {name for name, _ in key.condition} <= names)


def _crossed(question: Question) -> Iterator[Key]:
    seen = set(question.counts)
    for key in sorted(question.counts):
        if key.condition and not key.measure:
            for condition in question.structure.crossing(key.population, [name for name, _ in key.condition]):
                cell = key.at((key.population, condition))
                if cell not in seen and all(value != UNKNOWN for _, value in condition):
                    seen.add(cell)
                    yield cell


def _nested(question: Question) -> Iterator[tuple[Key, Key]]:
    """Every (larger, smaller) of published counts of one measure in one place."""
    inside = set(question.structure.inside)
    places: dict[tuple[str, str], list[Key]] = {}
    for key in sorted(question.counts):
        places.setdefault((key.measure, key.area), []).append(key)
    for keys in places.values():
        for one, other in combinations(keys, 2):
            for smaller, larger in ((one, other), (other, one)):
                alike = smaller.population == larger.population and set(larger.condition) < set(smaller.condition)
                if alike or (smaller.part, larger.part) in inside:
                    yield larger, smaller
