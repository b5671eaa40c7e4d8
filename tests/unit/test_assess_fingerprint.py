"""How well facts single out a person: against a slow reference, and the gate that refuses what is too precise."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import HOLDERS, Cast, bsn, minimal

from linkage.assess import holder as assess_room
from linkage.assess.population import Population, kmap
from linkage.errors import ColumnMissing, InputUnreadable, TooRevealing, ValueUnknown
from linkage.holder import fingerprint
from linkage.holder.encode import job_of
from linkage.holder.fingerprint import Fact, Limits, check, exceeding, facts_of, limits, measure
from linkage.holder.normalise import Job
from linkage.holder.spool import Spool
from linkage.study import Study
from protocols.model import AmountRounded

Row = dict[str, Any]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Cast(tmp_path_factory.mktemp("study")).study()


def job(study: Study, holder: str, **limit: str) -> Job:
    about = study.study.model_copy(update={name: Decimal(value) for name, value in limit.items()})
    changed = study.model_copy(update={"study": about}).bound_to(study.protocol)
    return job_of(changed, holder, HOLDERS[holder][0])


def body(made_for: Job, rows: list[Row]) -> pl.DataFrame:
    """Rows as they leave; a missing key is null, `who` is the person's pseudonym."""
    from linkage.holder.body import body_schema
    from linkage.study import pseudonym_fields

    schema = body_schema(pseudonym_fields(made_for.delivery), made_for.wire)
    named = [{**row, "bsn": None if row["who"] is None else bytes([row["who"]]) * 16} for row in rows]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in named], schema)


def slow_success(rows: list[Row], facts: tuple[Fact, ...]) -> tuple[int, int, int, int, int]:
    """Persons, classes, unique, small and commonest, by dictionaries of sorted lists."""
    persons: dict[Any, list[Row]] = {}
    for place, row in enumerate(rows):
        persons.setdefault(("row", place) if row["who"] is None else row["who"], []).append(row)

    def known(own: list[Row], fact: Fact) -> tuple[Any, ...]:
        meant = [row for row in own if fact.year is None or row["year"] == fact.year]
        return tuple(sorted(repr(row.get(fact.column)) for row in meant))

    sizes = Counter(tuple(known(own, fact) for fact in facts) for own in persons.values())
    counts = list(sizes.values())
    small = sum(n for n in counts if n < 10)
    return len(persons), len(counts), counts.count(1), small, max(counts, default=0)


def rows_of(draw: st.DataObject) -> list[Row]:
    cell = st.one_of(st.none(), st.sampled_from([0, 50, 100, 150]))
    who = st.one_of(st.none(), st.integers(0, 12))
    one = st.fixed_dictionaries(
        {"who": who, "year": st.sampled_from([2012, 2013, 2014]), "basic_cost": cell, "specialist_cost": cell}
    )
    return draw.draw(st.lists(one, max_size=60))


@settings(max_examples=60)
@given(draw=st.data())
def test_success_is_that_of_a_slow_reference(study: Study, draw: st.DataObject) -> None:
    insurer, rows = job(study, "verzekeraar"), rows_of(draw)
    profiles = measure([body(insurer, rows)], insurer)
    facts = facts_of(insurer)
    assert len(facts) == 6
    for size in (1, 2, 3):
        for chosen in combinations(facts, size):
            found = profiles.success(chosen)
            told = (found.persons, found.classes, found.unique, found.small, found.commonest)
            assert told == slow_success(rows, chosen)
            assert found.expected == (found.classes / found.persons if rows else 0.0)


@settings(max_examples=30)
@given(draw=st.data(), cuts=st.lists(st.integers(0, 60), max_size=4))
def test_frames_and_the_order_of_rows_make_no_difference(study: Study, draw: st.DataObject, cuts: list[int]) -> None:
    insurer, rows = job(study, "verzekeraar"), rows_of(draw)
    whole = body(insurer, rows).sort("bsn", nulls_last=True)
    # As the spool does: rows of one person never stand in two frames.
    parts = [part for _, part in sorted(whole.with_row_index(":i").group_by("bsn"), key=lambda pair: str(pair[0]))]
    frames = [part.select(whole.columns).reverse() for part in parts]
    one, many = measure([whole], insurer), measure(frames, insurer)
    for fact in facts_of(insurer):
        assert one.success([fact]) == many.success([fact])
    assert one.everything() == many.everything()


def test_whole_rows_keep_what_stood_together(study: Study) -> None:
    """Two persons with the same values in another combination: no single fact tells them apart, their rows do."""
    insurer = job(study, "verzekeraar")
    rows = [
        {"who": 1, "year": 2014, "basic_cost": 50, "specialist_cost": 50},
        {"who": 1, "year": 2014, "basic_cost": 100, "specialist_cost": 100},
        {"who": 2, "year": 2014, "basic_cost": 50, "specialist_cost": 100},
        {"who": 2, "year": 2014, "basic_cost": 100, "specialist_cost": 50},
    ]
    profiles = measure([body(insurer, rows)], insurer)
    assert profiles.success(facts_of(insurer)).classes == 1
    assert profiles.everything().classes == 2


def test_an_amount_as_good_as_exact_is_refused_and_a_banded_one_is_not(study: Study) -> None:
    insurer = job(study, "verzekeraar")
    exact = [{"who": place, "year": 2014, "specialist_cost": 50 * place} for place in range(200)]
    with pytest.raises(TooRevealing) as refused:
        check(measure([body(insurer, exact)], insurer), insurer)
    assert "specialist_cost 2014: 100,0%" in str(refused.value)
    assert "5000" not in str(refused.value)
    banded = [{**row, "specialist_cost": row["specialist_cost"] // 1000 * 1000} for row in exact]
    check(measure([body(insurer, banded)], insurer), insurer)


def test_two_facts_that_are_each_coarse_enough(study: Study) -> None:
    """Each splits 900 persons in 30, so 3.3 %; together they make every one unique."""
    insurer = job(study, "verzekeraar")
    frame = pl.DataFrame({"n": range(900)}).select(
        pl.col("n").cast(pl.String).str.zfill(16).cast(pl.Binary).alias("bsn"),
        pl.lit(2014, pl.Int32).alias("year"),
        (pl.col("n") // 30).cast(pl.Int32).alias("basic_cost"),
        (pl.col("n") % 30).cast(pl.Int32).alias("specialist_cost"),
    )
    profiles = measure([frame], insurer)
    assert [round(one.expected, 4) for one in profiles.telling] == [0.0333, 0.0333]
    with pytest.raises(TooRevealing, match="wie twee kenmerken van een persoon kent"):
        check(profiles, insurer)
    check(profiles, job(study, "verzekeraar", max_success_two="1"))


def test_the_limit_of_the_study_counts(study: Study) -> None:
    insurer = job(study, "verzekeraar", max_success_one="0.05")
    rows = [{"who": place, "year": 2014, "specialist_cost": 50 * (place % 25)} for place in range(250)]
    with pytest.raises(TooRevealing, match="de studie staat 5,0% toe"):
        check(measure([body(insurer, rows)], insurer), insurer)
    check(measure([body(insurer, rows)], insurer), job(study, "verzekeraar"))


def test_a_small_file_is_not_refused_for_a_coarse_column(study: Study) -> None:
    insurer = job(study, "verzekeraar", max_success_one="0", max_success_two="0")
    rows = [{"who": place, "year": 2014, "specialist_cost": place % 20} for place in range(20)]
    profiles = measure([body(insurer, rows)], insurer)
    assert profiles.telling[0].expected == 1.0
    check(profiles, insurer)
    check(measure([], insurer), insurer)


@settings(max_examples=40)
@given(draw=st.data(), one=st.integers(0, 100), two=st.integers(0, 100))
def test_no_pair_above_the_limit_is_passed_over(study: Study, draw: st.DataObject, one: int, two: int) -> None:
    """The gate leaves out pairs that cannot exceed; asking all of them finds no other."""
    insurer = job(study, "verzekeraar")
    agreed = Limits(Decimal(one) / 100, Decimal(two) / 100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "COARSE_ANSWERS", 2)
        profiles = measure([body(insurer, rows_of(draw))], insurer)
        every = [profiles.success(pair) for pair in combinations(facts_of(insurer), 2)]
        found = exceeding(profiles, agreed)
        if not any(agreed.exceeded(profiles.success([fact])) for fact in facts_of(insurer)):
            # A pair with a fact that is the same for all says what the other says alone.
            over = {frozenset(pair.facts) for pair in every if agreed.exceeded(pair)}
            alike = {fact for fact in facts_of(insurer) if profiles.success([fact]).classes < 2}
            assert {frozenset(pair.facts) for pair in found} == {pair for pair in over if not pair & alike}


def test_the_defaults_and_the_study(study: Study) -> None:
    assert limits(study) == Limits(Decimal("0.15"), Decimal("0.30"))
    changed = job(study, "verzekeraar", max_success_one="0.05").study
    assert limits(changed) == Limits(Decimal("0.05"), Decimal("0.30"))
    assert changed.agreement != study.agreement


def test_columns_that_share_their_names_with_ours(study: Study) -> None:
    """`place` is a column of the register; no name of a protocol is one that the measure uses for itself."""
    register = job(study, "gemeente")
    assert "place" in {fact.name for fact in facts_of(register)}
    assert all(
        name.startswith(":") for name in (fingerprint.WHOLE, fingerprint.COUNT, fingerprint.UNIT, fingerprint.ROW)
    )


# --- the assessment of an export ------------------------------------------------------------------


def fine_town(folder: Path, clients: int = 300) -> Cast:
    """The municipal bank has so many clients, each with a debt of his own."""
    cast = minimal(folder)
    cast.exports["stadsbank"] = [
        {"bsn": bsn(place), "debt_counselling": "ja", "budget_management": "nee", "debt": f"{100 + 37 * place},50"}
        for place in range(clients)
    ]
    return cast


def with_debt(made_for: Job, step: int) -> Job:
    """A protocol in which the debt leaves rounded to that step, in place of a band."""
    fine = AmountRounded(name="debt", title="Schuld", leaves_as="amount-rounded", step=step, at_most=1_000_000)
    columns = tuple(fine if column.name == "debt" else column for column in made_for.delivery.columns)
    delivery = made_for.delivery.model_copy(update={"columns": columns})
    return Job(made_for.study, made_for.holder, delivery)


def silent(_done: int, _total: int) -> None:
    pass


def test_an_export_is_measured_as_it_would_leave(tmp_path: Path) -> None:
    cast = fine_town(tmp_path / "cast")
    export, bank = cast.export("stadsbank"), cast.request("stadsbank").job
    banded = assess_room.assess(bank, export, tmp_path, silent)
    assert (banded.rows, banded.persons, banded.exceeded) == (300, 300, ())
    fine = assess_room.assess(with_debt(bank, 10), export, tmp_path, silent)
    assert [one.facts for one in fine.exceeded] == [("debt",)]
    assert fine.exceeded[0].expected > 0.9
    assert assess_room.assess(with_debt(bank, 5000), export, tmp_path, silent).exceeded == ()
    assert {path.name for path in tmp_path.iterdir()} == {"cast"}


def test_a_spilled_export_gives_the_same(tmp_path: Path) -> None:
    cast = fine_town(tmp_path / "cast")
    bank = with_debt(cast.request("stadsbank").job, 10)
    found = []
    for budget in (0, 2**30):
        with Spool(tmp_path, budget) as spool:
            assess_room.fill(spool, bank, cast.export("stadsbank"), silent)
            found.append(measure(spool.sorted(), bank).telling)
    assert found[0] == found[1]


# --- the k-map ------------------------------------------------------------------------------------


def counts(folder: Path, text: str) -> Path:
    path = folder / "bevolking.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_kmap_counts_against_everybody(study: Study, tmp_path: Path) -> None:
    """Five adults of a thousand and one minor of two: 5 x 1/1000 and 1/2, over six rows."""
    police = job(study, "politie")
    population = Population.read(counts(tmp_path, "minor;aantal\nnee;600\nnee;400\nja;2\n"), police)
    rows = [{"who": place, "minor": False} for place in range(5)] + [{"who": 9, "minor": True}]
    (found,) = kmap([body(police, rows[:3]), body(police, rows[3:])], population, police)
    assert found.facts == ("minor",)
    assert found.expected == pytest.approx((5 / 1000 + 1 / 2) / 6)
    assert (found.unique, found.small) == (0, pytest.approx(1 / 6))


def test_kmap_takes_who_is_not_in_the_table_for_one_of_one(study: Study, tmp_path: Path) -> None:
    police = job(study, "politie")
    population = Population.read(counts(tmp_path, "minor;address_suffix;aantal\nnee;nee;100\n"), police)
    rows = [{"who": 1, "minor": None, "address_suffix": False}, {"who": 2, "minor": False, "address_suffix": False}]
    found = {one.facts: one for one in kmap([body(police, rows)], population, police)}
    assert set(found) == {("minor",), ("address_suffix",), ("minor", "address_suffix")}
    assert found[("minor", "address_suffix")].expected == pytest.approx((1 + 1 / 100) / 2)
    assert found[("address_suffix",)].expected == pytest.approx(1 / 100)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("minor;hoeveel\nja;1\n", ColumnMissing),
        ("aantal\n1\n", ColumnMissing),
        ("minor;bsn;aantal\nja;1;1\n", ColumnMissing),
        ("minor;minor;aantal\nja;ja;1\n", ColumnMissing),
        ("minor;aantal\nmisschien;1\n", ValueUnknown),
        ("minor;aantal\nja;-1\n", ValueUnknown),
        ("minor;aantal\nja\n", InputUnreadable),
        ("", InputUnreadable),
    ],
)
def test_a_population_that_cannot_be_used_is_refused(
    study: Study, tmp_path: Path, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        Population.read(counts(tmp_path, text), job(study, "politie"))
    assert type(refused.value) is error
    assert "misschien" not in str(refused.value)


def test_the_hash_is_not_that_of_a_row(study: Study) -> None:
    """Sums of hashes: that a person has a row twice is another answer than having it once, or two others."""
    insurer = job(study, "verzekeraar")
    once = {"year": 2014, "basic_cost": 50}
    rows = [{"who": 1, **once}, {"who": 2, **once}, {"who": 2, **once}, {"who": 3, **once}, {"who": 4, "year": 2013}]
    assert measure([body(insurer, rows)], insurer).success([Fact("basic_cost", 2014)]).classes == 3
