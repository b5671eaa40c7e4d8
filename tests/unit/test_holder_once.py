"""What is done once for what is alike, or only for what can matter, gives what doing it for every row gives."""

from __future__ import annotations

import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.hashing.columns import VALUE_BYTES, as_number, raw, values
from linkage.holder.once import once
from linkage.holder.tally import _first

cell = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ab", "een langere cel dan twaalf"]))


def told(cells: pl.DataFrame) -> pl.DataFrame:
    """Something that depends on every cell, and tells null from empty."""
    return cells.select(pl.concat_str(pl.all().fill_null("null"), separator="|").alias("told"))


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(cell, cell), max_size=40))
def test_reading_each_different_row_once(rows: list[tuple[str | None, str | None]]) -> None:
    cells = pl.DataFrame(rows, {"one": pl.String, "other": pl.String}, orient="row")
    assert once(told, cells).equals(told(cells))
    assert once(told, cells.select("one")).equals(told(cells.select("one")))


def test_alike_rows_are_read_once() -> None:
    seen: list[int] = []

    def counted(cells: pl.DataFrame) -> pl.DataFrame:
        seen.append(cells.height)
        return told(cells)

    once(counted, pl.DataFrame({"one": ["a", "b", None] * 50}))
    assert seen == [3]


def pseudonyms(rng: random.Random, count: int, empty: float, different: int) -> pl.Series:
    """A column of sixteen bytes, some absent, some alike."""
    known = [rng.randbytes(VALUE_BYTES) for _ in range(different)]
    return pl.Series("a", [None if rng.random() < empty else rng.choice(known) for _ in range(count)], pl.Binary)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 999), count=st.integers(0, 60), empty=st.sampled_from([0.0, 0.5, 1.0]), start=st.integers(0, 20)
)
def test_bytes_and_back(seed: int, count: int, empty: float, start: int) -> None:
    """Also of a part of a column, and of a column in parts."""
    column = pseudonyms(random.Random(seed), count, empty, 9)
    parts = pl.concat([column.slice(start), column.head(start)], rechunk=False)
    for one in (column, column.slice(start, 11), parts):
        assert values("a", raw(one), one.is_not_null().to_numpy()).equals(one)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 999), count=st.integers(1, 60))
def test_numbers_are_in_the_order_of_their_bytes(seed: int, count: int) -> None:
    frame = pseudonyms(random.Random(seed), count, 0.2, 50).to_frame()
    assert frame.sort(as_number(pl.col("a"))).equals(frame.sort("a"))


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 999),
    count=st.integers(1, 80),
    empty=st.sampled_from([0.0, 0.1, 0.9, 1.0]),
    different=st.sampled_from([1, 3, 80]),
)
def test_the_first_rows_are_those_of_all_rows_in_order(seed: int, count: int, empty: float, different: int) -> None:
    rng = random.Random(seed)
    frame = pseudonyms(rng, count, empty, different).to_frame().with_columns(b=pseudonyms(rng, count, empty, different))
    frame = frame.with_columns(n=pl.Series([rng.randrange(3) for _ in range(count)]))
    assert _first(frame, 5).equals(frame.sort(frame.columns).head(5))
