"""Rows as stretches of bytes: what goes in comes out, whatever is missing and however the table is cut."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.holder import packed
from linkage.holder.packed import behind, high, pack, unpack

SCHEMA = {"a": pl.Binary(), "n": pl.Int32(), "b": pl.Binary(), "y": pl.Boolean()}
sixteen = st.none() | st.binary(min_size=16, max_size=16)
whole = st.tuples(sixteen, st.none() | st.integers(-(2**31), 2**31 - 1), sixteen, st.none() | st.booleans())


def table(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, SCHEMA, orient="row")


@given(parts=st.lists(st.lists(whole, max_size=12), min_size=1, max_size=4), first=st.integers(0, 5))
def test_there_and_back(parts: list[list[tuple[object, ...]]], first: int) -> None:
    frame = pl.concat([table(part) for part in parts], rechunk=False)[first:]
    rows = pack(frame)
    assert unpack(rows, SCHEMA).equals(frame)
    assert unpack(rows, SCHEMA).schema == frame.schema
    turned = np.arange(frame.height)[::-1]
    assert unpack(rows, SCHEMA, turned).equals(frame.reverse())


def test_more_rows_than_are_taken_apart_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "STEP", 7)
    frame = table([(bytes([n]) * 16, n, None, n % 2 == 0) for n in range(50)])
    order = np.random.default_rng(1).permutation(50)
    assert unpack(pack(frame), SCHEMA, order).equals(frame[order])


@given(rows=st.lists(whole, min_size=1, max_size=20))
def test_a_row_without_a_value_keeps_nothing_of_it(rows: list[tuple[object, ...]]) -> None:
    """What stands under a null in memory may be anything; on the way to the disk it is zeros."""
    frame = table(rows)
    masked = frame.with_columns(pl.when(False).then(pl.col(name)).alias(name) for name in frame.columns)
    assert not np.any(pack(masked).view(np.uint8))


@given(values=st.lists(st.binary(min_size=16, max_size=16), min_size=2, max_size=20))
def test_high_is_in_the_order_of_the_bytes(values: list[bytes]) -> None:
    found = high(pack(pl.DataFrame({"a": values})), 0).tolist()
    assert found == [int.from_bytes(value[:8], "big") for value in values]


def test_behind() -> None:
    frame = table([(b"x" * 16, 1, None, True), (None, None, b"y" * 16, None)])
    rows = pack(frame)
    assert unpack(behind([rows, rows]), SCHEMA).equals(pl.concat([frame, frame]))


def test_a_column_of_text_is_not_packed() -> None:
    with pytest.raises(KeyError):
        pack(pl.DataFrame({"name": ["?"]}))
