"""What who has the same register in the clear learns from which persons share a value, besides how often each occurs.

Colour refinement (Weisfeiler and Leman, 1968): persons begin alike; in each round a value gets a colour by the colours
of all who have it, and a person by those of all his values, until nothing more is told apart. Whoever has a colour of
his own is pointed out by the pseudonyms alone. The first round is counting how often each value occurs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Colours = NDArray[np.int64]
UNKNOWN = -1
SEED = 1  # sums of random numbers stand for sets of colours; two differ and yet agree once in 2^64


def colours(frame: pl.DataFrame, fields: Sequence[str]) -> pl.Series:
    """A whole number per row: rows with the same one cannot be told apart by which values are shared with whom."""
    values = [_codes(frame[field]) for field in fields]
    rng, person = np.random.default_rng(SEED), np.zeros(frame.height, np.int64)
    count = 1
    while frame.height:
        told = np.stack([person, *(_of_values(value, person, rng) for value in values)], axis=1)
        person = np.unique(told, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        if int(person.max()) + 1 == count:
            break
        count = int(person.max()) + 1
    return pl.Series("colour", person)


def _codes(column: pl.Series) -> Colours:
    """Equal values as one whole number; unknown ones as UNKNOWN, which nobody shares."""
    ranks: Any = column.rank("dense").cast(pl.Int64).fill_null(UNKNOWN).to_numpy()
    return np.asarray(ranks, np.int64)


def _of_values(value: Colours, person: Colours, rng: np.random.Generator) -> NDArray[np.uint64]:
    """Per person the colour of his value: the sum of a random number for the colour of each who has it."""
    chosen = rng.integers(1, 2**63, size=int(person.max()) + 1, dtype=np.uint64)
    sums = np.zeros(int(value.max()) + 2, np.uint64)
    np.add.at(sums, value, chosen[person])
    return np.where(value == UNKNOWN, np.uint64(0), sums[value])
