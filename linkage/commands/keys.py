"""Commands that make keys; those that agree on one, back it up or give it up have files of their own."""

from __future__ import annotations

from pathlib import Path

import click

from linkage.commands import agreement, keeping
from linkage.commands.passphrases import new_passphrase, protection
from linkage.commands.terminal import FILE
from linkage.errors import AgreementError


@click.group()
def keys() -> None:
    """Sleutels maken, samen afspreken, bewaren op papier, en vernietigen."""


for _command in (agreement.charter, agreement.commit, agreement.reveal, agreement.agree):
    keys.add_command(_command)
for _command in (keeping.backup, keeping.restore, keeping.destroy, keeping.closed):
    keys.add_command(_command)


@keys.command("identity")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["holder", "linker", "signer"]),
    required=True,
    help="holder (houder), linker (koppelaar), of signer (waarmee de koppelaar tekent).",
)
@click.option("--output", type=FILE, help="Geheim bestand; standaard NAME.identity.")
@protection
def identity(name: str, role: str, output: Path | None, passphrase_file: Path | None, no_passphrase: bool) -> None:
    """Maak een identiteit: een geheim bestand, en de publieke regel voor de studie."""
    from linkage.keys import fingerprint, new_holder, new_linker, save, valid_name

    if not valid_name(name):
        raise AgreementError(
            "een naam heeft 2 tot 48 kleine letters, cijfers en streepjes, bijvoorbeeld politie-twente"
        )
    key = new_linker(name) if role == "linker" else new_holder(name)
    target = output or Path(f"{name}.identity")
    save(target, key, new_passphrase(passphrase_file, no_passphrase))
    click.echo(f"Geheim, bewaar het veilig:  {target}", err=True)
    click.echo(f"Vingerafdruk, om door de telefoon te vergelijken:  {fingerprint(key.public)[:16]}", err=True)
    click.echo("Publiek, voor de studie:", err=True)
    click.echo(f'{"signing_key" if role == "signer" else "public_key"} = "{key.public}"')


@keys.command("root")
@click.argument("study", type=FILE)
@click.option("--output", type=FILE, help="Geheim bestand; standaard naast de studie, met .root.")
@protection
def root(study: Path, output: Path | None, passphrase_file: Path | None, no_passphrase: bool) -> None:
    """Maak alleen een hoofdsleutel, om te oefenen of voor een houder; druk het blok [root] voor de studie af.

    In een echte studie met meer houders: linkage keys charter, commit, reveal en agree.
    """
    from linkage.holder.encode import root_block
    from linkage.keys import new_root, save
    from linkage.study import load_study

    loaded = load_study(study)
    key = new_root(loaded.study.id)
    target = output or study.with_suffix(".root")
    save(target, key, new_passphrase(passphrase_file, no_passphrase))
    click.echo(
        "U maakt deze hoofdsleutel alleen: de andere houders moeten erop vertrouwen dat u hem niet kiest,", err=True
    )
    click.echo("en hij moet nog naar hen toe. Samen maken kan met: linkage keys charter", err=True)
    click.echo(f"Geheim, alleen voor de houders, nooit voor de koppelaar:  {target}", err=True)
    click.echo("Publiek, voor de studie:", err=True)
    click.echo(root_block(loaded, key))
