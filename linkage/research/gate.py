"""One release against the household file and all earlier releases: what is hidden, and whether it holds."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from linkage.errors import DisclosureRefused
from linkage.research import book
from linkage.research.audit import Interval, Percentage, Printed, audit
from linkage.research.cells import WHOLE, Counts, Key, Structure, canonical, stack_name
from linkage.research.households import HouseholdFile
from linkage.research.printing import Proposal, ReleasedCell, propose, value_of
from linkage.research.quality_tables import every
from linkage.research.structure import structure_of
from linkage.research.suppress import NoWay, Pattern, Question
from linkage.research.tables import Cell, Column, Row, Table
from protocols.model import MunicipalityTable

ROUNDS = 5
MOST_NAMED = 12
DEARER = 50.0  # a sum of prices tells readers more than one price
COMPUTED = ("mean", "sum", "varied")


@dataclass(frozen=True)
class Verdict:
    """How one table passed, for the output checker; counts of cells, never their values."""

    table: str
    title: str
    shown: int
    zero: int
    primary: tuple[str, ...]
    secondary: tuple[str, ...]
    shares_hidden: int
    smallest_width: float | None


class Gate:
    """One release against the household file and everything released before in the study."""

    def __init__(
        self, tables: tuple[Table, ...], file: HouseholdFile, entries: tuple[book.Entry, ...], waves: bool
    ) -> None:
        if not tables:
            raise DisclosureRefused("er is geen tabel gevraagd")
        self.tables, self.file, self.rule = tables, file, file.protocol.release
        self.counts = Counts(file)
        about = file.study.study
        own = [entry for entry in entries if entry.study == str(about.id)]
        self.earlier = [entry for entry in own if entry.wave == about.wave]
        self.other_waves = [entry for entry in own if entry.wave != about.wave]
        self.shown = {key: value for entry in self.earlier for key, value in entry.shown}
        self.stars = frozenset(key for entry in self.earlier for key in entry.hidden)
        self.waves = waves
        self.keys = sorted({key for table in tables for key in table.counts()})
        self._known_names()
        self.structure: Structure = structure_of(self.counts, file.protocol, {*self.keys, *self.shown, *self.stars})
        self._only_declared_figures()
        self._same_as_before()
        self._not_close_to_other_waves()

    def pass_through(
        self, suppressor: Callable[[Question], Pattern]
    ) -> tuple[Pattern, tuple[Proposal, ...], tuple[Interval, ...]]:
        """Hide, judge, and hide more where the judgement asks for it; at most so many times."""
        more: frozenset[Key] = frozenset()
        for _ in range(ROUNDS):
            try:
                pattern = suppressor(self._question(more))
            except NoWay as found:
                raise self.refused(found.blame) from None
            hidden = pattern.primary | pattern.secondary | more
            proposals = propose(self.tables, self.counts, hidden, self.rule)
            intervals = self.intervals(proposals)
            unsafe = [interval for interval in intervals if not interval.safe]
            if not unsafe:
                return Pattern(pattern.primary, hidden - pattern.primary), proposals, self.judge(proposals, intervals)
            extra = self._also_hide(unsafe, hidden)
            if not extra - more:
                break
            more |= extra
        raise self.refused(key for interval in unsafe for key in interval.blame)

    def _question(self, more: frozenset[Key]) -> Question:
        every = {*self.keys, *self.shown, *self.stars}
        uses = Counter(key for table in self.tables for key in table.counts())
        sums = {made.whole for made in self.structure.sums}
        return Question(
            structure=self.structure,
            counts={key: self.counts[key] for key in sorted(every)},
            truth=self.counts.__getitem__,
            rule=self.rule,
            weight={key: number * (DEARER if key.measure in sums else 1.0) for key, number in uses.items()},
            fixed=frozenset(self.shown),
            hidden=self.stars | more,
        )

    def _also_hide(self, unsafe: list[Interval], hidden: frozenset[Key]) -> frozenset[Key]:
        """For each count that is too certain, one more: a part of it, or the total of its column."""
        chosen: set[Key] = set()
        for interval in unsafe:
            columns = [replace(key, area=WHOLE) for key in interval.blame]
            open_ = [k for k in (*interval.blame, *columns) if k in set(self.keys) - hidden - self.shown.keys()]
            chosen.update(open_[:1])
        return frozenset(chosen)

    # --- judging ----------------------------------------------------------------------------------

    def intervals(self, proposals: Iterable[Proposal]) -> tuple[Interval, ...]:
        """What an attacker computes from what would be printed and all that was printed before."""
        printed = self._printed(proposals)
        try:
            return audit(printed, self.counts.__getitem__, self.structure, self.rule)
        except ArithmeticError:
            raise DisclosureRefused(
                "de cijfers spreken elkaar of een eerdere uitgave tegen; maak de tabellen opnieuw uit hetzelfde bestand"
            ) from None

    def judge(self, proposals: tuple[Proposal, ...], intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
        """The intervals, where nothing gives away too much. Raises DisclosureRefused."""
        self._shares_rest_on_shown(proposals)
        unsafe = [interval for interval in intervals if not interval.safe]
        if unsafe:
            raise self.refused(key for interval in unsafe for key in interval.blame)
        return intervals

    def _printed(self, proposals: Iterable[Proposal]) -> Printed:
        """Read from the cells themselves, so that a slip on the way to them is seen.

        Of a sum or mean the reader is given every count and amount that it is made of.
        """
        shown, stars, shares = dict(self.shown), set(self.stars), []
        for proposal in proposals:
            for _, column, cell, out in proposal.cells():
                if cell.key is None:
                    continue
                if cell.kind == "count" and out.hidden:
                    stars.add(cell.key)
                elif cell.kind == "count" and out.value is not None:
                    shown[cell.key] = self._read(cell, column, out)
                elif cell.kind in COMPUTED and out.value is not None:
                    shown |= {key: self.counts[key].value for key in cell.rests_on()}
                elif cell.kind == "percent" and isinstance(out.value, Decimal):
                    half = Decimal(5).scaleb(-column.decimals - 1)
                    shares.append(Percentage(cell.key, cell.base, (out.value - half) / 100, (out.value + half) / 100))
        return Printed(shown, frozenset(stars - shown.keys()), tuple(shares))

    def _read(self, cell: Cell, column: Column, out: ReleasedCell) -> int:
        """The count or amount behind what is printed; of a rounded amount the reader is given every cent."""
        if isinstance(out.value, int):
            return out.value
        assert cell.key is not None
        if out.value != value_of(cell, column, self.counts):
            raise DisclosureRefused(f"kolom {column.title}: een bedrag is niet wat het bestand geeft; maak het opnieuw")
        return self.counts[cell.key].value

    def _shares_rest_on_shown(self, proposals: tuple[Proposal, ...]) -> None:
        shown = set(self._printed(proposals).shown)
        faults = [
            _place(proposal.table, row, column)
            for proposal in proposals
            for row, column, cell, out in proposal.cells()
            if cell.kind == "percent" and out.value is not None and not shown.issuperset(cell.rests_on())
        ]
        if faults:
            raise DisclosureRefused(f"een percentage rust op een aantal dat niet getoond wordt: {_listed(faults)}")

    def refused(self, keys: Iterable[Key]) -> DisclosureRefused:
        """The error, with the cells to blame."""
        blamed = set(keys)
        faults = [
            _place(table, row, column)
            for table in self.tables
            for row, column, cell in table.cells()
            if cell.kind == "count" and cell.key in blamed
        ]
        named = faults or [str(key) for key in sorted(blamed)]
        return DisclosureRefused(
            f"uit deze tabellen, samen met wat al is uitgegeven, is een aantal onder {self.rule.threshold} te nauw af "
            f"te leiden: {_listed(named)}. Laat een tabel weg of voeg wijken of kolommen samen"
        )

    # --- before counting --------------------------------------------------------------------------

    def _known_names(self) -> None:
        """Raises DisclosureRefused where an earlier release used a column or wijk that this file does not have."""
        stacks = {stack_name(domain.name) for domain in self.file.protocol.domains}
        names = {*self.file.frame.columns, *stacks, ""}
        for key in {*self.keys, *self.shown, *self.stars}:
            unknown = [name for name, _ in key.condition if name not in names]
            if unknown or key.measure not in names or key.area not in (WHOLE, *self.counts.areas):
                raise DisclosureRefused(f"{key}: dit bestand kent dat niet; tabellen en uitgiften horen bij een ander")
            if key.condition != canonical(self.file.protocol, key.condition):
                raise DisclosureRefused(f"{key}: een aantal heeft een naam; maak de tabel met tables.tabulate")

    def _only_declared_figures(self) -> None:
        """Figures from elsewhere cannot be counted again, so they stand in a table of municipalities or nowhere.

        How the deliveries were joined, and how well, is made again here from the linker's accounts.
        """
        allowed = {table.name for table in self.file.protocol.tables if isinstance(table, MunicipalityTable)}
        for table in self.tables:
            if table.kind == "quality" and table in every(self.file):
                continue
            for row, column, cell in table.cells():
                other = row.name.split(":")[0] in ("gemeente", "provincie", "land") and ":" in row.name
                if cell.kind == "given" and not (table.name in allowed and other):
                    raise DisclosureRefused(f"{_place(table, row, column)}: een cijfer van elders hoort hier niet")

    def _same_as_before(self) -> None:
        """One household different is one household pointed at: within a wave every count stays what it was."""
        changed = sorted(key for key, value in self.shown.items() if self.counts[key].value != value)
        if changed:
            raise DisclosureRefused(
                "het huishoudbestand geeft andere aantallen dan een eerdere uitgave van deze meting; het verschil "
                f"wijst huishoudens aan: {_listed([str(key) for key in changed])}. Overleg eerst over de correctie"
            )

    def _not_close_to_other_waves(self) -> None:
        """A change of fewer households than the threshold between waves points to those who changed."""
        own = set(self.keys)
        close = sorted(
            key
            for entry in self.other_waves
            for key, value in entry.shown
            if not key.measure and key in own and 1 <= abs(self.counts[key].value - value) < self.rule.threshold
        )
        if close and not self.waves:
            raise DisclosureRefused(
                f"tussen twee metingen verandert een aantal met minder dan {self.rule.threshold}: "
                f"{_listed([str(key) for key in close])}. Laat de uitvoercontroleur beslissen"
            )

    # --- afterwards -------------------------------------------------------------------------------

    def entry(self, proposals: tuple[Proposal, ...], on: dt.date) -> book.Entry:
        """What the ledger will hold of this release: what is printed, no more."""
        printed, about = self._printed(proposals), self.file.study.study
        new = {key: value for key, value in printed.shown.items() if key not in self.shown}
        return book.Entry(
            previous=book.START,
            study=str(about.id),
            wave=about.wave,
            reference_date=about.reference_date.isoformat(),
            protocol_digest=about.protocol_digest,
            released=on.isoformat(),
            tables=tuple(proposal.table.name for proposal in proposals),
            shown=tuple(sorted(new.items())),
            hidden=tuple(sorted(printed.stars - self.stars)),
        )

    def verdict(self, proposal: Proposal, pattern: Pattern, intervals: Iterable[Interval]) -> Verdict:
        """How this table passed."""
        primary: list[str] = []
        secondary: list[str] = []
        shares = shown = zero = 0
        for row, column, cell, out in proposal.cells():
            shown += out.value is not None
            zero += cell.kind == "count" and out.value == 0
            if out.hidden and cell.kind == "count":
                (primary if cell.key in pattern.primary else secondary).append(f"{row.title} / {column.title}")
            elif out.hidden:
                shares += 1
        own = set(proposal.table.counts())
        widths = [i.high - i.low for i in intervals if not i.amount and not own.isdisjoint(i.blame)]
        return Verdict(
            proposal.table.name,
            proposal.table.title,
            shown,
            zero,
            tuple(primary),
            tuple(secondary),
            shares,
            min(widths, default=None),
        )


def _place(table: Table, row: Row, column: Column) -> str:
    return f"{table.name}, rij {row.title}, kolom {column.title}"


def _listed(places: list[str]) -> str:
    named = "; ".join(places[:MOST_NAMED])
    return named if len(places) <= MOST_NAMED else f"{named}; en {len(places) - MOST_NAMED} andere"
