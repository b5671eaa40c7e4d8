"""The linear program: how far may a count depart from the truth, and which others depart with it at the least cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from linkage.research.cells import Key
from linkage.research.suppress.model import Form, Model, plus
from linkage.research.suppress.question import Question

TINY = 1e-6
COST_OF_TOTAL, COST_OF_BASE = 20.0, 400.0


@dataclass(frozen=True)
class Piece:
    """Columns and rows that hang together when the shown bases stand still."""

    columns: np.ndarray
    rows: LinearConstraint | None


@dataclass(frozen=True)
class Second:
    """A second set of tables: its values, and the published counts in which it departs from the true ones."""

    values: dict[int, float]
    departs: frozenset[Key]


class Program:
    """The rows of a model with, per published count, its level and how far a second table departs from it."""

    def __init__(self, question: Question, model: Model, derived: list[Form]) -> None:
        self.question, self.model = question, model
        self.level = {key: self._level(model.form(key)) for key in model.keys}
        self.up = {key: model.new() for key in model.keys}
        self.down = {key: model.new() for key in model.keys}
        for key in model.keys:
            value = question.size(key)
            model.rows.add({self.level[key]: 1.0, self.up[key]: -1.0, self.down[key]: 1.0}, value, value)
        self.derived = [self._level(form, free=True) for form in derived]
        self.least, self.most = np.zeros(model.size), np.full(model.size, np.inf)
        self.least[self.derived] = -np.inf
        self.prices = np.zeros(model.size)
        self.owner = {index: key for side in (self.up, self.down) for key, index in side.items()}
        self.roof = 1000.0 + 10 * max((question.size(key) for key in question.counts), default=0.0)
        self._matrix()
        self._frozen: frozenset[Key] | None = None

    def _level(self, form: Form | None, *, free: bool = False) -> int:
        """The variable that is the count; a new one where the count is a sum."""
        assert form is not None
        if not free and list(form.values()) == [1.0]:
            return next(iter(form))
        index = self.model.new()
        self.model.rows.add(plus((1, form), (-1, {index: 1.0})), 0, 0)
        return index

    def _matrix(self) -> None:
        rows = self.model.rows
        entries = np.array([(r, c, v) for r, form in enumerate(rows.rows) for c, v in form.items()]).reshape(-1, 3)
        where = (entries[:, 0].astype(int), entries[:, 1].astype(int))
        self.matrix = sparse.csr_array((entries[:, 2], where), shape=(len(rows.rows), self.model.size))
        self.low, self.high = np.array(rows.low), np.array(rows.high)

    def price(self, key: Key, *, hidden: bool) -> None:
        """What it costs to depart from a count, and how far one may: a star is known not to be zero."""
        value, zero = self.question.size(key), self.question.rule.show_zero
        never = key in self.question.fixed or (zero and value == 0)
        self.prices[[self.up[key], self.down[key]]] = 0.0 if hidden else cost(self.question, key)
        self.most[self.up[key]] = 0.0 if never else np.inf
        self.most[self.down[key]] = (
            0.0 if never else max(value - (self.model.structure.size(key, 1.0) if zero else 0.0), 0.0)
        )

    # --- parts ------------------------------------------------------------------------------------

    def divide(self, hidden: set[Key]) -> None:
        """Freeze the shown bases, the dearest of all counts: what is left falls apart into small programs."""
        frozen = frozenset(key for key in self.model.keys if not key.condition and key not in hidden)
        if frozen == self._frozen:
            return
        self._frozen = frozen
        still = np.full(self.model.size, np.nan)
        for key in frozen:
            still[self.level[key]] = self.question.size(key)
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
        self._free, self._parts = free, dict[int, Piece]()

    def _part(self, at: int) -> Piece:
        label = int(self.labels[at])
        if label not in self._parts:
            columns = np.flatnonzero((self.labels == label) & self._free)
            rows = np.flatnonzero(self._row_labels == label)
            matrix, moved = self.matrix[rows][:, columns], self._moved[rows]
            bounds = LinearConstraint(matrix, self.low[rows] - moved, self.high[rows] - moved)
            self._parts[label] = Piece(columns, bounds if len(rows) else None)
        return self._parts[label]

    def _everything(self) -> Piece:
        return Piece(np.arange(self.model.size), LinearConstraint(self.matrix, self.low, self.high))

    # --- the two questions ------------------------------------------------------------------------

    def extreme(self, at: int, sign: int) -> Second | None:
        """The table with the lowest (-1) or highest (1) count that departs in hidden counts alone."""
        part = self._part(at) if self._free[at] else self._everything()
        most = np.where(self.prices > 0, 0.0, self.most)[part.columns]
        prices = np.where(part.columns == at, -float(sign), 0.0)
        least = self.least[part.columns]
        return self._solve(part, prices, least, np.where(part.columns == at, np.minimum(most, self.roof), most))

    def cheapest(self, at: int, low: float, high: float) -> Second | None:
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

    def _solve(self, part: Piece, prices: np.ndarray, least: np.ndarray, most: np.ndarray) -> Second | None:
        if (least > most).any():
            return None
        found = milp(prices, constraints=part.rows, bounds=Bounds(least, most))
        if found.x is None:
            return None
        moved = [index for index in part.columns[found.x > TINY].tolist() if index in self.owner]
        values = dict(zip(part.columns.tolist(), found.x.tolist(), strict=True))
        return Second(values, frozenset(self.owner[index] for index in moved))


def cost(question: Question, key: Key) -> float:
    """Small counts go first, totals last; a base carries every percentage of its row."""
    price = (1.0 + min(question.size(key), 1000) / 200) * question.weight.get(key, 1.0)
    price *= COST_OF_BASE if not key.condition else 1.0
    return price * (COST_OF_TOTAL if not key.area and question.structure.areas else 1.0)
