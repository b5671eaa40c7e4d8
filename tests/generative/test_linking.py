"""Random towns: the product, which sees pseudonyms alone, must say what a plain join on raw identifiers says."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_linker import PlainLinker
from simulator import HOLDERS, Cast
from towns import Town

from linkage.engine.polars import PolarsEngine
from linkage.linker import parse
from linkage.linker.household import finished, flags
from linkage.linker.plan import plan
from linkage.linker.rekey import KEY_COLUMNS
from linkage.study import Study, pseudonym_fields, wire_columns
from protocols import StudyProtocol, load_protocol

PROTOCOL = load_protocol("nji_2016")
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _parse_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse bodies in this process: the child has tests of its own, and costs half a second each."""

    def parse_here(body: Path, checked: Path, manifest: Any) -> None:
        parse._check(parse.order_of(body, checked, manifest))

    monkeypatch.setattr("linkage.linker.run.parse", parse_here)


def same_rows(found: pl.DataFrame, wanted: Counter[tuple[Any, ...]]) -> None:
    """Compare as multisets; on failure name the columns that differ in number, no values."""
    rows = Counter(tuple(sorted(row.items())) for row in found.iter_rows(named=True))
    if rows != wanted:
        names = {name for row in (rows - wanted) for name, _ in row}
        differing = [
            name
            for name in sorted(names)
            if Counter(dict(row)[name] for row in rows.elements())
            != Counter(dict(row)[name] for row in wanted.elements())
        ]
        pytest.fail(f"{(rows - wanted).total()} households differ; columns with other totals: {differing}")


# --- the plan alone, on keys that are plain numbers -----------------------------------------------


def keyed(value: Any) -> int | None:
    return None if not value else abs(hash(("key", value)))


def frame_of(study: Study, name: str, rows: list[tuple[int, dict[str, Any]]]) -> nw.LazyFrame[Any]:
    """The re-keyed frame that the linker would have of these clear rows."""
    delivery = study.protocol.delivery(name)
    columns: dict[str, list[Any]] = {}
    for field in pseudonym_fields(delivery):
        columns[KEY_COLUMNS[field]] = [keyed(_identifier(field, row)) for _, row in rows]
    for wire in wire_columns(study, delivery):
        if wire.name == "address_suffix":
            values = [None if not row.get("address") else int(bool(row["address"][2])) for _, row in rows]
        else:
            values = [None if row["values"][wire.name] is None else int(row["values"][wire.name]) for _, row in rows]
        columns[f"v_{wire.name}"] = values
    keys = {KEY_COLUMNS[field]: pl.UInt128 for field in pseudonym_fields(delivery)}
    frame = pl.DataFrame(columns, schema={name: keys.get(name, pl.Int64) for name in columns})
    return nw.from_native(frame.with_columns(pl.Series("holder", [h for h, _ in rows], dtype=pl.Int64)).lazy())


def _identifier(field: str, row: dict[str, Any]) -> Any:
    address = row.get("address")
    return {
        "a-number": row.get("a_number"),
        "bsn": row.get("bsn"),
        "household-number": row.get("household"),
        "address": address,
        "address-number": address and address[:2],
    }[field]


def planned(town: Town, study: Study, folder: Path, order: random.Random | None = None) -> pl.DataFrame:
    holders = list(HOLDERS)
    frames = {"bevolking": frame_of(study, "bevolking", [(0, row) for row in town.register])}
    for name, records in town.clear_records().items():
        rows = [(holders.index(holder), row) for holder, row in records]
        if order:
            order.shuffle(rows)
        frames[name] = frame_of(study, name, rows)
    if order:
        shuffled = list(frames.items())
        order.shuffle(shuffled)
        frames = dict(shuffled)
    made = plan(PolarsEngine(folder), frames, study, lambda text: None)
    table = made.table
    areas = study.study.areas
    marks = table.select(flags(study.protocol))["flag"]
    numbers = pl.Series("study_number", [f"{n:06d}" for n in range(table.height)])
    return finished(table, numbers, areas, study.protocol).with_columns(marks).drop("study_number")


def bound(study: Study, **change: Any) -> Study:
    """The study with a protocol in which something was changed."""
    return study.model_copy().bound_to(study.protocol.model_copy(update=change))


def reference(town: Town, protocol: StudyProtocol) -> Counter[tuple[Any, ...]]:
    wanted: Counter[tuple[Any, ...]] = Counter()
    for row, count in PlainLinker(protocol, town.register, town.clear_records()).rows().items():
        named = dict(row)
        named["wijk"] = ("Noord", "Zuid")[named["wijk"]]
        wanted[tuple(sorted(named.items()))] += count
    return wanted


@QUICK
@given(seed=st.integers(0, 10**9))
def test_the_plan_says_what_a_plain_join_says(seed: int, cast: Cast, tmp_path: Path) -> None:
    town = Town(PROTOCOL, seed)
    same_rows(planned(town, cast.study(), tmp_path), reference(town, PROTOCOL))


@QUICK
@given(seed=st.integers(0, 10**9))
def test_no_order_of_rows_or_deliveries_decides_anything(seed: int, cast: Cast, tmp_path: Path) -> None:
    town = Town(PROTOCOL, seed)
    first = planned(town, cast.study(), tmp_path)
    again = planned(town, cast.study(), tmp_path, random.Random(seed + 1))
    assert first.sort(first.columns).equals(again.sort(again.columns))


@QUICK
@given(seed=st.integers(0, 10**9))
def test_one_and_the_same_member(seed: int, cast: Cast, tmp_path: Path) -> None:
    """D12 the other way: support in both years must be that of one person."""
    town = Town(PROTOCOL, seed)
    definitions = tuple(
        d if d.name != "mpg" else d.model_copy(update={"same_person": ("support_2012", "support_2013")})
        for d in PROTOCOL.definitions
    )
    study = bound(cast.study(), definitions=definitions)
    same_rows(planned(town, study, tmp_path), reference(town, study.protocol))


# --- from exports to household file ---------------------------------------------------------------


def delivered(town: Town, folder: Path) -> Cast:
    cast = Cast(folder)
    cast.exports = dict(town.exports())
    cast.encode_all()
    return cast


@FEW
@given(seed=st.integers(0, 10**9))
def test_the_household_file_says_what_a_plain_join_says(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    town = Town(PROTOCOL, seed)
    cast = delivered(town, tmp_path_factory.mktemp("town"))
    result = cast.link()
    kept, left_out = pl.read_parquet(result.households), pl.read_parquet(result.flagged)
    both = pl.concat([kept.with_columns(pl.lit(None, pl.String).alias("flag")), left_out]).drop("study_number")
    same_rows(both, reference(town, PROTOCOL))
    plain = PlainLinker(PROTOCOL, town.register, town.clear_records())
    for line in result.numbers["deliveries"]:
        if line["delivery"] != "bevolking":
            wanted = {way: plain.ways[(line["delivery"], line["holder"], way)] for way in line["linked"]}
            assert line["linked"] == wanted


@FEW
@given(seed=st.integers(0, 10**9))
def test_order_of_rows_columns_and_files_does_not_matter(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    town = Town(PROTOCOL, seed, households=6)
    exports = town.exports()
    shuffler = random.Random(seed)
    tables = []
    for turn in range(2):
        cast = Cast(tmp_path_factory.mktemp("order"))
        cast.exports = dict(exports)
        cast.shuffle_columns = shuffler if turn else None
        for number, holder in enumerate(shuffler.sample(list(HOLDERS), k=len(HOLDERS))):
            if turn:
                shuffler.shuffle(cast.exports[holder])
            cast.encode(holder, name=f"{number if turn else 0}-{holder}")
        tables.append(pl.read_parquet(cast.link().households))
    assert tables[0].equals(tables[1])
