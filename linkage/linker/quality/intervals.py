"""Shares, differences between groups, and sums of estimates, each with a 95 % interval (quality-v1, section 7).

Plain arithmetic on counts: nothing here knows where they come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, sqrt

Z = 1.959963984540054  # 97.5 % of a normal distribution lies below it


@dataclass(frozen=True)
class Estimate:
    """A number with the interval that holds it 95 times in 100; the number is None where only the interval is known."""

    value: float | None
    low: float
    high: float

    def rounded(self) -> dict[str, float | None]:
        """For JSON: six decimals."""
        value = None if self.value is None else round(self.value, 6)
        return {"estimate": value, "low": round(self.low, 6), "high": round(self.high, 6)}


def wilson(part: float, whole: int, among: float | None = None) -> Estimate:
    """A share, with the score interval of Wilson (1927); 0 to 1 where `whole` is 0, and no estimate.

    With `among` the interval is for the share in so many other cases of the same kind: those are a sample too, so the
    size that counts is 1 / (1 / whole + 1 / among).
    """
    if not whole:
        return Estimate(None, 0.0, 1.0)
    share = part / whole
    size = whole if among is None else 1 / (1 / whole + 1 / among) if among else 0.0
    if not size:
        return Estimate(share, 0.0, 1.0)
    middle = (share + Z**2 / (2 * size)) / (1 + Z**2 / size)
    half = Z / (1 + Z**2 / size) * sqrt(share * (1 - share) / size + Z**2 / (4 * size**2))
    return Estimate(
        share, 0.0 if not part else max(0.0, middle - half), 1.0 if part == whole else min(1.0, middle + half)
    )


def added(parts: Iterable[Estimate]) -> Estimate:
    """The sum of independent estimates, its interval by recovering their variances (Zou and Donner, 2008).

    Of parts that have no estimate, their whole interval is added: nothing is known of them but that.
    """
    low2 = high2 = value = low = high = 0.0
    whole = True
    for part in parts:
        if part.value is None:
            whole, low, high = False, low + part.low, high + part.high
            continue
        value, low2, high2 = (
            value + part.value,
            low2 + (part.value - part.low) ** 2,
            high2 + (part.high - part.value) ** 2,
        )
    return Estimate(value if whole else None, low + value - sqrt(low2), high + value + sqrt(high2))


def cohen_h(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float] | None:
    """The difference of two shares (part, whole) by Cohen (1988), and its standard error; None without cases."""
    if not (one[1] and other[1]):
        return None
    angles = [2 * asin(sqrt(part / whole)) for part, whole in (one, other)]
    return angles[0] - angles[1], sqrt(1 / one[1] + 1 / other[1])


@dataclass(frozen=True)
class Moments:
    """Whole numbers of a group: how many, their sum, and the sum of their squares; exact, so in any order the same."""

    count: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        """Of a group that is not empty."""
        return self.total / self.count

    @property
    def variance(self) -> float:
        """With count - 1; 0 of one case."""
        spread = self.count * self.squares - self.total**2
        return spread / (self.count * (self.count - 1)) if self.count > 1 else 0.0


def mean_difference(one: Moments, other: Moments) -> tuple[float, float] | None:
    """The difference of two means in pooled standard deviations, and its standard error; None where it has none."""
    if not (one.count and other.count):
        return None
    spread = sqrt((one.variance + other.variance) / 2)
    apart = one.mean - other.mean
    if not spread:
        return None if apart else (0.0, sqrt(1 / one.count + 1 / other.count))
    found = apart / spread
    return found, sqrt(1 / one.count + 1 / other.count + found**2 / (2 * (one.count + other.count)))
