"""Prices and numbers of the report, Bijlage 3 to 5 (docs/spec/costs-v1.md, sections 1 and 7)."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from pathlib import Path

import pytest
from pydantic import ValidationError

from linkage.research import business_case, costs, scenarios
from protocols import FaultyAgreement, StudyProtocol, load_protocol
from protocols.model import (
    BusinessCase,
    CostParts,
    Costs,
    PartScenario,
    PriceScenario,
    SharedPrice,
    Tariff,
    VolumeScenario,
    indexed,
)

DATA = Path(__file__).parents[1] / "data"
NJI = resources.files("protocols") / "nji_2016"
PROTOCOL = load_protocol("nji_2016")
TARIFFS = {tariff.name: tariff for tariff in PROTOCOL.tariffs}
PRICES = {name: tariff.indexed for name, tariff in TARIFFS.items()}
COSTS = PROTOCOL.costs
assert COSTS is not None
DELICTS = [tariff.name for tariff in PROTOCOL.tariffs if tariff.per == "delict"]


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def half_up(amount: Fraction, digits: int = 2) -> Decimal:
    """Rounding written out, as a reference."""
    scaled = amount * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-digits)


# --- Bijlage 3 -----------------------------------------------------------------------------------------


def test_bijlage_3_is_the_first_thirty_tariffs() -> None:
    for printed, tariff in zip(rows("bijlage3_kosten"), PROTOCOL.tariffs[:30], strict=True):
        assert (printed["group"], printed["kostenpost"], printed["operationalisatie"], printed["unit"]) == (
            tariff.group, tariff.item, tariff.detail, tariff.unit,
        )  # fmt: skip
        assert int(printed["referentiejaar"]) == tariff.year
        assert Decimal(printed["prijs_voor_indexering"]) == tariff.price
        assert Decimal(printed["indexfactor"]) == tariff.factor
        assert Decimal(printed["prijs_na_indexering"]) == tariff.indexed


@pytest.mark.parametrize("tariff", PROTOCOL.tariffs, ids=lambda tariff: tariff.name)
def test_price_times_index(tariff: Tariff) -> None:
    assert half_up(Fraction(tariff.price) * Fraction(tariff.factor)) == tariff.indexed


def test_what_is_multiplied_with_what() -> None:
    assert {name: tariff.use for name, tariff in TARIFFS.items() if tariff.use is None} == {"economic_offence": None}
    assert (TARIFFS["ww"].use, TARIFFS["ww_execution"].use) == ("n_ww", "n_ww")
    assert (TARIFFS["ww"].layer, TARIFFS["ww_execution"].layer) == ("provision", "execution")
    assert (TARIFFS["foster_allowance"].at_most, TARIFFS["foster_guidance"].at_most) == (None, 365)
    assert TARIFFS["poverty"].use == "low_income"
    assert {t.use for t in PROTOCOL.tariffs} - {None, "low_income"} == {m.name for m in PROTOCOL.measures}


# --- poverty: 3,410,530, 812, 187, 999 -------------------------------------------------------------------


def test_poverty() -> None:
    shared = COSTS.shared_price
    assert shared is not None
    assert (shared.total, shared.households) == (3_410_530, 4_200)
    assert half_up(Fraction(3_410_530, 4_200), 0) == shared.per_household == 812
    assert 812 + shared.execution == shared.together == 999
    assert shared.execution == 187
    assert PRICES["poverty"] == Decimal("998.80") == Decimal("908.00") * Decimal("1.1")
    assert half_up(Fraction("998.80"), 0) == 999


@pytest.mark.parametrize(
    "change", [{"per_household": "813"}, {"execution": "188"}, {"together": "998"}, {"total": "9"}]
)
def test_a_shared_price_that_does_not_add_up_is_refused(change: dict[str, str]) -> None:
    right = {"tariff": "poverty", "total": "3410530", "per_household": "812", "execution": "187", "together": "999"}
    assert SharedPrice.model_validate({**right, "households": 4200})
    with pytest.raises(ValidationError):
        SharedPrice.model_validate({**right, "households": 4200, **change})


# --- GGZ -------------------------------------------------------------------------------------------------


def test_the_totals_of_the_ggz() -> None:
    """The printed mean 59.09 must be 359.09: only so is the published total within what rounding explains."""
    basic, specialist = rows("bijlage3_ggz")
    assert basic["mean_cost_mpg"] == "59.09"
    assert specialist["mean_cost_mpg"] == "2604.85"
    published = Decimal("324790.80")
    with_59, with_359 = (34 * Decimal(mean) + 120 * Decimal("2604.85") for mean in ("59.09", "359.09"))
    assert (34 * Decimal("359.09"), 120 * Decimal("2604.85")) == (Decimal("12209.06"), Decimal("312582.00"))
    assert with_359 == Decimal("324791.06")
    explained = (34 + 120) * Decimal("0.005")
    assert abs(with_359 - published) <= explained < abs(with_59 - published)
    assert 461 * Decimal(basic["mean_cost_excl_mpg"]) == Decimal("30462.88")
    assert 987 * Decimal(specialist["mean_cost_excl_mpg"]) == Decimal("1086943.62")


def test_observed_amounts_count_as_they_are() -> None:
    assert (TARIFFS["ggz_basic"].per, PRICES["ggz_basic"]) == ("euro", Decimal("1.00"))
    assert costs.bill(PRICES, {"ggz_basic": Decimal("324790.80")}) == {"ggz_basic": Decimal("324790.80")}


# --- the cost vectors -------------------------------------------------------------------------------------

POSTS = {
    "ambulant": "youth_ambulant", "dag": "youth_day_treatment", "pleeg_dag": "foster_allowance",
    "begeleid_dag": "foster_guidance", "voogdij": "guardianship", "ggz_total": "ggz_specialist", "ww": "ww",
    "bijstand": "bijstand", "ao": "disability", "overig": "other_benefit", "armoede": "poverty", "moord": "murder",
    "zeden": "sexual_offence", "vermogen": "property_offence", "mishandeling": "assault", "bedreiging": "threat",
    "vernieling": "vandalism", "weg": "traffic_offence", "opium": "drug_offence", "overigdelict": "other_offence",
    "awbz_psych": "awbz_psychosocial", "awbz_verst": "awbz_intellectual", "awbz_fys": "awbz_physical",
    "jr": "youth_probation", "resid_dag": "youth_residential", "ots": "supervision_order",
}  # fmt: skip


@pytest.mark.parametrize(
    ("vector", "total"),
    [
        ("A_moord5", "19886652.29"),
        ("B_moord0", "19886652.95"),
        ("C_moord0_range", "19886653.30"),
        ("D_moord5_range", "19886653.70"),
    ],
)
def test_the_cost_vectors_give_the_published_mean(vector: str, total: str) -> None:
    """The volumes of the vectors are invented; they were solved for this mean. They show that the arithmetic agrees."""
    volumes: dict[str, int | Decimal] = {}
    for row in rows("costmodel_volume_fixtures"):
        if row["scenario"] != vector:
            continue
        name = POSTS[row["kostenpost"]]
        ggz = name == "ggz_specialist"
        volume = Decimal(row["price_2014"]) if ggz else int(row["mpg_volume"])
        with_execution = [name, f"{name}_execution"] if f"{name}_execution" in PRICES else [name]
        assert sum(PRICES[part] for part in with_execution) == (1 if ggz else Decimal(row["price_2014"]))
        volumes |= dict.fromkeys(with_execution, volume)
    assert set(volumes) == set(PRICES) - {"economic_offence", "ggz_basic"}
    found = sum(costs.bill(PRICES, volumes).values(), Decimal(0))
    assert found == Decimal(total)
    assert half_up(Fraction(found) / 174) == Decimal("114291.11")


def test_the_published_total_gives_the_published_mean() -> None:
    assert half_up(Fraction(19_886_653, 174)) == Decimal("114291.11")


def test_bill_refuses_a_volume_without_a_price() -> None:
    with pytest.raises(costs.CostsIncomplete, match=r"geen prijs voor nothing; zet een regel in tariffs\.csv"):
        costs.bill(PRICES, {"ww": 1, "nothing": 2})


def test_bill_rounds_halves_up() -> None:
    assert costs.bill({"a": Decimal("0.01")}, {"a": Decimal("0.5")}) == {"a": Decimal("0.01")}


# --- Bijlage 4 -------------------------------------------------------------------------------------------

COLUMNS = {
    "schade": "damage", "productieverlies": "production_loss", "medische_kosten": "medical", "leed": "suffering",
    "opsporing_preventie": "detection", "vervolging": "prosecution", "berechting": "trial",
    "tenuitvoerlegging": "enforcement", "ondersteuning": "support", "totaal": "total",
}  # fmt: skip


def test_bijlage_4_is_the_parts_of_the_delicts() -> None:
    assert [parts.tariff for parts in COSTS.parts] == DELICTS
    for printed, parts in zip(rows("bijlage4_criminaliteit"), COSTS.parts, strict=True):
        for column, key in COLUMNS.items():
            found = getattr(parts, key)
            assert found is None if printed[column] == "nvt" else found == Decimal(printed[column])


def test_bijlage_4_doubles_three_prices_and_bijlage_3_does_not() -> None:
    for printed, name in zip(rows("bijlage4_criminaliteit"), DELICTS, strict=True):
        times = 2 if name in ("economic_offence", "drug_offence", "other_offence") else 1
        assert Decimal(printed["totaal_rekenmodel_excl_productieverlies_en_leed"]) == times * TARIFFS[name].price
        assert Decimal(printed["prijs_per_delict_2014"]) == indexed(times * TARIFFS[name].price, TARIFFS[name].factor)
    assert [TARIFFS[name].price for name in DELICTS[-3:]] == [535, 669, 1894]


# --- Bijlage 5 -------------------------------------------------------------------------------------------


def crime(prices: dict[str, Decimal]) -> Decimal:
    return sum((prices[name] for name in DELICTS), Decimal(0))


def test_bijlage_5_says_suffering_but_adds_loss_of_production() -> None:
    printed = rows("bijlage5_onzekerheid")[3]
    assert crime(PRICES) == Decimal(printed["prijs_basis"]) == Decimal("1001975.62")
    found = {
        name: crime(scenarios.varied_prices(PROTOCOL, scenarios.find(PROTOCOL, name)))
        for name in ("crime_production_loss", "crime_suffering")
    }
    assert "leed" in printed["toelichting"]
    assert found["crime_production_loss"] == Decimal(printed["prijs_gevarieerd"]) == Decimal("1811180.67")
    assert found["crime_suffering"] == Decimal("2958545.25")


@pytest.mark.parametrize(
    ("name", "row"), [("ww_minimum_wage", 0), ("disability_average", 1), ("other_benefit_average", 2)]
)
def test_other_prices(name: str, row: int) -> None:
    printed = rows("bijlage5_onzekerheid")[row]
    scenario = scenarios.find(PROTOCOL, name)
    assert isinstance(scenario, PriceScenario)
    changed = scenarios.varied_prices(PROTOCOL, scenario)
    assert PRICES[scenario.tariff] == Decimal(printed["prijs_basis"])
    assert changed[scenario.tariff] == Decimal(printed["prijs_gevarieerd"])
    assert {key for key in PRICES if changed[key] != PRICES[key]} == {scenario.tariff}
    assert scenarios.varied_volumes(scenario, {scenario.tariff: 7}) == {scenario.tariff: 7}


@pytest.mark.parametrize(("name", "row"), [("youth_ambulant_persons", 4), ("youth_day_treatment_persons", 5)])
def test_other_volumes(name: str, row: int) -> None:
    printed = rows("bijlage5_onzekerheid")[row]
    scenario = scenarios.find(PROTOCOL, name)
    assert isinstance(scenario, VolumeScenario)
    for group in ("mpg", "excl_mpg"):
        before = {scenario.tariff: int(printed[f"volume_{group}_basis"]), "ww": 3}
        after = scenarios.varied_volumes(scenario, before)
        assert after == {scenario.tariff: int(printed[f"volume_{group}_gevarieerd"]), "ww": 3}
    assert scenarios.varied_prices(PROTOCOL, scenario) == PRICES


def test_a_halved_volume_is_rounded_up() -> None:
    half = VolumeScenario(name="x", title="x", vary="volume", tariff="ww", divisor=Decimal(2))
    assert scenarios.varied_volumes(half, {"ww": 5}) == {"ww": 3}
    assert scenarios.varied_volumes(half, {"bijstand": 5}) == {"bijstand": 5}


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(costs.CostsIncomplete, match="kies uit: ww_minimum_wage, "):
        scenarios.find(PROTOCOL, "gold")


# --- the council letter --------------------------------------------------------------------------------------


def test_the_business_case_of_the_letter() -> None:
    assert COSTS.business_case is not None
    found = business_case.calculate(COSTS.business_case)
    assert [year.year for year in found.years] == [2019, 2020, 2021, 2022]
    assert [year.household_years for year in found.years] == [Decimal(n) for n in ("62.5", "187.5", "312.5", "375")]
    assert [year.saving for year in found.years] == [750_000, 2_250_000, 3_750_000, 4_500_000]
    assert [year.interest for year in found.years] == [24_000, 24_000, 24_000, 0]
    assert [year.outlay for year in found.years] == [600_000, 600_000, 600_000, 0]
    assert [year.started for year in found.years] == [125, 125, 125, 0]
    assert (found.outlay, found.interest, found.saving) == (1_800_000, 72_000, 11_250_000)


def test_a_business_case_with_uneven_inflow_and_cents() -> None:
    case = BusinessCase(
        selection="x", first_year=2020, inflow=(1, 2), households=3,
        cost_per_household=Decimal("0.25"), interest=Decimal("0.5"), net_saving=Decimal("0.01"),
    )  # fmt: skip
    found = business_case.calculate(case)
    assert [year.saving for year in found.years] == [Decimal("0.01"), Decimal("0.02"), Decimal("0.03")]
    assert [year.interest for year in found.years] == [Decimal("0.13"), Decimal("0.25"), Decimal("0.00")]
    with pytest.raises(ValidationError, match="inflow does not add up"):
        BusinessCase.model_validate({**case.model_dump(), "households": 4})


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.fixture
def refused(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The fault of the NJi protocol with some text of one file replaced."""

    def change(file: str, old: str, new: str) -> str:
        for name in ("protocol.toml", "tariffs.csv"):
            shutil.copy(str(NJI / name), tmp_path)
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(FaultyAgreement) as caught:
            load_protocol("protocol.toml", tmp_path)
        return str(caught.value)

    return change


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("tariffs.csv", "benefit-year,n_ww,provision", "benefit-year,n_gold,provision", "n_gold is not a measure"),
        ("tariffs.csv", "benefit-year,n_ww,provision", "day,n_ww,provision", "per day does not fit the unit of n_ww"),
        ("tariffs.csv", "benefit-year,n_ww,execution", "benefit-year,n_ww,provision", "n_ww, layer provision"),
        ("tariffs.csv", "household-year,low_income", "household-year,S_poverty", "not an indicator for all households"),
        ("tariffs.csv", "ww_execution,", "ww,", "tariff stands twice: ww"),
        ("tariffs.csv", ",euro,ggz_basic_cost", ",delict,ggz_basic_cost", "per delict does not fit"),
        ("tariffs.csv", ",365", ",", "if and only if the price is per family-day"),
        ("tariffs.csv", ",uwv,", ",uwv,365", "if and only if the price is per family-day"),
        ("tariffs.csv", ",365", ",many", "at_most"),
        ("tariffs.csv", ",365", ",²", "at_most"),
        ("tariffs.csv", "2014,1.00,1,1.00", "2014,2.00,1,2.00", "price 1 and factor 1"),
        ("tariffs.csv", "1,2256.00,", "1,2256,", "two decimals"),
        ("tariffs.csv", ",uwv,", ",bank,", "regel 2: `payer`: onbekende waarde"),
        ("tariffs.csv", ",provision,", ",gift,", "regel 2: `layer`: onbekende waarde"),
        ("tariffs.csv", ",2015,24850", ",²,24850", "regel 2: deze regel heeft geen jaartal"),
        ("tariffs.csv", ",uwv,\n", "\n", "regel 2: deze regel heeft geen jaartal, of te weinig"),
        ("tariffs.csv", "name,group", "group,name", "regel 1: de eerste regel moet zijn: name,group,item"),
        ("tariffs.csv", '(L).",per', '(L)."x,per', "regel 2: dit is geen CSV"),
        ("protocol.toml", 'sum_of = ["vd3100",', 'sum_of = ["vd3210", "vd3100",', "vd3210 too"),
        ("protocol.toml", 'one_of = ["1", "4", "6"]', 'one_of = ["1", "5"]', "counts ground too"),
        ("protocol.toml", 'threat_measure = "delict_bedreiging"', 'threat_measure = "n_ww"', "n_ww, which is not"),
        ("protocol.toml", 'any_of = ["mvp"]', 'any_of = ["mvq"]', "cost group mvp_without_support names mvq"),
        ("protocol.toml", 'any_of = ["mvp"]', 'any_of = ["three_or_more_provisions"]', "three_or_more"),
        ("protocol.toml", 'name = "all-other-families"', 'name = "others"', "cost union all-other-families is missing"),
        ("protocol.toml", 'groups = ["mvp_without_support", "fam', 'groups = ["mvq", "fam', "with-problems names mvq"),
        ("protocol.toml", 'groups = ["mvp_without_support", "fam', 'groups = ["mpg", "mpg", "fam', "twice: mpg"),
        ("protocol.toml", '"families"\nany_of = ["mvp"]', '"households"', "the last cost group"),
        ("protocol.toml", 'title = "Huishoudens die geen gezin zijn"\npopulation = "households"',
         'title = "x"\npopulation = "families"', "the last cost group"),
        ("protocol.toml", 'name = "families_without_problems"', 'name = "mpg"', "cost group stands twice: mpg"),
        ("protocol.toml", 'damage = "454.00"', 'damage = "455.00"', "property_offence: they do not add up"),
        ("protocol.toml", '"suffering"]', '"suffering", "support"]', "sexual_offence: without `left_out` they are not"),
        ("protocol.toml", '"production_loss", "suffering"]', '"production_loss", "support"]', "suffering is not"),
        ("protocol.toml", 'tariff = "murder"', 'tariff = "ww"', "parts of tariff ww: without `left_out`"),
        ("protocol.toml", 'tariff = "sexual_offence"', 'tariff = "murder"', "parts of tariff stands twice: murder"),
        ("protocol.toml", 'tariff = "youth_ambulant"', 'tariff = "gold"', "youth_ambulant_persons names gold"),
        ("protocol.toml", 'name = "crime_suffering"', 'name = "crime_production_loss"', "cost scenario stands twice"),
        ("protocol.toml", 'price = "13624.00"', 'price = "13624.001"', "price"),
        ("protocol.toml", 'divisor = "1.3"', 'divisor = "0"', "divisor"),
        ("protocol.toml", 'vary = "part"', 'vary = "all"', "schrijf een van 'price', 'volume', 'part'"),
        ("protocol.toml", 'tariff = "poverty"', 'tariff = "ww"', "`together` is not the indexed price of ww"),
        ("protocol.toml", 'tariff = "poverty"', 'tariff = "gold"', "shared price names gold"),
        ("protocol.toml", 'selection = "three', 'selection = "four', "business case names four"),
        ("protocol.toml", "inflow = [125, 125, 125]", "inflow = [125, 125]", "inflow does not add up"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(refused, file: str, old: str, new: str, says: str) -> None:  # type: ignore[no-untyped-def]
    found = refused(file, old, new)
    assert says in found
    assert ", regel " in found


def test_tariffs_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    shutil.copy(str(NJI / "protocol.toml"), tmp_path)
    (tmp_path / "tariffs.csv").write_bytes(b"name\xff")
    with pytest.raises(FaultyAgreement, match=r"tariffs\.csv, regel 1: dit is geen UTF-8"):
        load_protocol("protocol.toml", tmp_path)


def test_the_same_threat_cannot_be_paid_for_in_two_clusters() -> None:
    data = PROTOCOL.model_dump()
    data["readings"] = tuple(reading for reading in data["readings"] if reading["id"] != "D16")
    data["parameters"]["threat_delicts_counted_in"] = ("delict_bedreiging", "delict_mishandeling")
    with pytest.raises(ValidationError, match="the same delict is paid for twice"):
        StudyProtocol.model_validate(data)
    data["parameters"]["threat_delicts_counted_in"] = ("n_ww",)
    with pytest.raises(ValidationError, match="threat_delicts_counted_in names n_ww"):
        StudyProtocol.model_validate(data)


def test_a_protocol_without_costs_is_a_protocol() -> None:
    bare = StudyProtocol.model_validate({**PROTOCOL.model_dump(), "costs": None})
    with pytest.raises(costs.CostsIncomplete, match=r"voeg \[costs\] toe"):
        costs.costs_of(bare)


def test_parts_and_scenarios_are_values() -> None:
    parts = CostParts(tariff="x", damage=Decimal(1), total=Decimal(1))
    assert (parts.amount("damage"), parts.amount("suffering")) == (1, 0)
    assert isinstance(scenarios.find(PROTOCOL, "crime_suffering"), PartScenario)
    assert Costs.model_validate(COSTS.model_dump()) == COSTS
