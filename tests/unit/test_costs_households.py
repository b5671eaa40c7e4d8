"""Use x price per household and per group (docs/spec/costs-v1.md, sections 3 to 5), against plain Python."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import CostsIncomplete
from linkage.research import costs, scenarios
from linkage.research.households import HouseholdFile
from protocols import StudyProtocol, load_protocol
from protocols.model import PartScenario, PriceScenario, VolumeScenario

PROTOCOL = load_protocol("nji_2016")
TARIFFS = {tariff.name: tariff for tariff in PROTOCOL.tariffs}
MEASURES = [measure.name for measure in PROTOCOL.measures]
FLAGS = ["has_child_lt18", "mpg", "mvp", "S", "A", "C", "low_income"]
GROUPS = ["mpg", "mvp_without_support", "families_with_problems", "families_without_problems", "other_households"]
UNIONS = {
    "other-families-with-problems": GROUPS[1:3],
    "all-other-families": GROUPS[1:4],
    "all-families": GROUPS[:4],
    "all-households": GROUPS,
}

NO_PROBLEMS = {"has_child_lt18": True, "mpg": False, "mvp": False, "S": False, "A": False, "C": False}
MPG = {"has_child_lt18": True, "mpg": True, "mvp": True, "S": True, "A": True, "C": True}
MVP = {**MPG, "mpg": False}
SINGLE = {"has_child_lt18": False, "mpg": None, "mvp": None, "S": None, "A": None, "C": None}

Row = dict[str, Any]


def household_file(rows: list[Row], protocol: StudyProtocol = PROTOCOL, year: int = 2014) -> HouseholdFile:
    """A household file of these rows; what a row does not mention is 0 or no."""
    empty: Row = {**dict.fromkeys(MEASURES, 0), "low_income": False}
    data = [{**empty, "study_number": f"{number:016x}", **row} for number, row in enumerate(rows)]
    schema: dict[str, Any] = {"study_number": pl.String, **dict.fromkeys(FLAGS, pl.Boolean)}
    schema |= dict.fromkeys(MEASURES, pl.Int64)
    about = SimpleNamespace(reference_date=dt.date(year, 12, 31))
    study: Any = SimpleNamespace(protocol=protocol, study=about)
    return HouseholdFile(pl.DataFrame(data, schema=schema, orient="row"), study, {})


def changed(**parameters: object) -> StudyProtocol:
    """The protocol with other parameters; its readings, which would contradict them, are left out."""
    return PROTOCOL.model_copy(update={"parameters": PROTOCOL.parameters.model_copy(update=parameters), "readings": ()})


# --- per household ------------------------------------------------------------------------------------------


def test_a_benefit_costs_the_benefit_and_its_execution() -> None:
    frame = costs.per_household(household_file([{**MPG, "n_bijstand": 2}]))
    assert frame["bijstand"][0] == Decimal("32744.34")
    assert frame["bijstand_execution"][0] == Decimal("5195.44")
    assert frame["total"][0] == 2 * Decimal("18969.89")
    assert frame["ww"][0] == Decimal("0.00")
    assert frame.schema["total"] == pl.Decimal(38, 2)
    assert frame.columns == ["study_number", "group", *(n for n in TARIFFS if n != "economic_offence"), "total"]


def test_unknown_use_is_null_never_zero() -> None:
    frame = costs.per_household(household_file([{**MPG, "n_ww": None, "n_bijstand": 1}, {**MPG, "n_ww": 0}]))
    assert frame["ww"].to_list() == [None, Decimal("0.00")]
    assert frame["bijstand"].to_list() == [Decimal("16372.17"), Decimal("0.00")]
    assert frame["total"].to_list() == [None, Decimal("0.00")]


def test_poverty_is_paid_per_household() -> None:
    frame = costs.per_household(household_file([{**SINGLE, "low_income": True}, {**SINGLE, "low_income": None}]))
    assert frame["poverty"].to_list() == [Decimal("998.80"), None]


@pytest.mark.parametrize(("days", "guided"), [(0, 0), (364, 364), (365, 365), (366, 365), (730, 365), (None, None)])
def test_foster_guidance_is_paid_per_family(days: int | None, guided: int | None) -> None:
    """Two children for a year are 730 days of allowance, and 365 of guidance."""
    frame = costs.per_household(household_file([{**MPG, "foster_days": days}, MPG]))
    assert frame["foster_allowance"][0] == (None if days is None else days * Decimal("17.91"))
    assert frame["foster_guidance"][0] == (None if guided is None else guided * Decimal("16.76"))


def test_a_threat_is_paid_for_as_a_threat() -> None:
    frame = costs.per_household(household_file([{**MPG, "delict_bedreiging": 2, "delict_mishandeling": 1}]))
    assert (frame["threat"][0], frame["assault"][0]) == (Decimal("459.42"), Decimal("1661.90"))


def test_or_as_an_assault_but_not_as_both() -> None:
    protocol = changed(threat_delicts_counted_in=("delict_mishandeling",))
    rows = [{**MPG, "delict_bedreiging": 2, "delict_mishandeling": 1}, {**MPG, "delict_bedreiging": None}]
    frame = costs.per_household(household_file(rows, protocol))
    assert "threat" not in frame.columns
    assert frame["assault"].to_list() == [3 * Decimal("1661.90"), None]
    assert costs.per_group(household_file(rows[:1], protocol)).not_counted == ("threat", "economic_offence")


def test_observed_amounts_are_euros() -> None:
    frame = costs.per_household(household_file([{**MPG, "ggz_basic_cost": 350, "ggz_specialist_cost": 2600}]))
    assert frame["total"][0] == Decimal("2950.00")


def test_costs_far_beyond_32_bits() -> None:
    found = costs.per_group(household_file([{**MPG, "delict_moord_doodslag": 20}] * 100)).group("mpg")
    assert found.total == 2000 * Decimal("993293.44")
    assert found.figure("tariff", "murder").largest_share == Decimal("0.0100")


# --- groups -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "group"),
    [
        (MPG, "mpg"),
        (MVP, "mvp_without_support"),
        ({**NO_PROBLEMS, "C": True}, "families_with_problems"),
        ({**NO_PROBLEMS, "C": True, "A": None}, "families_with_problems"),
        (NO_PROBLEMS, "families_without_problems"),
        (SINGLE, "other_households"),
        ({**SINGLE, "has_child_lt18": None}, "undetermined"),
        ({**NO_PROBLEMS, "C": None}, "undetermined"),
        ({**MVP, "mpg": None}, "undetermined"),
        ({**NO_PROBLEMS, "S": True, "mvp": None, "mpg": None}, "undetermined"),
        ({**NO_PROBLEMS, "S": True, "mvp": None, "mpg": False}, "undetermined"),
    ],
)
def test_each_household_is_in_one_group(row: Row, group: str) -> None:
    assert costs.per_household(household_file([row]))["group"].to_list() == [group]
    found = costs.per_group(household_file([row]))
    assert found.undetermined == (group == "undetermined")
    assert [g.name for g in found.groups if g.households] == ([group] if group in GROUPS else [])
    assert [u.name for u in found.unions if u.households] == [name for name, of in UNIONS.items() if group in of]


def test_a_group_knows_who_its_figures_stand_on() -> None:
    rows = [{**MPG, "n_ww": 1}, {**MPG, "n_ww": 3, "delict_opium_delict": 1}, MPG, {**MPG, "n_ww": None}]
    found = costs.per_group(household_file(rows)).group("mpg")
    assert (found.households, found.unknown) == (4, 1)
    ww = found.figure("tariff", "ww")
    assert (ww.households, ww.volume, ww.total, ww.largest_share) == (2, 4, Decimal("98803.60"), Decimal("0.7500"))
    both = found.figure("payer", "uwv")
    assert (both.households, both.volume, both.total) == (2, None, 4 * Decimal("26956.90"))
    assert found.figure("section", "criminaliteit").total == Decimal("784.07")
    assert found.figure("layer", "society").largest_share == Decimal("1.0000")
    assert found.total == found.figure("all", "all").total == 4 * Decimal("26956.90") + Decimal("784.07")
    assert found.mean == (found.total / 3).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert found.figure("tariff", "murder") == costs.Figure(
        "tariff", "murder", 0, 0, Decimal("0.00"), Decimal("0.0000")
    )
    with pytest.raises(KeyError):
        found.figure("tariff", "gold")


def test_the_share_of_the_largest_is_rounded_up() -> None:
    found = costs.per_group(household_file([{**MPG, "n_ww": 1}] * 3)).group("mpg")
    assert found.figure("tariff", "ww").largest_share == Decimal("0.3334")


def test_the_mean_is_rounded_half_up_and_unknown_without_households() -> None:
    rows = [{**MPG, "ggz_basic_cost": 1}, *[MPG] * 7]
    found = costs.per_group(household_file(rows))
    assert found.group("mpg").mean == Decimal("0.13")
    assert found.group("mvp_without_support").mean is None
    assert found.group("all-families").mean == Decimal("0.13")
    with pytest.raises(KeyError):
        found.group("nobody")


def test_almost_four_times() -> None:
    rows = [{**MPG, "ggz_basic_cost": 375}, {**MVP, "ggz_basic_cost": 100}, NO_PROBLEMS, SINGLE]
    found = costs.per_group(household_file(rows))
    assert found.times("mpg", "other-families-with-problems") == Decimal("3.8")
    assert found.times("mpg", "all-other-families") == Decimal("7.5")
    assert found.times("mpg", "families_without_problems") is None
    assert found.times("families_without_problems", "mpg") == Decimal("0.0")
    assert found.times("families_with_problems", "mpg") is None
    assert found.year == 2014


def test_true_counts_or_the_five_of_the_report() -> None:
    """D26: 1 to 9 become 5 in the report; 0 and 10 stay."""
    rows = [{**MPG, "n_ww": n, "n_youth_probation": 1, "n_guardianship": 0} for n in (9, 1)]
    true = costs.per_group(household_file(rows)).group("mpg")
    five = costs.per_group(household_file(rows, changed(volume_of_suppressed_cells="substitute"))).group("mpg")
    assert [true.figure("tariff", n).volume for n in ("ww", "youth_probation", "guardianship")] == [10, 2, 0]
    assert [five.figure("tariff", n).volume for n in ("ww", "youth_probation", "guardianship")] == [10, 5, 0]
    assert five.figure("section", "jeugd").total == 5 * Decimal("6593.28")
    assert five.total - true.total == 3 * Decimal("6593.28")
    nine = costs.per_group(household_file([{**MPG, "n_ww": 9}], changed(volume_of_suppressed_cells="substitute")))
    assert nine.group("mpg").figure("tariff", "ww").volume == 5


# --- what is refused, and what is left out ----------------------------------------------------------------------


def without_column(name: str) -> HouseholdFile:
    file = household_file([MPG])
    return HouseholdFile(file.frame.drop(name), file.study, {})


@pytest.mark.parametrize("name", ["n_ww", "low_income", "study_number", "mvp", "S", "has_child_lt18"])
def test_a_missing_column_is_named(name: str) -> None:
    with pytest.raises(CostsIncomplete, match=f"het onderzoeksbestand mist {name}; laat de koppelaar"):
        costs.per_group(without_column(name))


def test_a_use_that_nobody_delivered_must_be_left_out_knowingly() -> None:
    """The police did not deliver: the costs of delicts are unknown, not nil."""
    delicts = {measure.name: None for measure in PROTOCOL.measures if measure.delivery == "politie"}
    file = household_file([{**MPG, **delicts, "n_ww": 1}, {**MPG, **delicts}])
    with pytest.raises(
        CostsIncomplete, match=r"delict_bedreiging.*laat deze prijzen weg: assault, drug_offence"
    ) as error:
        costs.per_group(file)
    assert "n_ww" not in str(error.value)
    found = costs.per_group(file, without=["criminaliteit"])
    assert (found.group("mpg").total, found.group("mpg").unknown) == (Decimal("26956.90"), 0)
    assert len(found.without) == 9
    assert "threat" in found.without
    assert found.not_counted == ("economic_offence",)
    assert "murder" not in costs.per_household(file, without=["criminaliteit"]).columns


def test_leaving_out_one_price_leaves_the_rest() -> None:
    found = costs.per_group(household_file([{**MPG, "n_ww": 1}]), without=["ww_execution"])
    assert found.group("mpg").total == Decimal("24700.90")
    assert found.without == ("ww_execution",)


def test_what_is_left_out_must_exist_and_something_must_stay() -> None:
    file = household_file([MPG])
    with pytest.raises(CostsIncomplete, match="1 naam onder `without`"):
        costs.per_group(file, without=["secret"])
    with pytest.raises(CostsIncomplete, match="geen prijs over"):
        costs.per_group(file, without=["sociaaleconomisch", "criminaliteit", "awbz", "jeugd", "ggz"])


def test_hostile_files_are_refused() -> None:
    with pytest.raises(CostsIncomplete, match="n_ww is ergens kleiner dan nul"):
        costs.per_group(household_file([{**MPG, "n_ww": -1}]))
    with pytest.raises(CostsIncomplete, match="te groot om te kunnen kloppen"):
        costs.per_group(household_file([{**MPG, "n_ww": 2**62}]))
    with pytest.raises(CostsIncomplete, match="staat twee keer"):
        costs.per_group(household_file([{**MPG, "study_number": "a"}, {**MPG, "study_number": "a"}]))
    file = household_file([MPG])
    floats = HouseholdFile(file.frame.with_columns(pl.col("n_ww").cast(pl.Float64)), file.study, {})
    with pytest.raises(CostsIncomplete, match="n_ww is geen heel getal"):
        costs.per_group(floats)


def test_narrow_integers_do_not_wrap() -> None:
    file = household_file([{**MPG, "delict_moord_doodslag": 20}] * 3)
    narrow = HouseholdFile(file.frame.with_columns(pl.col("delict_moord_doodslag").cast(pl.Int8)), file.study, {})
    assert costs.per_group(narrow) == costs.per_group(file)


def test_an_empty_file_costs_nothing() -> None:
    found = costs.per_group(household_file([]))
    assert {(g.households, g.total, g.mean) for g in (*found.groups, *found.unions)} == {(0, Decimal("0.00"), None)}
    assert costs.per_household(household_file([])).height == 0


def test_years_stand_beside_each_other_at_the_same_prices() -> None:
    first, second = household_file([MPG], year=2014), household_file([{**MPG, "n_ww": 1}], year=2015)
    assert [found.year for found in costs.over_years([second, first])] == [2014, 2015]
    assert costs.over_years([second, first])[1] == costs.per_group(second)
    assert costs.over_years([]) == ()
    with pytest.raises(CostsIncomplete, match="hetzelfde jaar"):
        costs.over_years([first, first])
    dearer = PROTOCOL.model_copy(update={"tariffs": PROTOCOL.tariffs[:-1]})
    with pytest.raises(CostsIncomplete, match="niet dezelfde prijzen"):
        costs.over_years([first, household_file([MPG], dearer, 2015)])
    other = PROTOCOL.model_copy(update={"costs": costs.costs_of(PROTOCOL).model_copy(update={"unions": ()})})
    with pytest.raises(CostsIncomplete, match="niet dezelfde prijzen"):
        costs.over_years([first, household_file([MPG], other, 2015)])


# --- scenarios ------------------------------------------------------------------------------------------------


def tornado(rows: list[Row], group: str = "mpg", **options: Any) -> scenarios.Tornado:
    return next(t for t in scenarios.tornadoes(household_file(rows), **options) if t.group == group)


def test_a_tornado_is_ordered_by_width_and_has_a_range() -> None:
    rows = [{**MPG, "n_ww": 1, "n_disability_benefit": 2, "n_youth_ambulant": 3}, {**MPG, "n_ww": 1}]
    found = tornado(rows)
    ends = {bar.scenario: (bar.low, bar.high) for bar in found.bars}
    base = found.base
    assert base == costs.per_group(household_file(rows)).group("mpg").total
    assert [bar.scenario for bar in found.bars] == [
        "ww_minimum_wage", "youth_ambulant_persons", "disability_average",
        "crime_production_loss", "crime_suffering", "other_benefit_average", "youth_day_treatment_persons",
    ]  # fmt: skip
    assert ends["ww_minimum_wage"] == (base - 2 * Decimal("11076.90"), base)
    assert ends["disability_average"] == (base, base + 2 * Decimal("1145.80"))
    assert ends["youth_ambulant_persons"] == (base - Decimal("2868.40"), base)
    assert ends["crime_suffering"] == (base, base)
    assert (found.low, found.high) == (base - Decimal("22153.80"), base + Decimal("2291.60"))
    assert {bar.scenario: (bar.households, bar.largest_share) for bar in found.bars}["ww_minimum_wage"] == (
        2,
        Decimal("0.5000"),
    )
    assert {bar.scenario: bar.households for bar in found.bars}["disability_average"] == 1


def test_suffering_weighs_each_delict_by_its_own() -> None:
    rows = [{**MPG, "delict_bedreiging": 1}, {**MPG, "delict_zedendelicten": 1}, {**MPG, "delict_opium_delict": 9}]
    bar = next(bar for bar in tornado(rows).bars if bar.scenario == "crime_suffering")
    threat, sexual = Decimal("2877.26"), Decimal("2087.34")
    assert bar.varied - bar.base == threat + sexual
    assert bar.households == 2
    assert bar.largest_share == Decimal("0.5796")


def test_a_scenario_without_its_tariff_has_no_bar() -> None:
    found = tornado([{**MPG, "n_ww": 1}], without=["ww", "jeugd", "criminaliteit"])
    assert [bar.scenario for bar in found.bars] == ["disability_average", "other_benefit_average"]
    assert (found.low, found.high, found.base) == (Decimal("2256.00"),) * 3


def test_unknown_use_is_set_aside_in_scenarios_too() -> None:
    found = tornado([{**MPG, "n_ww": 1}, {**MPG, "n_ww": 5, "low_income": None}], "all-families")
    assert found.base == Decimal("26956.90")


def test_a_scenario_that_would_wrap_is_refused() -> None:
    """A part may be far dearer than the price."""
    rows = [{**MPG, "delict_bedreiging": 2**62 // 23_000}]
    assert costs.per_group(household_file(rows)).group("mpg").total
    with pytest.raises(CostsIncomplete, match="te groot"):
        tornado(rows)


# --- against plain Python ------------------------------------------------------------------------------------

TINY = ["n_ww", "n_bijstand", "delict_bedreiging", "delict_moord_doodslag", "foster_days", "n_youth_ambulant"]
row_strategy = st.fixed_dictionaries(
    {flag: st.sampled_from([True, False, None]) for flag in FLAGS}
    | {name: st.one_of(st.none(), st.integers(0, 800)) for name in TINY}
)


def plain_group(row: Row) -> str:
    """Section 4, written out."""
    family = row["has_child_lt18"]
    for name, parts in (
        ("mpg", ["mpg"]),
        ("mvp_without_support", ["mvp"]),
        ("families_with_problems", ["S", "A", "C"]),
    ):
        values = [row[part] for part in parts]
        met = True if True in values else None if None in values else False
        both = False if False in (family, met) else None if None in (family, met) else True
        if both is None:
            return "undetermined"
        if both:
            return name
    if family is None:
        return "undetermined"
    return "families_without_problems" if family else "other_households"


def plain_volumes(row: Row) -> dict[str, int | None]:
    """Section 3, written out."""
    volumes: dict[str, int | None] = {}
    for tariff in PROTOCOL.tariffs:
        if tariff.use is None:
            continue
        value = row.get(tariff.use, 0)
        volumes[tariff.name] = None if value is None else int(value)
        if tariff.name == "foster_guidance" and value is not None:
            volumes[tariff.name] = min(value, 365)
    return volumes


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(row_strategy, max_size=12))
def test_groups_agree_with_plain_python(rows: list[Row]) -> None:
    file = household_file(rows)
    try:
        found = costs.per_group(file)
    except CostsIncomplete:
        names = [*TINY, "low_income"]
        assert any(all(row[name] is None for row in rows) for name in names)
        return
    bills = [(plain_group(row), plain_volumes(row)) for row in rows]
    for name, members in {**{group: [group] for group in GROUPS}, **UNIONS}.items():
        mine = [volumes for group, volumes in bills if group in members]
        known = [volumes for volumes in mine if None not in volumes.values()]
        group = found.group(name)
        assert (group.households, group.unknown) == (len(mine), len(mine) - len(known))
        totals = [sum(Fraction(v or 0) * Fraction(TARIFFS[t].indexed) for t, v in vs.items()) for vs in known]
        whole = group.figure("all", "all")
        assert Fraction(whole.total) == sum(totals)
        assert whole.households == sum(total > 0 for total in totals)
        if sum(totals):
            assert 0 <= Fraction(whole.largest_share) - max(totals) / sum(totals) < Fraction(1, 10_000)
        for tariff in TARIFFS.values():
            if tariff.use is not None:
                figure = group.figure("tariff", tariff.name)
                assert figure.volume == sum(volumes[tariff.name] or 0 for volumes in known)
                assert figure.households == sum((volumes[tariff.name] or 0) > 0 for volumes in known)
                assert figure.total == figure.volume * tariff.indexed
    assert found.undetermined == sum(group == "undetermined" for group, _ in bills)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(row_strategy, min_size=1, max_size=8), data=st.data())
def test_the_order_of_rows_does_not_matter_and_figures_add_up(rows: list[Row], data: st.DataObject) -> None:
    numbered = [{**row, **MPG, "low_income": False, "study_number": f"{n:016x}"} for n, row in enumerate(rows)]
    numbered = [{key: 0 if value is None else value for key, value in row.items()} for row in numbered]
    found = costs.per_group(household_file(numbered))
    assert found == costs.per_group(household_file(data.draw(st.permutations(numbered))))
    group = found.group("mpg")
    for kind in ("tariff", "section", "layer", "payer"):
        assert sum(figure.total for figure in group.figures if figure.kind == kind) == group.total
    assert sum(costs.per_household(household_file(numbered))["total"].to_list()) == group.total


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(row_strategy, min_size=1, max_size=8))
def test_scenarios_agree_with_plain_python(rows: list[Row]) -> None:
    rows = [{key: 1 if value is None else value for key, value in row.items()} for row in rows]
    found = next(t for t in scenarios.tornadoes(household_file(rows)) if t.group == "all-households")
    volumes = {
        name: sum(plain_volumes(row)[name] or 0 for row in rows if plain_group(row) in GROUPS)
        for name in TARIFFS
        if name != "economic_offence"
    }
    parts = {part.tariff: part for part in costs.costs_of(PROTOCOL).parts}
    for bar in found.bars:
        scenario = scenarios.find(PROTOCOL, bar.scenario)
        total = Fraction(0)
        for name, volume in volumes.items():
            tariff = TARIFFS[name]
            price, used = Fraction(tariff.indexed), Fraction(volume)
            if isinstance(scenario, PriceScenario) and scenario.tariff == name:
                price = Fraction(scenario.price)
            if isinstance(scenario, VolumeScenario) and scenario.tariff == name:
                used = Fraction(int(used / Fraction(scenario.divisor) + Fraction(1, 2)))
            if isinstance(scenario, PartScenario) and name in parts:
                raw = (tariff.price + parts[name].amount(scenario.part)) * tariff.factor
                price = Fraction(raw.quantize(Decimal("0.01"), "ROUND_HALF_UP"))
            total += price * used
        assert Fraction(bar.varied) == total
        assert bar.base == found.base
    widths = [bar.high - bar.low for bar in found.bars]
    assert widths == sorted(widths, reverse=True)
