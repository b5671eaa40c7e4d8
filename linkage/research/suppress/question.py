"""What the suppressor is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from linkage.research.cells import Count, Key, Structure
from protocols.model import ReleaseRule


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

    def size(self, key: Key) -> float:
        """The value of a count, or of an amount in the units of the program."""
        return self.structure.size(key, float(self.counts[key].value))


@dataclass(frozen=True)
class Pattern:
    """`primary` are hidden for their own value, `secondary` to protect those."""

    primary: frozenset[Key]
    secondary: frozenset[Key]
