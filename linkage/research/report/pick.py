"""Where the facts of a report stand in released tables. Any cell may be hidden, and any table absent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from linkage.errors import ResearchError
from linkage.research.disclosure import Release, ReleasedCell, ReleasedRow, ReleasedTable
from linkage.research.tables import Column, TableKind
from linkage.study import Study
from protocols.model import AreaTable, Definition, Domain, MunicipalityTable, OverlapTable, StudyProtocol

WHOLE, UNKNOWN = "gemeente", "?"
ABSENT = ReleasedCell(None)


@dataclass(frozen=True)
class AreaShares:
    """A share per area: what a map shows. `cells` has an area of the study for each row that there is."""

    table: ReleasedTable
    count: Column
    share: Column
    title: str
    base: Literal["families", "households"]
    counts: Mapping[str, ReleasedCell]
    shares: Mapping[str, ReleasedCell]


@dataclass(frozen=True)
class Problem:
    """How many in the municipality have an indicator, in the first table that has it."""

    domain: Domain
    title: str
    table: str
    count: ReleasedCell
    share: ReleasedCell


def column(table: ReleasedTable, name: str) -> Column | None:
    """The column of that name, if there is one."""
    return next((one for one in table.columns if one.name == name), None)


def cell(table: ReleasedTable | None, row: str, name: str) -> ReleasedCell:
    """The cell at a row and column by name; an empty one where there is no such table, row or column."""
    for line in table.rows if table else ():
        if line.name == row:
            return cell_of(table, line, name) if table else ABSENT
    return ABSENT


def cell_of(table: ReleasedTable, row: ReleasedRow, name: str) -> ReleasedCell:
    """The cell of a row under a column by name; an empty one where there is no such column."""
    return next((c for one, c in zip(table.columns, row.cells, strict=True) if one.name == name), ABSENT)


def first(cells: Iterable[ReleasedCell]) -> ReleasedCell:
    """The first that is shown, else the first that is hidden, else an empty one."""
    found = list(cells)
    shown = [one for one in found if one.value is not None]
    return (shown or [one for one in found if one.hidden] or [ABSENT])[0]


def whole(one: ReleasedCell) -> int | None:
    """A count that is shown."""
    return one.value if isinstance(one.value, int) else None


@dataclass(frozen=True)
class Facts:
    """The tables of a release, found by what they are. Raises ResearchError where they are of another study."""

    release: Release
    study: Study

    def __post_init__(self) -> None:
        about = self.study.study
        own = (str(about.id), about.wave, about.protocol_digest)
        if (self.release.about.study, self.release.about.wave, self.release.about.protocol_digest) != own:
            raise ResearchError(
                "deze tabellen horen bij een andere studie of meting; geef het study.toml van de tabellen"
            )

    @property
    def protocol(self) -> StudyProtocol:
        """The protocol of the study."""
        return self.study.protocol

    @cached_property
    def named(self) -> Mapping[str, ReleasedTable]:
        """The tables by name."""
        return {table.name: table for table in self.release.tables}

    def of_kind(self, kind: TableKind) -> list[ReleasedTable]:
        """The tables of a kind, in the order of the release."""
        return [table for table in self.release.tables if table.kind == kind]

    def any_of_kind(self, kind: TableKind) -> ReleasedTable | None:
        """The first table of a kind."""
        return next(iter(self.of_kind(kind)), None)

    # --- the headline ---------------------------------------------------------------------------

    @cached_property
    def definition(self) -> Definition | None:
        """The strictest definition: the one that asks for most; of equals the first."""
        return max(self.protocol.definitions, key=lambda one: len(self.parts(one.name)), default=None)

    def parts(self, name: str) -> frozenset[str]:
        """Everything that a definition asks for in the end."""
        for one in self.protocol.definitions:
            if one.name == name:
                return frozenset(part for own in (*one.all_of, *one.same_person) for part in self.parts(own))
        return frozenset({name})

    @property
    def families(self) -> ReleasedCell:
        """How many families there are."""
        return first(self._families())

    def _families(self) -> Iterator[ReleasedCell]:
        for table in self._of_families():
            yield cell(table, WHOLE, "N")
        for own in self.protocol.tables:
            if isinstance(own, OverlapTable) and own.population == "families":
                yield cell(self.named.get(own.name), "all", "all")

    def defined(self, name: str) -> ReleasedCell:
        """How many in the municipality meet a definition."""
        return first(self._defined(name))

    def _defined(self, name: str) -> Iterator[ReleasedCell]:
        for table in self.of_kind("overlap"):
            yield cell(table, "all", name)
            yield cell(table, name, "all")
        for table in self.of_kind("by-area"):
            yield cell(table, WHOLE, name)
        for own in self.protocol.tables:
            if isinstance(own, MunicipalityTable) and own.definition == name:
                yield cell(self.named.get(own.name), WHOLE, "n")

    # --- per area -------------------------------------------------------------------------------

    def _area_tables(self) -> Iterator[tuple[ReleasedTable, AreaTable]]:
        declared = {own.name: own for own in self.protocol.tables if isinstance(own, AreaTable)}
        for table in self.of_kind("by-area"):
            if table.name in declared:
                yield table, declared[table.name]

    @cached_property
    def main_map(self) -> AreaShares | None:
        """The strictest definition that has a column per area, in the first table that has one."""
        by_strictness = sorted(self.protocol.definitions, key=lambda one: -len(self.parts(one.name)))
        for one in by_strictness:
            for table in self.of_kind("by-area"):
                found = self._shares(table, one.name, one.title)
                if found is not None:
                    return found
        return None

    @cached_property
    def domain_maps(self) -> tuple[AreaShares, ...]:
        """Per domain the share that has any of its problems."""
        titles = {domain.name: domain.title for domain in self.protocol.domains}
        asked = [(table, own.any_problem) for table, own in self._area_tables() if own.any_problem]
        found = (self._shares(table, name, titles[name]) for table, name in asked if name)
        return tuple(one for one in found if one is not None)

    def _shares(self, table: ReleasedTable, name: str, title: str) -> AreaShares | None:
        count, part = column(table, name), column(table, f"{name}_pct")
        if count is None or part is None:
            return None
        rows = [row for row in table.rows if row.name in self.study.study.areas]
        counts = {row.name: cell_of(table, row, name) for row in rows}
        shares = {row.name: cell_of(table, row, part.name) for row in rows}
        return AreaShares(table, count, part, title, self.base_of(table), counts, shares)

    def base_of(self, table: ReleasedTable) -> Literal["families", "households"]:
        """Whom the percentages of a table per area are of (D19)."""
        parameters = self.protocol.parameters
        for own in self.protocol.tables:
            if isinstance(own, AreaTable) and own.name == table.name and own.population == "families":
                return parameters.percent_base_maps if own.map else parameters.percent_base_tables
        return "households"

    # --- problems -------------------------------------------------------------------------------

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """The indicators of all domains that stand in a table per area, in the protocol's order."""
        titles = {one.name: one.title for one in self.protocol.indicators}
        found: list[Problem] = []
        for domain in self.protocol.domains:
            for name in domain.any_of:
                holding = next((one for one in self._of_families() if column(one, f"{name}_pct")), None)
                if holding is not None:
                    numbers = cell(holding, WHOLE, name), cell(holding, WHOLE, f"{name}_pct")
                    found.append(Problem(domain, titles[name], holding.name, *numbers))
        return tuple(found)

    def _of_families(self) -> list[ReleasedTable]:
        """The tables per area whose percentages are of families: shares of one base can be compared."""
        return [table for table in self.of_kind("by-area") if self.base_of(table) == "families"]

    def in_domain(self, domain: str) -> ReleasedCell:
        """How many families in the municipality have any problem of a domain."""
        of_families = {one.name for one in self.protocol.tables if getattr(one, "population", "") == "families"}
        tables = [table for table in self.of_kind("overlap") if table.name in of_families]
        overlap = (cell(table, "in_domain", domain) for table in tables)
        return first((*overlap, *(cell(table, WHOLE, domain) for table in self._of_families())))

    # --- costs ----------------------------------------------------------------------------------

    @cached_property
    def cost_groups(self) -> tuple[tuple[str, str], ...]:
        """Names and titles of the groups of the cost table, in its order; unions come after the groups."""
        table = self.any_of_kind("costs")
        return tuple((row.name, row.title) for row in table.rows if row.name != UNKNOWN) if table else ()

    @cached_property
    def compared(self) -> tuple[tuple[str, str], ...]:
        """The first group and the groups that the protocol compares it with (D25), as far as the table has them."""
        wanted = self.protocol.parameters.comparison_groups
        others = [(name, title) for name, title in self.cost_groups[1:] if name in wanted]
        return (*self.cost_groups[:1], *sorted(others, key=lambda one: wanted.index(one[0])))

    def cost(self, group: str, name: str) -> ReleasedCell:
        """A cell of the cost table: `households`, `total` or `mean` of a group."""
        return cell(self.any_of_kind("costs"), group, name)
