"""The command that lists what of a study still exists."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from linkage.commands.terminal import FILE, FOLDER
from linkage.errors import RetentionPassed


@click.command()
@click.argument("study", type=FILE)
@click.option("--folder", type=FOLDER, required=True, multiple=True, help="Waar te kijken; mag vaker.")
def retention(study: Path, folder: tuple[Path, ...]) -> None:
    """Noem wat er van een studie nog bestaat, en of het weg moet."""
    from linkage.keeping.retention import look
    from linkage.study import load_study

    loaded, today = load_study(study), dt.date.today()
    reports = [(place, look(loaded, place, today)) for place in folder]
    until, total = loaded.study.retention_until, sum(len(report.found) for _, report in reports)
    for place, report in reports:
        for found in report.found:
            click.echo(f"  {found.kind:<44} {place.name}/{found.place}")
    click.echo(f"{total} bestanden van deze studie gevonden; bewaren tot en met {until:%d-%m-%Y}.")
    if total and today > until:
        raise RetentionPassed(
            f"de bewaartermijn is voorbij en er zijn nog {total} bestanden; vernietig ze (sleutels en pakketten met: "
            "linkage keys destroy), ook op reservekopieën"
        )
    if total and reports[0][1].soon:
        click.echo(f"Let op: over {reports[0][1].days_left} dagen moet dit weg.")
