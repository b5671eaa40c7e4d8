"""Everything that was printed, and the structure, as equations on households by wijk and by values."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, inf

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from linkage.research.audit.printed import SLACK, Printed
from linkage.research.audit.whole import best_whole, is_whole
from linkage.research.audit.world import Form, World
from linkage.research.cells import UNKNOWN, WHOLE, Key, Part, Structure
from protocols.model import ReleaseRule

UNBOUNDED = 3


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


class Knowledge:
    """Everything that was printed, and the structure, as equations on households by wijk and by values."""

    def __init__(self, printed: Printed, structure: Structure, rule: ReleaseRule) -> None:
        self.structure, self.printed = structure, printed
        self.keys = sorted({*printed.shown, *printed.stars})
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[bool] = []
        self.equations: list[_Equation] = []
        self.worlds: dict[tuple[str, str], World] = {}
        for world in sorted({(key.population, key.measure) for key in self.keys}):
            self.worlds[world] = World(self, *world)
        self._what_is_printed(rule)
        self._what_lies_inside()
        self._what_adds_up()
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
        self.equations.append(_Equation(add(*terms), low, high))

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
                value = self.structure.size(key, self.printed.shown[key])
                self.fact(value, value, (1, form))
            elif rule.show_zero:
                self.fact(self.structure.size(key, 1), inf, (1, form))
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

    def _what_adds_up(self) -> None:
        """Groups that are sums of cells, and amounts that are sums of amounts."""
        for linear in self.structure.linear:
            forms = [(weight, self.form(Key(p, WHOLE, condition))) for weight, (p, condition) in linear.parts]
            known = [(weight, form) for weight, form in forms if form is not None]
            if len(known) == len(forms):
                self.fact(0 if linear.exact else -inf, 0, *known)
        for made in self.structure.sums:
            for condition in sorted({key.condition for key in self.keys if key.measure == made.whole}):
                parts = [(weight, self.form(Key("households", WHOLE, condition, part))) for weight, part in made.parts]
                whole = self.form(Key("households", WHOLE, condition, made.whole))
                known = [(-weight, form) for weight, form in parts if form is not None]
                if whole is not None and len(known) == len(parts):
                    self.fact(0, 0, (1, whole), *known)

    def _order(self, measure: str, area: str, parts: list[tuple[int, Part]], low: float) -> None:
        """A sum of counts that is not above zero. A count that is printed stands there as its number."""
        constant, terms = 0.0, []
        for weight, (population, condition) in parts:
            key = Key(population, area, condition, measure)
            form = self.form(key)
            if form is None:
                return
            if key in self.printed.shown:
                constant += weight * self.structure.size(key, self.printed.shown[key])
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
        if is_whole(found.x, whole):
            return float(found.fun)
        return best_whole(prices, facts, limits, whole, ceil(found.fun - SLACK))


def add(*terms: tuple[float, Form]) -> Form:
    """A weighted sum of forms."""
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
