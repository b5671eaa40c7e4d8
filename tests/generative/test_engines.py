"""Two engines, one plan: on random towns and on the examples of the vocabulary, Spark says what Polars says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import narwhals.stable.v2 as nw
import on_spark
import polars as pl
import pytest
import random_examples
import slow_indicators
import spec_engines
import test_indicator_specs as specs
import test_linking as linking
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import HOLDERS, Cast
from towns import Town

from linkage.engine.base import Engine
from linkage.engine.polars import PolarsEngine
from linkage.linker.plan import Planned, plan
from linkage.study import Study

# In every run: one delivery by both numbers, one that has addresses too, one of addresses alone. The rest is slow.
SOME_DELIVERIES = ("bevolking", "jeugdhulp", "stadsbank", "woningcorporatie")
SOME_EXAMPLE = "same_person: Wie niet in een gedeeltelijke levering staat, heeft het misschien"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with on_spark.local_session(tmp_path_factory.mktemp("spark")) as made:
        yield made


def digest(table: pl.DataFrame) -> str:
    """A hash of the sorted rows, with the columns and their types."""
    rows = table.select(sorted(table.columns)).sort("household").rows()
    return hashlib.sha256(repr((sorted(table.schema.items()), rows)).encode()).hexdigest()


def same(found: Planned, wanted: Planned) -> None:
    """The same households and the same counts; no values on failure."""
    assert digest(found.table) == digest(wanted.table)
    for name in ("without_household", "ways", "doubles"):
        assert getattr(found, name) == getattr(wanted, name), name


# --- random towns ---------------------------------------------------------------------------------


def stored(town: Town, study: Study) -> dict[str, pl.DataFrame]:
    """The re-keyed bodies, with their keys as 16 bytes."""
    holders = list(HOLDERS)
    rows = {"bevolking": [(0, row) for row in town.register]}
    for name, records in town.clear_records().items():
        rows[name] = [(holders.index(holder), row) for holder, row in records]
    found = {}
    for name, of in rows.items():
        frame = nw.to_native(linking.frame_of(study, name, of)).collect()
        keys = [column for column, kind in frame.schema.items() if kind == pl.UInt128]
        binary = (pl.Series(k, [v if v is None else v.to_bytes(16, "big") for v in frame[k]], pl.Binary) for k in keys)
        found[name] = frame.with_columns(*binary)
    return found


def planned(engine: Engine, town: Town, study: Study, only: Sequence[str] = ()) -> Planned:
    bodies = {name: body for name, body in stored(town, study).items() if not only or name in only}
    frames = {name: engine.scan(engine.save([body], name)) for name, body in bodies.items()}
    return plan(engine, frames, study, lambda text: None)


def town_is_the_same(seed: int, spark: Any, study: Study, only: Sequence[str] = ()) -> None:
    """Both engines, joined by broadcast or by sorting; and unlike another town."""
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        engine = on_spark.engine(spark, Path(one), broadcast=seed % 2 == 0)
        town = Town(linking.PROTOCOL, seed, households=8)
        found, wanted = (planned(made, town, study, only) for made in (engine, PolarsEngine(Path(two))))
    same(found, wanted)
    assert wanted.table.height > 2


def test_a_town_and_an_example(spark: Any, cast: Cast, tmp_path: Path) -> None:
    """In one test, so that one session of Spark is started whatever the number of workers."""
    town_is_the_same(1, spark, cast.study(), SOME_DELIVERIES)
    specs.same(specs.CASES[SOME_EXAMPLE], lambda folder: on_spark.engine(spark, folder), tmp_path)


def test_other_rows_have_another_digest(cast: Cast, tmp_path: Path) -> None:
    study = cast.study()
    first, second = (planned(PolarsEngine(tmp_path), Town(linking.PROTOCOL, seed), study).table for seed in (1, 2))
    assert digest(first) != digest(second)
    assert digest(first) == digest(first.sample(fraction=1.0, shuffle=True, seed=3))
    assert digest(first) != digest(first.with_columns(pl.col("size").cast(pl.Int32)))


@pytest.mark.slow
@settings(max_examples=12)
@given(seed=st.integers(0, 10**9))
def test_random_towns(spark: Any, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    cast = Cast(tmp_path_factory.mktemp("cast"))
    town_is_the_same(seed, spark, cast.study())


# --- the examples of the vocabulary ---------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", specs.CASES)
def test_an_example(name: str, spark: Any, tmp_path: Path) -> None:
    specs.same(specs.CASES[name], lambda folder: on_spark.engine(spark, folder), tmp_path)


@pytest.mark.slow
@settings(max_examples=15)
@given(seed=st.integers(0, 10**9))
def test_random_protocols(spark: Any, seed: int) -> None:
    rng = Random(seed)
    protocol = random_examples.protocol(rng)
    rows = random_examples.given(rng, protocol)
    with TemporaryDirectory() as folder:
        found = spec_engines.answers(lambda place: on_spark.engine(spark, place), protocol, rows, Path(folder))
    slow = slow_indicators.answers(protocol, rows)
    assert set(found) == set(slow)
    assert sorted({name for home, row in slow.items() for name in row if found[home][name] != row[name]}) == []
