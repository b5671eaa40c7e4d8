"""Commands with which the holders make the root together (docs/spec/key-agreement-v1.md)."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linkage.commands.passphrases import OneAnswer, new_passphrase
from linkage.commands.terminal import FILE, FOLDER
from linkage.errors import RoundMixed, WrongKey

if TYPE_CHECKING:
    from linkage.agreement.charter import Charter
    from linkage.keys import Contribution, HolderIdentity
    from linkage.study import Study

DAY = click.DateTime(formats=["%Y-%m-%d"])


@dataclass(frozen=True)
class Desk:
    """What a holder has on its desk in every step."""

    study_file: Path
    study: Study
    identity: HolderIdentity
    holder: str
    folder: Path
    contribution: Path
    ask: OneAnswer

    def mine(self, charter: Charter) -> Contribution:
        """This holder's own part."""
        from linkage.keys import load_contribution

        return load_contribution(self.contribution, charter.digest, self.holder, self.ask)


def _at_desk(function: Callable[..., None]) -> Callable[..., None]:
    @click.argument("study", type=FILE)
    @click.option("--identity", "identity_file", type=FILE, required=True, help="Uw identiteit.")
    @click.option("--folder", type=FOLDER, required=True, help="De map met de bestanden van alle houders.")
    @click.option("--contribution", type=FILE, help="Uw geheime bijdrage; standaard naast uw identiteit.")
    @click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord van uw identiteit, op een regel.")
    @wraps(function)
    def wrapped(
        study: Path,
        identity_file: Path,
        folder: Path,
        contribution: Path | None,
        passphrase_file: Path | None,
        **more: Any,
    ) -> None:
        desk = _desk(study, identity_file, folder, contribution, OneAnswer(passphrase_file))
        function(desk, **more)

    return wrapped


def _desk(study: Path, identity_file: Path, folder: Path, contribution: Path | None, ask: OneAnswer) -> Desk:
    from linkage.keys import load_holder
    from linkage.study import load_study

    loaded, identity = load_study(study), load_holder(identity_file, ask)
    holder = next((entry.id for entry in loaded.holder if entry.public_key == identity.public), None)
    if holder is None:
        raise WrongKey("deze identiteit is van geen houder in de studie; neem het goede bestand of de goede studie")
    secret = contribution or identity_file.with_suffix(".contribution")
    return Desk(study, loaded, identity, holder, folder, secret, ask)


@click.command()
@_at_desk
@click.option("--commit-until", type=DAY, help="Laatste dag van ronde 1 (jjjj-mm-dd); alleen wie begint.")
@click.option("--reveal-until", type=DAY, help="Laatste dag van ronde 2 (jjjj-mm-dd); alleen wie begint.")
def charter(desk: Desk, commit_until: dt.datetime | None, reveal_until: dt.datetime | None) -> None:
    """Teken de afspraak: wie samen de hoofdsleutel maken, en voor welke dag."""
    from linkage.agreement.charter import CharterSigned, check_days
    from linkage.agreement.files import write_signed

    today = dt.date.today()
    agreed = _charter(desk, commit_until, reveal_until)
    check_days(agreed, today)
    body = CharterSigned(
        format="household-linkage/charter/v1", made=today.isoformat(), holder=desk.holder, charter=agreed
    )
    written = write_signed(desk.folder, "charter", desk.holder, body, desk.identity)
    click.echo(f"{desk.study.study.title}: {len(agreed.holders)} houders maken samen de hoofdsleutel")
    for party in agreed.holders:
        click.echo(f"  {party.id:<30} {_fingerprint(party.key)}")
    click.echo(f"  koppelaar, die hem nooit krijgt {agreed.linker[:16]}")
    click.echo(f"  ronde 1 tot en met {agreed.commit_until}, ronde 2 tot en met {agreed.reveal_until}")
    click.echo(f"  controlegetal van de afspraak  {agreed.digest[:16]} (bij elke houder gelijk)")
    click.echo(f"Klopt dit? Verstuur dan naar alle houders:  {written.name}")
    click.echo("Liggen alle .charter-bestanden in de map, ga dan verder met: linkage keys commit")


def _fingerprint(line: str) -> str:
    from linkage.keys import fingerprint

    return fingerprint(line)[:16]


def _charter(desk: Desk, commit_until: dt.datetime | None, reveal_until: dt.datetime | None) -> Charter:
    from linkage.agreement.charter import charter_of, only_charter
    from linkage.agreement.files import charters
    from linkage.files import make_folder

    if desk.study.root is not None:
        raise RoundMixed("de studie heeft al een [root]; haal dat blok eerst weg als er een nieuwe hoofdsleutel komt")
    if commit_until is None and reveal_until is None:
        return only_charter(charters(desk.folder), desk.study)
    if commit_until is None or reveal_until is None:
        raise RoundMixed("geef --commit-until en --reveal-until allebei, of geen van beide")
    if charters(make_folder(desk.folder)):
        raise RoundMixed("in de map ligt al een afspraak; teken die (zonder dagen), of neem een lege map")
    return charter_of(desk.study, secrets.token_hex(16), commit_until.date(), reveal_until.date())


@click.command()
@_at_desk
def commit(desk: Desk) -> None:
    """Ronde 1: leg uw geheime bijdrage vast zonder haar te tonen."""
    from linkage.agreement import rounds
    from linkage.agreement.charter import agreed_charter
    from linkage.agreement.files import charters, free_path, write_signed
    from linkage.keys import new_contribution, save

    agreed = agreed_charter(charters(desk.folder), desk.study)
    mine = new_contribution(agreed.digest, desk.holder)
    body = rounds.commit(agreed, desk.identity, mine, dt.date.today())
    free_path(desk.folder, "commit", desk.holder)  # before the secret, so that neither is left without the other
    save(desk.contribution, mine, desk.ask.given)
    written = write_signed(desk.folder, "commit", desk.holder, body, desk.identity)
    click.echo(f"Geheim, blijft bij u:        {desk.contribution.name}")
    click.echo(f"Verstuur naar alle houders:  {written.name}")
    click.echo("Liggen alle .commit-bestanden in de map, ga dan verder met: linkage keys reveal")


@click.command()
@_at_desk
def reveal(desk: Desk) -> None:
    """Ronde 2: onthul uw bijdrage, alleen aan de andere houders."""
    from linkage.agreement import rounds
    from linkage.agreement.charter import agreed_charter
    from linkage.agreement.files import charters, commits, mark_revealed, write_signed

    agreed = agreed_charter(charters(desk.folder), desk.study)
    round_one = rounds.committed(commits(desk.folder), agreed)
    body = rounds.reveal(round_one, desk.identity, desk.mine(agreed), dt.date.today())
    mark_revealed(desk.contribution, round_one)
    written = write_signed(desk.folder, "reveal", desk.holder, body, desk.identity)
    click.echo(f"Verstuur naar alle houders:  {written.name} (verzegeld; de koppelaar kan het niet openen)")
    click.echo("Liggen alle .reveal-bestanden in de map, ga dan verder met: linkage keys agree")


@click.command()
@_at_desk
@click.option("--output", type=FILE, help="De hoofdsleutel; standaard naast de studie, met .root.")
@click.option("--root-passphrase-file", type=FILE, help="Bestand met het wachtwoord voor de hoofdsleutel.")
@click.option("--no-passphrase", is_flag=True, help="De hoofdsleutel zonder wachtwoord (op een beveiligde schijf).")
def agree(desk: Desk, output: Path | None, root_passphrase_file: Path | None, no_passphrase: bool) -> None:
    """Reken de hoofdsleutel uit, en druk de woorden af om aan elkaar voor te lezen."""
    from linkage.agreement import rounds
    from linkage.agreement.charter import agreed_charter
    from linkage.agreement.files import charters, commits, reveals
    from linkage.holder.encode import root_block
    from linkage.keys import save

    agreed = agreed_charter(charters(desk.folder), desk.study)
    round_one = rounds.committed(commits(desk.folder), agreed)
    mine = desk.mine(agreed)
    made = rounds.agree(reveals(desk.folder), round_one, desk.identity, mine, desk.study, dt.date.today())
    if desk.study.root is not None and desk.study.root.key_id != made.root.key_id:
        raise RoundMixed("in de studie staat een andere [root]; vraag de andere houders welke geldt")
    target = output or desk.study_file.with_suffix(".root")
    save(target, made.root, new_passphrase(root_passphrase_file, no_passphrase))
    click.echo(f"Geheim, alleen voor de houders, nooit voor de koppelaar:  {target.name}", err=True)
    click.echo("Lees deze woorden aan de telefoon voor; bij elke houder staan dezelfde negen:", err=True)
    for start in range(0, len(made.phrase), 3):
        click.echo("    " + "  ".join(made.phrase[start : start + 3]), err=True)
    click.echo("Is er een anders? Gebruik de sleutel niet, en begin opnieuw. Zijn ze gelijk, vernietig dan", err=True)
    click.echo(f"uw bijdrage ({desk.contribution.name}); zie: linkage keys destroy --help", err=True)
    click.echo("Publiek, voor de studie:", err=True)
    click.echo(root_block(desk.study, made.root))
