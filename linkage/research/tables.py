"""The tables that the protocol declares, counted from the household file. None may leave: the gate comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from linkage.errors import ResearchError
from linkage.research.cells import (
    NO,
    UNKNOWN,
    WHOLE,
    YES,
    Condition,
    Counts,
    Key,
    condition_of,
    joined,
    stack_condition,
    stack_name,
    stack_values,
)
from linkage.research.households import HouseholdFile
from protocols import StudyProtocol
from protocols.model import AreaTable, MunicipalityTable, OverlapTable, StackingTable

Kind = Literal["count", "sum", "percent", "mean", "varied", "given", "empty"]
TableKind = Literal["by-area", "overlap", "stacking", "municipalities", "costs", "cost-parts", "scenarios", "quality"]
Number = int | Decimal


@dataclass(frozen=True)
class Vary:
    """How much more a price x volume is if its price were `price`, or its volume divided by `divisor`; in cents.

    `unit` is the price now; a divided volume is rounded half up to whole units (docs/spec/costs-v1.md, section 5).
    """

    unit: int
    price: int
    divisor: Decimal = Decimal(1)

    def of(self, cents: int) -> int:
        """Cents more, for a volume that costs so many cents now."""
        volume = cents // self.unit
        varied = int((Decimal(volume) / self.divisor).quantize(Decimal(1), ROUND_HALF_UP))
        return varied * self.price - cents


@dataclass(frozen=True)
class Cell:
    """A number of a table, made of counts or amounts that have a name each.

    `count`: that of `key`. `sum`: of `key` and `plus`. `percent`: `key` of the first base less the others.
    `mean`: `key` and `plus`, per household of all bases. `varied`: what `vary` makes of `key` and `plus`.
    `given`: from outside.
    """

    kind: Kind
    key: Key | None = None
    base: tuple[Key, ...] = ()
    value: Number | None = None
    plus: tuple[Key, ...] = ()
    vary: Vary | None = None

    def rests_on(self) -> tuple[Key, ...]:
        """Every count that the cell is computed from."""
        return (*((self.key,) if self.key else ()), *self.plus, *self.base)


@dataclass(frozen=True)
class Column:
    """`name` is for programs, `title` for readers; `decimals` of a percentage or amount; `unit` of an amount."""

    name: str
    title: str
    decimals: int = 0
    unit: Literal["", "euro"] = ""


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    name: str
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Counts as they are, not suppressed: for the secured environment only."""

    name: str
    title: str
    kind: TableKind
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def cells(self) -> Iterator[tuple[Row, Column, Cell]]:
        """Every cell with its row and column."""
        for row in self.rows:
            for column, cell in zip(self.columns, row.cells, strict=True):
                yield row, column, cell

    def counts(self) -> Iterator[Key]:
        """Every count that the table shows or rests on."""
        for _, _, cell in self.cells():
            yield from cell.rests_on()


@dataclass(frozen=True)
class Municipality:
    """A figure of another municipality, as that one published it; `level` tells a total from a municipality."""

    name: str
    households_with: int
    households: int
    level: Literal["gemeente", "provincie", "land"] = "gemeente"


def tabulate(
    file: HouseholdFile, *, names: Iterable[str] | None = None, others: Iterable[Municipality] = ()
) -> tuple[Table, ...]:
    """The declared tables in the protocol's order, or those of `names`. Raises ResearchError for an unknown name."""
    wanted = None if names is None else tuple(names)
    declared = {table.name: table for table in file.protocol.tables}
    for name in wanted or ():
        if name not in declared:
            raise ResearchError(f"er is geen tabel {name} in dit protocol; er zijn: {', '.join(declared)}")
    maker = _Maker(file, tuple(others))
    return tuple(maker.table(table) for table in declared.values() if wanted is None or table.name in wanted)


def percentage(part: int, base: int, decimals: int) -> Decimal | None:
    """Rounded half up, in decimals: a binary float would round some halves down. None of nothing."""
    if base <= 0:
        return None
    return (Decimal(100 * part) / Decimal(base)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


class _Maker:
    """Makes tables of one household file, counting each condition once."""

    def __init__(self, file: HouseholdFile, others: tuple[Municipality, ...]) -> None:
        self.protocol: StudyProtocol = file.protocol
        self.town = file.study.study.municipality
        self.others = others
        self.counts = Counts(file)

    def table(self, table: AreaTable | OverlapTable | StackingTable | MunicipalityTable) -> Table:
        """One declared table."""
        match table:
            case AreaTable():
                return self._by_area(table)
            case OverlapTable():
                return self._overlap(table)
            case StackingTable():
                return self._stacking(table)
            case MunicipalityTable():
                return self._municipalities(table)

    def title(self, name: str) -> str:
        """What the protocol calls an indicator, domain or definition."""
        protocol = self.protocol
        for group in (protocol.indicators, protocol.domains, protocol.definitions, protocol.selections):
            for item in group:
                if item.name == name:
                    return item.title
        return name

    # --- cells ----------------------------------------------------------------------------------

    def count(self, key: Key) -> Cell:
        """A count."""
        return Cell("count", key, (), self.counts[key].value)

    def share(self, key: Key, base: tuple[Key, ...], decimals: int = 1) -> Cell:
        """A count as a percentage of the first base less the others."""
        first, *less = (self.counts[part].value for part in base)
        return Cell("percent", key, base, percentage(self.counts[key].value, first - sum(less), decimals))

    def known(self, population: str, area: str, name: str) -> tuple[Key, ...]:
        """The base of a percentage: everyone, less those of whom it is unknown."""
        everyone = Key(population, area)
        if not self.counts.unknown(population, name):
            return (everyone,)
        return everyone, Key(population, area, ((name, UNKNOWN),))

    # --- kinds ----------------------------------------------------------------------------------

    def _by_area(self, table: AreaTable) -> Table:
        names = (*((table.any_problem,) if table.any_problem else ()), *table.columns)
        base = self._percent_base(table)
        columns = [Column("N", "Aantal gezinnen" if base == "families" else "Aantal huishoudens")]
        for name in names:
            title = "Minstens 1 probleem" if name == table.any_problem else self.title(name)
            columns += [Column(name, title), Column(f"{name}_pct", f"{title} (%)", 2 if table.map else 1)]
            if self.counts.unknown(table.population, name):
                columns.append(Column(f"{name}_unknown", f"{title} (onbekend)"))
        rows = [self._area_row(table, base, area, names) for area in (WHOLE, *self.counts.areas)]
        return Table(table.name, table.title, table.kind, tuple(columns), tuple(rows))

    def _percent_base(self, table: AreaTable) -> str:
        """Whom a percentage of families is of: a parameter of the protocol (D19)."""
        if table.population == "households":
            return table.population
        parameters = self.protocol.parameters
        return parameters.percent_base_maps if table.map else parameters.percent_base_tables

    def _area_row(self, table: AreaTable, base: str, area: str, names: tuple[str, ...]) -> Row:
        population, decimals = table.population, 2 if table.map else 1
        cells = [self.count(Key(base, area))]
        for name in names:
            key = Key(population, area, condition_of(self.protocol, name))
            unknown = self.known(population, area, name)[1:]
            own = (Key(base, area), *(unknown if base == population else ()))
            cells += [self.count(key), self.share(key, own, decimals), *(self.count(part) for part in unknown)]
        return Row(area or "gemeente", area or self.town, tuple(cells))

    def _overlap(self, table: OverlapTable) -> Table:
        """Report, table 5: above, a column per domain; below, support of all families and of each definition."""
        domains, plain = table.domains, self._without_support(table)
        columns = [Column(name, self.title(name)) for name in domains]
        columns += [Column("all", "Alle gezinnen" if table.population == "families" else "Alle huishoudens")]
        columns += [Column(name, f"Waarvan {name}") for name in plain]
        nothing = (None,) * (1 + len(plain))
        lines: list[tuple[str, str, tuple[Condition | None, ...]]] = [
            (name, title, (*(of(domain) for domain in domains), *nothing)) for name, title, of in self._domains(table)
        ]
        conditions: tuple[Condition, ...] = ((), *(condition_of(self.protocol, name) for name in plain))
        nothing = (None,) * len(domains)
        lines.append(("all", "Met of zonder ondersteuning", (*nothing, *conditions)))
        for name, title, support in self._supports(table):
            lines.append((name, title, (*nothing, *(joined(support, c) for c in conditions))))
        for name in table.definitions:
            if name not in plain:
                lone = condition_of(self.protocol, name)
                lines.append((name, self.title(name), (*nothing, lone, *(None for _ in plain))))
        rows = tuple(Row(n, t, tuple(self._at_town(table.population, c) for c in cells)) for n, t, cells in lines)
        return Table(table.name, table.title, table.kind, tuple(columns), rows)

    def _at_town(self, population: str, condition: Condition | None) -> Cell:
        return Cell("empty") if condition is None else self.count(Key(population, WHOLE, condition))

    def _without_support(self, table: OverlapTable) -> tuple[str, ...]:
        """Definitions that do not ask for support themselves; the others are a line of their own."""
        asks = {literal for name in table.support for literal in condition_of(self.protocol, name)}
        return tuple(name for name in table.definitions if not asks & set(condition_of(self.protocol, name)))

    def _supports(self, table: OverlapTable) -> Iterator[tuple[str, str, Condition]]:
        every = [condition_of(self.protocol, name) for name in table.support]
        for name, condition in zip(table.support, every, strict=True):
            yield name, self.title(name), condition
        if len(every) > 1:
            yield "_and_".join(table.support), "In al deze jaren", joined(*every)

    def _domains(self, table: OverlapTable) -> Iterator[tuple[str, str, Callable[[str], Condition | None]]]:
        domains = table.domains
        yield "not_in_domain", "Niet in dit probleemgebied", lambda d: ((d, NO),)
        yield "in_domain", "In dit probleemgebied", lambda d: ((d, YES),)
        yield (
            "only_this_domain",
            "Alleen in dit probleemgebied",
            lambda d: joined(((d, YES),), tuple((other, NO) for other in domains if other != d)),
        )
        for other in domains:
            yield f"and_{other}", f"Ook: {self.title(other)}", _also(other)

    def _stacking(self, table: StackingTable) -> Table:
        """How many indicators at once; a household with an unknown one stands apart."""
        members = {d.name: len(d.any_of) for d in self.protocol.domains if d.name in table.domains}
        columns = [
            column
            for name in table.domains
            for column in (Column(name, self.title(name)), Column(f"{name}_pct", f"{self.title(name)} (%)", 1))
        ]
        per_domain = {name: stack_values(members[name], table.at_most) for name in table.domains}
        longest = max(per_domain.values(), key=len)
        rows = [self._stack_row(table, per_domain, place) for place in range(len(longest))]
        rows += self._unknown_row(table)
        everyone = self.count(Key(table.population, WHOLE))
        rows.append(Row("all", "Allen", tuple(cell for _ in table.domains for cell in (everyone, Cell("empty")))))
        return Table(table.name, table.title, table.kind, tuple(columns), tuple(rows))

    def _stack_row(self, table: StackingTable, values: dict[str, tuple[str, ...]], place: int) -> Row:
        cells: list[Cell] = []
        for name in table.domains:
            if place >= len(values[name]):
                cells += [Cell("empty"), Cell("empty")]
                continue
            key = Key(table.population, WHOLE, stack_condition(name, values[name][place]))
            cells += [self.count(key), self.share(key, self.known(table.population, WHOLE, stack_name(name)))]
        last = place == max(len(own) for own in values.values()) - 1
        return Row(str(place), f"{place} of meer" if last else str(place), tuple(cells))

    def _unknown_row(self, table: StackingTable) -> list[Row]:
        """Households with an unknown indicator, where there are any: the base of the percentages is without them."""
        unknown = [self.known(table.population, WHOLE, stack_name(name))[1:] for name in table.domains]
        cells = [cell for keys in unknown for cell in ((self.count(keys[0]) if keys else Cell("empty")), Cell("empty"))]
        return [Row(UNKNOWN, "Onbekend", tuple(cells))] if any(unknown) else []

    def _municipalities(self, table: MunicipalityTable) -> Table:
        columns = (
            Column("n", self.title(table.definition)),
            Column("households", "Alle huishoudens"),
            Column("per_100", "Per 100 huishoudens", 2),
        )
        own = Key("families", WHOLE, condition_of(self.protocol, table.definition))
        base = Key("households", WHOLE)
        mine = Row("gemeente", self.town, (self.count(own), self.count(base), self.share(own, (base,), 2)))
        return Table(table.name, table.title, table.kind, columns, (mine, *(_given(other) for other in self.others)))


def _also(other: str) -> Callable[[str], Condition | None]:
    return lambda domain: None if domain == other else joined(((domain, YES),), ((other, YES),))


def _given(other: Municipality) -> Row:
    per_100 = percentage(other.households_with, other.households, 2)
    numbers = (other.households_with, other.households, per_100)
    return Row(f"{other.level}:{other.name}", other.name, tuple(Cell("given", value=number) for number in numbers))
