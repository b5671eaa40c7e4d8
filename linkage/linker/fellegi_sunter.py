"""How much an agreement says: the model of Fellegi and Sunter, estimated without examples (linkage-v1, section 8.3).

Fellegi and Sunter, "A theory for record linkage", JASA 64 (1969); the estimation is expectation-maximisation (Winkler
1988). It sees patterns of agreement and how many pairs have each, never a pair. All pairs count, also those that
nobody compared: those are taken for different persons, and how often they agree by chance is known exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN, DIFFERS = -1, 0
MOST_ROUNDS = 10_000
CLOSE = 1e-10
# No agreement is certain, and none is impossible.
SMALLEST = 1e-9
START_AGREES = 0.9
ADDED = 0.5


@dataclass(frozen=True)
class Patterns:
    """`levels` (patterns, comparisons): UNKNOWN, DIFFERS, or the level that agrees, 1 being best; `pairs` of each.

    Of levels 2 and 3, 4 and 5, ... the even one is found where something better differs, the odd one where all better
    is unknown.
    """

    levels: NDArray[np.int64]
    pairs: NDArray[np.int64]


@dataclass(frozen=True)
class Chances:
    """`prior`: the share of all pairs that is one person; per comparison and level (0: differs) the chance of it, for
    pairs of one person (`same`) and of two (`other`). `rounds` is None where the estimation did not come to rest.
    """

    prior: float
    same: tuple[NDArray[np.float64], ...]
    other: tuple[NDArray[np.float64], ...]
    rounds: int | None

    @property
    def weights(self) -> tuple[NDArray[np.float64], ...]:
        """The natural logarithm of `same` over `other`, per comparison and level."""
        return tuple(np.log(same) - np.log(other) for same, other in zip(self.same, self.other, strict=True))

    @property
    def prior_weight(self) -> float:
        """The natural logarithm of the odds before anything is compared."""
        return float(np.log(self.prior) - np.log1p(-self.prior))

    @property
    def usable(self) -> bool:
        """Whether it came to rest, and what is known at all agrees more often within a person than between two."""
        said = [weights for weights in self.weights if np.abs(weights).max() > SMALLEST]
        return self.rounds is not None and all(weights[1] > 0 > weights[0] for weights in said)


def probabilities(chances: Chances, levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Per pattern: how likely it is that a pair is one person. What is unknown says nothing."""
    odds = np.full(len(levels), chances.prior_weight)
    for column, weights in enumerate(chances.weights):
        odds += np.append(weights, 0.0)[levels[:, column]]  # UNKNOWN is the last
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), np.float64)


def estimate(
    patterns: Patterns, everywhere: Sequence[Sequence[int]], total: int, expected: int, added: float = ADDED
) -> Chances:
    """The chances that fit best.

    `everywhere`: per comparison, of *all* pairs, how many are at each level (0: differs) where it is known; `total`:
    how many pairs there are in all, compared or not; `expected`: where to start, in pairs that are one person; `added`:
    so many pairs of either kind are taken to be at each level besides: what was never seen is not impossible.
    """
    counts = tuple(np.array(levels, np.float64) for levels in everywhere)
    same = tuple(_start(len(levels)) for levels in everywhere)
    other = tuple(_shares(levels) for levels in counts)
    chances = Chances(min(max(expected, 1) / total, 0.5), same, other, None)
    for done in range(1, MOST_ROUNDS + 1):
        better = _round(chances, patterns, counts, total, added)
        if _distance(chances, better) < CLOSE:
            return Chances(better.prior, better.same, better.other, done)
        chances = better
    return chances


def _round(
    chances: Chances, patterns: Patterns, counts: tuple[NDArray[np.float64], ...], total: int, added: float
) -> Chances:
    """What is expected of the pairs under these chances, and the chances that make that most likely."""
    matches = patterns.pairs * probabilities(chances, patterns.levels)
    same = [_weighed(patterns.levels[:, column], matches, len(levels)) for column, levels in enumerate(counts)]
    other = [np.maximum(levels - found, 0.0) for levels, found in zip(counts, same, strict=True)]
    prior = min(max(float(matches.sum()) / total, SMALLEST / total), 1 - SMALLEST)
    better = [tuple(_shares(levels + added) for levels in found) for found in (same, other)]
    return Chances(prior, better[0], better[1], None)


def _weighed(levels: NDArray[np.int64], matches: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Per level, what is unknown left out, the expected matches."""
    return np.asarray(np.bincount(levels + 1, weights=matches, minlength=count + 1)[1:], np.float64)


def _start(levels: int) -> NDArray[np.float64]:
    """Most agree at the best level that is known."""
    shares = [START_AGREES if level % 2 else 1 - START_AGREES for level in range(levels)]
    return _shares(np.array(shares, np.float64))


def _shares(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = levels.sum()
    shares = np.full(len(levels), 1 / len(levels)) if whole <= 0 else levels / whole
    kept = np.maximum(shares, SMALLEST)
    return np.asarray(kept / kept.sum(), np.float64)


def _distance(before: Chances, after: Chances) -> float:
    pairs = zip((*before.same, *before.other), (*after.same, *after.other), strict=True)
    return max(abs(before.prior - after.prior) / after.prior, *(float(np.abs(a - b).max()) for a, b in pairs))
