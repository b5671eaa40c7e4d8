"""Households over waves: of a group and its comparison, who stays, enters, leaves or is lost (docs/spec/follow-v1.md).

Baseline and follow-up research is small: some forty families and a comparison group. So most cells are below the
threshold, and what is left must hide those. The tables go through the gate, which is given the size of each group and
how many of it had the outcome at first: an attacker may know those from other tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import polars as pl

from linkage.codebook import fields
from linkage.errors import DisclosureRefused, HouseholdFileWrong, ReleaseLedgerBroken, ResearchError
from linkage.files import make_folder, write_text
from linkage.place import allowed_folder
from linkage.research import book, sheets
from linkage.research.cells import NO, WHOLE, YES, Condition, Count, Key, Structure
from linkage.research.gate import Gate
from linkage.research.households import HouseholdFile
from linkage.research.printing import Proposal, ReleasedCell
from linkage.research.suppress import suppress
from linkage.research.tables import Cell, Column, Row, Table

LEDGER = "vervolg.jsonl"
GROUP, START = "groep", "begin"
GROUPS = ("onderzoeksgroep", "vergelijkingsgroep")
LOST = "weg"
OUTCOMES = {
    "stays": ("blijft", (YES, YES)),
    "leaves": ("houdt op", (YES, NO)),
    "enters": ("komt erbij", (NO, YES)),
    "without": ("bleef zonder", (NO, NO)),
    "with": ("met de uitkomst", (None, YES)),
    "lost": ("niet meer gevonden", (None, LOST)),
}


@dataclass(frozen=True)
class Waves:
    """The households of the first wave that are in either group, and what became of them.

    `frame` has `groep` (a name of GROUPS), `begin` (ja, nee) and per later wave `meting N` (ja, nee, weg); `others` how
    many households outside it have the outcome in each of those.
    """

    frame: pl.DataFrame
    first: HouseholdFile
    later: tuple[int, ...]
    others: tuple[int, ...]
    group: str
    outcome: str


@dataclass(frozen=True)
class FollowUp:
    """What may leave: the tables as they are printed, and how many cells are hidden of all that are there."""

    waves: Waves
    proposals: tuple[Proposal, ...]
    hidden: int
    cells: int


def follow_up(files: Sequence[HouseholdFile], group: str, outcome: str) -> Waves:
    """Join the household files of the waves, oldest first. Raises HouseholdFileWrong, ResearchError."""
    ordered = sorted(files, key=lambda file: file.study.study.wave)
    _same_study(ordered)
    for name in (group, outcome):
        _known(ordered, name)
    first, *rest = ordered
    frame = first.frame.select("study_number", _grouped(group), _yes(outcome).alias(START)).drop_nulls(GROUP)
    others = []
    for file in rest:
        there = file.frame.filter(pl.col(outcome).fill_null(value=False))
        others.append(there.join(frame, on="study_number", how="anti").height)
        states = file.frame.select("study_number", _yes(outcome).alias(_variable(file)))
        frame = frame.join(states, on="study_number", how="left").with_columns(pl.col(_variable(file)).fill_null(LOST))
    return Waves(frame, first, tuple(file.study.study.wave for file in rest), tuple(others), group, outcome)


def _same_study(files: Sequence[HouseholdFile]) -> None:
    waves = [file.study.study.wave for file in files]
    if len(files) < 2 or len(set(waves)) != len(waves):
        raise ResearchError("geef het onderzoeksbestand van twee of meer verschillende metingen")
    if len({file.study.study.id for file in files}) != 1:
        raise HouseholdFileWrong("de onderzoeksbestanden zijn van verschillende studies; neem die van een studie")
    for file in files:
        if file.protocol.follow is None:
            raise HouseholdFileWrong(
                f"in meting {file.study.study.wave} werden huishoudens niet gevolgd: een studienummer hoort dan bij "
                "een adres en niet bij een gezin. Zet [follow] in het protocol, en laat opnieuw koppelen"
            )


def _known(files: Sequence[HouseholdFile], name: str) -> None:
    for file in files:
        yes_no = {field.name for field in fields(file.protocol) if field.type == "boolean"} - {"followed"}
        if name not in yes_no:
            raise ResearchError("die naam is geen ja/nee-kolom van elk onderzoeksbestand; codebook.csv noemt ze")


def _variable(file: HouseholdFile) -> str:
    return f"meting {file.study.study.wave}"


def _yes(name: str) -> pl.Expr:
    """Yes, or not: no, unknown, and no family any more are one."""
    return pl.when(pl.col(name).fill_null(value=False)).then(pl.lit(YES)).otherwise(pl.lit(NO))


def _grouped(group: str) -> pl.Expr:
    inside, family = (pl.col(name).fill_null(value=False) for name in (group, "has_child_lt18"))
    return pl.when(inside).then(pl.lit(GROUPS[0])).when(family).then(pl.lit(GROUPS[1])).alias(GROUP)


# --- tables -----------------------------------------------------------------------------------------


def tables(waves: Waves) -> tuple[Table, ...]:
    """A table per later wave: a row per group, a column per outcome. Unreleased."""
    columns = (
        Column("group", "Huishoudens in de eerste meting"),
        Column("start", "waarvan met de uitkomst"),
        *(Column(name, title) for name, (title, _) in OUTCOMES.items()),
    )
    return tuple(
        Table(
            f"vervolg_{wave}",
            f"{waves.outcome} in meting {waves.first.study.study.wave} en in meting {wave}, naar {waves.group}",
            "overlap",
            columns,
            tuple(Row(name, name, _cells(name, wave)) for name in GROUPS),
        )
        for wave in waves.later
    )


def _cells(group: str, wave: int) -> tuple[Cell, ...]:
    keys = [_key(group), _key(group, YES)]
    keys += [_key(group, start, end, wave) for _, (start, end) in OUTCOMES.values()]
    return tuple(Cell("count", key) for key in keys)


def _key(group: str, start: str | None = None, end: str | None = None, wave: int = 0) -> Key:
    asked = ((START, start), (f"meting {wave}", end))
    condition: Condition = tuple(sorted((name, value) for name, value in asked if value is not None))
    return Key(group, WHOLE, condition)


class _Counts:
    """How many households of a group meet a condition."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __getitem__(self, key: Key) -> Count:
        meets = [pl.col(name) == value for name, value in ((GROUP, key.population), *key.condition)]
        found = self._frame.filter(pl.all_horizontal(meets)).height
        return Count(found, found, min(found, 1))


# --- the gate ---------------------------------------------------------------------------------------


class _FollowGate(Gate):
    """The gate on one group over the waves; the attacker knows its size and its start from elsewhere.

    Where the start of nearly all, or of nearly none, is the same, what became of them is not told apart by it.
    """

    def __init__(self, waves: Waves, group: str, entries: tuple[book.Entry, ...]) -> None:
        self.file, self.rule = waves.first, waves.first.protocol.release
        self.counts = _Counts(waves.frame)  # type: ignore[assignment]
        size, start = (self.counts[key].value for key in (_key(group), _key(group, YES)))
        self.split = min(start, size - start) >= self.rule.threshold and max(start, size - start) <= (
            self.rule.group_share * size
        )
        self.tables = tuple(_of_group(table, group, self.split) for table in tables(waves))
        self.earlier, self.other_waves, self.waves = list(entries), [], False
        told = (_key(group), _key(group, YES)) if self.split else (_key(group),)
        self.shown = {key: self.counts[key].value for key in told}
        self.shown |= {key: value for entry in entries for key, value in entry.shown}
        self.stars = frozenset(key for entry in entries for key in entry.hidden)
        self.stars |= _given_away(waves, group) - self.shown.keys()
        self.keys = sorted({key for table in self.tables for key in table.counts()})
        self.structure = _structure(waves, group)
        self._same_as_before()


def _given_away(waves: Waves, group: str) -> frozenset[Key]:
    """Where few others have the outcome, a town's total less both groups would be those few: one group does not say."""
    threshold = waves.first.protocol.release.threshold
    few = (wave for wave, others in zip(waves.later, waves.others, strict=True) if 0 < others < threshold)
    return frozenset(_key(group, None, YES, wave) for wave in few if group == GROUPS[1])


def _of_group(table: Table, group: str, split: bool) -> Table:
    """The row of that group; without the start, cells that rest on it are left out."""
    (row,) = (row for row in table.rows if row.name == group)
    cells = tuple(cell if split or not _started(cell) else Cell("empty") for cell in row.cells)
    return replace(table, rows=(replace(row, cells=cells),))


def _started(cell: Cell) -> bool:
    return any(name == START for key in cell.rests_on() for name, _ in key.condition)


def _structure(waves: Waves, group: str) -> Structure:
    """Who was not found in a wave is not found in later ones: an ended number is never given again."""
    names = [f"meting {wave}" for wave in waves.later]
    ended = [((group, ((name, LOST),)), (group, ((later, LOST),))) for name, later in pairwise(names)]
    values = {(group, START): (YES, NO), **{(group, name): (YES, NO, LOST) for name in names}}
    return Structure(areas=(), values=values, inside=tuple(ended))


def release(waves: Waves, ledger: Path, on: dt.date) -> FollowUp:
    """Let the tables out, and write in the ledger what was let out.

    A group that is too small, or of which nothing can be shown safely, is stars alone. Raises DisclosureRefused,
    ReleaseLedgerBroken, OutputError.
    """
    entries = _asked_before(book.read(ledger), waves)
    proposals: list[tuple[Proposal, ...]] = []
    for name in GROUPS:
        mine = tuple(_only(entry, name) for entry in entries)
        proposals.append(_through(waves, name, mine))
    joined = tuple(
        Proposal(table, tuple(line for part in proposals for line in part[number].printed))
        for number, table in enumerate(tables(waves))
    )
    if book.read(ledger) != entries:
        raise ReleaseLedgerBroken(f"{ledger.name} is intussen veranderd; probeer het opnieuw")
    book.append(ledger, entries, _entry(waves, joined, entries, on))
    every = [out for proposal in joined for line in proposal.printed for out in line]
    return FollowUp(waves, joined, sum(out.hidden for out in every), len(every))


def _through(waves: Waves, group: str, entries: tuple[book.Entry, ...]) -> tuple[Proposal, ...]:
    """One group through the gate; what it cannot prove safe, or is too small to begin with, is stars alone."""
    gate = _FollowGate(waves, group, entries)
    if gate.counts[_key(group)].value >= gate.rule.threshold:
        try:
            made = gate.pass_through(suppress)[1]
        except DisclosureRefused:
            if any(entry.shown for entry in entries):
                raise
        else:
            return tuple(replace(one, printed=tuple(map(_not_told, one.table.rows, one.printed))) for one in made)
    stars = tuple(ReleasedCell(None, hidden=True) for _ in tables(waves)[0].columns)
    return tuple(Proposal(table, (stars,)) for table in gate.tables)


def _not_told(row: Row, line: tuple[ReleasedCell, ...]) -> tuple[ReleasedCell, ...]:
    """A cell that was left out is a star to a reader."""
    return tuple(
        ReleasedCell(None, hidden=True) if cell.kind == "empty" else out
        for cell, out in zip(row.cells, line, strict=True)
    )


def _asked_before(entries: tuple[book.Entry, ...], waves: Waves) -> tuple[book.Entry, ...]:
    """One question for each study: two that differ a little point to those by whom they differ."""
    asked = (f"{waves.group} {waves.outcome} {waves.first.study.study.wave}",)
    for entry in entries:
        if entry.study != str(waves.first.study.study.id) or entry.tables[:1] != asked:
            raise DisclosureRefused(
                "in dit logboek staat al een vervolgtabel van een andere groep, uitkomst of eerste meting; die twee "
                "samen kunnen huishoudens aanwijzen. Overleg met de uitvoercontroleur"
            )
    return entries


def _only(entry: book.Entry, group: str) -> book.Entry:
    return replace(
        entry,
        shown=tuple((key, value) for key, value in entry.shown if key.population == group),
        hidden=tuple(key for key in entry.hidden if key.population == group),
    )


def _entry(waves: Waves, proposals: tuple[Proposal, ...], entries: tuple[book.Entry, ...], on: dt.date) -> book.Entry:
    shown: dict[Key, int] = {}
    hidden: set[Key] = set()
    for proposal in proposals:
        for _, _, cell, out in proposal.cells():
            assert cell.key is not None
            if isinstance(out.value, int):
                shown[cell.key] = out.value
            else:
                hidden.add(cell.key)
    about = waves.first.study.study
    known = {key for entry in entries for key, _ in entry.shown}
    starred = {key for entry in entries for key in entry.hidden}
    return book.Entry(
        previous=book.START,
        study=str(about.id),
        wave=max(waves.later),
        reference_date=about.reference_date.isoformat(),
        protocol_digest=about.protocol_digest,
        released=on.isoformat(),
        tables=(f"{waves.group} {waves.outcome} {about.wave}", *(proposal.table.name for proposal in proposals)),
        shown=tuple(sorted((key, value) for key, value in shown.items() if key not in known)),
        hidden=tuple(sorted(hidden - starred - shown.keys())),
    )


# --- what leaves ------------------------------------------------------------------------------------


def said(made: FollowUp) -> str:
    """What a reader must know before the numbers, in Dutch."""
    rule = made.waves.first.protocol.release
    most = "De meeste" if 2 * made.hidden > made.cells else "Sommige"
    hidden = (
        f"{most} cellen zijn onderdrukt: {made.hidden} van de {made.cells}."
        if made.hidden
        else "Geen cel is onderdrukt."
    )
    return (
        f"{hidden} {rule.star} = minder dan {rule.threshold} huishoudens, of nodig om zo'n aantal niet te laten "
        "berekenen. Bij een onderzoek van enkele tientallen gezinnen is dat te verwachten: het is geen fout, en met "
        "meer uitsplitsing wordt het erger. Niet meer gevonden: verhuisd uit de gemeente, overleden, of opgegaan in "
        "een ander huishouden; dat is niet te onderscheiden. Niet ja is nee, onbekend, of geen gezin meer. Een "
        "verschil met de vergelijkingsgroep is nog geen gevolg van een aanpak."
    )


def write(made: FollowUp, folder: Path) -> tuple[Path, ...]:
    """Write the tables for readers, and what they must know in vervolg.txt. Raises OutputError."""
    make_folder(folder)
    note, star = said(made), made.waves.first.protocol.release.star
    every = [
        sheets.Sheet(
            proposal.table.name,
            proposal.table.title,
            proposal.table.columns,
            tuple(
                sheets.Line(row.name, row.title, tuple(star if out.hidden else out.value for out in line))
                for row, line in zip(proposal.table.rows, proposal.printed, strict=True)
            ),
            star,
            note,
        )
        for proposal in made.proposals
    ]
    text = folder / "vervolg.txt"
    write_text(text, note + "\n")
    return (*sheets.write(every, folder, "vervolg"), text)


def ledger_of(path: Path, file: HouseholdFile) -> Path:
    """The ledger of follow-up tables, beside the first household file. Raises PlaceNotAllowed."""
    allowed_folder(path.parent, folders=file.study.linker.secured_folders)
    return path.with_name(LEDGER)
