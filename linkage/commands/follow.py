"""The command that tells what became of households over the waves of a study."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from linkage.commands.terminal import FILE, FOLDER


@click.command()
@click.option(
    "--study", "studies", type=FILE, multiple=True, required=True, help="De studie van een meting; per meting."
)
@click.option("--input", "sources", type=FILE, multiple=True, required=True, help="Het onderzoeksbestand; per meting.")
@click.option("--group", required=True, help="Kolom die zegt wie in de eerste meting in de onderzoeksgroep zit.")
@click.option("--outcome", required=True, help="Kolom waarvan u de verandering wilt weten.")
@click.option("--ledger", type=FILE, help="Logboek van vervolgtabellen; standaard vervolg.jsonl bij de eerste meting.")
@click.option("--output", type=FOLDER, required=True, help="Map voor de tabellen die openbaar worden.")
def follow(
    studies: tuple[Path, ...],
    sources: tuple[Path, ...],
    group: str,
    outcome: str,
    ledger: Path | None,
    output: Path,
) -> None:
    """Vergelijk metingen: wie blijft, komt erbij, houdt op of is weg; onderdrukt en nagerekend."""
    from linkage.errors import ResearchError
    from linkage.research import follow as room
    from linkage.research.households import open_households
    from linkage.study import load_study

    if len(studies) != len(sources):
        raise ResearchError(
            "geef bij elk onderzoeksbestand (--input) de studie van die meting (--study), in een volgorde"
        )
    files = [open_households(path, load_study(study)) for path, study in zip(sources, studies, strict=True)]
    waves = room.follow_up(files, group, outcome)
    first = min(zip(files, sources, strict=True), key=lambda pair: pair[0].study.study.wave)
    made = room.release(waves, ledger or room.ledger_of(first[1], first[0]), dt.date.today())
    for file in room.write(made, output):
        click.echo(f"Geschreven: {file}")
    click.echo(room.said(made))
