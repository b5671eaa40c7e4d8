"""Records without a common number, from two exports to the household file; and what is off, refused or not chosen."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from numberless import EXAMPLE, Row, Town, person, seen
from simulator import TODAY, bsn

from linkage.assess import linker as linker_assess
from linkage.assess import linker_page
from linkage.engine.polars import PolarsEngine
from linkage.hashing.hash_default import pseudonyms
from linkage.holder.derived import derived
from linkage.linker.agree import PERSONA, WAY, agree
from linkage.linker.link import WAYS, Population, Records
from linkage.linker.rekey import key_column
from linkage.transfer.package import open_body, read_header
from protocols import FaultyAgreement, canonical, load_protocol

SPEC = Path(__file__).parents[2] / "docs" / "spec"
PERSONS, SUSPECTS, STRANGERS = 450, 60, 30


def turned(row: Row) -> str:
    day, month, year = str(row["birth_date"]).split("-")
    return f"{month}-{day}-{year}"


MISTAKES: tuple[Callable[[Row], Row], ...] = (
    lambda row: {},
    lambda row: {"birth_date": turned(row)},
    lambda row: {"first_name": f"{str(row['first_name'])[0]}."},
    lambda row: {"surname": str(row["surname"]).upper().replace("VAN DEN ", "v.d. ").replace("DIJ", "Dy")},
    lambda row: {"postcode": "7699 ZX"},
    lambda row: {"surname": f"Jansen-{row['surname']}"},
    lambda row: {"surname": f"{row['surname']} e.v. Pietersen"},
    lambda row: {"sex": ""},
)


def register(seed: int = 3) -> list[Row]:
    rng = random.Random(seed)
    return [person(number, rng) for number in range(PERSONS)]


def police(people: list[Row]) -> tuple[list[Row], set[object]]:
    """Suspects with a mistake each, one of a household, and strangers with 20 offences each; the households."""
    rng = random.Random(4)
    homes = rng.sample(range(PERSONS // 3), SUSPECTS)
    rows = []
    for place, home in enumerate(homes):
        row = people[3 * home + rng.randrange(3)]
        rows.append(seen(row, **MISTAKES[place % len(MISTAKES)](row)))
    rows += [seen(person(9_000 + number, rng), delicts=20) for number in range(STRANGERS)]
    rng.shuffle(rows)
    return rows, {people[3 * home]["household_number"] for home in homes}


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, dict[str, Any], pl.DataFrame]:
    people = register()
    town = Town(tmp_path_factory.mktemp("town"), people, police(people)[0])
    result = town.link()
    return town, result.numbers, pl.read_parquet(result.households)


def test_from_two_exports_without_a_number_to_the_household_file(linked: Any) -> None:
    _, numbers, households = linked
    (entry,) = [part for part in numbers["deliveries"] if part["delivery"] == "politie"]
    assert entry["linked"] == dict.fromkeys(WAYS, 0) | {WAY: SUSPECTS, "not-in-population": STRANGERS}
    # One offence each: had a stranger with 20 been linked, or two to one household, the sums would differ.
    assert households["suspect"].sum() == SUSPECTS
    assert households["delicts"].sum() == SUSPECTS
    assert households.filter(~pl.col("suspect"))["delicts"].sum() == 0


def test_the_expected_false_links_are_told_in_words_of_the_specification(linked: Any) -> None:
    _, numbers, _ = linked
    told = numbers["agreement"]["politie"]
    assert told["estimated"]
    assert told["threshold"] == "0.95"
    assert told["pairs"] == PERSONS * (SUSPECTS + STRANGERS)
    assert 0 < told["compared"] < told["pairs"] / 10
    assert told["same_person"] == pytest.approx(SUSPECTS, abs=3)
    (entry,) = [part for part in numbers["deliveries"] if part["delivery"] == "politie"]
    assert 0 <= entry["expected_false"] < 0.05 * SUSPECTS
    words = (SPEC / "household-file-v1.md").read_text("utf-8")
    assert {"agreement", "expected_false", *told} <= set(re.findall(r"`(\w+)`", words))
    assert set(told["comparisons"]["birth"]) == {
        *("differs", "birth", "birth-turned", "birth-turned-alone", "birth-month", "birth-month-alone")
    }


def test_names_and_dates_do_not_leave(linked: Any) -> None:
    """The body has pseudonyms of sixteen bytes and agreed numbers; no name is in it, in any spelling."""
    town, _, _ = linked
    for holder in ("gemeente", "politie"):
        with (town.folder / "inbox" / f"{holder}.package").open("rb") as file:
            header = read_header(file)
            plain = b"".join(open_body(file, header, town.linker.private_key()))
        body = pl.read_parquet(io.BytesIO(plain))
        assert set(body.schema.values()) <= {pl.Binary(), pl.Boolean(), pl.Int32()}
        assert {header.manifest.normalisation["birth-turned"]} == {"names/1/birth-date-unordered"}
        for word in (b"vries", b"jansen", b"mohammed", b"1980", b"19800", b"7610ab"):
            assert word not in header.encoded.lower()
        for column in (name for name in body.columns if body[name].dtype == pl.Binary):
            assert body[column].drop_nulls().bin.size().unique().to_list() in ([16], [])
    for path in (town.folder / "research").iterdir():
        assert not re.search(rb"(?i)de vries|van den berg|mohammed|fatima", path.read_bytes()), path.name


def test_neither_the_order_of_rows_nor_a_second_run_matters(linked: Any, tmp_path: Path) -> None:
    town, numbers, households = linked
    rng = random.Random(8)
    rows = [rng.sample(list(side), len(side)) for side in (town.register, town.police)]
    again = Town(tmp_path / "again", *rows).link()
    assert again.numbers["agreement"] == numbers["agreement"]
    assert pl.read_parquet(again.households).equals(households)


def test_exact_numbers_go_first_and_a_stranger_stays_one(tmp_path: Path) -> None:
    """A number of another person, and a number of nobody, decide against any name."""
    people = register()
    rows, _ = police(people)
    free = [n for n in range(PERSONS) if not any(row["birth_date"] == people[n]["birth_date"] for row in rows)]
    rows += [
        seen(people[free[0]], bsn=people[free[40]]["bsn"], delicts=7),
        seen(people[free[80]], bsn=bsn(8_000), delicts=20),
    ]
    result = Town(tmp_path / "town", people, rows).link()
    (entry,) = [part for part in result.numbers["deliveries"] if part["delivery"] == "politie"]
    assert (entry["linked"]["person"], entry["linked"][WAY]) == (1, SUSPECTS)
    assert entry["linked"]["not-in-population"] == STRANGERS + 1
    assert pl.read_parquet(result.households)["delicts"].sum() == SUSPECTS + 7


def test_of_twins_of_whom_only_the_initial_is_known_nobody_is_chosen(tmp_path: Path) -> None:
    people = register()
    rows, _ = police(people)
    twin = {**people[0], "first_name": "Jan", "sex": "m", "surname": "Zwart", "birth_date": "07-07-1977"}
    people[0] = twin
    people[1] = {**people[1], **{n: twin[n] for n in ("surname", "birth_date", "sex")}, "first_name": "Jaap"}
    rows = [row for row in rows if row["surname"] != "Zwart"]
    change = {'threshold = "0.95"': 'threshold = "0.9"'}
    asked = {"before": [], "initial": [seen(twin, first_name="J.")], "name": [seen(twin)]}
    towns = [Town(tmp_path / name, people, [*rows, *more], change) for name, more in asked.items()]
    ways = [town.link().numbers["deliveries"][1]["linked"] for town in towns]
    assert ways[1][WAY] == ways[0][WAY]
    assert ways[1]["not-in-population"] == ways[0]["not-in-population"] + 1
    assert ways[2][WAY] == ways[0][WAY] + 1


def test_with_a_handful_of_records_nothing_is_made_up(tmp_path: Path) -> None:
    """Three strangers against a small register: whatever is estimated, nobody is linked."""
    people = register()[:30]
    rng = random.Random(5)
    result = Town(tmp_path / "town", people, [seen(person(9_000 + n, rng)) for n in range(3)]).link()
    assert result.numbers["deliveries"][1]["linked"][WAY] == 0


def test_two_records_that_could_both_be_one_person_are_none(tmp_path: Path) -> None:
    """In a delivery of one row per person: of two likely rows nobody chooses; the same row twice is one."""
    people = register()
    rows, _ = police(people)
    once = Town(tmp_path / "once", people, rows).link().numbers["deliveries"][1]
    alike = next(row for row in rows if row["delicts"] == 1 and row["sex"])
    twice = Town(tmp_path / "twice", people, [*rows, alike]).link().numbers["deliveries"][1]
    other = Town(tmp_path / "other", people, [*rows, {**alike, "sex": ""}]).link().numbers["deliveries"][1]
    assert (twice["linked"][WAY], twice["exact_doubles"]) == (once["linked"][WAY] + 1, 1)
    assert other["linked"][WAY] <= once["linked"][WAY]


def test_what_it_costs_is_measured_at_the_linker(linked: Any) -> None:
    town, _, _ = linked
    folder = town.folder
    asked = (town.study(), folder / "research" / "households.parquet", TODAY, folder / "inbox", town.linker)
    found = linker_assess.assess(*asked)
    one, every = found.derived
    assert one.persons == every.persons == PERSONS
    assert every.expected > 0.9 > one.expected
    page = linker_page.page(found)
    assert any("door alleen te tellen" in reason for reason in page.reasons)
    assert len(page.numbers["derived"]) == 2


# --- off unless asked for -----------------------------------------------------------------------


def test_it_is_off_unless_the_protocol_asks_for_it() -> None:
    protocol = load_protocol("nji_2016")
    assert protocol.numberless is None
    assert not any(delivery.derived for delivery in protocol.deliveries)
    assert set(json.loads(canonical(protocol))) & {"numberless"} == set()
    assert not any("derived" in delivery for delivery in json.loads(canonical(protocol))["deliveries"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["surname-sound", "first-sound"]', '["surname-sound", "postcode"]', "one household"),
        ('["surname-sound", "first-sound"]', '["surname-sound", "shoe-size"]', "shoe-size"),
        ('levels = ["sex"]', 'levels = ["postcode4"]', "twice: postcode4"),
        ('{ name = "sex", of = ["sex"] }', '{ name = "bsn", of = ["sex"] }', "name of an identifier"),
        ('of = ["surname-last"]', 'of = ["surname", "first-name", "address"]', "55"),
        ('of = ["surname-last"]', 'of = ["shoe-size"]', "surname-last"),
        ('threshold = "0.95"', 'threshold = "0.5"', "0.5"),
        ('normalisation = "names/1"', 'normalisation = "names/2"', "names/1"),
        ('{ name = "delicts", title', '{ name = "surname", title', "column of persons"),
        ('derived = ["surname", "surname-own",', 'derived = ["surname-own",', "surname is not delivered by"),
        ("[numberless]", "[numberless_]", "numberless"),
    ],
)
def test_a_wrong_agreement_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert old in text
    (tmp_path / "protocol.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(FaultyAgreement, match=re.escape(says)):
        load_protocol("protocol.toml", tmp_path)


def test_other_parts_are_another_key(tmp_path: Path) -> None:
    """A field of the same name with other parts has other canaries, so packages of both are never mixed."""
    first = Town(tmp_path / "one", [], [])
    second = Town(tmp_path / "two", [], [], {'of = ["postcode4"]': 'of = ["postcode4", "sex"]'})
    ours, theirs = (dict(town.study().root.canaries) for town in (first, second))  # type: ignore[union-attr]
    assert {name for name in ours if ours[name] != theirs[name]} == {"postcode4"}
    assert len(set(ours.values())) == len(ours)


# --- data that nobody here made -----------------------------------------------------------------


def keyed(frame: pl.DataFrame, fields: Any) -> pl.DataFrame:
    made = derived(frame, fields)
    hashed = [pseudonyms(made[f"id:{field.name}"], "0f" * 32).alias(key_column(field.name)) for field in fields]
    every = pl.concat_str([column.bin.encode("hex").fill_null("-") for column in hashed]).alias(PERSONA)
    whole = pl.DataFrame(hashed).with_columns(pseudonyms(pl.select(every).to_series(), "0f" * 32))
    return whole.select(pl.all().bin.reinterpret(dtype=pl.UInt128, endianness="big")).hstack(frame.select("id"))


def test_febrl_1(tmp_path: Path) -> None:
    """500 persons and a record of each with mistakes, by the Australian National University (FEBRL, data set 1)."""
    frame = pl.read_csv(Path(__file__).parents[1] / "data" / "febrl1.csv", infer_schema=False)
    protocol = load_protocol("protocol.toml", EXAMPLE.parent)
    assert protocol.numberless is not None
    fields = tuple(field for field in protocol.numberless.fields if field.name not in ("postcode", "sex"))
    agreed = protocol.numberless.model_copy(update={"fields": fields, "threshold": Decimal("0.9")})
    delivery = protocol.delivery("politie").model_copy(update={"derived": tuple(field.name for field in fields)})
    mine, theirs = (keyed(frame.filter(pl.col("id").str.contains(kind)), fields) for kind in ("dup", "org"))
    nothing = [pl.lit(None, pl.UInt128).alias(name) for name in ("household", "minor", "is_reference")]
    people = theirs.with_columns(*nothing, pl.col("id").str.extract(r"(\d+)").cast(pl.UInt128).alias("person"))
    rows = mine.with_columns(
        *nothing, *(pl.lit(None, pl.UInt128).alias(name) for name in ("bsn", "person"))
    ).with_columns(pl.lit(0, pl.Int64).alias("holder"), pl.lit("not-in-population").alias("way"))
    spine = nw.from_native(people.lazy())
    records = Records(delivery, nw.from_native(rows.lazy()))
    engine = PolarsEngine(tmp_path)
    made = engine.collect(agree(engine, records, Population(spine, spine), agreed).records.rows)
    linked = made.filter(pl.col("way") == WAY)
    right = linked.filter(pl.col("id").str.extract(r"(\d+)").cast(pl.UInt128) == pl.col("person"))
    assert right.height / linked.height >= 0.99
    assert right.height / 500 >= 0.93
    several = replace(records, delivery=delivery.model_copy(update={"rows": "several"}))
    assert agree(engine, several, Population(spine, spine), agreed).compared >= linked.height
