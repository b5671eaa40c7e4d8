"""Numbers for keys, and which keys occur twice: what the Polars engine does its own way must be the plain answer."""

from __future__ import annotations

from collections import Counter

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.engine.polars import PolarsEngine
from linkage.engine.portable import repeated

HIGH = 1 << 64
# Few keys, of which some have the same low 64 bits, and some the same high ones.
KEYS = st.one_of(st.none(), st.sampled_from([0, 1, HIGH, HIGH + 1, 2 * HIGH, 2 * HIGH - 1, HIGH * HIGH - 1]))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> PolarsEngine:
    return PolarsEngine(tmp_path_factory.mktemp("engine"))


def scanned(engine: PolarsEngine, keys: list[int | None]) -> nw.LazyFrame:
    raw = [None if key is None else key.to_bytes(16, "big") for key in keys]
    frame = pl.DataFrame({"key": pl.Series(raw, dtype=pl.Binary), "row": range(len(keys))})
    return engine.scan(engine.save([frame], "rows"))


@settings(deadline=None, max_examples=200)
@given(st.lists(KEYS, max_size=12))
def test_what_occurs_twice_is_all_there_is(engine: PolarsEngine, keys: list[int | None]) -> None:
    frame = engine.suspects(scanned(engine, keys), "key")
    twice = {key for key, times in Counter(keys).items() if key is not None and times > 1}
    assert set(engine.collect(repeated(frame, ["key"]))["key"]) == twice
    assert twice <= set(engine.collect(frame)["key"])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, HIGH * HIGH - 1), max_size=12, unique=True))
def test_keys_that_differ_are_suspect_by_their_low_bits_alone(engine: PolarsEngine, keys: list[int]) -> None:
    """Of random keys that is nobody, so that nothing is grouped."""
    low = Counter(key % HIGH for key in keys)
    found = engine.collect(engine.suspects(scanned(engine, list(keys)), "key"))
    assert set(found["key"]) == {key for key in keys if low[key % HIGH] > 1}


def test_each_row_has_a_number_of_its_own_and_its_other_columns(engine: PolarsEngine) -> None:
    found = engine.collect(engine.numbered(scanned(engine, [HIGH, 7, 3 * HIGH]), "key"))
    assert sorted(found["key"]) == [0, 1, 2]
    assert sorted(found["row"]) == [0, 1, 2]
    assert found.schema["key"] == pl.UInt32
