"""Costs through the gate: every amount is counted again, and none gives another away (docs/spec/release-v1.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import simulator
from household_rows import household_file
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linkage.errors import CostsIncomplete, DisclosureRefused
from linkage.research import disclosure, scenarios
from linkage.research.cells import Counts, Key
from linkage.research.cost_tables import cost_tables
from linkage.research.costs import per_group
from linkage.research.disclosure import Proposal, Release, ReleasedCell, propose
from linkage.research.households import HouseholdFile
from linkage.research.priced import GROUP, Priced, measure_of, priced
from linkage.research.suppress import Pattern, Question, suppress
from linkage.research.tables import Column, Row, Table, Vary, tabulate
from linkage.study import Study

TODAY = dt.date(2016, 6, 1)
FAMILY = {"adults": 2, "minors": 1, "has_child_lt18": True}
SINGLE: dict[str, Any] = {"adults": 1, "has_child_lt18": False, "S": None, "A": None, "C": None}
SINGLE |= dict.fromkeys(("mvp", "mpg", "support_2012", "support_2013"))
POOR = {**FAMILY, "S": True, "S_ww": True, "n_ww": 1}
ILL = {**FAMILY, "A": True, "A_basic_ggz": True, "ggz_basic_cost": 300}
MVP = {**FAMILY, "S": True, "A": True, "C": True, "mvp": True, "n_ww": 1, "ggz_basic_cost": 500}
MPG = {**MVP, "mpg": True, "support_2012": True, "support_2013": True, "n_bijstand": 1}
THIEF = {**MPG, "delict_vermogensdelicten": 3}

Made = Callable[..., Priced]


@pytest.fixture
def study(cast: simulator.Cast) -> Study:
    return cast.study()


def of(study: Study, *kinds: tuple[int, dict[str, Any]]) -> Priced:
    """A town of so many households of each kind."""
    return priced(household_file(study, [row for many, row in kinds for _ in range(many)]))


def town(study: Study, **many: int) -> Priced:
    """A town in which nothing is small, unless told otherwise."""
    wanted = {"single": 60, "quiet": 60, "poor": 40, "ill": 40, "mvp": 30, "mpg": 30, "thief": 0, **many}
    rows = {"single": SINGLE, "quiet": FAMILY, "poor": POOR, "ill": ILL, "mvp": MVP, "mpg": MPG, "thief": THIEF}
    return of(study, *((wanted[name], row) for name, row in rows.items()))


def let_out(made: Priced, ledger: Path, *names: str, **more: Any) -> Release:
    tables = (*tabulate(made.file, names=["tabel5"]), *cost_tables(made))
    chosen = [table for table in tables if not names or table.name in names]
    return disclosure.release(chosen, made.file, ledger, on=TODAY, **more)


def cell(release: Release, table: str, row: str, column: str) -> ReleasedCell:
    found = next(t for t in release.tables if t.name == table)
    place = [c.name for c in found.columns].index(column)
    return next(r for r in found.rows if r.name == row).cells[place]


def printed(made: Priced, table: Table, hidden: frozenset[Key]) -> Proposal:
    (proposal,) = propose([table], Counts(made.file), hidden, made.file.protocol.release)
    return proposal


def amount(group: str, measure: str) -> Key:
    return Key("households", "", ((GROUP, group),), measure)


# --- the same numbers as the costs ------------------------------------------------------------------------

ROWS = st.sampled_from([SINGLE, FAMILY, POOR, ILL, MVP, MPG, THIEF, {**MPG, "foster_days": 700, "murdered": 0}])
USES = st.fixed_dictionaries(
    {},
    optional={
        "n_ww": st.integers(0, 3),
        "delict_mishandeling": st.integers(0, 9),
        "n_youth_ambulant": st.integers(0, 7),
        "ggz_specialist_cost": st.integers(0, 900).map(lambda n: n * 50),
        "low_income": st.sampled_from([True, False, None]),
    },
)


@settings(max_examples=12)
@given(rows=st.lists(st.tuples(ROWS, USES), min_size=1, max_size=40))
def test_every_amount_is_that_of_the_costs(
    study_once: Study, rows: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """Groups, parts and scenarios, against `per_group` and `tornadoes`, which add up in another way."""
    used = [{**row, **uses} for row, uses in rows]
    assume(any(row.get("low_income", False) is not None for row in used))  # else nobody delivered it, and it is refused
    file = household_file(study_once, used)
    made, groups = priced(file), per_group(file)
    tables = {table.name: table for table in cost_tables(made)}
    counts = Counts(made.file)
    for group in groups.groups:
        assert counts[Key("households", "", ((GROUP, group.name),))].value == group.households - group.unknown
        for figure in group.figures:
            found = counts[amount(group.name, measure_of(figure.kind, figure.name))]
            assert (Decimal(found.value) / 100, found.households) == (figure.total, figure.households)
    for tornado in scenarios.tornadoes(file):
        varied = printed_row(made, tables["scenarios"], tornado.group)
        for bar in tornado.bars:
            assert varied[bar.scenario] == (bar.varied - bar.base).quantize(Decimal(1), "ROUND_HALF_UP")


def printed_row(made: Priced, table: Table, column: str) -> dict[str, Any]:
    place = [c.name for c in table.columns].index(column)
    proposal = printed(made, table, frozenset())
    return {row.name: cells[place].value for row, cells in zip(table.rows, proposal.printed, strict=True)}


@pytest.fixture(scope="module")
def study_once(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return simulator.minimal(tmp_path_factory.mktemp("costs") / "cast").study()


def test_a_divided_volume_is_rounded_to_whole_units() -> None:
    """Report, Bijlage 5: 10 trajectories / 1.3 = 7.69, so 8."""
    assert Vary(284_000, 284_000, Decimal("1.3")).of(10 * 284_000) == -2 * 284_000
    assert Vary(100, 70).of(500) == -150


def test_who_has_no_group_or_no_known_use_is_in_no_amount(study: Study) -> None:
    made = of(study, (20, MPG), (3, {**MPG, "n_ww": None}), (2, {**MPG, "mpg": None, "mvp": None}))
    assert made.file.frame[GROUP].null_count() == 5
    total = measure_of("all", "all")
    assert made.file.frame.filter(pl.col(GROUP).is_null())[total].sum() == 0
    (table, *_) = cost_tables(made)
    assert table.rows[-1].name == "?"


# --- what leaves ------------------------------------------------------------------------------------------


def test_a_town_without_small_groups_shows_all(study: Study, tmp_path: Path) -> None:
    done = let_out(town(study), tmp_path / "l")
    assert not [c for table in done.tables for row in table.rows for c in row.cells if c.hidden]
    assert cell(done, "kosten", "mpg", "households").value == 30
    mean = cell(done, "kosten", "mpg", "mean").value
    assert isinstance(mean, Decimal)
    assert mean == mean.to_integral_value()
    together = cell(done, "kosten", "all-other-families", "total").value
    parts = ("mvp_without_support", "families_with_problems", "families_without_problems")
    exact = sum(Counts(town(study).file)[amount(part, measure_of("all", "all"))].value for part in parts)
    assert together == Decimal(exact).scaleb(-2).quantize(Decimal(1), "ROUND_HALF_UP")


def test_a_price_of_few_households_is_hidden_and_not_left_over(study: Study, tmp_path: Path) -> None:
    """Three thieves: their price, the section, the layer; nothing that is shown adds up to theirs."""
    done = let_out(town(study, thief=3), tmp_path / "l")
    for table, row in (("kosten_prijzen", "property_offence"), ("kosten_onderdelen", "criminaliteit")):
        assert cell(done, table, row, "mpg").hidden
        assert cell(done, table, row, "mpg_mean").hidden
    others = [row.name for row in done.tables[2].rows if not cell(done, "kosten_onderdelen", row.name, "mpg").hidden]
    assert len(others) < len(done.tables[2].rows) - 1


def test_a_union_is_hidden_where_a_part_is(study: Study, tmp_path: Path) -> None:
    done = let_out(town(study, mvp=4), tmp_path / "l")
    assert cell(done, "kosten", "mvp_without_support", "total").hidden
    for union in ("other-families-with-problems", "all-other-families", "all-families", "all-households"):
        assert all(cell(done, "kosten", union, column).hidden for column in ("total", "mean"))


def test_the_same_tables_twice_are_the_same(study: Study, tmp_path: Path) -> None:
    first, again = (let_out(town(study, thief=3), tmp_path / name) for name in ("a", "b"))
    assert first.tables == again.tables


# --- planted leaks ----------------------------------------------------------------------------------------


def test_the_last_price_of_a_section_is_refused(study: Study, tmp_path: Path) -> None:
    """A price of three households is hidden, but the section and all its other prices are not."""
    made = town(study, thief=3)
    tables = {table.name: table for table in cost_tables(made)}
    hidden = frozenset({amount("mpg", measure_of("tariff", "property_offence"))})
    proposals = [printed(made, tables[name], hidden) for name in ("kosten_onderdelen", "kosten_prijzen")]
    with pytest.raises(DisclosureRefused, match="kosten_prijzen"):
        disclosure.judge(proposals, made.file, tmp_path / "l")


def test_a_scenario_gives_away_no_price(study: Study, tmp_path: Path) -> None:
    """The suffering of one kind of offence is its number times a public amount."""
    made = town(study, thief=3)
    tables = {table.name: table for table in cost_tables(made)}
    section = [measure_of("section", "criminaliteit"), measure_of("layer", "society"), measure_of("all", "all")]
    hidden = {amount("mpg", name) for name in (*section, measure_of("tariff", "property_offence"))}
    proposals = [printed(made, tables[name], frozenset(hidden)) for name in ("kosten_prijzen", "scenarios")]
    with pytest.raises(DisclosureRefused, match="te nauw af te leiden"):
        disclosure.judge(proposals, made.file, tmp_path / "l")


def test_a_group_gives_away_no_cell_of_the_overlap(study: Study, tmp_path: Path) -> None:
    """Four families have all problems and no support: hidden in table 5, but the cost groups would tell."""
    made = town(study, mvp=4, mpg=30)
    (overlap,) = tabulate(made.file, names=["tabel5"])
    (groups, *_) = cost_tables(made)
    alone = disclosure.release([overlap], made.file, tmp_path / "first", on=TODAY)
    hidden = frozenset(alone.about.hidden)
    assert hidden
    shown = replace(groups, columns=groups.columns[:1], rows=tuple(_first_column(groups)))
    mvp = Key("households", "", ((GROUP, "mvp_without_support"),))
    proposals = [printed(made, overlap, hidden), printed(made, shown, frozenset({mvp}))]
    with pytest.raises(DisclosureRefused, match="te nauw af te leiden"):
        disclosure.judge(proposals, made.file, tmp_path / "l")


def _first_column(table: Table) -> list[Row]:
    return [replace(row, cells=row.cells[:1]) for row in table.rows[:5]]


def test_a_forgotten_secondary_suppression_is_seen(study: Study, tmp_path: Path) -> None:
    """With a suppressor that hides small amounts alone, the gate hides more itself or refuses."""

    def forgetful(question: Question) -> Pattern:
        return Pattern(suppress(question).primary, frozenset())

    made = town(study, thief=3)
    try:
        done = let_out(made, tmp_path / "l", "kosten_onderdelen", "kosten_prijzen", suppressor=forgetful)
    except DisclosureRefused:
        return
    assert cell(done, "kosten_onderdelen", "criminaliteit", "mpg").hidden


def test_an_amount_that_was_altered_on_the_way_is_refused(study: Study, tmp_path: Path) -> None:
    made = town(study)
    (groups, *_) = cost_tables(made)
    proposal = printed(made, groups, frozenset())
    first = (*proposal.printed[0][:1], ReleasedCell(Decimal(1)), *proposal.printed[0][2:])
    with pytest.raises(DisclosureRefused, match="een bedrag is niet wat het bestand geeft"):
        disclosure.judge([replace(proposal, printed=(first, *proposal.printed[1:]))], made.file, tmp_path / "l")


# --- the next release ---------------------------------------------------------------------------------------


def test_a_later_release_without_the_costs_is_refused(study: Study, tmp_path: Path) -> None:
    """Whatever was released counts for what is released next, so the costs must be there to be counted."""
    made, ledger = town(study), tmp_path / "l"
    let_out(made, ledger)
    plain = household_without_costs(made)
    with pytest.raises(DisclosureRefused, match="kent dat niet"):
        disclosure.release(tabulate(plain, names=["tabel1"]), plain, ledger, on=TODAY)


def test_leaving_out_a_price_later_is_refused(study: Study, tmp_path: Path) -> None:
    made, ledger = town(study), tmp_path / "l"
    let_out(made, ledger, "kosten")
    fewer = priced(household_without_costs(made), without=["ww"])
    with pytest.raises(DisclosureRefused):
        let_out(fewer, ledger, "kosten")


def household_without_costs(made: Priced) -> HouseholdFile:
    names = [name for name in made.file.frame.columns if name == GROUP or name.startswith("kosten:")]
    return replace(made.file, frame=made.file.frame.drop(names), grouping=None)


def test_a_part_that_lowers_a_price_is_refused(study: Study) -> None:
    """Then a scenario would be a difference of prices, and its largest household unknown."""
    from linkage.research.priced import _more

    tariff = next(t for t in study.protocol.tariffs if t.name == "assault")
    with pytest.raises(CostsIncomplete, match="alleen verhogen"):
        _more(tariff, -1)


# --- persons ------------------------------------------------------------------------------------------------


def test_a_number_of_persons_is_hidden_where_few_households_bring_it(study: Study, tmp_path: Path) -> None:
    """Forty persons of nine households, twelve of twelve."""
    made = of(study, (9, {**POOR, "n_ww": 4}), (51, FAMILY), (12, {**POOR, "wijk": simulator.AREAS[1]}))
    table = Table("personen", "t", "by-area", (Column("n", "n"),), tuple(_persons(area) for area in simulator.AREAS))
    done = disclosure.release([table], made.file, tmp_path / "l", on=TODAY)
    assert done.tables[0].rows[0].cells[0].hidden
    assert done.tables[0].rows[1].cells[0].value == 12


def _persons(area: str) -> Row:
    from linkage.research.tables import Cell

    return Row(area, area, (Cell("count", Key("families", area, (("S", "ja"),), "n_ww")),))
