"""What an attacker can compute: the lowest and highest value of each count, from all that was ever published.

Written apart from `suppress`, and it shares no line with it. The variables here are households by wijk and by every
combination of values; each published number is one equation on them. The attacker is given more than a reader has:
all structure that the protocol gives away, and that a star is not a zero. A bound is the best over tables of whole
households, so that no reasoning with whole numbers narrows it any further.
"""

from __future__ import annotations

from math import ceil, floor, inf

from linkage.research.audit.asked import Asked, questions
from linkage.research.audit.knowledge import Knowledge, add
from linkage.research.audit.printed import SLACK, Interval, Percentage, Printed, Truth
from linkage.research.cells import Structure
from protocols.model import ReleaseRule

__all__ = ["Interval", "Percentage", "Printed", "audit"]


def audit(printed: Printed, truth: Truth, structure: Structure, rule: ReleaseRule) -> tuple[Interval, ...]:
    """The interval of every hidden count, and of every small count that was shown or follows from what was."""
    knowledge = Knowledge(printed, structure, rule)
    return tuple(_measured(knowledge, question) for question in questions(printed, truth, structure, rule))


def _measured(knowledge: Knowledge, question: Asked) -> Interval:
    plus = knowledge.form(question.plus)
    minus = knowledge.form(question.minus) if question.minus else {}
    if plus is None or minus is None:
        low, high = 0.0, inf
    else:
        low, high = knowledge.bounds(add((1, plus), (-1, minus)))
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
