"""Estimation without examples: the same as another's, and what it must refuse."""

from __future__ import annotations

import json
import random
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linkage.linker.fellegi_sunter import DIFFERS, UNKNOWN, Chances, Patterns, estimate, probabilities

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "ecm_reference.json").read_text("utf-8"))


def patterns_of(rows: list[list[int]]) -> Patterns:
    table = np.array(rows, np.int64)
    return Patterns(table[:, :-1], table[:, -1])


def marginals(patterns: Patterns, levels: int) -> list[list[int]]:
    """How many pairs are at each level, where these are all pairs there are."""
    columns = range(patterns.levels.shape[1])
    return [[int(patterns.pairs[patterns.levels[:, c] == n].sum()) for n in range(levels)] for c in columns]


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["name"])
def test_the_same_chances_as_recordlinkage(case: dict[str, Any]) -> None:
    """Where all pairs are compared, at two levels, it is the ECM of that library."""
    patterns = patterns_of(case["patterns"])
    total = int(patterns.pairs.sum())
    chances = estimate(patterns, marginals(patterns, 2), total, total // 10, added=0.0)
    assert chances.prior == pytest.approx(case["prior"], abs=1e-6)
    assert [float(same[1]) for same in chances.same] == pytest.approx(case["same"], abs=1e-6)
    assert [float(other[1]) for other in chances.other] == pytest.approx(case["other"], abs=1e-6)
    assert probabilities(chances, patterns.levels) == pytest.approx(case["probability"], abs=1e-5)


def expected(prior: float, same: list[list[float]], other: list[list[float]], total: int) -> Patterns:
    """The patterns that pairs under these chances would have, rounded to whole pairs."""
    rows = []
    for levels in product(*(range(len(chances)) for chances in same)):
        alike = prior * np.prod([s[n] for s, n in zip(same, levels, strict=True)])
        apart = (1 - prior) * np.prod([o[n] for o, n in zip(other, levels, strict=True)])
        rows.append([*levels, round(float(alike + apart) * total)])
    return patterns_of(rows)


SAME = [[0.05, 0.85, 0.1], [0.1, 0.9], [0.02, 0.9, 0.08], [0.1, 0.9]]
OTHER = [[0.97, 0.01, 0.02], [0.9, 0.1], [0.995, 0.001, 0.004], [0.99, 0.01]]


def test_the_chances_behind_the_patterns_are_found_again() -> None:
    total = 100_000_000
    patterns = expected(1e-4, SAME, OTHER, total)
    everywhere = [marginals(patterns, 3)[c][: len(SAME[c])] for c in range(4)]
    chances = estimate(patterns, everywhere, total, 3_000)
    assert chances.usable
    assert chances.prior == pytest.approx(1e-4, rel=0.02)
    for found, wanted in zip(chances.same, SAME, strict=True):
        assert list(found) == pytest.approx(wanted, abs=0.01)


def test_pairs_that_nobody_compared_count_as_different() -> None:
    """Of the same patterns, those that agree in the last two comparisons alone are compared."""
    total = 100_000_000
    whole = expected(1e-4, SAME, OTHER, total)
    everywhere = [marginals(whole, 3)[c][: len(SAME[c])] for c in range(4)]
    compared = (whole.levels[:, 2] > 0) & (whole.levels[:, 1] > 0)
    chances = estimate(Patterns(whole.levels[compared], whole.pairs[compared]), everywhere, total, 3_000)
    assert chances.prior == pytest.approx(1e-4 * 0.98 * 0.9, rel=0.05)
    assert list(chances.other[0]) == pytest.approx(OTHER[0], abs=1e-4)


def test_what_is_unknown_says_nothing() -> None:
    chances = Chances(0.5, (np.array([0.1, 0.9]),) * 2, (np.array([0.9, 0.1]),) * 2, 1)
    levels = np.array([[1, UNKNOWN], [UNKNOWN, UNKNOWN], [DIFFERS, UNKNOWN], [1, 1]], np.int64)
    assert list(probabilities(chances, levels)) == pytest.approx([0.9, 0.5, 0.1, 81 / 82])


def test_a_comparison_that_nobody_can_make_does_not_matter() -> None:
    whole = expected(1e-3, SAME[1:], OTHER[1:], 10_000_000)
    everywhere = [marginals(whole, 3)[c][: len(SAME[1 + c])] for c in range(3)]
    without = estimate(whole, everywhere, 10_000_000, 1_000)
    unknown = np.full((len(whole.levels), 1), UNKNOWN, np.int64)
    beside = estimate(
        Patterns(np.hstack([whole.levels, unknown]), whole.pairs), [*everywhere, [0, 0]], 10_000_000, 1_000
    )
    assert beside.usable
    assert beside.prior == pytest.approx(without.prior)


def test_patterns_in_which_nobody_is_twice_link_nobody() -> None:
    """Where all agreement is chance, no pattern is likely one person."""
    rng = random.Random(1)
    rows = [[*levels, 0] for levels in product((0, 1), repeat=4)]
    for _ in range(20_000):
        levels = [int(rng.random() < 0.05) for _ in range(4)]
        rows[int("".join(map(str, levels)), 2)][-1] += 1
    patterns = patterns_of(rows)
    chances = estimate(patterns, marginals(patterns, 2), 20_000, 10)
    seen = patterns.pairs * (probabilities(chances, patterns.levels) > 0.95)
    assert not chances.usable or seen.sum() <= 1


def test_a_comparison_that_agrees_less_within_a_person_is_not_usable() -> None:
    odd = Chances(0.1, (np.array([0.9, 0.1]),), (np.array([0.1, 0.9]),), 5)
    assert not odd.usable
    assert not Chances(0.1, (np.array([0.1, 0.9]),), (np.array([0.9, 0.1]),), None).usable
