"""What the researcher's commands do, from the household file to files that stay, or that may leave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from linkage.errors import CostsIncomplete, ResearchError
from linkage.files import make_folder, replacing
from linkage.place import allowed_folder
from linkage.research import quality_tables, sheets
from linkage.research import release as written
from linkage.research.cells import Counts
from linkage.research.cost_tables import cost_tables
from linkage.research.costs import YearCosts, per_group, per_household
from linkage.research.disclosure import Proposal, Release, propose
from linkage.research.disclosure import release as let_out
from linkage.research.households import HouseholdFile, open_households
from linkage.research.priced import Priced, priced
from linkage.research.quality import read
from linkage.research.tables import Municipality, Table, tabulate
from linkage.study import Study

LEDGER = "release.jsonl"
REVIEW = "uitvoercontrole.md"
UNRELEASED = (
    "NIET OPENBAAR: niets is onderdrukt. Dit blijft in de beveiligde omgeving; wat weg mag, maakt `linkage release`."
)


@dataclass(frozen=True)
class Research:
    """A household file with what its protocol makes of it: its costs, where it has any, and the linker's account."""

    path: Path
    file: HouseholdFile
    costs: Priced | None

    @property
    def ledger(self) -> Path:
        """Where the release ledger of the study stands unless told otherwise."""
        return self.path.with_name(LEDGER)


def open_research(path: Path, study: Study, *, without: Collection[str] = (), costs: bool = True) -> Research:
    """Open a household file, with `linkage.json` and `quality.json` beside it where those stand there.

    `without` leaves out prices or sections by name; with `costs` off there are no costs at all. Raises
    HouseholdFileWrong, CostsIncomplete.
    """
    file = open_households(path, study)
    account = path.with_name("linkage.json")
    if account.exists():
        file = replace(file, linkage=read(account, file))
    report = path.with_name(quality_tables.FILE)
    if report.exists():
        file = replace(file, quality=quality_tables.read(report, file, path))
    if not costs or file.protocol.costs is None:
        return Research(path, file, None)
    made = priced(file, without)
    return Research(path, made.file, made)


def tables_of(
    research: Research, *, names: Collection[str] = (), others: Iterable[Municipality] = ()
) -> tuple[Table, ...]:
    """Every table that can be made of the file, or those of `names`. Raises ResearchError for an unknown name."""
    made = tabulate(research.file, others=others)
    if research.costs is not None:
        made += cost_tables(research.costs)
    made += quality_tables.every(research.file)
    known = {table.name: table for table in made}
    for name in names:
        if name not in known:
            raise ResearchError(f"er is geen tabel {name}; er zijn: {', '.join(known)}")
    return tuple(table for table in made if not names or table.name in names)


def write_unreleased(research: Research, tables: Iterable[Table], folder: Path, name: str) -> tuple[Path, ...]:
    """Write tables as they are, for the secured environment alone. Raises PlaceNotAllowed, OutputError."""
    study = research.file.study
    allowed_folder(folder, folders=study.linker.secured_folders or (str(research.path.parent.resolve()),))
    make_folder(folder)
    return sheets.write(unreleased(research, tables), folder, name)


def unreleased(research: Research, tables: Iterable[Table]) -> list[sheets.Sheet]:
    """Tables as they are, for the secured environment alone."""
    proposals = propose(tables, Counts(research.file), frozenset(), research.file.protocol.release)
    return [_sheet(proposal) for proposal in proposals]


def write_costs(research: Research, folder: Path) -> tuple[YearCosts, tuple[Path, ...]]:
    """Write the cost tables, and a row per household, for the secured environment alone; and give the means.

    Raises CostsIncomplete, PlaceNotAllowed, OutputError.
    """
    if research.costs is None:
        raise CostsIncomplete("het protocol zegt niets over kosten; voeg [costs] toe en prijzen aan tariffs.csv")
    files = write_unreleased(research, cost_tables(research.costs), folder, "niet-openbaar-kosten")
    target = folder / "kosten-per-huishouden.parquet"
    without = research.costs.used.without
    with replacing(target) as file:
        per_household(research.file, without).write_parquet(file, statistics=False)
    return per_group(research.file, without), (*files, target)


def _sheet(proposal: Proposal) -> sheets.Sheet:
    table = proposal.table
    lines = tuple(
        sheets.Line(row.name, row.title, tuple(cell.value for cell in printed))
        for row, printed in zip(table.rows, proposal.printed, strict=True)
    )
    return sheets.Sheet(table.name, table.title, table.columns, lines, "", UNRELEASED)


def release(
    research: Research,
    tables: Iterable[Table],
    *,
    on: dt.date,
    ledger: Path | None = None,
    accept_wave_changes: bool = False,
) -> Release:
    """Let tables out through the gate. Raises DisclosureRefused, ReleaseLedgerBroken, OutputError."""
    return let_out(tables, research.file, ledger or research.ledger, on=on, accept_wave_changes=accept_wave_changes)


def write_release(made: Release, folder: Path, ledger: Path) -> tuple[Path, ...]:
    """Write a release for readers in `folder`, and the checker's review beside the ledger. Raises OutputError."""
    return written.write(made, folder, ledger.with_name(REVIEW))
