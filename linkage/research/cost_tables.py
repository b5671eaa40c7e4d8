"""The cost tables: per group its households, costs and mean; per part of the costs; and what each scenario changes.

Made of the measures of `priced`, so that the gate counts every amount again. Unreleased, as all tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from linkage.research.cells import UNKNOWN, WHOLE, Key
from linkage.research.costs import Kind, cents_of, costs_of, parts_of
from linkage.research.priced import GROUP, Priced, measure_of, part_scenarios
from linkage.research.tables import Cell, Column, Row, Table, Vary
from protocols.model import PartScenario, PriceScenario, Scenario, StudyProtocol, Tariff, VolumeScenario

EVERYTHING = "all"
LAYERS = {
    "provision": "Wat huishoudens ontvangen",
    "provider": "Zorg en hulp",
    "execution": "Uitvoering",
    "society": "Schade, politie en justitie",
    "unknown": "Niet ingedeeld",
}
PAYERS = {
    "gemeente": "Gemeente",
    "provincie": "Provincie",
    "uwv": "UWV",
    "zorgkantoor": "Zorgkantoor",
    "zorgverzekeraar": "Zorgverzekeraar",
    "unknown": "Meer dan een, of niet bekend",
}
PARTS: tuple[tuple[Kind, str, str], ...] = (
    ("section", "kosten_onderdelen", "Kosten per onderdeel"),
    ("layer", "kosten_lagen", "Kosten naar wat ervoor wordt gedaan"),
    ("payer", "kosten_betalers", "Kosten naar wie betaalt"),
    ("tariff", "kosten_prijzen", "Kosten per prijs"),
)


def cost_tables(priced: Priced) -> tuple[Table, ...]:
    """`kosten`, four tables of parts, and `scenarios` where the protocol has any; amounts are of the reference year.

    Rows of `kosten` are groups and unions of them; in the others, columns are groups. Raises CostsIncomplete.
    """
    maker = _Maker(priced)
    tables = [maker.groups(), *(maker.parts(*part) for part in PARTS)]
    return (*tables, *maker.scenarios())


class _Maker:
    def __init__(self, priced: Priced) -> None:
        self.priced = priced
        self.protocol: StudyProtocol = priced.used.protocol
        costs = costs_of(self.protocol)
        self.members: dict[str, tuple[str, ...]] = {group.name: (group.name,) for group in costs.groups}
        self.members |= {union.name: union.groups for union in costs.unions}
        self.titles = {group.name: group.title for group in costs.groups}
        self.titles |= {union.name: union.title for union in costs.unions}
        self.groups_only = tuple(group.name for group in costs.groups)
        self.reference_year = priced.file.study.study.reference_date.year

    # --- tables -----------------------------------------------------------------------------------

    def groups(self) -> Table:
        """Per group: households, their costs together, and the mean."""
        columns = (
            Column("households", "Huishoudens"),
            Column("total", "Kosten samen", unit="euro"),
            Column("mean", "Gemiddeld per huishouden", unit="euro"),
        )
        whole = measure_of("all", EVERYTHING)
        rows = [
            Row(name, self.titles[name], (self.amount(members), self.amount(members, whole), self.mean(members, whole)))
            for name, members in self.members.items()
        ]
        if self.priced.file.frame[GROUP].null_count():
            unknown = Cell("count", Key("households", WHOLE, ((GROUP, UNKNOWN),)))
            rows.append(Row(UNKNOWN, "Groep of gebruik niet bekend, niet meegerekend", (unknown, *_nothing(2))))
        return Table("kosten", f"Kosten per groep, {self.reference_year}", "costs", columns, tuple(rows))

    def parts(self, kind: Kind, name: str, title: str) -> Table:
        """Per section, layer, payer or price: the costs of each group, and the mean over the whole group."""
        lines = [(part, self.title(kind, part, tariffs)) for own, part, tariffs in self.every_part() if own == kind]
        measures = [(part, text, measure_of(kind, part)) for part, text in lines]
        measures.append((EVERYTHING, "Alle kosten", measure_of("all", EVERYTHING)))
        rows = [
            Row(part, text, tuple(cell for group in self.groups_only for cell in self.both((group,), measure)))
            for part, text, measure in measures
        ]
        return Table(name, f"{title}, {self.reference_year}", "cost-parts", tuple(self.part_columns()), tuple(rows))

    def part_columns(self) -> Iterator[Column]:
        """Two per group: all of it, and the mean."""
        for group in self.groups_only:
            yield Column(group, self.titles[group], unit="euro")
            yield Column(f"{group}_mean", f"{self.titles[group]}: gemiddeld per huishouden", unit="euro")

    def scenarios(self) -> Iterator[Table]:
        """What each scenario adds to the costs of a group; none where nothing that it changes is counted."""
        columns = tuple(Column(name, self.titles[name], unit="euro") for name in self.members)
        rows = [
            Row(
                scenario.name,
                scenario.title,
                tuple(self.varied(scenario, members) for members in self.members.values()),
            )
            for scenario in costs_of(self.protocol).scenarios
            if self.counted(scenario)
        ]
        if rows:
            title = f"Hoeveel de kosten veranderen als een prijs, aantal of onderdeel anders is, {self.reference_year}"
            yield Table("scenarios", title, "scenarios", columns, tuple(rows))

    # --- cells ------------------------------------------------------------------------------------

    def keys(self, members: Iterable[str], measure: str = "") -> tuple[Key, ...]:
        """The count or amount of each group."""
        return tuple(Key("households", WHOLE, ((GROUP, name),), measure) for name in members)

    def amount(self, members: tuple[str, ...], measure: str = "") -> Cell:
        """Of one group, or of several together."""
        first, *more = self.keys(members, measure)
        return Cell("sum", first, plus=tuple(more)) if more else Cell("count", first)

    def mean(self, members: tuple[str, ...], measure: str) -> Cell:
        """Per household of the groups, also of those who cost nothing."""
        first, *more = self.keys(members, measure)
        return Cell("mean", first, self.keys(members), plus=tuple(more))

    def both(self, members: tuple[str, ...], measure: str) -> tuple[Cell, Cell]:
        """An amount and its mean."""
        return self.amount(members, measure), self.mean(members, measure)

    def varied(self, scenario: Scenario, members: tuple[str, ...]) -> Cell:
        """What a scenario adds: of a price or volume it follows from costs that are shown; else a sum of its own."""
        if isinstance(scenario, PartScenario):
            return self.amount(members, measure_of("scenario", scenario.name))
        first, *more = self.keys(members, measure_of("tariff", scenario.tariff))
        return Cell("varied", first, plus=tuple(more), vary=self.vary(scenario))

    def vary(self, scenario: PriceScenario | VolumeScenario) -> Vary:
        """How the amount of a price changes."""
        unit = cents_of(self.tariff(scenario.tariff))
        if isinstance(scenario, PriceScenario):
            return Vary(unit, int(scenario.price.scaleb(2)))
        return Vary(unit, unit, scenario.divisor)

    # --- names ------------------------------------------------------------------------------------

    def counted(self, scenario: Scenario) -> bool:
        """Whether anything that it changes is counted."""
        if isinstance(scenario, PartScenario):
            return scenario in part_scenarios(self.priced.used)
        return scenario.tariff in self.priced.used.names

    def tariff(self, name: str) -> Tariff:
        """The tariff of that name."""
        return next(tariff for tariff in self.priced.used.tariffs if tariff.name == name)

    def every_part(self) -> list[tuple[Kind, str, tuple[Tariff, ...]]]:
        """Every kind and name of a part, with its tariffs."""
        return parts_of(self.priced.used.tariffs)

    def title(self, kind: Kind, part: str, tariffs: tuple[Tariff, ...]) -> str:
        """What readers call a part."""
        if kind == "layer":
            return LAYERS[part]
        if kind == "payer":
            return PAYERS[part]
        if kind == "section":
            return next((s.title for s in costs_of(self.protocol).sections if s.name == part), part)
        return self.tariff_title(tariffs[0])

    def tariff_title(self, tariff: Tariff) -> str:
        """The title of what is used, and for what it is paid where the same use is paid for twice."""
        named = (*self.protocol.measures, *self.protocol.indicators)
        title = next((item.title for item in named if item.name == tariff.use), tariff.name)
        twice = sum(other.use == tariff.use for other in self.priced.used.tariffs) > 1
        if tariff.layer == "execution":
            return f"{title}: uitvoering"
        return f"{title}: begeleiding" if twice and tariff.per == "family-day" else title


def _nothing(number: int) -> tuple[Cell, ...]:
    return tuple(Cell("empty") for _ in range(number))
