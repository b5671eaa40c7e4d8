"""Movers and years, from the holders' exports to the linker's files: addresses on a day, and numbers over waves."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import waves
from simulator import a_number
from waves import DATES, RULE, WaveCast, family, lives, wave

from linkage.assess import dictionary
from linkage.assess.bodies import opened
from linkage.errors import LinkageError, PreviousWrong
from linkage.keeping.destroyed import destroy
from linkage.keeping.retention import look
from linkage.keys import HolderIdentity, LinkerIdentity
from linkage.linker import parse
from linkage.words import _followed


@pytest.fixture(autouse=True)
def _parse_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse bodies in this process: the child has tests of its own, and costs half a second each."""

    def parse_here(body: Path, checked: Path, manifest: Any) -> None:
        parse._check(parse.order_of(body, checked, manifest))

    monkeypatch.setattr("linkage.linker.run.parse", parse_here)


# --- addresses on the reference day ---------------------------------------------------------------

DAY = "31-12-2014"


def at(person: int, house: int, start: str | None, end: str | None) -> dict[str, object]:
    return lives(person, house, **dict(zip(DATES, (start, end), strict=True)))


def of_register(numbers: dict[str, Any]) -> dict[str, Any]:
    return next(line for line in numbers["deliveries"] if line["delivery"] == "bevolking")


# Rows of a mover, who comes from or goes to house 1; the adults there on the day, with the one who stays; and
# whether the mover is anywhere on that day.
OTHER = 100
PERIODS: dict[str, tuple[list[tuple[int, str | None, str | None]], int, bool]] = {
    "moved in on the day": ([(OTHER, "01-01-2010", DAY), (1, DAY, None)], 2, True),
    "moves in the day after": ([(OTHER, "01-01-2010", "01-01-2015"), (1, "01-01-2015", None)], 1, True),
    "moved out on the day": ([(1, "01-01-2010", DAY), (OTHER, DAY, None)], 1, True),
    "moves out the day after": ([(1, "01-01-2010", "01-01-2015"), (OTHER, "01-01-2015", None)], 2, True),
    "an old address": ([(1, "01-01-2000", "31-12-2009"), (OTHER, "31-12-2009", None)], 1, True),
    "no dates at all": ([(1, None, None)], 2, True),
    "only the years are known": ([(1, "00-00-2014", "00-00-2015")], 2, True),
    "a day between two addresses": ([(1, "01-01-2010", DAY), (OTHER, "01-01-2015", None)], 1, False),
}


def test_households_are_those_of_the_reference_day(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = []
    for case, (periods, _, _) in enumerate(PERIODS.values()):
        # So many children in the house tell which case it is.
        children = range(100 * case + 10, 100 * case + 10 + case)
        rows += family(case + 1, [100 * case], children)
        rows += [at(100 * case + 1, house + case, start, end) for house, start, end in periods]
    made = wave(tmp_path, 1, rows, follow=None).link()
    found = pl.read_parquet(made.households)
    houses = dict(found.filter(pl.col("wijk").is_not_null()).select("minors", "adults").sort("adults").iter_rows())
    wanted = {case: together for case, (_, together, _) in enumerate(PERIODS.values())}
    assert {minors: adults for minors, adults in houses.items() if minors} == {k: v for k, v in wanted.items() if k}
    there = [somewhere for _, _, somewhere in PERIODS.values()]
    assert made.numbers["persons"] == sum(there) + len(there) + sum(range(len(there)))
    alone = sum(together == 1 and somewhere for _, together, somewhere in PERIODS.values())
    assert found.height == len(PERIODS) + alone
    assert of_register(made.numbers)["not_selected"] == sum(len(periods) for periods, _, _ in PERIODS.values()) - sum(
        there
    )
    assert of_register(made.numbers)["contradicting"] == made.numbers["persons_without_household"] == 0


def test_a_gap_that_the_register_shows_is_a_person_without_household(tmp_path: Path) -> None:
    gap = {**at(1, 1, DAY, None), "postcode": None, "house_number": None}
    both = [lives(0, 1), {**lives(0, 1), "postcode": None, "house_number": None}]  # has an address after all
    made = wave(tmp_path, 1, [*both, at(1, 1, "01-01-2010", DAY), gap], follow=None).link()
    assert made.numbers["persons_without_household"] == 1
    assert (made.numbers["persons"], made.numbers["households"]) == (1, 1)
    assert of_register(made.numbers)["contradicting"] == 1


def test_overlapping_periods_are_counted_as_contradicting_and_give_one_address(tmp_path: Path) -> None:
    overlap = [at(1, 1, "01-01-2010", None), at(1, 5, "01-06-2014", None)]
    outcomes = []
    for turn, rows in enumerate((overlap, overlap[::-1])):
        made = wave(tmp_path / str(turn), 1, [lives(0, 1), *rows, lives(3, 5)], follow=None).link()
        assert of_register(made.numbers)["contradicting"] == 1
        assert made.numbers["persons"] == 3
        outcomes.append(pl.read_parquet(made.households))
    assert outcomes[0].equals(outcomes[1])


# --- numbers over waves ---------------------------------------------------------------------------


def linked(cast: WaveCast) -> tuple[dict[str, Any], pl.DataFrame]:
    made = cast.link()
    return made.numbers["follow"], pl.read_parquet(made.households)


FIRST = family(1, [0, 1], [2, 3]) + family(2, [4, 5]) + family(3, [6])
SECOND = family(7, [0], [2, 3, 20]) + family(9, [1, 6]) + family(1, [8, 9], [10]) + family(2, [4, 5], [21, 22])


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[WaveCast, WaveCast]:
    """Two waves: a divorce and a birth, a merger, a new family in the old house, one that stays."""
    folder = tmp_path_factory.mktemp("waves")
    return wave(folder, 1, FIRST), wave(folder, 2, SECOND)


@pytest.fixture
def two(delivered: tuple[WaveCast, WaveCast], tmp_path: Path) -> tuple[WaveCast, WaveCast]:
    """A copy of those, wave 1 linked."""
    first, second = (elsewhere(cast, tmp_path / "two") for cast in delivered)
    first.link()
    second.previous = first.folder / "research"
    return first, second


def elsewhere(cast: WaveCast, folder: Path) -> WaveCast:
    """The same party and packages in another folder."""
    moved = copy.copy(cast)
    moved.folder = folder / cast.folder.name
    shutil.copytree(cast.folder, moved.folder)
    return moved


def by_size(frame: pl.DataFrame) -> dict[tuple[int, int], dict[str, Any]]:
    found = {(row["adults"], row["minors"]): row for row in frame.iter_rows(named=True)}
    assert len(found) == frame.height
    return found


def test_a_followed_household_keeps_its_number_and_nobody_inherits_one(two: tuple[WaveCast, WaveCast]) -> None:
    before, after = by_size(linked(two[0])[1]), by_size(linked(two[1])[1])
    assert after[1, 3]["study_number"] == before[2, 2]["study_number"]  # A and the children, elsewhere
    new_family = after[2, 1]  # at the address of the first
    assert (new_family["followed"], new_family["since_wave"]) == (False, 2)
    assert new_family["study_number"] not in {row["study_number"] for row in before.values()}
    assert (after[1, 3]["followed"], after[1, 3]["since_wave"]) == (True, 1)
    assert {(row["followed"], row["since_wave"]) for row in before.values()} == {(None, 1)}


def test_the_account_says_what_became_of_all(two: tuple[WaveCast, WaveCast]) -> None:
    first = two[0]
    account, frame = linked(two[1])
    assert account["earlier"] == {"whole": 2, "split": 1, "dissolved": 0, "flagged": 0, "gone": 0}
    assert account["now"] == {"followed": 2, "merged": 1, "formed": 0, "new": 1}
    assert account["persons"] == {"in_both": 7, "conflict": 0}
    said = list(_followed(account))
    assert len(said) == 2 + 5 + 4
    assert re.fullmatch(r" +gaan heel verder +2", said[1])
    assert re.fullmatch(r" +nieuw nummer, niemand was er eerder +1", said[-1])
    assert sum(account["now"].values()) == frame.height
    assert (
        account["previous"] == json.loads((first.folder / "research" / "linkage.json").read_text())["follow"]["members"]
    )


def test_the_numbers_fall_to_the_linkers_key_with_the_registers_and_to_nothing_less(
    two: tuple[WaveCast, WaveCast],
) -> None:
    """The attack of the self-test is the true one: a number is made anew from the household and the wave."""
    frames = [linked(cast)[1] for cast in two]
    keys = [two[0].linker.rekey, secrets.token_bytes(32)]
    made = [[_numbers(two[:wave], key) for key in keys] for wave in (1, 2)]
    assert made[0][0] >= set(frames[0]["study_number"])
    assert made[1][0] >= set(frames[1]["study_number"])
    assert not (made[0][1] | made[1][1]) & set(pl.concat([frame["study_number"] for frame in frames]))
    # Who moved took a number along that was made of the older house: the register of now alone does not give it.
    assert not _numbers(two[1:], keys[0]) >= set(frames[1]["study_number"])


def _numbers(casts: Sequence[WaveCast], secret: bytes) -> set[str]:
    """Every study number that this secret gives, of the households in these registers, in the last wave."""
    parts = []
    for cast in casts:
        package = next((cast.folder / "inbox").glob("gemeente*.package"))
        body = opened(package, cast.linker.private_key(), cast.folder)
        parts.append(dictionary.household_pseudonyms(body))
    known = pl.concat(parts).drop_nulls().unique()
    fields = {name: known.filter(pl.col("field") == name)["pseudonym"] for name in dictionary.HOUSEHOLD}
    return set(pl.concat(dictionary.numbers(fields, secret, casts[-1].study())))


def test_a_rerun_gives_the_same_numbers_and_a_third_wave_goes_on(
    two: tuple[WaveCast, WaveCast], tmp_path: Path
) -> None:
    _, once = linked(two[1])
    account, again = linked(two[1])
    assert again.equals(once)
    assert two[1].link().numbers["follow"] == account
    third = wave(tmp_path, 3, SECOND, previous=two[1].folder / "research")
    _, frame = linked(third)
    columns = ("study_number", "since_wave", "adults", "minors")
    assert frame.select(columns).equals(once.select(columns))
    assert frame["followed"].all()
    assert sorted(frame["since_wave"]) == [1, 1, 1, 2]


def test_columns_and_codebook_only_when_asked(two: tuple[WaveCast, WaveCast], tmp_path: Path) -> None:
    plain = wave(tmp_path / "plain", 1, FIRST, follow=None).link()
    followed = two[1].link()
    names = [pl.read_parquet(made.households).columns for made in (plain, followed)]
    assert names[1] == [*names[0], "followed", "since_wave"]
    assert not (plain.households.parent / "members.parquet").exists()
    assert "follow" not in plain.numbers
    book = (followed.households.parent / "codebook.csv").read_text("utf-8").splitlines()
    assert [line.split(";")[0] for line in book[1:]] == names[1]


def test_what_the_linker_keeps(two: tuple[WaveCast, WaveCast]) -> None:
    two[1].link()
    folder = two[1].folder / "research"
    path = folder / "members.parquet"
    frame = pl.read_parquet(path)
    assert frame.columns == ["a_number", "bsn", "home", "study_number", "since_wave", "reference"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert frame.height == 13
    keys = frame.select("a_number", "bsn", "home").unpivot()["value"]
    assert keys.str.contains("^[0-9a-f]{32}$").all()
    assert a_number(0).encode() not in path.read_bytes()
    households = pl.read_parquet(folder / "households.parquet")
    assert set(frame["study_number"]) == set(households["study_number"])


def test_households_left_out_of_the_tables_are_not_kept(tmp_path: Path) -> None:
    made = wave(tmp_path, 1, family(1, [0, 1]) + [lives(n, 2) for n in range(10, 22)])
    made.link()
    assert pl.read_parquet(made.folder / "research" / "members.parquet").height == 2


# --- refusals -------------------------------------------------------------------------------------


def substituted(folder: Path) -> None:
    """The members of another run: whole, but not those that the account speaks of."""
    frame = pl.read_parquet(folder / "members.parquet")
    about = pl.read_parquet_metadata(folder / "members.parquet")["household-linkage"]
    frame.head(2).write_parquet(folder / "members.parquet", metadata={"household-linkage": about})


def with_its_hash(folder: Path) -> None:
    """As above, with the account made to fit: only the seal shows it."""
    from linkage.linker.members import sha256

    substituted(folder)
    account(folder, "members", sha256(folder / "members.parquet"))


def account(folder: Path, name: str, value: object) -> None:
    path = folder / "linkage.json"
    said = json.loads(path.read_text("utf-8"))
    (said["follow"] if name in said["follow"] else said)[name] = value
    path.write_text(json.dumps(said), "utf-8")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "substituted": substituted,
    "substituted, with its hash": with_its_hash,
    "another wave in the account": lambda folder: account(folder, "wave", "0"),
    "another seal": lambda folder: account(folder, "seal", "0" * 64),
    "a wave that is no number": lambda folder: account(folder, "wave", "x"),
    "no members": lambda folder: (folder / "members.parquet").unlink(),
    "no account": lambda folder: (folder / "linkage.json").unlink(),
    "an account without": lambda folder: (folder / "linkage.json").write_text("{}"),
    "an account that is no object": lambda folder: (folder / "linkage.json").write_text("[]"),
    "a folder that is not there": shutil.rmtree,
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_or_substituted_wave_is_refused(name: str, two: tuple[WaveCast, WaveCast]) -> None:
    DAMAGE[name](two[0].folder / "research")
    with pytest.raises(PreviousWrong) as caught:
        two[1].link()
    assert "/" not in str(caught.value)
    assert not (two[1].folder / "research" / "households.parquet").exists()
    assert not (two[1].folder / "research" / "ledger.jsonl").exists()


def refused(cast: WaveCast, **change: object) -> type[LinkageError]:
    with pytest.raises(LinkageError) as caught:
        cast.link(**change)
    return type(caught.value)


def test_the_wave_before_is_asked_for_and_only_then(two: tuple[WaveCast, WaveCast], tmp_path: Path) -> None:
    research = two[0].folder / "research"
    assert refused(two[1], previous=None) is PreviousWrong
    assert refused(two[0], previous=research) is PreviousWrong
    plain = wave(tmp_path / "plain", 2, SECOND, follow=None, previous=research)
    assert refused(plain) is PreviousWrong
    assert refused(two[1], output=research) is PreviousWrong


def test_a_later_wave_or_another_root_or_linker_is_refused(two: tuple[WaveCast, WaveCast], tmp_path: Path) -> None:
    two[1].link()
    skipping = wave(tmp_path / "skipping", 3, SECOND, previous=two[0].folder / "research")
    assert refused(skipping) is PreviousWrong
    again = wave(tmp_path / "again", 2, SECOND, previous=two[1].folder / "research")
    assert refused(again) is PreviousWrong
    other = wave(tmp_path / "root", 3, SECOND, previous=two[1].folder / "research", root=waves.OTHER_ROOT)
    assert refused(other) is PreviousWrong
    linker = LinkerIdentity("institute", b"L" * 32, b"S" * 32)
    other = wave(tmp_path / "linker", 3, SECOND, previous=two[1].folder / "research", linker=linker)
    assert refused(other) is PreviousWrong


def test_following_may_begin_later(tmp_path: Path) -> None:
    rule = {**RULE, "from_wave": "2"}
    first = wave(tmp_path, 2, FIRST, follow=rule)
    assert "previous" not in linked(first)[0]
    account_of, _ = linked(wave(tmp_path, 3, FIRST, follow=rule, previous=first.folder / "research"))
    assert account_of["earlier"]["whole"] == 3


# --- what must go in the end ----------------------------------------------------------------------


def test_retention_names_the_file_and_destroying_it_is_recorded(two: tuple[WaveCast, WaveCast]) -> None:
    cast = two[0]
    study, folder = cast.study(), cast.folder / "research"
    found = {str(found.place): found.kind for found in look(study, folder, dt.date(2016, 1, 1)).found}
    assert found["members.parquet"] == "ledenbestand van de koppelaar"
    assert found["households.parquet"] == "onderzoeksbestand"
    identity: HolderIdentity = cast.holder_keys["gemeente"]
    record = destroy([folder / "members.parquet"], study, identity, folder / "record.json", dt.date(2016, 1, 1))
    sealed = json.loads((folder / "linkage.json").read_text())["follow"]["members"]
    assert [(item.kind, item.id) for item in record.items] == [("members", sealed)]
    assert not (folder / "members.parquet").exists()


def test_what_is_no_members_file_is_not_destroyed(two: tuple[WaveCast, WaveCast]) -> None:
    cast = two[0]
    research = cast.folder / "research"
    with pytest.raises(LinkageError):
        destroy(
            [research / "households.parquet"],
            cast.study(),
            cast.holder_keys["gemeente"],
            research / "r",
            dt.date(2016, 1, 1),
        )
    assert (research / "households.parquet").exists()
