"""The disclosure gate: the only maker of a `ReleasedTable` (docs/spec/release-v1.md).

It counts again what a table asks for, hides what is too small and what would give that away, and then reads what is
about to be printed as an attacker would, together with everything released before. What it cannot prove safe does not
leave: it raises DisclosureRefused and names the cells by table, row and column, never by their value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import InitVar, dataclass
from pathlib import Path

from linkage import chain
from linkage.errors import ReleaseLedgerBroken
from linkage.research import book
from linkage.research.audit import Interval
from linkage.research.gate import Gate, Verdict
from linkage.research.households import HouseholdFile
from linkage.research.printing import Proposal, ReleasedCell, propose
from linkage.research.suppress import Pattern, Question, suppress
from linkage.research.tables import Column, Table, TableKind
from protocols.model import ReleaseRule

__all__ = [
    "Proposal",
    "Release",
    "ReleasedCell",
    "ReleasedRow",
    "ReleasedTable",
    "Verdict",
    "judge",
    "propose",
    "release",
]

_SEAL = object()


@dataclass(frozen=True)
class ReleasedRow:
    """A line of a released table."""

    name: str
    title: str
    cells: tuple[ReleasedCell, ...]


@dataclass(frozen=True)
class ReleasedTable:
    """A table that may leave. Raises TypeError when anything but the gate makes one."""

    name: str
    title: str
    kind: TableKind
    columns: tuple[Column, ...]
    rows: tuple[ReleasedRow, ...]
    star: str
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a ReleasedTable comes from linkage.research.disclosure.release alone")


@dataclass(frozen=True)
class Release:
    """Tables that passed together, the rule in force and what the gate found; `ledger` is the hash of its last line."""

    tables: tuple[ReleasedTable, ...]
    rule: ReleaseRule
    about: book.Entry
    verdicts: tuple[Verdict, ...]
    audited: int
    smallest_width: float | None
    waves_accepted: bool
    ledger: str = ""


def release(
    tables: Iterable[Table],
    file: HouseholdFile,
    ledger: Path,
    *,
    on: dt.date,
    accept_wave_changes: bool = False,
    suppressor: Callable[[Question], Pattern] = suppress,
) -> Release:
    """Let tables out together, and write in the ledger what was let out before anyone sees it.

    With `accept_wave_changes` the output checker takes responsibility for small changes between waves; the review
    file says so. Raises DisclosureRefused, ReleaseLedgerBroken, OutputError; nothing leaves then.
    """
    wanted, entries = tuple(tables), book.read(ledger)
    gate = Gate(wanted, file, entries, accept_wave_changes)
    pattern, proposals, intervals = gate.pass_through(suppressor)
    entry = gate.entry(proposals, on)
    if book.read(ledger) != entries:
        raise ReleaseLedgerBroken(f"{ledger.name} is intussen veranderd; probeer het opnieuw")
    entry = book.append(ledger, entries, entry)
    widths = [interval.high - interval.low for interval in intervals if not interval.amount]
    return Release(
        tables=tuple(_sealed(proposal, file.protocol.release.star) for proposal in proposals),
        rule=file.protocol.release,
        about=entry,
        verdicts=tuple(gate.verdict(proposal, pattern, intervals) for proposal in proposals),
        audited=len(intervals),
        smallest_width=min(widths, default=None),
        waves_accepted=accept_wave_changes,
        ledger=chain.last(book.read(ledger)),
    )


def judge(proposals: Iterable[Proposal], file: HouseholdFile, ledger: Path) -> tuple[Interval, ...]:
    """What an attacker computes from these tables and all earlier ones; nothing is released by asking.

    Raises DisclosureRefused where that is too much, ReleaseLedgerBroken.
    """
    asked = tuple(proposals)
    gate = Gate(tuple(proposal.table for proposal in asked), file, book.read(ledger), waves=False)
    return gate.judge(asked, gate.intervals(asked))


def _sealed(proposal: Proposal, star: str) -> ReleasedTable:
    rows = tuple(
        ReleasedRow(row.name, row.title, out) for row, out in zip(proposal.table.rows, proposal.printed, strict=True)
    )
    table = proposal.table
    return ReleasedTable(table.name, table.title, table.kind, table.columns, rows, star, seal=_SEAL)
