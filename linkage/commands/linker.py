"""The command of the linker."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.commands.terminal import FILE, FOLDER, asker, say_all
from linkage.limits import for_large_files, loading

if TYPE_CHECKING:
    from linkage.engine.cluster import Cluster


@click.command()
@click.option("--study", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--identity", "identity_file", type=FILE, required=True, help="De identiteit van de koppelaar.")
@click.option("--inbox", type=FOLDER, required=True, help="Map met de ontvangen pakketten (*.package).")
@click.option("--output", type=FOLDER, required=True, help="Map voor het onderzoeksbestand, in de beveiligde omgeving.")
@click.option("--ledger", type=FILE, help="Het logboek; standaard ledger.jsonl in de map van --output.")
@click.option("--previous", type=FOLDER, help="Map waarin een eerdere meting is gekoppeld; haar huishoudens gaan door.")
@click.option("--engine", type=click.Choice(["polars", "spark"]), default="polars", help="Waarmee wordt gekoppeld.")
@click.option("--master", help="Waar Spark draait: local[*] (standaard, hier) of spark://MACHINE:POORT.")
@click.option("--shared", type=FOLDER, help="Map die alle machines van het Spark-cluster onder dit pad zien.")
@click.option("--cluster-secret", type=FILE, help="Bestand met het geheim dat de machines van het cluster delen.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord, op een regel.")
def link(
    study: Path,
    identity_file: Path,
    inbox: Path,
    output: Path,
    ledger: Path | None,
    previous: Path | None,
    engine: str,
    master: str | None,
    shared: Path | None,
    cluster_secret: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Open de pakketten en koppel ze tot een onderzoeksbestand per huishouden."""
    for_large_files()
    with loading():
        from linkage.keys import load_linker
        from linkage.linker import run as room
        from linkage.study import load_study
        from linkage.words import linked

    cluster = _cluster(engine, master, shared, cluster_secret)
    loaded = load_study(study)
    request = room.Request(
        study=loaded,
        identity=load_linker(identity_file, asker(passphrase_file)),
        inbox=inbox,
        output=output,
        today=dt.date.today(),
        ledger=ledger,
        say=click.echo,
        cluster=cluster,
        previous=previous,
    )
    result = room.run(request)
    click.echo("")
    say_all(linked(result.numbers))
    click.echo(f"\nOnderzoeksbestand: {result.households}")


def _cluster(engine: str, master: str | None, shared: Path | None, secret: Path | None) -> Cluster | None:
    """Where Spark runs; None for the embedded engine, which has no use for what is said about a cluster."""
    from linkage.engine.cluster import Cluster
    from linkage.errors import MasterUnusable

    if engine == "spark":
        return Cluster(master or "local[*]", shared, secret)
    if master or shared or secret:
        raise MasterUnusable("--master, --shared en --cluster-secret horen bij Spark; geef ook --engine spark")
    return None
