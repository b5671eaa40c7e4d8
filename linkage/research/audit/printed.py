"""What readers hold, and what an attacker computes from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from linkage.research.cells import Count, Key

Truth = Callable[[Key], Count]
SLACK = 1e-6


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
