"""The command of the linker."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from linkage.commands.terminal import FILE, FOLDER, asker, say_all


@click.command()
@click.option("--study", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--identity", "identity_file", type=FILE, required=True, help="De identiteit van de koppelaar.")
@click.option("--inbox", type=FOLDER, required=True, help="Map met de ontvangen pakketten (*.package).")
@click.option("--output", type=FOLDER, required=True, help="Map voor het onderzoeksbestand, in de beveiligde omgeving.")
@click.option("--ledger", type=FILE, help="Het logboek; standaard ledger.jsonl in de map van --output.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord, op een regel.")
def link(
    study: Path, identity_file: Path, inbox: Path, output: Path, ledger: Path | None, passphrase_file: Path | None
) -> None:
    """Open de pakketten en koppel ze tot een onderzoeksbestand per huishouden."""
    from linkage.keys import load_linker
    from linkage.linker import run as room
    from linkage.study import load_study
    from linkage.words import linked

    loaded = load_study(study)
    request = room.Request(
        study=loaded,
        identity=load_linker(identity_file, asker(passphrase_file)),
        inbox=inbox,
        output=output,
        today=dt.date.today(),
        ledger=ledger,
        say=click.echo,
    )
    result = room.run(request)
    click.echo("")
    say_all(linked(result.numbers))
    click.echo(f"\nOnderzoeksbestand: {result.households}")
