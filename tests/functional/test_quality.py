"""`linkage quality`: the planted dirt in its row, what it refuses, what it leaves alone, and what readers get."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from linkage.almelo import dirt, town
from linkage.almelo.places import Doors
from linkage.almelo.rows import COARSE, EXACT, PERSON, REJECTED, Row
from numberless import Town, person, seen
from simulator import HOLDERS, TODAY, Cast, a_number, bsn, inhabitant

from linkage.errors import (
    DisclosureRefused,
    HouseholdFileWrong,
    LinkageError,
    PackageExpired,
    PackageReplayed,
    WrongKey,
)
from linkage.keys import LinkerIdentity
from linkage.linker import parse
from linkage.linker.quality import run as room
from linkage.linker.quality.account import account
from linkage.linker.quality.reasons import REASONS
from linkage.linker.quality.sensitivity import outputs
from linkage.linker.run import Request
from linkage.research import run as research_room
from linkage.research.cells import Counts
from linkage.research.printing import propose
from linkage.research.quality_tables import at_most, steps
from linkage.research.tables import Cell, Table
from linkage.study import load_study
from protocols import load_protocol

Demo = tuple[Path, str]
SPEC = Path(__file__).parents[2] / "docs" / "spec" / "quality-v1.md"
REGISTER = "gemeente-almelo"


@pytest.fixture(scope="module")
def report(demo: Demo) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((demo[0] / "institute" / "research" / "quality.json").read_text())
    return made


@pytest.fixture(scope="module")
def built() -> town.Town:
    return town.build()


def package(report: dict[str, Any], holder: str) -> dict[str, Any]:
    return next(line for line in report["deliveries"] if line["holder"] == holder)


# --- the demo: every piece of dirt in its row -----------------------------------------------------------

OF_DIRT = {
    "non-resident": "number-of-nobody",
    "unknown-a-number": "number-of-nobody",
    "non-resident-at-known-address": "number-of-nobody-at-known-address",
    "without-bsn-unknown-address": "address-of-nobody",
    "nobody-registered": "address-of-nobody",
    "without-bsn-which-floor": "more-addresses-at-number",
    "suffix-lost-which-floor": "more-addresses-at-number",
    "without-bsn-two-households": "two-households-at-address",
    "two-households": "two-households-at-address",
    "two-persons": "numbers-of-two-persons",
}
OF_FATE = {EXACT: "address-exact", COARSE: "address-coarse"}


def reason_of(row: Row, homes: dict[str, Any], doors: Doors) -> str:
    """From what was planted alone; of a row with number and address, from where its person lives."""
    if row.fate != PERSON:
        return OF_FATE.get(row.fate) or OF_DIRT[row.dirt]
    if row.address is None:
        return "number"
    if doors.shared(row.address):
        return "number-and-address-unclear"
    home = homes[row.bsn.strip().removesuffix(".0").zfill(9)]
    return "number-and-address-agree" if row.address == home else "number-and-address-differ"


def test_every_piece_of_dirt_is_in_its_row(report: dict[str, Any], built: town.Town) -> None:
    doors = Doors(home.address for home in built.everyone)
    homes = {person.bsn: home.address for home in built.everyone for person in home.members}
    holders = {line["holder"] for line in report["deliveries"]} - {REGISTER}
    assert holders == set(built.files) - {REGISTER}
    for holder in holders:
        sent = [row for row in built.files[holder] if not row.fate.startswith(REJECTED)]
        wanted = Counter(reason_of(row, homes, doors) for row in sent)
        assert +Counter(package(report, holder)["reasons"]) == wanted, holder


@pytest.mark.parametrize("one", dirt.TABLE, ids=lambda one: f"{one.holder}-{one.kind}")
def test_each_kind_of_dirt(one: dirt.Dirt, report: dict[str, Any]) -> None:
    """The table of dirt by itself: no row of the report has less than what was planted there, and most exactly that."""
    line = package(report, one.holder)
    planted = sum(d.rows for d in dirt.TABLE if (d.holder, d.leads_to) == (one.holder, one.leads_to))
    if one.leads_to.startswith(REJECTED):
        assert line["rejected"][one.leads_to.removeprefix(REJECTED)] == planted
    elif one.leads_to == "not-selected":
        assert line["not_selected"] == planted
    elif one.holder != REGISTER and one.leads_to != PERSON:
        reason = OF_FATE.get(one.leads_to) or OF_DIRT[one.kind]
        same = [
            d
            for d in dirt.TABLE
            if d.holder == one.holder and (OF_FATE.get(d.leads_to) or OF_DIRT.get(d.kind)) == reason
        ]
        found = line["reasons"][reason]
        planted = sum(d.rows for d in same)
        assert found == planted or (one.leads_to == EXACT and found > planted)
    elif one.kind == "address-of-others":
        assert line["reasons"]["number-and-address-differ"] == one.rows
    elif one.kind == "duplicate" and line["exact_doubles"] is not None:
        assert line["exact_doubles"] >= one.rows
    else:
        assert line["rows"] >= one.rows


def test_the_register(report: dict[str, Any], built: town.Town) -> None:
    planted = {one.kind: one.rows for one in dirt.TABLE if one.holder == REGISTER}
    made = report["register"]
    assert made["persons"] == built.inhabitants
    assert made["without_bsn"] == planted["without-bsn-in-register"] + planted["wrong-bsn-in-register"]
    assert package(report, REGISTER)["exact_doubles"] == planted["duplicate"]
    assert {name for name in made if made[name]} == {"persons", "without_bsn"}


def test_households_that_cannot_be(report: dict[str, Any]) -> None:
    odd = report["improbable"]
    assert (odd["institution"], odd["too_many_persons"], odd["minors_alone"], odd["two_areas"]) == (1, 2, 0, 0)
    assert sum(line["households"] for line in odd["sizes"]) == report["households"] == 31_394
    assert {13: 1, 140: 1}.items() <= {line["persons"]: line["households"] for line in odd["sizes"]}.items()


def test_coverage_is_that_of_the_household_file(demo: Demo, report: dict[str, Any]) -> None:
    research = demo[0] / "institute" / "research"
    whole = pl.concat(
        [
            pl.read_parquet(research / name).drop("flag", strict=False)
            for name in ("households.parquet", "flagged.parquet")
        ]
    )
    for holder in ("politie-twente", "stadsbank-twente", "zorgverzekeraar"):
        line = package(report, holder)
        counted = whole.filter(pl.col(f"coverage_{line['delivery']}"))["wijk"].value_counts()
        made = {group["group"]: group["reached"] for group in line["coverage"]["areas"]}
        assert {name: n for name, n in made.items() if n} == dict(counted.iter_rows())


def test_choices_are_those_of_the_household_file(demo: Demo, report: dict[str, Any]) -> None:
    whole = pl.read_parquet(demo[0] / "institute" / "research" / "households.parquet")
    variants = {line["variant"]: line for line in report["sensitivity"]}
    names = outputs(load_protocol("nji_2016"))
    for variant, frame in (
        ("as-agreed", whole),
        ("max-size:6", whole.filter(pl.col("adults") + pl.col("minors") <= 6)),
    ):
        assert variants[variant]["households"] == frame.height
        assert {n: variants[variant]["outputs"][n][0] for n in names} == {n: int(frame[n].sum()) for n in names}
    assert len(variants) == 1 + 2 + 5 + 10
    # What one delivery would have told is unknown without it, and nothing else is.
    without = variants["without:politie/politie-twente"]["outputs"]
    assert without["A_crime"][0] == 0
    assert without["A_crime"][1] == variants["as-agreed"]["families"]
    assert without["S"] == variants["as-agreed"]["outputs"]["S"]


def test_what_is_false_is_found(report: dict[str, Any]) -> None:
    """The planted addresses of others, as a share of the rows that could show them."""
    for holder in ("politie-twente", "stadsbank-twente"):
        line = package(report, holder)
        exact = line["agreement"]["address-exact"]
        assert exact["other"] == next(d.rows for d in dirt.TABLE if (d.holder, d.kind) == (holder, "address-of-others"))
        false = line["rates"]["false_address"]
        assert false["low"] < exact["other"] / (exact["same"] + exact["other"]) < false["high"]


def test_it_is_for_its_owner_alone_and_short(demo: Demo) -> None:
    path = demo[0] / "institute" / "research" / "quality.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size < 1_000_000


def test_the_account_for_the_screen(demo: Demo, report: dict[str, Any]) -> None:
    said = "\n".join(account(report, load_study(demo[0] / "study.toml").protocol))
    assert "politie van politie-twente: 994 rijen, 90,4 % gekoppeld" in said
    assert "zoals afgesproken                                          229, 174" in said
    assert "instelling 1; te veel personen 2" in said
    assert all(len(line) <= 160 for line in said.splitlines())


def test_every_word_is_in_the_specification(report: dict[str, Any]) -> None:
    text = SPEC.read_text("utf-8")
    words = set(re.findall(r"[A-Za-z0-9_-]+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    line = package(report, "politie-twente")
    youth = package(report, "jeugdhulp-twente")
    parts = [report, report["register"], report["improbable"], *report["overlap"]["sets"], report["sensitivity"][0]]
    parts += [line, line["coverage"], line["agreement"], line["agreement"]["address-exact"], line["rates"]]
    parts += [line["rates"]["missed"], youth["rates"]["false_number"], line["differences"][0]]
    parts += [line["differences"][0]["differences"][0], line["coverage"]["areas"][0], line["coverage"]["ages"][0]]
    parts += [youth["coverage"]["years"][0]]
    assert {key for part in parts for key in part} - words == set()
    assert set(REASONS) <= words
    methods = {line["rates"]["missed"]["method"] for line in report["deliveries"] if "rates" in line}
    assert methods | {"two-numbers", "at-most", "cohen-h", "mean"} <= words


# --- a small study --------------------------------------------------------------------------------------

PEOPLE = 24
ROWS: dict[str, dict[str, object]] = {
    "uitkeringen": {"bijstand": 3},
    "inkomen": {"low_income": "8.123,45"},
    "ggz": {"year": 2014, "basic_cost": "1.234,56"},
    "awbz": {"year": 2013, "ground": "3"},
    "jeugdhulp": {"year": 2014, "ambulant": 1},
    "verslavingszorg_bemoeizorg": {"year": 2012, "addiction_care": "ja"},
    "politie": {"minor": "02-03-1971", "vd1111": 1},
    "stadsbank": {"debt_counselling": "ja", "debt": "12.345,67"},
    "woningcorporatie": {"arrears": "612,34", "nuisance": 2, "eviction_notice": "nee"},
}


def address(number: int) -> dict[str, object]:
    """Postcode and house number that occur nowhere by chance."""
    return {"postcode": f"7{640 + number} KZ", "house_number": 41_000 + number, "house_letter": "B"}


def small_town(folder: Path) -> Cast:
    """Every holder has a row about every person."""
    cast = Cast(folder)
    cast.exports = {name: [] for name in HOLDERS}
    for number in range(PEOPLE):
        home = address(number)
        row = inhabitant(number, number, **home) | {"household_number": f"88{number:04d}77{number:04d}"}
        cast.exports["gemeente"].append(row)
        for name, (delivery, _) in HOLDERS.items():
            if name != "gemeente":
                person = {"bsn": bsn(number), "a_number": a_number(number)}
                cast.exports[name].append({**person, **home, **ROWS[delivery]})
    return cast


def needles() -> set[str]:
    """Every identifier, raw and as it is normalised."""
    found: set[str] = set()
    for number in range(PEOPLE):
        code, house = str(address(number)["postcode"]), str(address(number)["house_number"])
        found |= {bsn(number), a_number(number), f"88{number:04d}77{number:04d}"}
        found |= {code, code.replace(" ", ""), house}
    return found


@pytest.fixture(scope="module", autouse=True)
def _parse_here() -> Iterator[None]:
    """Parse bodies in this process: the child has tests of its own, and costs half a second each."""

    def parse_here(body: Path, checked: Path, manifest: Any) -> None:
        parse._check(parse.order_of(body, checked, manifest))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("linkage.linker.run.parse", parse_here)
        yield


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """A study of 24 households that was linked once; tests work on copies of its folders."""
    cast = small_town(tmp_path_factory.mktemp("linked") / "town")
    cast.encode_all()
    cast.link()
    return cast


@pytest.fixture
def cast(linked: Cast, tmp_path: Path) -> Cast:
    shutil.copytree(linked.folder, tmp_path / "town", copy_function=shutil.copy2)
    return replace(linked, folder=tmp_path / "town")


def quality(cast: Cast, **change: Any) -> room.Quality:
    return room.run(replace(cast.link_request(), **change))


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_one_file_and_leaves_the_rest_alone(cast: Cast) -> None:
    before = everything(cast.folder)
    made = quality(cast)
    after = everything(cast.folder)
    assert after.pop("research/quality.json") == made.path.read_bytes()
    assert after == before
    assert quality(cast).report == made.report


def test_no_identifier_and_no_pseudonym(cast: Cast) -> None:
    raw = quality(cast).path.read_bytes()
    made = json.loads(raw)
    allowed = {*made["packages"].values(), made["households_file"], made["protocol_digest"], made["study"]}
    text = raw.decode()
    for value in allowed:
        text = text.replace(value, "")
    assert not re.findall(r"[0-9a-f]{16,}", text)
    assert not [needle for needle in needles() if needle in text]
    numbers = pl.read_parquet(cast.folder / "research" / "households.parquet")["study_number"].to_list()
    assert not [number for number in numbers if number in text]


def test_rows_in_another_order_give_the_same_report(cast: Cast, tmp_path: Path) -> None:
    first = quality(cast).report
    other = small_town(tmp_path / "other")
    for rows in other.exports.values():
        random.Random(3).shuffle(rows)
    other.encode_all()
    other.link()
    again = quality(other).report
    apart = ("packages", "households_file")
    assert {k: v for k, v in again.items() if k not in apart} == {k: v for k, v in first.items() if k not in apart}


def refuses(cast: Cast, error: type[LinkageError], **change: Any) -> None:
    """Refused, and nothing written."""
    before = everything(cast.folder / "research")
    with pytest.raises(error):
        quality(cast, **change)
    assert everything(cast.folder / "research") == before


def test_it_refuses_what_link_refuses(cast: Cast) -> None:
    refuses(cast, WrongKey, identity=LinkerIdentity("other", b"x" * 32, b"y" * 32))
    refuses(cast, PackageExpired, today=dt.date(2016, 9, 1))
    cast.exports["politie"] = [{"bsn": bsn(0), "minor": "01-01-1980", "vd1111": 1}]
    cast.encode("politie")
    refuses(cast, PackageReplayed)


def test_it_refuses_another_household_file(cast: Cast) -> None:
    file = cast.folder / "research" / "households.parquet"
    (cast.folder / "inbox" / "stadsbank.package").unlink()
    refuses(cast, HouseholdFileWrong)
    file.write_bytes(b"nothing of the kind")
    refuses(cast, HouseholdFileWrong)
    file.unlink()
    refuses(cast, HouseholdFileWrong)


def test_it_refuses_a_household_file_that_was_changed(cast: Cast) -> None:
    file = cast.folder / "research" / "households.parquet"
    meta = pl.read_parquet_metadata(file)
    changed = pl.read_parquet(file).with_columns(~pl.col("three_or_more_provisions"))
    own = {"household-linkage": meta["household-linkage"]}
    changed.write_parquet(file, metadata=own)
    refuses(cast, HouseholdFileWrong)
    changed.drop("three_or_more_provisions").write_parquet(file, metadata=own)
    refuses(cast, HouseholdFileWrong)


def test_records_without_a_number(tmp_path: Path) -> None:
    """What agreement linked has that reason; a variant links by it too, and so does the base."""
    rng = random.Random(3)
    people = [person(number, rng) for number in range(450)]
    rows = [seen(row) for row in people[::8]] + [seen(person(9_000 + number, rng)) for number in range(20)]
    made = Town(tmp_path, people, rows)
    result = made.link()
    request = Request(made.study(), made.linker, made.folder / "inbox", result.households.parent, TODAY)
    report = room.run(request).report
    line = package(report, "politie")
    linked = result.numbers["deliveries"][1]["linked"]["agreement"]
    assert linked > 50
    assert {reason: n for reason, n in line["reasons"].items() if n} == {
        "agreement": linked,
        "no-identifier": len(rows) - linked,
    }
    assert line["rates"]["missed"]["rows"] == {"estimate": None, "low": 0.0, "high": float(len(rows) - linked)}
    false = line["rates"]["false_agreement"]
    expected = result.numbers["deliveries"][1]["expected_false"] / linked
    assert false["method"] == "model"
    assert false["estimate"] == pytest.approx(expected, abs=1e-6)
    assert 0 <= false["low"] <= false["estimate"] < false["high"] < 0.1
    said = "\n".join(account(report, made.study().protocol))
    assert f"op overeenkomst, zonder nummer: {linked} rijen" in said
    assert "onjuist van wat op overeenkomst is gekoppeld, naar verwachting: 0,0 %" in said
    research = research_room.open_research(result.households, made.study(), costs=False)
    found = {one.name: one for one in research_room.tables_of(research)}
    ways = {
        column.name: cell.value
        for column, cell in zip(found["koppeling"].columns, found["koppeling"].rows[-1].cells, strict=True)
    }
    assert ways["agreement_pct"] == round(100 * round(linked, -1) / round(len(rows), -1))
    errors = found["koppelfouten"]
    assert [column.name for column in errors.columns][-2:] == ["agreement_low", "agreement_high"]
    low, high = (cell.value for cell in errors.rows[0].cells[-2:])
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert low <= 100 * expected <= high < 100


# --- what readers get -----------------------------------------------------------------------------------


def opened(
    demo: Demo, folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None
) -> research_room.Research:
    """The demo's household file in a folder of its own, its report changed."""
    source = demo[0] / "institute" / "research"
    for name in ("households.parquet", "linkage.json", "quality.json"):
        shutil.copy(source / name, folder)
    made = json.loads((folder / "quality.json").read_text())
    change(made)
    (folder / "quality.json").write_text(json.dumps(made))
    study = load_study(demo[0] / "study.toml")
    return research_room.open_research(folder / "households.parquet", study, costs=False)


def table(research: research_room.Research, name: str) -> Table:
    return research_room.tables_of(research, names=[name])[0]


def test_tables_for_readers(demo: Demo, tmp_path: Path) -> None:
    research = opened(demo, tmp_path)
    rows = {row.name: [cell.value for cell in row.cells] for row in table(research, "koppelfouten").rows}
    assert rows["politie/politie-twente"] == [860, 97, 0, 4, 0, 25, 0, 6]
    assert rows["awbz/indicatieorgaan"] == [None, None, 0, 2, None, None, None, None]
    assert rows["woningcorporatie/corporatie-zuid"] == [None, None, 0, 3, None, None, None, None]
    assert len(rows) == 10
    reach = {row.name: [cell.value for cell in row.cells] for row in table(research, "dekking").rows}
    frame = research.file.frame
    assert {name: cells[1] for name, cells in reach.items()} == {
        delivery.name: int(frame[f"coverage_{delivery.name}"].sum())
        for delivery in research.file.protocol.deliveries
        if not delivery.spine
    }
    assert len(table(research, "koppelfouten").columns) == 8
    choices = {row.name: [cell.value for cell in row.cells] for row in table(research, "gevoeligheid").rows}
    assert choices["as-agreed"] == [3719, 1289, 1139, 229, 174]
    assert choices["max-size:6"] == [40, 20, 20, 20, 20]
    assert choices["without:verslavingszorg_bemoeizorg/bemoeizorg-twente"] == [20, 20, 20, 20, 20]
    assert choices["without:uitkeringen/sociale-dienst-twente"] == [3400, 20, 20, 240, 180]
    assert "max-size:10" not in choices


def test_coverage_by_area_age_and_year(demo: Demo, tmp_path: Path, report: dict[str, Any]) -> None:
    research = opened(demo, tmp_path)
    by_area = table(research, "dekking-wijk")
    assert all(cell.kind in ("count", "percent") for row in by_area.rows for cell in row.cells)
    police = [column.name for column in by_area.columns].index("politie")
    made = {row.name: row.cells[police].value for row in by_area.rows}
    frame = research.file.frame.filter(pl.col("coverage_politie"))
    assert {name: n for name, n in made.items() if n} == dict(frame["wijk"].value_counts().iter_rows())
    for row in table(research, "dekking-leeftijd").rows:
        groups = {one["group"]: one for one in package(report, row.name.split("/")[1])["coverage"]["ages"]}
        for place, group in enumerate(("minor", "adult")):
            low, high = (cell.value for cell in row.cells[2 * place : 2 * place + 2])
            assert low <= 100 * groups[group]["reached"] / groups[group]["persons"] <= high
            assert (high - low) * groups[group]["persons"] / 100 >= 10 * 10  # ten households of ten persons
    years = {row.name: [cell.value for cell in row.cells] for row in table(research, "dekking-jaar").rows}
    (line,) = [one for one in report["deliveries"] if one["delivery"] == "jeugdhulp"]
    wanted = [n for one in line["coverage"]["years"] for n in (round(one["rows"], -1), 100)]
    found = years[f"{line['delivery']}/{line['holder']}"]
    assert len(found) == len(wanted) == 6
    assert all(abs(n - w) <= 10 for n, w in zip(found, wanted, strict=True))


def test_the_gate_hides_small_coverage_of_a_wijk(demo: Demo) -> None:
    released = pl.read_csv(demo[0] / "openbaar" / "tabellen.csv", separator=";", infer_schema=False)
    mine = released.filter(pl.col("tabel") == "dekking-wijk", ~pl.col("kolom").str.ends_with("_pct"))
    assert mine.filter(pl.col("onderdrukt") == "nee").height > 0.8 * mine.height
    shown = mine.filter(pl.col("onderdrukt") == "nee")["waarde"].cast(pl.Int64)
    assert not shown.is_between(1, 9).any()
    assert mine.filter(pl.col("onderdrukt") != "nee").height > 0


def test_a_share_of_persons_is_never_told_narrowly() -> None:
    for persons in (0, 99, 100, 250, 15_000):
        for reached in {0, 1, persons // 2, persons - 1, persons} if persons else {0}:
            low, high = steps(reached, persons, 100)
            if low is None or high is None:
                assert persons < 200
                continue
            assert low <= 100 * reached / persons <= high
            assert (high - low) * persons >= 100 * 100


def test_no_small_difference_can_be_told() -> None:
    """For every number and every change: who reads the answer is left with the width, or with all there is."""
    rule = load_protocol("nji_2016").release
    for now in range(90):
        answers: dict[int, list[int]] = {}
        for then in range(now + 1):
            answers.setdefault(at_most(now, then, rule), []).append(now - then)
        for said, unsorted in answers.items():
            changes = sorted(unsorted)
            assert max(changes) <= said
            assert changes == list(range(min(changes), max(changes) + 1))
            everything_left = len(changes) == now + 1
            assert everything_left or max(changes) - min(changes) >= rule.interval_width
            assert everything_left or max(changes) >= rule.threshold
            left = [now - change for change in changes]
            assert everything_left or max(left) >= rule.threshold
    assert at_most(10, 10, rule) == at_most(10, 9, rule) == at_most(10, 30, rule) == 20
    assert at_most(10, 31, rule) == 40


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.update(households_file="sha256:" + "0" * 64),
        lambda made: made["packages"].pop("politie/politie-twente"),
        lambda made: made.update(format="household-linkage/quality/v2"),
        lambda made: made["deliveries"][0].update(rows=-1),
        lambda made: made["deliveries"][0]["rates"]["missed"].update(low=2),
        lambda made: made["deliveries"][0]["rates"]["missed"].update(low="0"),
        lambda made: made["sensitivity"][0]["outputs"].update(S=[1.5, 0]),
        lambda made: made.update(sensitivity=[]),
        lambda made: made["sensitivity"].pop(0),
        lambda made: package(made, "politie-twente")["coverage"]["ages"][0].update(reached=10**6),
        lambda made: made["deliveries"][0]["rates"].pop("false_agreement"),
        lambda made: made.pop("deliveries"),
    ],
)
def test_another_report_is_refused(change: Callable[[dict[str, Any]], None], demo: Demo, tmp_path: Path) -> None:
    with pytest.raises(HouseholdFileWrong):
        opened(demo, tmp_path, change)


def test_the_gate_makes_the_tables_itself(demo: Demo, tmp_path: Path) -> None:
    research = opened(demo, tmp_path)
    for name in ("koppelfouten", "dekking-leeftijd", "dekking-jaar", "gevoeligheid"):
        honest = table(research, name)
        last = honest.rows[-1]
        forged = replace(
            honest, rows=(*honest.rows[:-1], replace(last, cells=(*last.cells[:-1], Cell("given", value=7))))
        )
        with pytest.raises(DisclosureRefused):
            research_room.release(research, [forged], on=dt.date(2026, 1, 5), ledger=tmp_path / "release.jsonl")
    assert not (tmp_path / "release.jsonl").exists()


def test_what_is_about_a_hidden_number_is_hidden(demo: Demo, tmp_path: Path) -> None:
    """What changes in the number of the last definition, where that number is hidden."""
    research = opened(demo, tmp_path)
    found = table(research, "gevoeligheid")
    hidden = frozenset(found.rows[0].cells[-1].rests_on())
    (proposal,) = propose([found], Counts(research.file), hidden, research.file.protocol.release)
    assert len(hidden) == 1
    assert all(line[-1].hidden for line in proposal.printed)
    assert not any(cell.hidden for line in proposal.printed for cell in line[:-1])


def test_the_demo_shows_it(demo: Demo) -> None:
    page = (demo[0] / "openbaar" / "verslag.html").read_text("utf-8")
    for words in (
        "Hoeveel koppelingen worden gemist",
        "Toevoeging telt niet mee: hoogstens",
        "in elke levering voorkomen",
    ):
        assert words in page
    assert "quality.json" in demo[1]
