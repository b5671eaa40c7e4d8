"""From exports to costs: two households, whose bills can be written down by hand."""

from __future__ import annotations

from decimal import Decimal

import simulator
from simulator import a_number, bsn

from linkage.research import costs, scenarios
from linkage.research.households import HouseholdFile, open_households


def linked(cast: simulator.Cast) -> HouseholdFile:
    cast.encode_all()
    cast.link()
    return open_households(cast.folder / "research" / "households.parquet", cast.study())


def test_the_bills_of_two_households(cast: simulator.Cast) -> None:
    """A family on benefit with a child in care; a single person with WW, known to the police."""
    cast.exports["jeugd"] = [
        {"a_number": a_number(1), "year": 2014, "ambulant": 1, "foster_days": 100},
        {"a_number": a_number(1), "year": 2013, "ambulant": 5, "foster_days": 200},
    ]
    cast.exports["politie"] = [{"bsn": bsn(2), "minor": "01-01-1980", "vd1111": 2, "vd3210": 1}]
    file = linked(cast)
    bills = {row["group"]: row for row in costs.per_household(file).iter_rows(named=True)}
    family = {
        "bijstand": "16372.17",
        "bijstand_execution": "2597.72",
        "poverty": "998.80",
        "youth_ambulant": "2868.40",
        "foster_allowance": "1791.00",
        "foster_guidance": "1676.00",
        "ggz_basic": "50.00",  # 12.40 leaves the insurer as 50: above zero never becomes zero
    }
    single = {"ww": "24700.90", "ww_execution": "2256.00", "property_offence": "1828.32", "threat": "229.71"}
    for group, wanted in (("mpg", family), ("other_households", single)):
        found = {name: amount for name, amount in bills[group].items() if isinstance(amount, Decimal) and amount}
        total = found.pop("total")
        assert found == {name: Decimal(amount) for name, amount in wanted.items()}
        assert total == sum(found.values())
    result = costs.per_group(file)
    assert result.group("all-households").total == sum(row["total"] for row in bills.values())
    assert (result.year, result.undetermined, result.group("all-families").households) == (2014, 0, 1)
    tornado = next(t for t in scenarios.tornadoes(file) if t.group == "other_households")
    assert tornado.bars[0].scenario == "ww_minimum_wage"
    assert tornado.low == tornado.base - Decimal("11076.90")


def test_a_poor_household_without_children_counts_too(cast: simulator.Cast) -> None:
    cast.exports["inkomens"] = [{"bsn": bsn(2), "low_income": "9000,00"}]
    found = costs.per_group(linked(cast))
    assert found.group("other_households").figure("tariff", "poverty").total == Decimal("998.80")
    assert found.group("all-families").figure("tariff", "poverty").total == Decimal("0.00")
