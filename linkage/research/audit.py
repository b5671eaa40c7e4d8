"""What an attacker can compute: the lowest and highest value of each count, from all that was ever published.

Written apart from `suppress`, and it shares no line with it. The variables here are households by wijk and by every
combination of values; each published number is one equation on them. The attacker is given more than a reader has:
all structure that the protocol gives away, and that a star is not a zero. A bound is the best over tables of whole
households, so that no reasoning with whole numbers narrows it any further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from math import ceil, floor, inf

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from linkage.research.cells import NO, UNKNOWN, WHOLE, Condition, Count, Key, Part, Structure
from protocols.model import ReleaseRule

Form = dict[int, float]
Truth = Callable[[Key], Count]
SLACK = 1e-6
UNBOUNDED = 3
TRIES, CORNERS, NODES, SECONDS = 12, 4, 200, 20.0


@dataclass(frozen=True)
class Printed:
    """What readers hold: numbers shown, stars, and percentages as (part, base, less, from, to)."""

    shown: Mapping[Key, int]
    stars: frozenset[Key]
    percentages: tuple[Percentage, ...] = ()


@dataclass(frozen=True)
class Percentage:
    """A printed share: `part` lies between two shares of `base`, the first key less the others."""

    part: Key
    base: tuple[Key, ...]
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Interval:
    """What is asked of one count, and what an attacker finds. `blame` are the published counts that it hangs on."""

    what: str
    blame: tuple[Key, ...]
    low: float
    high: float
    low_at_most: float
    high_at_least: float
    width: float
    amount: bool = False

    @property
    def safe(self) -> bool:
        """Whether the attacker is left uncertain enough."""
        return (
            self.high >= self.high_at_least - SLACK
            and self.low <= self.low_at_most + SLACK
            and self.high - self.low >= self.width - SLACK
        )


def audit(printed: Printed, truth: Truth, structure: Structure, rule: ReleaseRule) -> tuple[Interval, ...]:
    """The interval of every hidden count, and of every small count that was shown or follows from what was."""
    knowledge = _Knowledge(printed, structure, rule)
    return tuple(_measured(knowledge, question) for question in _questions(printed, truth, structure, rule))


# --- what is asked ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Question:
    """A count, as the first key less the second, and what an attacker must be left with."""

    what: str
    plus: Key
    minus: Key | None
    blame: tuple[Key, ...]
    low_at_most: float
    high_at_least: float
    width: float


def _questions(printed: Printed, truth: Truth, structure: Structure, rule: ReleaseRule) -> Iterator[_Question]:
    published = sorted({*printed.shown, *printed.stars})
    for key in published:
        yield from _about_amount(key, printed, truth, rule) if key.measure else _about_count(key, printed, truth, rule)
    yield from _about_crossings([key for key in published if not key.measure], truth, structure, rule)
    yield from _about_differences(published, truth, structure, rule)


def _about_count(key: Key, printed: Printed, truth: Truth, rule: ReleaseRule) -> Iterator[_Question]:
    value = truth(key).value
    small = (1 if rule.show_zero else 0) <= value < rule.threshold
    if small or key in printed.stars:
        yield _Question(str(key), key, None, (key,), inf, rule.threshold, rule.interval_width)
    values = {value for _, value in key.condition}
    if values - {NO} and UNKNOWN not in values:
        unknown = sum(truth(key.at((key.population, ((name, UNKNOWN),)))).value for name, _ in key.condition)
        base = truth(key.at((key.population, ()))).value - unknown
        most = floor(float(rule.group_share * base))
        if value > most:
            yield _Question(f"{key} (bijna iedereen)", key, None, (key,), most, 0, rule.interval_width)


def _about_amount(key: Key, printed: Printed, truth: Truth, rule: ReleaseRule) -> Iterator[_Question]:
    found = truth(key)
    few = 1 <= found.households < rule.threshold
    dominated = found.value > 0 and Decimal(found.largest) > rule.dominance_share * found.value
    if few or dominated or key in printed.stars:
        width = rule.interval_width * found.value / max(found.households, 1)
        least = float(Decimal(found.largest) / rule.dominance_share) if few or dominated else 0.0
        yield _Question(str(key), key, None, (key,), inf, least, width)


def _about_crossings(
    published: list[Key], truth: Truth, structure: Structure, rule: ReleaseRule
) -> Iterator[_Question]:
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
                yield _Question(str(cell), cell, None, blame, inf, rule.threshold, rule.interval_width)


def _shares(one: Key, other: Key) -> bool:
    return one.population == other.population and {n for n, _ in one.condition} <= {n for n, _ in other.condition}


def _about_differences(
    published: list[Key], truth: Truth, structure: Structure, rule: ReleaseRule
) -> Iterator[_Question]:
    """Small differences between a published count and a published part of it."""
    larger_of: dict[Part, list[Part]] = {}
    for inner, outer in structure.inside:
        larger_of.setdefault(inner, []).append(outer)
    there = set(published)
    for smaller in published:
        parts = [(smaller.population, condition) for condition in _weaker(smaller.condition)]
        for part in (*parts, *larger_of.get(smaller.part, ())):
            if (larger := smaller.at(part)) in there:
                yield from _about_difference(larger, smaller, truth, rule)


def _about_difference(larger: Key, smaller: Key, truth: Truth, rule: ReleaseRule) -> Iterator[_Question]:
    one, other = truth(larger), truth(smaller)
    households, value = one.households - other.households, one.value - other.value
    if 1 <= households < rule.threshold and value > 0:
        width = rule.interval_width * (value / households if larger.measure else 1.0)
        least = 0.0 if larger.measure else float(rule.threshold)
        what = f"{larger} zonder {smaller}"
        yield _Question(what, larger, smaller, (smaller, larger), inf, least, width)


def _weaker(condition: Condition) -> Iterator[Condition]:
    """Every condition that asks for less."""
    for keep in product((True, False), repeat=len(condition)):
        if not all(keep):
            yield tuple(literal for literal, kept in zip(condition, keep, strict=True) if kept)


# --- what the attacker holds ------------------------------------------------------------------------


@dataclass
class _Equation:
    form: Form
    low: float
    high: float


@dataclass
class _Block:
    """Equations and variables that hang together, as a matrix."""

    place: dict[int, int]
    matrix: sparse.csr_array
    low: np.ndarray
    high: np.ndarray
    found: dict[tuple[tuple[int, float], ...], tuple[float, float]] = field(default_factory=dict)


class _Knowledge:
    """Everything that was printed, and the structure, as equations on households by wijk and by values."""

    def __init__(self, printed: Printed, structure: Structure, rule: ReleaseRule) -> None:
        self.structure, self.printed = structure, printed
        self.keys = sorted({*printed.shown, *printed.stars})
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[bool] = []
        self.equations: list[_Equation] = []
        self.worlds: dict[tuple[str, str], _World] = {}
        for world in sorted({(key.population, key.measure) for key in self.keys}):
            self.worlds[world] = _World(self, *world)
        self._what_is_printed(rule)
        self._what_lies_inside()
        for stack in structure.stacks:
            self._stacked(stack.population, stack.variable, stack.members)
        self._shorten()
        self._divide()
        for block in self.blocks.values():
            self._can_be(block)

    def variable(self, *, whole: bool) -> int:
        """A new number of households, or amount, that is not negative."""
        self.low.append(0.0)
        self.high.append(inf)
        self.whole.append(whole)
        return len(self.low) - 1

    def fact(self, low: float, high: float, *terms: tuple[float, Form]) -> None:
        """The weighted sum of forms lies between two bounds."""
        self.equations.append(_Equation(_sum(*terms), low, high))

    def form(self, key: Key) -> Form | None:
        """A count as the sum of the variables it is made of; None where nothing is known of it."""
        world = self.worlds.get((key.population, key.measure))
        return None if world is None else world.form(key.area, key.condition)

    # --- facts ------------------------------------------------------------------------------------

    def _what_is_printed(self, rule: ReleaseRule) -> None:
        for key in self.keys:
            form = self.form(key)
            assert form is not None
            if key in self.printed.shown:
                self.fact(self.printed.shown[key], self.printed.shown[key], (1, form))
            elif rule.show_zero:
                self.fact(1, inf, (1, form))
        for share in self.printed.percentages:
            part, (base, *less) = self.form(share.part), [self.form(key) for key in share.base]
            assert part is not None
            assert base is not None
            for weight, low, high in ((share.low, 0.0, inf), (share.high, -inf, 0.0)):
                terms = [(float(weight), form) for form in less if form is not None]
                self.fact(low, high, (1, part), (-float(weight), base), *terms)

    def _what_lies_inside(self) -> None:
        areas = sorted({(m, a) for (_, m), world in self.worlds.items() for a in (WHOLE, *world.areas)})
        for measure, area in areas:
            for one, other in self.structure.inside:
                self._order(measure, area, [(1, one), (-1, other)], -inf)
            for one, other in self.structure.same:
                self._order(measure, area, [(1, one), (-1, other)], 0)
            for whole, parts in self.structure.unions:
                self._order(measure, area, [(1, whole), *((-1, part) for part in parts)], -inf)
            for chosen, number, parts in self.structure.at_least:
                self._order(measure, area, [(number, chosen), *((-1, part) for part in parts)], -inf)

    def _order(self, measure: str, area: str, parts: list[tuple[int, Part]], low: float) -> None:
        """A sum of counts that is not above zero. A count that is printed stands there as its number."""
        constant, terms = 0.0, []
        for weight, (population, condition) in parts:
            key = Key(population, area, condition, measure)
            form = self.form(key)
            if form is None:
                return
            if key in self.printed.shown:
                constant += weight * self.printed.shown[key]
            else:
                terms.append((float(weight), form))
        self.fact(low - constant, -constant, *terms)

    def _stacked(self, population: str, variable: str, members: tuple[str, ...]) -> None:
        """Households with k indicators appear k times in the columns, at most once in each."""
        world = self.worlds.get((population, ""))
        columns: dict[str, list[tuple[float, Form]]] = {name: [] for name in members}
        for value in self.structure.values[population, variable]:
            level = world.form(WHOLE, ((variable, value),)) if world else None
            if level is None:
                return
            cells = {name: {self.variable(whole=True): 1.0} for name in members}
            for name, cell in cells.items():
                columns[name].append((1.0, cell))
                self.fact(-inf, 0, (1, cell), (-1, level))
            if value != UNKNOWN:
                least = int(value.rstrip("+"))
                most = len(members) if value.endswith("+") else least
                self.fact(0, inf, *((1, cell) for cell in cells.values()), (-least, level))
                self.fact(-inf, 0, *((1, cell) for cell in cells.values()), (-most, level))
        for name, terms in columns.items():
            column = world.form(WHOLE, ((name, "ja"),)) if world else None
            if column is not None:
                self.fact(0, 0, (-1, column), *terms)

    # --- making the equations small -----------------------------------------------------------------

    def _shorten(self) -> None:
        """Put in what is already certain, and drop what then says nothing: each step keeps the same tables."""
        changed = True
        while changed:
            changed = False
            left = []
            for equation in self.equations:
                self._substitute(equation)
                if len(equation.form) == 1:
                    self._narrow(equation)
                    changed = True
                elif not self._says_nothing(equation):
                    left.append(equation)
            changed |= len(left) < len(self.equations)
            self.equations = left
        self._agree()

    def _agree(self) -> None:
        """Raises ArithmeticError where what is certain already contradicts itself."""
        apart = any(low > high + SLACK for low, high in zip(self.low, self.high, strict=True))
        if apart or any(not equation.form for equation in self.equations):
            raise ArithmeticError("the printed numbers contradict each other")

    def _certain(self, index: int) -> bool:
        return self.high[index] - self.low[index] < SLACK

    def _substitute(self, equation: _Equation) -> None:
        for index in [index for index in equation.form if self._certain(index)]:
            constant = equation.form.pop(index) * self.low[index]
            equation.low -= constant
            equation.high -= constant

    def _narrow(self, equation: _Equation) -> None:
        ((index, weight),) = equation.form.items()
        low, high = sorted((equation.low / weight, equation.high / weight))
        if self.whole[index]:
            low = low if low == -inf else ceil(low - SLACK)
            high = high if high == inf else floor(high + SLACK)
        self.low[index], self.high[index] = max(self.low[index], low), min(self.high[index], high)

    def _says_nothing(self, equation: _Equation) -> bool:
        low = sum(w * (self.low[i] if w > 0 else self.high[i]) for i, w in equation.form.items())
        high = sum(w * (self.high[i] if w > 0 else self.low[i]) for i, w in equation.form.items())
        return low >= equation.low - SLACK and high <= equation.high + SLACK

    def _divide(self) -> None:
        """Variables that share no equation are independent of each other."""
        rows = [(r, index) for r, equation in enumerate(self.equations) for index in equation.form]
        size, count = len(self.low), len(self.equations)
        ends = np.array(rows, dtype=np.int64).reshape(-1, 2)
        graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0] + size, ends[:, 1])), shape=(size + count,) * 2)
        labels = connected_components(graph, directed=False)[1]
        members: dict[int, list[int]] = {}
        for index in range(size):
            members.setdefault(int(labels[index]), []).append(index)
        inside: dict[int, list[_Equation]] = {}
        for number, equation in enumerate(self.equations):
            inside.setdefault(int(labels[size + number]), []).append(equation)
        self.label = labels
        self.blocks = {name: _block(members.get(name, []), inside.get(name, [])) for name in sorted(members)}

    def _can_be(self, block: _Block) -> None:
        """Raises ArithmeticError where no table at all agrees with what was printed."""
        if len(block.low):
            facts = LinearConstraint(block.matrix, block.low, block.high)
            if milp(np.zeros(len(block.place)), constraints=facts, bounds=self._limits(block)).x is None:
                raise ArithmeticError("the printed numbers contradict each other")

    def _limits(self, block: _Block) -> Bounds:
        order = sorted(block.place, key=block.place.__getitem__)
        return Bounds(np.array([self.low[i] for i in order]), np.array([self.high[i] for i in order]))

    # --- bounds -----------------------------------------------------------------------------------

    def bounds(self, form: Form) -> tuple[float, float]:
        """The lowest and highest value of a form: the sum over independent blocks."""
        low = high = 0.0
        by_block: dict[int, Form] = {}
        for index, weight in form.items():
            if self._certain(index):
                low, high = low + weight * self.low[index], high + weight * self.low[index]
            else:
                by_block.setdefault(int(self.label[index]), {})[index] = weight
        for name, part in sorted(by_block.items()):
            one, other = self._in_block(self.blocks[name], part)
            low, high = low + one, high + other
        return low, high

    def _in_block(self, block: _Block, form: Form) -> tuple[float, float]:
        known = tuple(sorted(form.items()))
        if known not in block.found:
            block.found[known] = (self._best(block, form, 1), -self._best(block, form, -1))
        return block.found[known]

    def _best(self, block: _Block, form: Form, sign: int) -> float:
        """The least value of `sign` times the form."""
        prices = np.zeros(len(block.place))
        for index, weight in form.items():
            prices[block.place[index]] = sign * weight
        order = sorted(block.place, key=block.place.__getitem__)
        limits = self._limits(block)
        facts = [LinearConstraint(block.matrix, block.low, block.high)] if len(block.low) else []
        whole = np.array([self.whole[i] for i in order])
        found = milp(prices, constraints=facts, bounds=limits)
        if found.status == UNBOUNDED:
            return -inf
        if found.x is None:
            raise ArithmeticError("the printed numbers contradict each other")
        if _is_whole(found.x, whole):
            return float(found.fun)
        return _best_whole(prices, facts, limits, whole, ceil(found.fun - SLACK))


def _best_whole(
    prices: np.ndarray, facts: list[LinearConstraint], limits: Bounds, whole: np.ndarray, bound: int
) -> float:
    """The least value that a table of whole households has, from the bound upward.

    Each is a question with a yes or a no, which is quicker than asking for the least at once. What is not decided
    within the limit counts as no: the interval then comes out too narrow, and at worst a release is refused.
    """
    chance = np.random.default_rng(len(prices))
    for value in range(bound, bound + TRIES):
        this = [*facts, LinearConstraint(sparse.csr_array(prices.reshape(1, -1)), value, value)]
        for _ in range(CORNERS):  # a corner is often whole, and quicker to find than to ask for
            found = milp(chance.random(len(prices)), constraints=this, bounds=limits)
            if found.x is not None and _is_whole(found.x, whole):
                return float(value)
        options = {"node_limit": NODES, "time_limit": SECONDS}
        nothing = np.zeros(len(prices))
        found = milp(nothing, constraints=this, bounds=limits, integrality=whole.astype(int), options=options)
        if found.x is not None:
            return float(value)
    return inf


def _is_whole(table: np.ndarray, whole: np.ndarray) -> bool:
    return bool(np.abs(table - np.round(table))[whole].max(initial=0.0) <= SLACK)


def _sum(*terms: tuple[float, Form]) -> Form:
    total: Form = {}
    for weight, form in terms:
        for index, value in form.items():
            total[index] = total.get(index, 0.0) + weight * value
    return {index: value for index, value in total.items() if value}


def _block(members: list[int], equations: list[_Equation]) -> _Block:
    place = {index: position for position, index in enumerate(members)}
    entries = [(r, place[i], w) for r, equation in enumerate(equations) for i, w in equation.form.items()]
    data = np.array(entries, dtype=float).reshape(-1, 3)
    shape = (len(equations), len(members))
    matrix = sparse.csr_array((data[:, 2], (data[:, 0].astype(int), data[:, 1].astype(int))), shape=shape)
    return _Block(place, matrix, np.array([e.low for e in equations]), np.array([e.high for e in equations]))


class _World:
    """One population and measure: households by wijk and by each combination of values that was published together."""

    def __init__(self, knowledge: _Knowledge, population: str, measure: str) -> None:
        mine = [key for key in knowledge.keys if (key.population, key.measure) == (population, measure)]
        self.areas = knowledge.structure.areas if any(key.area for key in mine) else ()
        places = self.areas or (WHOLE,)
        whole = not measure
        self.everyone = {area: knowledge.variable(whole=whole) for area in places}
        self.cells: dict[str, list[dict[Condition, int]]] = {area: [] for area in places}
        for names in self._together(knowledge.structure, population, mine):
            values = [knowledge.structure.values[population, name] for name in names]
            for area in places:
                every = (tuple(zip(names, chosen, strict=True)) for chosen in product(*values))
                there = [one for one in every if knowledge.structure.possible(population, one)]
                cells = {combination: knowledge.variable(whole=whole) for combination in there}
                self.cells[area].append(cells)
                knowledge.fact(0, 0, (-1, {self.everyone[area]: 1.0}), (1, dict.fromkeys(cells.values(), 1.0)))

    def _together(self, structure: Structure, population: str, keys: Iterable[Key]) -> list[tuple[str, ...]]:
        """Variables by whether some chain of conditions links them."""
        home: dict[str, set[str]] = {}
        members = [{name} for s in structure.stacks if s.population == population for name in s.members]
        for names in (*({name for name, _ in key.condition} for key in keys), *members):
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


def _measured(knowledge: _Knowledge, question: _Question) -> Interval:
    plus = knowledge.form(question.plus)
    minus = knowledge.form(question.minus) if question.minus else {}
    if plus is None or minus is None:
        low, high = 0.0, inf
    else:
        low, high = knowledge.bounds(_sum((1, plus), (-1, minus)))
    if not question.plus.measure:
        low, high = float(ceil(low - SLACK)), high if high == inf else float(floor(high + SLACK))
    return Interval(
        question.what,
        question.blame,
        low,
        high,
        question.low_at_most,
        question.high_at_least,
        question.width,
        bool(question.plus.measure),
    )
