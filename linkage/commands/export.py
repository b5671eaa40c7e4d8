"""The command that writes the household file for another program."""

from __future__ import annotations

import datetime as dt
import os
import pwd
from pathlib import Path
from typing import Any, cast

import click

from linkage.commands.terminal import FILE


@click.command()
@click.option("--study", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--input", "source", type=FILE, required=True, help="Het onderzoeksbestand (households.parquet).")
@click.option("--output", "target", type=FILE, required=True, help="De export, in de beveiligde omgeving.")
@click.option("--recipient", required=True, help="Voor wie; komt met de grondslag in het logboek (exports.jsonl).")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["sav", "dta", "csv", "parquet", "ddi"]),
    help="SPSS, Stata, CSV, Parquet of DDI-Codebook; standaard naar de naam (.xml is DDI).",
)
def export(study: Path, source: Path, target: Path, recipient: str, kind: str | None) -> None:
    """Zet het onderzoeksbestand om voor SPSS, Stata of een rekenblad, met codeboek, en noteer voor wie."""
    from linkage.research import export as room
    from linkage.research.households import open_households
    from linkage.study import load_study

    request = room.Request(
        file=open_households(source, load_study(study)),
        source=source,
        target=target,
        kind=cast("room.Kind", kind) if kind else room.kind_of(target),
        recipient=recipient,
        account=_account(),
        now=dt.datetime.now(dt.UTC),
    )
    _report(room.export(request))


def _account() -> str:
    """The name of the account that runs this; from the system, since an environment variable can say anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _report(done: Any) -> None:
    click.echo(f"Geschreven:      {done.target.name}")
    if done.codebook is not None:
        click.echo(f"Codeboek:        {done.codebook.name}")
    if done.renamed:
        click.echo(f"Ingekorte namen: {len(done.renamed)}; de eigen naam staat in het label en in het codeboek")
    click.echo(f"Controlegetal:   {done.entry.sha256}")
    click.echo(f"Genoteerd:       voor {done.entry.recipient}, in exports.jsonl")
    click.echo(
        "Dit zijn gegevens per huishouden: gepseudonimiseerd, niet anoniem. Ze blijven in de beveiligde omgeving."
    )
