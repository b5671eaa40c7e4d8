"""Commands that make keys."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from linkage.commands.terminal import FILE, passphrase_from
from linkage.errors import AgreementError, PassphraseNeeded


@click.group()
def keys() -> None:
    """Sleutels maken: van een houder of koppelaar, en de hoofdsleutel van een studie."""


def _protection(function: Callable[..., None]) -> Callable[..., None]:
    @click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord, op een regel.")
    @click.option("--no-passphrase", is_flag=True, help="Zonder wachtwoord (alleen op een beveiligde schijf).")
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapped


def _new_passphrase(passphrase_file: Path | None, no_passphrase: bool) -> str | None:
    if no_passphrase:
        return None
    if passphrase_file is not None:
        return passphrase_from(passphrase_file)
    if not sys.stdin.isatty():
        raise PassphraseNeeded("geef een wachtwoord met --passphrase-file, of kies uitdrukkelijk --no-passphrase")
    first: str = click.prompt("Nieuw wachtwoord, ten minste 12 tekens", hide_input=True, err=True)
    second: str = click.prompt("Nog een keer", hide_input=True, err=True)
    if first != second:
        raise PassphraseNeeded("de twee wachtwoorden zijn niet gelijk; begin opnieuw")
    return first


@keys.command("identity")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["holder", "linker"]), required=True, help="holder (houder) of linker (koppelaar)."
)
@click.option("--output", type=FILE, help="Geheim bestand; standaard NAME.identity.")
@_protection
def identity(name: str, role: str, output: Path | None, passphrase_file: Path | None, no_passphrase: bool) -> None:
    """Maak een identiteit: een geheim bestand, en de publieke regel voor de studie."""
    from linkage.keys import fingerprint, new_holder, new_linker, save, valid_name

    if not valid_name(name):
        raise AgreementError(
            "een naam heeft 2 tot 48 kleine letters, cijfers en streepjes, bijvoorbeeld politie-twente"
        )
    key = new_holder(name) if role == "holder" else new_linker(name)
    target = output or Path(f"{name}.identity")
    save(target, key, _new_passphrase(passphrase_file, no_passphrase))
    click.echo(f"Geheim, bewaar het veilig:  {target}", err=True)
    click.echo(f"Vingerafdruk, om door de telefoon te vergelijken:  {fingerprint(key.public)[:16]}", err=True)
    click.echo("Publiek, voor de studie:", err=True)
    click.echo(f'public_key = "{key.public}"')


@keys.command("root")
@click.argument("study", type=FILE)
@click.option("--output", type=FILE, help="Geheim bestand; standaard naast de studie, met .root.")
@_protection
def root(study: Path, output: Path | None, passphrase_file: Path | None, no_passphrase: bool) -> None:
    """Maak de hoofdsleutel van een studie, voor de houders alleen; druk het blok [root] voor de studie af."""
    from linkage.holder.encode import root_block
    from linkage.keys import new_root, save
    from linkage.study import load_study

    loaded = load_study(study)
    key = new_root(loaded.study.id)
    target = output or study.with_suffix(".root")
    save(target, key, _new_passphrase(passphrase_file, no_passphrase))
    click.echo(f"Geheim, alleen voor de houders, nooit voor de koppelaar:  {target}", err=True)
    click.echo("Publiek, voor de studie:", err=True)
    click.echo(root_block(loaded, key))
