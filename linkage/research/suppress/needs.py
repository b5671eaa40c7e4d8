"""Counts and amounts that may not be shown for their own sake, and how uncertain each must stay."""

from __future__ import annotations

from decimal import Decimal
from math import floor

import numpy as np

from linkage.research.cells import NO, UNKNOWN, Key
from linkage.research.suppress.question import Need, Question


def primary(question: Question) -> frozenset[Key]:
    """Counts that may not be shown, whatever stands beside them."""
    return frozenset(key for key in question.counts if own_need(question, key) is not None)


def own_need(question: Question, key: Key) -> Need | None:
    """What a count needs for its own value, its complement or its share of the base; None where it may be shown."""
    rule, count = question.rule, question.counts[key]
    if key.measure:
        return _amount_need(question, key)
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


def _amount_need(question: Question, key: Key) -> Need | None:
    """An amount is hidden where few bring it, or one brings nearly all; it must stay some households' worth wide."""
    rule, count = question.rule, question.counts[key]
    few = 1 <= count.households < rule.threshold
    dominated = count.value > 0 and count.largest > rule.dominance_share * count.value
    if not few and not dominated:
        return None
    worth = question.size(key) / max(count.households, 1)
    return Need(
        question.structure.size(key, float(Decimal(count.largest) / rule.dominance_share)), worth * rule.interval_width
    )


def _base(question: Question, key: Key) -> int:
    """How many households the count is taken from: those of whom it is known."""
    unknown = (question.truth(key.at((key.population, ((name, UNKNOWN),)))) for name, _ in key.condition)
    return question.truth(key.at((key.population, ()))).value - sum(count.value for count in unknown)
