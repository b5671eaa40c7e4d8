"""The command that tells a linker how good the linkage is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from linkage.commands.terminal import FILE, FOLDER, asker, say_all


@click.command()
@click.option("--study", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--identity", "identity_file", type=FILE, required=True, help="De identiteit van de koppelaar.")
@click.option("--inbox", type=FOLDER, required=True, help="Map met de pakketten waarmee is gekoppeld (*.package).")
@click.option("--output", type=FOLDER, required=True, help="Map waarin `linkage link` het onderzoeksbestand schreef.")
@click.option("--ledger", type=FILE, help="Het logboek; standaard ledger.jsonl in de map van --output.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord, op een regel.")
def quality(
    study: Path, identity_file: Path, inbox: Path, output: Path, ledger: Path | None, passphrase_file: Path | None
) -> None:
    """Kijk na hoe goed er is gekoppeld, en wat andere keuzes met de uitkomsten zouden doen."""
    from linkage.keys import load_linker
    from linkage.linker.quality import run as room
    from linkage.linker.quality.account import account
    from linkage.linker.run import Request
    from linkage.study import load_study

    loaded = load_study(study)
    made = room.run(
        Request(
            study=loaded,
            identity=load_linker(identity_file, asker(passphrase_file)),
            inbox=inbox,
            output=output,
            today=dt.date.today(),
            ledger=ledger,
            say=click.echo,
        )
    )
    click.echo("")
    say_all(account(made.report, loaded.protocol))
    click.echo(
        f"\nKwaliteitsverslag: {made.path}\nEr staan ook kleine aantallen in: het blijft in de beveiligde omgeving."
    )
