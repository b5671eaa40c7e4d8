"""The command of the re-identification self-test: for a holder, the linker, or the officer."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from linkage.commands.exports import Given, export_of, exports, unlocked, written_so
from linkage.commands.terminal import FILE, FOLDER, Bar, asker
from linkage.errors import TooRevealing

if TYPE_CHECKING:
    from linkage.assess.page import Page

T = TypeVar("T")


@click.command()
@click.option(
    "--role",
    type=click.Choice(["holder", "linker", "officer"]),
    default="holder",
    help="Voor wie; standaard holder (houder).",
)
@click.option("--study", "study_file", type=FILE, help="De studie (study.toml).")
@click.option("--delivery", help="Houder: de levering, zoals politie.")
@click.option("--holder", help="Houder: uw naam in de studie, zoals politie-twente.")
@partial(exports, about="Houder: uw export, zoals bij encode. Koppelaar: households.parquet.")
@click.option("--population", type=FILE, help="Houder: aantallen inwoners per combinatie van kenmerken (CSV).")
@click.option("--inbox", type=FOLDER, help="Koppelaar: map met de pakketten; vraagt ook --identity.")
@click.option("--identity", "identity_file", type=FILE, help="De identiteit van de koppelaar.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord, op een regel.")
@click.option("--town", type=FOLDER, help="Functionaris: de map die `linkage demo` maakte.")
@click.option("--output", type=FOLDER, default=Path("zelftoets"), help="Map voor de bladzijde; standaard zelftoets.")
@click.option("--quiet", is_flag=True, help="Geen voortgang op het scherm.")
def assess(
    role: str,
    study_file: Path | None,
    delivery: str | None,
    holder: str | None,
    given: Given,
    population: Path | None,
    inbox: Path | None,
    identity_file: Path | None,
    passphrase_file: Path | None,
    town: Path | None,
    output: Path,
    quiet: bool,
) -> None:
    """Toets hoe herleidbaar het is: speel de aanvallers, en schrijf een bladzijde voor de DPIA."""
    from linkage.assess.page import write
    from linkage.files import make_folder

    today = dt.date.today()
    make_folder(output)
    if role == "officer":
        page = _officer(_given(town, "--town"), output, today, quiet)
    elif role == "linker":
        study, file = _given(study_file, "--study"), _given(given.file, "--input")
        page = _linker(study, file, today, inbox, identity_file, passphrase_file)
    else:
        names = _given(delivery, "--delivery"), _given(holder, "--holder")
        _given(None if given.is_empty else given, "--input")
        page = _holder(_given(study_file, "--study"), names, given, output, population, quiet)
    written, _ = write(page, output, today)
    click.echo(page.verdict)
    for reason in page.reasons:
        click.echo(f"  - {reason}")
    click.echo(f"\nBladzijde voor de DPIA: {written}")
    if not page.good and role == "holder":
        raise TooRevealing("de levering is herleidbaarder dan de studie toestaat; op de bladzijde staat wat te doen")


def _given(value: T | None, option: str) -> T:
    """Raises the usage error of an option that this role needs."""
    if value is None:
        raise click.BadParameter("ontbreekt", param=click.Option([option]))
    return value


def _holder(
    study: Path, names: tuple[str, str], given: Given, output: Path, population: Path | None, quiet: bool
) -> Page:
    from linkage.assess import holder, holder_page
    from linkage.holder.encode import job_of
    from linkage.study import load_study

    delivery, name = names
    job = written_so(job_of(load_study(study), name, delivery), given)
    with Bar(quiet) as progress:
        found = unlocked(export_of(given), lambda export: holder.assess(job, export, output, progress, population))
    return holder_page.page(found)


def _linker(
    study: Path, file: Path, today: dt.date, inbox: Path | None, identity: Path | None, passphrase: Path | None
) -> Page:
    from linkage.assess import linker, linker_page
    from linkage.keys import load_linker
    from linkage.study import load_study

    if (inbox is None) != (identity is None):
        # They belong together: packages cannot be opened without, and there is nothing to open with it alone.
        raise click.BadParameter("ontbreekt", param=click.Option(["--identity" if inbox else "--inbox"]))
    key = None if identity is None else load_linker(identity, asker(passphrase))
    return linker_page.page(linker.assess(load_study(study), file, today, inbox, key))


def _officer(town: Path, output: Path, today: dt.date, quiet: bool) -> Page:
    from linkage.assess import officer, officer_page

    def say(text: str) -> None:
        if not quiet:
            click.echo(text)

    return officer_page.page(officer.assess(town, today, output, say))
