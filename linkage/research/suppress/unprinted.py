"""Small counts that nobody prints but that follow from printed ones: cells of cross tables, and differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from linkage.research.cells import UNKNOWN, Key
from linkage.research.suppress.model import Form, Model, plus
from linkage.research.suppress.question import Need, Question


@dataclass(frozen=True)
class Derived:
    """A small count that is not printed."""

    blame: tuple[Key, ...]
    form: Form
    need: Need
    value: float


def derived(question: Question, model: Model) -> Iterator[Derived]:
    """Small counts that follow from published ones: cells of the cross tables they span, and differences."""
    need = Need(question.rule.threshold, question.rule.interval_width)
    for cell in _crossed(question):
        value, form = question.truth(cell).value, model.form(cell)
        if form is not None and 1 <= value < question.rule.threshold:
            yield Derived(_spanning(question, cell), form, need, float(value))
    for larger, smaller in _nested(question):
        one, other = question.counts[larger], question.counts[smaller]
        forms = model.form(larger), model.form(smaller)
        households, value = one.households - other.households, one.value - other.value
        if forms[0] and forms[1] and 1 <= households < question.rule.threshold and value > 0:
            size = question.structure.size(larger, float(value))
            wide = Need(0, question.rule.interval_width * size / households) if larger.measure else need
            yield Derived((larger, smaller), plus((1, forms[0]), (-1, forms[1])), wide, size)


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
