"""The gate on a small town: what it hides, what it refuses, and that nothing gets round it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import simulator

from linkage.errors import DisclosureRefused, ReleaseLedgerBroken
from linkage.research import book, disclosure, release
from linkage.research.cells import WHOLE, YES, Key
from linkage.research.disclosure import ReleasedCell, ReleasedTable
from linkage.research.gate import Gate
from linkage.research.households import HouseholdFile
from linkage.research.suppress import Pattern, Question, primary, suppress
from linkage.research.tables import Cell, Column, Municipality, Row, Table, tabulate
from linkage.study import Study

TODAY = dt.date(2016, 6, 1)
INDICATORS = ("S_bijstand", "S_moves_ge2", "S_ww", "S_other_social_benefit", "S_disability_benefit", "S_poverty")
NORTH, SOUTH = simulator.AREAS


@pytest.fixture
def study(cast: simulator.Cast) -> Study:
    return cast.study()


def town(study: Study, poor: tuple[int, int], size: tuple[int, int] = (60, 80)) -> HouseholdFile:
    """Families in two wijken, the first so many of each poor; all have a WW benefit but half."""
    rows = [
        {"wijk": area, "poverty": number < few, "ww": number % 2 == 0}
        for area, few, many in zip((NORTH, SOUTH), poor, size, strict=True)
        for number in range(many)
    ]
    frame = pl.DataFrame(rows).select(
        "wijk",
        pl.lit(value=True).alias("has_child_lt18"),
        (pl.col("poverty") | pl.col("ww")).alias("S"),
        *(
            pl.col({"S_poverty": "poverty", "S_ww": "ww"}[name]).alias(name)
            if name in ("S_poverty", "S_ww")
            else pl.lit(value=False).alias(name)
            for name in INDICATORS
        ),
    )
    return HouseholdFile(frame, study, {})


def stars(table: ReleasedTable) -> set[tuple[str, str]]:
    return {
        (row.name, column.name)
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell.hidden
    }


def let_out(file: HouseholdFile, ledger: Path, **more: Callable[[Question], Pattern]) -> disclosure.Release:
    return disclosure.release(tabulate(file, names=["tabel1"]), file, ledger, on=TODAY, **more)


# --- only the gate --------------------------------------------------------------------------------------


def test_nobody_else_makes_a_released_table() -> None:
    for seal in (None, object(), disclosure.__name__):
        with pytest.raises(TypeError, match="release alone"):
            ReleasedTable("t", "t", "costs", (), (), "*", seal=seal)


def test_a_released_table_cannot_be_copied_with_other_cells(study: Study, tmp_path: Path) -> None:
    table = let_out(town(study, (3, 40)), tmp_path / "l").tables[0]
    with pytest.raises((TypeError, ValueError)):
        replace(table, rows=())


# --- hiding ---------------------------------------------------------------------------------------------


def test_a_small_count_takes_its_percentage_and_another_count_along(study: Study, tmp_path: Path) -> None:
    """3 of 43: hiding the 3 alone would leave 43 less 40."""
    found = stars(let_out(town(study, (3, 40)), tmp_path / "l").tables[0])
    assert {(NORTH, "S_poverty"), (NORTH, "S_poverty_pct")} <= found
    assert (SOUTH, "S_poverty") in found or ("gemeente", "S_poverty") in found
    assert not any(column == "N" for _, column in found)


def test_nothing_small_nothing_hidden(study: Study, tmp_path: Path) -> None:
    done = let_out(town(study, (20, 40)), tmp_path / "l")
    assert stars(done.tables[0]) == set()
    assert done.about.hidden == ()


def test_who_is_left_over_counts_too(study: Study, tmp_path: Path) -> None:
    """56 of 60 are poor, so 4 are not; and 56 of 60 is more than nine in ten."""
    found = stars(let_out(town(study, (56, 40)), tmp_path / "l").tables[0])
    assert (NORTH, "S_poverty") in found


def test_nearly_everyone_is_hidden_though_nobody_is_few(study: Study, tmp_path: Path) -> None:
    """186 of 200: 14 are not poor, but of each of the 200 one would know it nearly for certain."""
    found = stars(let_out(town(study, (186, 40), (200, 200)), tmp_path / "l").tables[0])
    assert (NORTH, "S_poverty") in found
    fine = stars(let_out(town(study, (179, 40), (200, 200)), tmp_path / "m").tables[0])
    assert (NORTH, "S_poverty") not in fine


def test_a_suppressor_that_forgets_is_corrected_or_refused(study: Study, tmp_path: Path) -> None:
    """The audit does not trust the suppressor."""
    file = town(study, (3, 40))

    def forgets(question: Question) -> Pattern:
        return Pattern(primary(question), frozenset())

    done = let_out(file, tmp_path / "l", suppressor=forgets)
    assert len([1 for _, column in stars(done.tables[0]) if column == "S_poverty"]) >= 2

    def forgets_everything(question: Question) -> Pattern:
        return Pattern(frozenset(), frozenset())

    known = let_out(town(study, (20, 40)), tmp_path / "m", suppressor=forgets_everything)
    assert stars(known.tables[0]) == set()


def test_an_unknown_value_is_not_a_no(study: Study, tmp_path: Path) -> None:
    """The base of the percentage is without those of whom it is unknown; their number is shown, or hidden, too."""
    file = town(study, (20, 40))
    unknown = pl.when(pl.int_range(pl.len()) >= 120).then(None).otherwise("S_poverty")
    blurred = replace(file, frame=file.frame.with_columns(unknown.alias("S_poverty")))
    (table,) = tabulate(blurred, names=["tabel1"])
    cells = {(row.name, column.name): cell.value for row, column, cell in table.cells()}
    assert cells[SOUTH, "S_poverty_unknown"] == 20
    assert str(cells[SOUTH, "S_poverty_pct"]) == "66.7"
    done = let_out(blurred, tmp_path / "l")
    assert (SOUTH, "S_poverty") not in stars(done.tables[0])


# --- money ------------------------------------------------------------------------------------------------


def money(file: HouseholdFile, amounts: list[int]) -> tuple[HouseholdFile, Table]:
    """A table of one amount, per wijk and in all."""
    frame = file.frame.with_columns(pl.Series("cents", amounts, dtype=pl.Int64))
    rows = tuple(
        Row(area, area, (Cell("count", Key("families", area, (), "cents")),)) for area in (WHOLE, NORTH, SOUTH)
    )
    return replace(file, frame=frame), Table("kosten", "Kosten", "costs", (Column("cents", "Kosten"),), rows)


def test_an_amount_that_one_household_brings_is_hidden(study: Study, tmp_path: Path) -> None:
    """And not by itself alone: the total less the other wijk is that amount."""
    file, table = money(town(study, (20, 40)), [9_000_000, *([1_000] * 59), *([5_000_000] * 80)])
    done = disclosure.release([table], file, tmp_path / "l", on=TODAY)
    assert {NORTH} < {row for row, _ in stars(done.tables[0])}
    even, fine = money(town(study, (20, 40)), [1_000] * 140)
    assert stars(disclosure.release([fine], even, tmp_path / "m", on=TODAY).tables[0]) == set()


def test_an_amount_of_few_households_is_hidden(study: Study, tmp_path: Path) -> None:
    file, table = money(town(study, (20, 40)), [*([5_000] * 9), *([0] * 51), *([5_000] * 80)])
    assert (NORTH, "cents") in stars(disclosure.release([table], file, tmp_path / "l", on=TODAY).tables[0])


# --- refusing ---------------------------------------------------------------------------------------------


def test_a_figure_from_elsewhere_is_for_the_table_of_municipalities(study: Study, tmp_path: Path) -> None:
    sneaked = Table("tabel1", "t", "by-area", (Column("n", "n"),), (Row("Noord", "Noord", (Cell("given", value=3),)),))
    with pytest.raises(DisclosureRefused, match="hoort hier niet"):
        disclosure.release([sneaked], town(study, (3, 40)), tmp_path / "l", on=TODAY)


def test_the_same_count_under_another_name_is_refused(study: Study, tmp_path: Path) -> None:
    """`mvp` is `S and A and C`; under two names the audit would take one count for two."""
    key = Key("families", WHOLE, (("mvp", YES),))
    other = Table("eigen", "t", "by-area", (Column("n", "n"),), (Row("x", "x", (Cell("count", key),)),))
    file = town(study, (3, 40))
    frame = file.frame.with_columns(pl.lit(value=True).alias("mvp"))
    with pytest.raises(DisclosureRefused, match="een naam"):
        disclosure.release([other], replace(file, frame=frame), tmp_path / "l", on=TODAY)


def test_a_total_of_municipalities_goes_when_ours_is_hidden(study: Study, tmp_path: Path) -> None:
    """The province less the others would be ours."""
    file = town(study, (3, 40))
    few = pl.int_range(pl.len()) < 5
    frame = file.frame.with_columns(*(few.alias(name) for name in ("S", "A", "C", "support_2012", "support_2013")))
    others = (Municipality("Borne", 22, 9104), Municipality("Overijssel", 27, 9244, "provincie"))
    file = replace(file, frame=frame)
    done = disclosure.release(tabulate(file, names=["tabel5b"], others=others), file, tmp_path / "l", on=TODAY)
    assert {row for row, _ in stars(done.tables[0])} == {"gemeente", "provincie:Overijssel"}


def test_a_small_change_between_waves_is_for_the_checker(study: Study, tmp_path: Path, cast: simulator.Cast) -> None:
    ledger = tmp_path / "l"
    let_out(town(study, (20, 40)), ledger)
    cast.wave = 2
    cast.write_study("")
    later = town(cast.study(), (23, 40))
    with pytest.raises(DisclosureRefused, match="tussen twee metingen"):
        let_out(later, ledger)
    tables = tabulate(later, names=["tabel1"])
    done = disclosure.release(tables, later, ledger, on=TODAY, accept_wave_changes=True)
    files = release.write(done, tmp_path / "out", tmp_path / "uitvoercontrole.md")
    assert "kleine veranderingen tussen metingen zijn aanvaard" in files[-1].read_text(encoding="utf-8")
    assert [entry.wave for entry in book.read(ledger)] == [1, 2]


def test_what_was_shown_cannot_be_taken_back(study: Study, tmp_path: Path) -> None:
    """First the total and the south, safe by themselves; then the north, which they give away."""
    file, ledger = town(study, (3, 40)), tmp_path / "l"
    (table,) = tabulate(file, names=["tabel1"])
    place = [column.name for column in table.columns].index("S_poverty")
    part = Table(
        "deel",
        "Deel",
        "by-area",
        (table.columns[0], table.columns[place]),
        tuple(replace(row, cells=(row.cells[0], row.cells[place])) for row in table.rows if row.name != NORTH),
    )
    first = disclosure.release([part], file, ledger, on=TODAY)
    if not stars(first.tables[0]):
        with pytest.raises(DisclosureRefused):
            let_out(file, ledger)
        return
    assert (NORTH, "S_poverty") in stars(let_out(file, ledger).tables[0])


def test_one_household_more_is_refused_within_a_wave(study: Study, tmp_path: Path) -> None:
    ledger = tmp_path / "l"
    let_out(town(study, (20, 40)), ledger)
    with pytest.raises(DisclosureRefused, match="andere aantallen dan een eerdere uitgave"):
        let_out(town(study, (21, 40)), ledger)


def test_a_percentage_of_a_star_is_refused(study: Study, tmp_path: Path) -> None:
    file = town(study, (3, 40))
    (table,) = tabulate(file, names=["tabel1"])
    done = let_out(file, tmp_path / "l").tables[0]
    printed = tuple(
        tuple(
            ReleasedCell(cell.value) if cell.kind == "percent" else out
            for cell, out in zip(row.cells, line.cells, strict=True)
        )
        for row, line in zip(table.rows, done.rows, strict=True)
    )
    with pytest.raises(DisclosureRefused, match=r"percentage.*tabel1, rij Noord, kolom Armoede \(%\)"):
        disclosure.judge([disclosure.Proposal(table, printed)], file, tmp_path / "none")


def test_no_table_is_no_release(study: Study, tmp_path: Path) -> None:
    with pytest.raises(DisclosureRefused, match="geen tabel"):
        disclosure.release([], town(study, (3, 40)), tmp_path / "l", on=TODAY)


# --- the ledger -------------------------------------------------------------------------------------------


def test_the_ledger_holds_no_hidden_number(study: Study, tmp_path: Path) -> None:
    ledger = tmp_path / "l"
    let_out(town(study, (3, 40)), ledger)
    (line,) = [json.loads(text) for text in ledger.read_text(encoding="ascii").splitlines()]
    hidden = [key for key in line["hidden"] if key[1] == NORTH]
    assert ["families", NORTH, [["S_poverty", "ja"]], ""] in hidden
    assert not any(key[:4] in line["hidden"] for key in line["shown"])
    assert all(not 1 <= key[4] <= 9 for key in line["shown"])


@pytest.mark.parametrize("damage", ["drop", "change", "swap", "cut"])
def test_a_changed_ledger_is_refused(study: Study, tmp_path: Path, damage: str) -> None:
    ledger, file = tmp_path / "l", town(study, (20, 40))
    for name in ("tabel1", "tabel5b"):
        frame = file.frame.with_columns(
            *(pl.lit(value=True).alias(n) for n in ("A", "C", "support_2012", "support_2013"))
        )
        disclosure.release(tabulate(other := replace(file, frame=frame), names=[name]), other, ledger, on=TODAY)
    first, second = ledger.read_bytes().splitlines(keepends=True)
    damaged = {
        "drop": second,
        "change": first.replace(b",60]", b",61]", 1) + second,
        "swap": second + first,
        "cut": first + second[:-20],
    }
    ledger.write_bytes(damaged[damage])
    with pytest.raises(ReleaseLedgerBroken):
        let_out(file, ledger)


def test_a_refused_release_leaves_no_trace(study: Study, tmp_path: Path) -> None:
    ledger = tmp_path / "l"
    sneaked = Table("tabel1", "t", "by-area", (Column("n", "n"),), (Row("Noord", "Noord", (Cell("given", value=3),)),))
    with pytest.raises(DisclosureRefused):
        disclosure.release([sneaked], town(study, (3, 40)), ledger, on=TODAY)
    assert list(tmp_path.glob("l*")) == []


def test_judging_releases_nothing(study: Study, tmp_path: Path) -> None:
    file = town(study, (20, 40))
    (table,) = tabulate(file, names=["tabel1"])
    printed = tuple(tuple(ReleasedCell(cell.value) for cell in row.cells) for row in table.rows)
    assert disclosure.judge([disclosure.Proposal(table, printed)], file, tmp_path / "l") == ()
    assert not (tmp_path / "l").exists()


def test_the_suppressor_hides_no_zero(study: Study) -> None:
    """A star is known to be a household at least."""
    file = town(study, (0, 40))
    (table,) = tabulate(file, names=["tabel1"])
    gate = Gate((table,), file, (), waves=False)
    question = gate._question(frozenset())
    pattern = suppress(question)
    assert all(question.counts[key].value > 0 for key in pattern.primary | pattern.secondary)
