"""Work on what differs: each different cell, or combination of cells, is read once where many are alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

ROWS = ":rows"


def once(read: Callable[[pl.DataFrame], pl.DataFrame], cells: pl.DataFrame) -> pl.DataFrame:
    """`read(cells)`, row for row, by reading each different row once; `read` gives columns of other names.

    Not by a categorical: Polars keeps those for good.
    """
    different = cells.with_row_index(ROWS).group_by(cells.columns).agg(ROWS)
    if different.height * 2 > cells.height:
        return read(cells)
    return read(different.select(cells.columns))[_which(different[ROWS], cells.height)]


def _which(rows: pl.Series, height: int) -> NDArray[np.uint32]:
    """For each row the group that has it."""
    which = np.empty(height, np.uint32)
    which[rows.explode().to_numpy()] = np.repeat(np.arange(rows.len(), dtype=np.uint32), rows.list.len().to_numpy())
    return which
