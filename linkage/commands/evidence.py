"""The command that gathers the evidence for an impact assessment, and that checks what another party gathered."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.commands.terminal import FILE, FOLDER, asker, say_all

if TYPE_CHECKING:
    from linkage.evidence.model import Evidence


@click.command()
@click.option("--study", "study_file", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--identity", "identity_file", type=FILE, help="Waarmee u tekent: een houder, of de koppelaar (signer).")
@click.option("--folder", "folders", type=FOLDER, multiple=True, help="Waar de stukken liggen; mag vaker.")
@click.option("--output", type=FOLDER, help="De nieuwe map, bijvoorbeeld bewijs-2026.")
@click.option("--check", "pack", type=FOLDER, help="Controleer een map die een ander maakte; dan zonder de rest.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord van uw identiteit, op een regel.")
def evidence(
    study_file: Path,
    identity_file: Path | None,
    folders: tuple[Path, ...],
    output: Path | None,
    pack: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Verzamel het bewijs voor een DPIA in een getekende map, of controleer zo'n map."""
    if pack is not None:
        if identity_file or folders or output:
            raise click.UsageError("--check alone")
        _check(pack, study_file)
        return
    if identity_file is None or not folders or output is None:
        raise click.UsageError("--identity, --folder and --output, or --check")
    _make(study_file, identity_file, folders, output, passphrase_file)


def _make(
    study_file: Path, identity_file: Path, folders: tuple[Path, ...], output: Path, passphrase_file: Path | None
) -> None:
    from linkage.evidence.pack import Request, make
    from linkage.keys import load_holder

    identity = load_holder(identity_file, asker(passphrase_file))
    made = make(Request(study_file, identity, folders, dt.date.today()), output).evidence
    say_all(_in_words(made))
    click.echo(f"Geschreven: {output}; begin met bewijs.html")


def _check(pack: Path, study_file: Path) -> None:
    from linkage.evidence.check import check
    from linkage.study import load_study

    found = check(pack, load_study(study_file))
    say_all(_in_words(found))
    click.echo(f"De map is heel, en op {found.made} getekend door {found.party}.")


def _in_words(made: Evidence) -> Iterator[str]:
    from linkage.evidence.page import KIND_NAMES

    for kind, count in sorted(Counter(record.kind for record in made.records).items()):
        yield f"  {KIND_NAMES[kind]:<44} {count:>4}"
    for one in made.remains:
        yield f"  nog aanwezig: {one.kind:<30} {one.files:>4}"
    yield f"  niet meegenomen: {'ander bestand':<27} {made.left_out:>4}"
    met = Counter(one.met for one in made.requirements)
    yield f"Eisen: {met['geheel']} geheel, {met['deels']} deels, {met['organisatorisch']} organisatorisch vervuld."
    absent = [one.id for one in made.requirements if one.absent]
    if absent:
        yield f"Er ontbreken nog stukken bij {', '.join(absent)}; bewijs.html zegt welke."
