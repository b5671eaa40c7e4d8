"""The command of a holder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from linkage.commands.exports import Given, export_of, exports, with_password, written_so
from linkage.commands.terminal import FILE, Bar, asker, say_all
from linkage.limits import for_large_files, loading


@click.command()
@click.option("--study", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--delivery", required=True, help="De levering, zoals politie.")
@click.option("--holder", required=True, help="Uw naam in de studie, zoals politie-twente.")
@exports
@click.option("--root", "root_file", type=FILE, required=True, help="De hoofdsleutel van de studie.")
@click.option("--identity", "identity_file", type=FILE, required=True, help="Uw identiteit.")
@click.option("--output", type=FILE, help="Het pakket dat u verstuurt.")
@click.option("--preview", "only_preview", is_flag=True, help="Alleen laten zien wat er mee zou gaan.")
@click.option("--route", type=click.Choice(["auto", "reference", "polars-hash", "fast"]), default="auto", hidden=True)
@click.option("--sequence", type=click.IntRange(1, 1_000_000), default=1, help="Hoger bij een verbeterde levering.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord, op een regel.")
@click.option("--root-passphrase-file", type=FILE, help="Hetzelfde voor de hoofdsleutel, als dat een ander is.")
@click.option("--quiet", is_flag=True, help="Geen overzicht op het scherm.")
def encode(
    study: Path,
    delivery: str,
    holder: str,
    given: Given,
    root_file: Path,
    identity_file: Path,
    output: Path | None,
    only_preview: bool,
    route: str,
    sequence: int,
    passphrase_file: Path | None,
    root_passphrase_file: Path | None,
    quiet: bool,
) -> None:
    """Zet uw export om in een verzegeld pakket zonder nummers en adressen."""
    for_large_files()
    with loading():
        from linkage.holder import encode as room
        from linkage.keys import load_holder, load_root
        from linkage.study import load_study
        from linkage.words import summarise

    loaded, ask = load_study(study), asker(passphrase_file)
    export = export_of(given)
    request = room.Request(
        job=written_so(room.job_of(loaded, holder, delivery), given),
        root=load_root(root_file, loaded.study.id, asker(root_passphrase_file or passphrase_file)),
        identity=load_holder(identity_file, ask),
        export=export,
        today=dt.date.today(),
        sequence=sequence,
        implementation=route,
        keep=tuple(
            path
            for path in (study, root_file, identity_file, passphrase_file, root_passphrase_file)
            if path is not None
        )
        + given.files,
    )
    bar = Bar(quiet)

    def show(summary: room.Summary) -> None:
        bar.stop()
        if not quiet:
            say_all(summarise(summary))

    with bar as progress:
        if only_preview:
            show(with_password(request, lambda asked: room.preview(asked, progress)))
            click.echo("\nVoorbeeld: er is niets geschreven.")
            return
        target = output or Path(f"{holder}-{delivery}.package")
        sealed = with_password(request, lambda asked: room.encode(asked, target, progress, show))
    _report_sealed(sealed)


def _report_sealed(sealed: Any) -> None:
    click.echo(f"\nVerstuur dit:    {sealed.package}")
    if sealed.rejects is not None:
        click.echo(f"Blijft bij u:    {sealed.rejects} (rijnummers en redenen)")
    click.echo(f"Controlegetal:   {sealed.digest}")
