"""A group's costs if one price, volume or part were another (docs/spec/costs-v1.md, section 5; Bijlage 5).

Unreleased, as all costs: the difference between a varied and a base total tells the volume behind it, so each bar
carries the number of households that it stands on and the share of the largest one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from linkage.errors import CostsIncomplete
from linkage.research.costs import Usage, bill, check_sums, contributors, costs_of, counted_volumes, usage
from linkage.research.households import HouseholdFile
from protocols.model import PartScenario, PriceScenario, Scenario, StudyProtocol, VolumeScenario, indexed


@dataclass(frozen=True)
class Bar:
    """One scenario: the group's total in euros before and after it, and who it stands on."""

    scenario: str
    title: str
    base: Decimal
    varied: Decimal
    households: int
    largest_share: Decimal

    @property
    def low(self) -> Decimal:
        """The left end."""
        return min(self.base, self.varied)

    @property
    def high(self) -> Decimal:
        """The right end."""
        return max(self.base, self.varied)


@dataclass(frozen=True)
class Tornado:
    """All scenarios of a group, the widest first; `low` and `high` are the range, one scenario at a time."""

    group: str
    title: str
    base: Decimal
    bars: tuple[Bar, ...]

    @property
    def low(self) -> Decimal:
        """The lowest total of any scenario, or the base."""
        return min((self.base, *(bar.low for bar in self.bars)))

    @property
    def high(self) -> Decimal:
        """The highest total of any scenario, or the base."""
        return max((self.base, *(bar.high for bar in self.bars)))


def tornadoes(file: HouseholdFile, without: Collection[str] = ()) -> tuple[Tornado, ...]:
    """A tornado for each group and union, in the protocol's order. Raises CostsIncomplete.

    A scenario of a tariff that is not counted, or left out by `without`, has no bar.
    """
    used = usage(file, without)
    costs = costs_of(used.protocol)
    groups = [_tornado(used, group.name, group.title, (group.name,)) for group in costs.groups]
    return (*groups, *(_tornado(used, union.name, union.title, union.groups) for union in costs.unions))


def varied_prices(protocol: StudyProtocol, scenario: Scenario) -> dict[str, Decimal]:
    """The indexed price of every tariff under a scenario, in euros; a volume scenario changes none."""
    prices = {tariff.name: tariff.indexed for tariff in protocol.tariffs}
    if isinstance(scenario, PriceScenario):
        prices[scenario.tariff] = scenario.price
    if isinstance(scenario, PartScenario):
        factors = {tariff.name: (tariff.price, tariff.factor) for tariff in protocol.tariffs}
        for parts in costs_of(protocol).parts:
            price, factor = factors[parts.tariff]
            prices[parts.tariff] = indexed(price + parts.amount(scenario.part), factor)
    return prices


def varied_volumes(scenario: Scenario, volumes: Mapping[str, int]) -> dict[str, int]:
    """The volumes under a scenario, in whole units, halves up; a price or part scenario changes none."""
    varied = dict(volumes)
    if isinstance(scenario, VolumeScenario) and scenario.tariff in varied:
        quotient = Decimal(varied[scenario.tariff]) / scenario.divisor
        varied[scenario.tariff] = int(quotient.quantize(Decimal(1), "ROUND_HALF_UP"))
    return varied


def find(protocol: StudyProtocol, name: str) -> Scenario:
    """The scenario of that name; CostsIncomplete for an unknown one."""
    for scenario in costs_of(protocol).scenarios:
        if scenario.name == name:
            return scenario
    names = ", ".join(scenario.name for scenario in costs_of(protocol).scenarios)
    raise CostsIncomplete(f"dit scenario staat niet in het protocol; kies uit: {names}")


# --- one group ---------------------------------------------------------------------------------------


def _tornado(used: Usage, name: str, title: str, groups: Iterable[str]) -> Tornado:
    known = used.of(groups).drop_nulls(used.names)
    volumes = counted_volumes(used, known)
    base = _total({tariff.name: tariff.indexed for tariff in used.tariffs}, volumes)
    bars = [_bar(used, known, volumes, base, scenario) for scenario in costs_of(used.protocol).scenarios]
    shown = [bar for bar in bars if bar is not None]
    return Tornado(name, title, base, tuple(sorted(shown, key=lambda bar: (bar.low - bar.high, bar.scenario))))


def _bar(used: Usage, known: pl.DataFrame, volumes: Mapping[str, int], base: Decimal, scenario: Scenario) -> Bar | None:
    weights = _weights(used, scenario)
    if not weights:
        return None
    check_sums(used.frame, weights)
    varied = _total(varied_prices(used.protocol, scenario), varied_volumes(scenario, volumes))
    weight = pl.sum_horizontal(pl.col(name) * cents for name, cents in weights.items())
    households, largest_share = contributors(known, weight)
    return Bar(scenario.name, scenario.title, base, varied, households, largest_share)


def _weights(used: Usage, scenario: Scenario) -> dict[str, int]:
    """What one unit of each varied tariff adds to the difference, in cents; 1 for a volume scenario (same shares)."""
    if isinstance(scenario, VolumeScenario):
        return {scenario.tariff: 1} if scenario.tariff in used.names else {}
    prices = varied_prices(used.protocol, scenario)
    differences = {t.name: int((prices[t.name] - t.indexed).scaleb(2)) for t in used.tariffs}
    return {name: cents for name, cents in differences.items() if cents}


def _total(prices: Mapping[str, Decimal], volumes: Mapping[str, int]) -> Decimal:
    return sum(bill(prices, volumes).values(), Decimal("0.00"))
