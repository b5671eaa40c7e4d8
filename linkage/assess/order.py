"""What the order of rows gives away: whether a file that seems shuffled still lies in the order of a public list."""

from __future__ import annotations

import numpy as np
import polars as pl


def aligned(order: pl.Series, public: pl.Series) -> float:
    """How many rows who lays a public list beside the file names rightly: row i is taken for entry i of the list.

    Both have the true identifier of each row (only the self-test knows it); rows without one count as missed.
    """
    length = min(order.len(), public.len())
    return float((order.head(length) == public.head(length)).fill_null(False).sum())


def by_chance(order: pl.Series) -> float:
    """How many `aligned` expects of rows in a random order: for each identifier its rows squared, over all rows."""
    counts = order.drop_nulls().value_counts()["count"].cast(pl.Float64)
    return float((counts * counts).sum()) / max(float(counts.sum()), 1.0)


def rank_correlation(order: pl.Series) -> float:
    """Spearman's correlation between the place of a row and the rank of its true identifier; 0 where all are alike."""
    known = order.drop_nulls()
    if known.n_unique() < 2:
        return 0.0
    ranks = known.rank("average").to_numpy()
    return float(np.corrcoef(ranks, np.arange(known.len()))[0, 1])


def neighbours(frame: pl.DataFrame, unit: pl.Series | None = None) -> tuple[float, float]:
    """How often a row has the same attributes as the next one, and how often that would be by chance.

    In the order of addresses neighbours are alike far more often: a street lies in one wijk. Of rows of one `unit`,
    which stand together in any order by pseudonym, only the first counts.
    """
    if unit is not None:
        frame = frame.filter((unit != unit.shift(1)).fill_null(True))
    if frame.height < 2 or not frame.width:
        return 0.0, 0.0
    classes = frame.select(pl.struct(pl.all()).rank("dense").alias("class"))["class"]
    alike = float((classes.head(-1) == classes.tail(-1)).sum()) / (classes.len() - 1)
    counts = classes.value_counts()["count"].cast(pl.Float64)
    chance = float((counts * (counts - 1)).sum()) / (classes.len() * (classes.len() - 1))
    return alike, chance


def is_sorted(body: pl.DataFrame) -> bool:
    """Whether rows stand in the order of their content, as package-v1 (section 5) wants."""
    return body.equals(body.sort(body.columns, nulls_last=False))
