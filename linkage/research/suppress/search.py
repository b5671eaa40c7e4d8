"""Hides more and more until every count in need is uncertain enough, then shows again what need not be hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from linkage.research.cells import Key
from linkage.research.suppress.model import Model
from linkage.research.suppress.needs import own_need, primary
from linkage.research.suppress.program import TINY, Program, Second, cost
from linkage.research.suppress.question import Need, NoWay, Pattern, Question
from linkage.research.suppress.unprinted import derived


def suppress(question: Question) -> Pattern:
    """The counts to hide. Raises NoWay where what may not be hidden gives a count away."""
    return _Search(question).run()


@dataclass
class Goal:
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

    def see(self, table: Second) -> None:
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
        model = Model(question)
        self.primary = primary(question) - question.fixed
        self.hidden = set(self.primary | question.hidden)
        unprinted = list(derived(question, model))
        self.program = Program(question, model, [found.form for found in unprinted])
        for key in model.keys:
            self.program.price(key, hidden=key in self.hidden)
        self.goals = [self._goal(key) for key in sorted(primary(question))]
        for found, at in zip(unprinted, self.program.derived, strict=True):
            self.goals.append(Goal(found.blame, at, found.need, found.value))

    def run(self) -> Pattern:
        """Hide, see to what was hidden, and repeat until nothing changes."""
        stars: dict[Key, Goal] = {}
        self._protect(self.goals)
        while new := sorted(self.hidden - self.primary - stars.keys()):
            stars |= {key: self._star(key) for key in new}
            self._protect([*self.goals, *stars.values()])
        self._show_again(stars)
        return Pattern(self.primary, frozenset(self.hidden - self.primary))

    def _goal(self, key: Key) -> Goal:
        need = own_need(self.question, key)
        assert need is not None
        return Goal((key,), self.program.level[key], need, self.question.size(key))

    def _star(self, key: Key) -> Goal:
        """What is hidden for others must be uncertain too, or it is not hidden."""
        count, width = self.question.counts[key], float(self.question.rule.interval_width)
        worth = self.question.size(key) / max(count.households, 1) if key.measure else 1.0
        return Goal((key,), self.program.level[key], Need(0, width * worth), self.question.size(key))

    # --- hiding -----------------------------------------------------------------------------------

    def _protect(self, goals: list[Goal]) -> None:
        for goal in sorted(goals, key=lambda g: (g.value, g.blame, g.at)):
            if not goal.met:
                self.program.divide(self.hidden)
                self._reach(goal, goals)

    def _reach(self, goal: Goal, goals: list[Goal]) -> None:
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

    def _widen(self, goal: Goal, goals: list[Goal]) -> None:
        for sign in (-1, 1):
            if not goal.met:
                self._see(self.program.extreme(goal.at, sign), goals)

    def _buy(self, goal: Goal, goals: list[Goal], low: float, high: float) -> None:
        """Hide every count in which the cheapest table departs."""
        table = self.program.cheapest(goal.at, low, high)
        for key in sorted(table.departs - self.hidden) if table else ():
            self._hide(key, hidden=True)
        self._see(table, [goal, *goals])

    def _see(self, table: Second | None, goals: list[Goal]) -> None:
        for goal in goals if table else ():
            assert table is not None
            goal.see(table)

    def _hide(self, key: Key, *, hidden: bool) -> None:
        (self.hidden.add if hidden else self.hidden.discard)(key)
        self.program.price(key, hidden=hidden)

    # --- showing again ----------------------------------------------------------------------------

    def _show_again(self, stars: dict[Key, Goal]) -> None:
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

    def _met_again(self, goals: list[Goal]) -> bool:
        """Whether goals whose witness is gone can be met with what is hidden now."""
        for goal in goals:
            goal.forget()
        for goal in goals:
            self._widen(goal, goals)
            if not goal.met:
                return False
        return True
