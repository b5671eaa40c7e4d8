"""Cells that are a number of so many digits, read as digits in one go, without a pattern for each cell."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from linkage.hashing.columns import strings

INLINE = 12
"""As many bytes of a text stand in its own view (`columns`)."""


def digits(column: pl.Series, count: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """(count, rows): the digits of each cell; and per row whether the cell is exactly so many ASCII digits.

    Elsewhere the digits mean nothing; null is no number. `count` is at most 12.
    """
    found, formed, at = np.zeros((count, column.len()), np.uint8), np.zeros(column.len(), np.bool_), 0
    for chunk in strings(column):
        here = slice(at, at + len(chunk))
        given = np.ascontiguousarray(chunk.views[:, 1:]).view(np.uint8).reshape(-1, INLINE)[:, :count]
        np.subtract(given.T, ord("0"), out=found[:, here])
        formed[here] = (chunk.views[:, 0] == count) & (found[:, here] < 10).all(0)
        if len(chunk.valid):
            formed[here] &= chunk.valid
        at += len(chunk)
    return found, formed


def number(found: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(rows): the number that the digits write."""
    total = np.zeros(found.shape[1], np.int64)
    for digit in found:
        total *= 10
        total += digit
    return total


def weighted(found: NDArray[np.uint8], weights: tuple[int, ...]) -> NDArray[np.int32]:
    """(rows): the sum of digit times weight; weights are small."""
    total = np.zeros(found.shape[1], np.int32)
    for digit, weight in zip(found, weights, strict=True):
        total += digit.astype(np.int32) * np.int32(weight)
    return total
