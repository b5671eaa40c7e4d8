"""How a command gets at an export: a file, a protected workbook, or a query on the holder's own database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from linkage.commands.terminal import FILE, passphrase_from
from linkage.errors import InputUnreadable, PassphraseNeeded

if TYPE_CHECKING:
    from linkage.holder.encode import Request
    from linkage.holder.normalise import Job

T = TypeVar("T")


@dataclass(frozen=True)
class Given:
    """What was typed about the export; nothing of it is secret, passwords stand in files."""

    file: Path | None
    password_file: Path | None
    database: str | None
    query_file: Path | None
    user: str | None
    database_password_file: Path | None
    sheet: str | None
    header_row: int | None
    decimal: Literal["comma", "point"] | None

    @property
    def is_empty(self) -> bool:
        """Whether no export was named at all."""
        return self.file is None and self.database is None and self.query_file is None

    @property
    def files(self) -> tuple[Path, ...]:
        """Files of the holder's own, which no package may be written over."""
        named = (self.password_file, self.query_file, self.database_password_file)
        return (*(path for path in named if path is not None), *((Path(self.database),) if self.database else ()))


def exports(
    function: Callable[..., None], about: str = "Uw export: CSV, Excel, Parquet of SPSS."
) -> Callable[..., None]:
    """The options that say what the export is; the command gets them as one `given`. `about` is the help of --input."""

    @click.option("--input", "file", type=FILE, help=about)
    @click.option("--export-password-file", type=FILE, help="Bestand met het wachtwoord van het Excel-bestand.")
    @click.option("--sheet", help="Het blad van het Excel-bestand; standaard dat van de studie, anders het eerste.")
    @click.option("--header-row", type=click.IntRange(1, 100), help="De rij met de kolomnamen.")
    @click.option("--decimal", type=click.Choice(["comma", "point"]), help="Het teken voor de centen.")
    @click.option("--database", help="Uw eigen database: een gegevensbron (DSN), of een bestand met de verbinding.")
    @click.option("--query-file", type=FILE, help="Bestand met de query (SELECT) op die database.")
    @click.option("--database-user", help="Uw naam in de database; het wachtwoord wordt gevraagd.")
    @click.option("--database-password-file", type=FILE, help="Bestand met dat wachtwoord, op een regel.")
    @wraps(function)
    def wrapped(
        file: Path | None,
        export_password_file: Path | None,
        sheet: str | None,
        header_row: int | None,
        decimal: Literal["comma", "point"] | None,
        database: str | None,
        query_file: Path | None,
        database_user: str | None,
        database_password_file: Path | None,
        **others: Any,
    ) -> None:
        given = Given(
            file,
            export_password_file,
            database,
            query_file,
            database_user,
            database_password_file,
            sheet,
            header_row,
            decimal,
        )
        function(given=given, **others)

    return wrapped


def export_of(given: Given) -> Path:
    """The export that was meant. Raises InputUnreadable, PassphraseNeeded, SecretExposed."""
    from linkage.holder.source import source

    if given.database is None and given.query_file is None and given.file is not None:
        password = passphrase_from(given.password_file) if given.password_file else None
        return source(given.file, password=password) if password is not None else given.file
    if given.database is None or given.query_file is None or given.file is not None:
        raise InputUnreadable("geef uw export met --input, of uw database met --database en --query-file samen")
    from linkage.holder.database import asking, database

    return asking(given.query_file, database(given.database, given.user, _database_password(given)))


def _database_password(given: Given) -> str | None:
    if given.database_password_file is not None:
        return passphrase_from(given.database_password_file)
    if given.user is None:
        return None
    if not sys.stdin.isatty():
        raise PassphraseNeeded("geef het wachtwoord van de database met --database-password-file")
    answer: str = click.prompt("Wachtwoord van de database", hide_input=True, err=True)
    return answer


def written_so(job: Job, given: Given) -> Job:
    """The holder's entry with another sheet, row or sign, where that was typed; nothing that was agreed changes."""
    said = {"sheet": given.sheet, "header_row": given.header_row, "decimal": given.decimal}
    change = {name: value for name, value in said.items() if value is not None}
    if not change:
        return job
    form = job.holder.format.model_copy(update=change)
    return replace(job, holder=job.holder.model_copy(update={"format": form}))


def with_password(request: Request, work: Callable[[Request], T]) -> T:
    """As `unlocked`, for an encoding."""
    return unlocked(request.export, lambda export: work(replace(request, export=export)))


def unlocked(export: Path, work: Callable[[Path], T]) -> T:
    """Do the work; where the workbook turns out to have a password and there is a terminal, ask it and do it again."""
    from linkage.holder.source import source

    try:
        return work(export)
    except PassphraseNeeded:
        if not sys.stdin.isatty():
            raise PassphraseNeeded(f"{export.name} heeft een wachtwoord; geef het met --export-password-file") from None
    answer: str = click.prompt(f"Wachtwoord van {export.name}", hide_input=True, err=True)
    return work(source(export, password=answer))
