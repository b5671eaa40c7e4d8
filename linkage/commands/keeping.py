"""Commands that keep a root on paper, and that destroy keys with a signed record (docs/spec/keys-v1.md, 8 and 9)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from linkage.commands.passphrases import new_passphrase, protection
from linkage.commands.terminal import FILE, FOLDER, asker
from linkage.errors import PartyMissing, ShareWrong, WaveOpen


@click.command()
@click.argument("root", type=FILE)
@click.option("--study", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--shares", required=True, help="Zoals 3-of-5: vijf aandelen, waarvan er drie nodig zijn.")
@click.option("--output", type=FOLDER, required=True, help="Map voor de aandelen; druk ze af en vernietig de map.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord van de hoofdsleutel, op een regel.")
def backup(root: Path, study: Path, shares: str, output: Path, passphrase_file: Path | None) -> None:
    """Verdeel de hoofdsleutel in aandelen op papier."""
    from linkage.files import make_folder, write_text
    from linkage.keeping.shares import page, plan_of, split
    from linkage.keys import load_root
    from linkage.study import load_study

    plan, loaded = plan_of(shares), load_study(study)
    key = load_root(root, loaded.study.id, asker(passphrase_file))
    folder = make_folder(output)
    for number, words in enumerate(split(key, plan), start=1):
        target = folder / f"{root.stem}-aandeel-{number}-van-{plan.count}.txt"
        write_text(target, page(words, number, plan, loaded, key.key_id), exclusive=True)
        click.echo(f"Geheim, druk af en geef aan een houder:  {target.name}")
    click.echo("Wis de bestanden na het afdrukken; ook de printer kan ze nog bewaren.")


@click.command()
@click.argument("study", type=FILE)
@click.argument("shares", type=FILE, nargs=-1, required=True)
@click.option("--output", type=FILE, help="De hoofdsleutel; standaard naast de studie, met .root.")
@protection
def restore(
    study: Path, shares: tuple[Path, ...], output: Path | None, passphrase_file: Path | None, no_passphrase: bool
) -> None:
    """Zet de hoofdsleutel terug uit genoeg aandelen."""
    from linkage.keeping.shares import join, words_of
    from linkage.keys import save
    from linkage.study import load_study

    loaded = load_study(study)
    key = join([(path.name, words_of(_text(path), path.name)) for path in shares], loaded)
    target = output or study.with_suffix(".root")
    save(target, key, new_passphrase(passphrase_file, no_passphrase))
    click.echo(f"De hoofdsleutel van deze studie, gecontroleerd:  {target.name}")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(65_536).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ShareWrong(f"{path.name} is niet te lezen; bewaar het als tekst (UTF-8)") from None


@click.command()
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--study", type=FILE, required=True, help="De studie (study.toml).")
@click.option("--identity", "identity_file", type=FILE, required=True, help="Waarmee u tekent; mag erbij horen.")
@click.option("--output", type=FILE, help="De verklaring; standaard NAAM.destroyed, naar uw naam in de studie.")
@click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord van uw identiteit, op een regel.")
def destroy(
    files: tuple[Path, ...], study: Path, identity_file: Path, output: Path | None, passphrase_file: Path | None
) -> None:
    """Vernietig sleutels en pakketten, met een getekende verklaring."""
    from linkage.keeping import destroyed
    from linkage.keys import load_holder
    from linkage.study import load_study

    loaded, identity = load_study(study), load_holder(identity_file, asker(passphrase_file))
    target = output or Path(f"{destroyed.party_of(loaded, identity)}.destroyed")
    record = destroyed.destroy(files, loaded, identity, target, dt.date.today())
    for item in record.items:
        click.echo(f"Vernietigd:  {destroyed.KIND_WORDS[item.kind]} {item.id[:16]}")
    click.echo(f"Verklaring, voor de andere partijen:  {target.name}")
    click.echo("Overschreven en gewist. Op een SSD, in een momentopname en in een reservekopie kan het nog staan:")
    click.echo("wis ook die, en vernietig zo nodig de sleutel van de versleutelde schijf.")


@click.command()
@click.argument("study", type=FILE)
@click.argument("folder", type=FOLDER)
def closed(study: Path, folder: Path) -> None:
    """Zeg of de meting gesloten is: of alle verklaringen van vernietiging binnen zijn."""
    from linkage.keeping.destroyed import Destroyed, closing
    from linkage.keys.signed import read_signed
    from linkage.study import load_study

    loaded = load_study(study)
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".destroyed" and path.is_file())
    except OSError:
        raise PartyMissing(f"de map {folder.name} is niet te lezen; controleer het pad en de rechten") from None
    days = closing([read_signed(path, Destroyed) for path in paths], loaded)
    for party, day in days.items():
        click.echo(f"  {party:<30} {day or 'nog geen verklaring'}")
    if loaded.linker.signing_key is None:
        click.echo("  De koppelaar kan niet tekenen: in de studie ontbreekt signing_key onder [linker].")
    missing = [party for party, day in days.items() if day is None]
    if missing:
        raise WaveOpen(f"meting {loaded.study.wave} is niet gesloten; er ontbreekt: {', '.join(missing)}")
    click.echo(f"Meting {loaded.study.wave} is gesloten: elke partij verklaart dat zij haar sleutel heeft vernietigd.")
