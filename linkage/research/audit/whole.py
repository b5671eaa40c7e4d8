"""The best bound over tables of whole households, where the linear program ends in halves."""

from __future__ import annotations

from math import inf

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from linkage.research.audit.printed import SLACK

TRIES, CORNERS, NODES, SECONDS = 12, 4, 200, 20.0


def best_whole(
    prices: np.ndarray, facts: list[LinearConstraint], limits: Bounds, whole: np.ndarray, bound: int
) -> float:
    """The least value that a table of whole households has, from the bound upward.

    Each is a question with a yes or a no, which is quicker than asking for the least at once. What is not decided
    within the limit counts as no: the interval then comes out too narrow, and at worst a release is refused.
    """
    chance = np.random.default_rng(len(prices))
    for value in range(bound, bound + TRIES):
        this = [*facts, LinearConstraint(sparse.csr_array(prices.reshape(1, -1)), value, value)]
        for _ in range(CORNERS):  # a corner is often whole, and quicker to find than to ask for
            found = milp(chance.random(len(prices)), constraints=this, bounds=limits)
            if found.x is not None and is_whole(found.x, whole):
                return float(value)
        options = {"node_limit": NODES, "time_limit": SECONDS}
        nothing = np.zeros(len(prices))
        found = milp(nothing, constraints=this, bounds=limits, integrality=whole.astype(int), options=options)
        if found.x is not None:
            return float(value)
    return inf


def is_whole(table: np.ndarray, whole: np.ndarray) -> bool:
    """Whether every count of households is a whole number."""
    return bool(np.abs(table - np.round(table))[whole].max(initial=0.0) <= SLACK)
