"""The household file with its costs beside it: each household's group, and its costs per price and per sum of prices.

So costs become counts like any other: a measure of the households of a group, which the gate can count again. What
binds these measures to each other (a section is the sum of its prices) goes along, for an attacker knows it too.
Money is whole cents here. Source: docs/spec/costs-v1.md, section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import polars as pl

from linkage.errors import CostsIncomplete
from linkage.research.costs import UNDETERMINED, Usage, cents_of, check_sums, costs_of, parts_of, usage
from linkage.research.households import Grouping, HouseholdFile, Sum
from linkage.research.scenarios import varied_prices
from protocols.model import PartScenario, Scenario, Tariff

GROUP = "kostengroep"


@dataclass(frozen=True)
class Priced:
    """`file` has a column `kostengroep` and one in cents per name of `measures`; `used` is what they rest on."""

    file: HouseholdFile
    used: Usage
    measures: tuple[str, ...]


def measure_of(kind: str, name: str) -> str:
    """The column with the costs of a price (`tariff`), section, layer, payer, scenario, or of all together."""
    return f"kosten:{kind}:{name}"


def priced(file: HouseholdFile, without: Collection[str] = ()) -> Priced:
    """Add the costs to a household file. Raises CostsIncomplete.

    A household whose group or use is unknown has no group (null) and no costs: it is in no total, and is counted.
    """
    used = usage(file, without)
    known = pl.all_horizontal(pl.col(name).is_not_null() for name in used.names) & (pl.col("group") != UNDETERMINED)
    frame = used.frame.with_columns(pl.when(known).then("group").alias(GROUP))
    sums = tuple(_sums(used))
    check_sums(frame, _most_cents(used))
    cents = {tariff.name: pl.col(tariff.name) * cents_of(tariff) for tariff in used.tariffs}
    own = [cents[t.name].alias(measure_of("tariff", t.name)) for t in used.tariffs]
    extra = [_scenario_cents(used, s).alias(measure_of("scenario", s.name)) for s in part_scenarios(used)]
    frame = frame.select("study_number", GROUP, *own, *extra)
    measures = [name for name in frame.columns if name.startswith("kosten:")]
    frame = frame.with_columns(pl.when(pl.col(GROUP).is_not_null()).then(pl.col(measures)).otherwise(0))
    for made in sums:
        if made.whole not in frame.columns:
            frame = frame.with_columns(pl.sum_horizontal(name for _, name in made.parts).alias(made.whole))
    joined = file.frame.join(frame, on="study_number", how="left", validate="1:1", maintain_order="left")
    groups = tuple(group.name for group in costs_of(used.protocol).groups)
    grouping = Grouping(GROUP, groups, sums)
    return Priced(replace(file, frame=joined, grouping=grouping), used, (*measures, *(made.whole for made in sums)))


def part_scenarios(used: Usage) -> list[PartScenario]:
    """The scenarios that change several prices at once: their difference is a sum of its own."""
    found = (s for s in costs_of(used.protocol).scenarios if isinstance(s, PartScenario))
    return [scenario for scenario in found if _differences(used, scenario)]


def _sums(used: Usage) -> Iterator[Sum]:
    """Every sum of prices that is published as a figure of its own."""
    for kind, name, tariffs in parts_of(used.tariffs):
        if kind != "tariff":
            yield Sum(measure_of(kind, name), tuple((1.0, measure_of("tariff", t.name)) for t in tariffs))
    cents = {tariff.name: cents_of(tariff) for tariff in used.tariffs}
    for scenario in part_scenarios(used):
        parts = ((d / cents[n], measure_of("tariff", n)) for n, d in _differences(used, scenario).items())
        yield Sum(measure_of("scenario", scenario.name), tuple(parts))


def _most_cents(used: Usage) -> dict[str, int]:
    """The highest cents that a unit of each price costs under any scenario that adds a part."""
    added = [_differences(used, scenario) for scenario in part_scenarios(used)]
    return {t.name: cents_of(t) + max((more.get(t.name, 0) for more in added), default=0) for t in used.tariffs}


def _scenario_cents(used: Usage, scenario: Scenario) -> pl.Expr:
    return pl.sum_horizontal(pl.col(name) * cents for name, cents in _differences(used, scenario).items())


def _differences(used: Usage, scenario: Scenario) -> dict[str, int]:
    """Cents that one unit of each price costs more under a scenario that adds a part."""
    prices = varied_prices(used.protocol, scenario)
    found = {t.name: _more(t, int((prices[t.name] - t.indexed).scaleb(2))) for t in used.tariffs}
    return {name: cents for name, cents in found.items() if cents}


def _more(tariff: Tariff, cents: int) -> int:
    if cents < 0 or (cents and not cents_of(tariff)):
        raise CostsIncomplete(f"{tariff.name}: een onderdeel kan een prijs alleen verhogen; verbeter [[costs.parts]]")
    return cents
