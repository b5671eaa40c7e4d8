"""Work on what differs: each different cell, or combination of cells, is read once where many are alike."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def once(read: Callable[[pl.DataFrame], pl.DataFrame], cells: pl.DataFrame) -> pl.DataFrame:
    """`read(cells)`, row for row, by reading each different row once; `read` gives columns of other names.

    Not by a categorical: Polars keeps those for good.
    """
    different = cells.unique()
    if different.height * 2 > cells.height:
        return read(cells)
    made = different.hstack(read(different))
    return cells.join(made, on=cells.columns, how="left", nulls_equal=True, maintain_order="left").drop(cells.columns)
