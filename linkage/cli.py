"""The command `linkage`: parse, call one function, map errors to exit codes.

Clock and terminal are touched here alone.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from linkage.errors import AgreementError, LinkageError, OutputError, PassphraseNeeded

File = click.Path(path_type=Path, dir_okay=False)
BAR_AFTER_SECONDS = 1.0
Folder = click.Path(path_type=Path, file_okay=False)


class Quiet(click.Group):
    """A group whose messages never repeat what was typed: an option value may be an identifier by mistake."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and end with the error's own exit code and message."""
        kwargs["standalone_mode"] = False
        os.umask(0o077)  # whatever is made is for its owner alone
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _end_cleanly)
        try:
            code = super().main(*args, **kwargs)
        except LinkageError as error:
            _fail(str(error), error.exit_code)
        except click.UsageError as error:
            _fail(_usage(error), 2)
        except (click.Abort, KeyboardInterrupt):
            _fail("afgebroken; er is niets geschreven", 130)
        except SystemExit:
            raise
        except OSError:
            # An operating system error quotes a path, which may be a personal one.
            _fail(
                "een bestand kan niet worden gelezen of geschreven; controleer de paden en de rechten",
                OutputError.exit_code,
            )
        except BaseException as error:  # noqa: BLE001  -- a traceback quotes values; a library's panic is no Exception
            _fail(_unforeseen(error), LinkageError.exit_code)
        sys.exit(code if isinstance(code, int) else 0)


def _end_cleanly(_signal: int, _frame: object) -> None:
    """End as on Ctrl-C, so that temporary files are removed on the way out."""
    raise KeyboardInterrupt


def _unforeseen(error: BaseException) -> str:
    """The kind of an error and where in our code it arose; never its message, which may hold a value."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith(("linkage", "protocols")):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"onverwachte fout in het programma ({type(error).__name__}, {place}); meld deze regel aan de beheerder"


def _usage(error: click.UsageError) -> str:
    param = error.param if isinstance(error, click.BadParameter) else None
    place = f" bij {param.opts[0]}" if param is not None and param.opts[0].startswith("-") else ""
    command = error.ctx.command_path if error.ctx else "linkage"
    return f"de opdracht klopt niet{place}; een naam met spaties staat tussen aanhalingstekens; zie: {command} --help"


def _fail(message: str, code: int) -> None:
    click.echo(f"Fout: {message}", err=True)
    sys.exit(code)


def _say_all(lines: Any) -> None:
    for line in lines:
        click.echo(line)


def _asker(passphrase_file: Path | None) -> Callable[[str], str | None]:
    """How a passphrase is got: from a file, or asked without echo; never from the command line or environment."""

    def ask(name: str) -> str | None:
        if passphrase_file is not None:
            return _passphrase_from(passphrase_file)
        if not sys.stdin.isatty():
            return None
        answer: str = click.prompt(f"Wachtwoord van {name}", hide_input=True, err=True)
        return answer

    return ask


def _passphrase_from(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise PassphraseNeeded(
            f"{path.name} is niet te lezen; zet het wachtwoord erin, in UTF-8, op een regel"
        ) from None


@click.group(cls=Quiet, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="household-linkage", prog_name="linkage")
def main() -> None:
    """Huishoudens koppelen zonder een enkel nummer of adres uit handen te geven.

    Houder: keys identity, check, encode. Koppelaar: keys identity, link. Iedereen: check, inspect, demo.
    """


# --- everybody ----------------------------------------------------------------------------------


@main.command()
@click.argument("study", type=File)
def check(study: Path) -> None:
    """Leg een studie uit in woorden, en vind haar fouten."""
    from linkage.study import load_study
    from linkage.words import explain

    loaded = load_study(study)
    _say_all(explain(loaded))
    click.echo(
        "\nDe studie is in orde."
        if loaded.root
        else "\nDe studie is in orde, maar de hoofdsleutel ontbreekt nog ([root])."
    )


@main.command()
@click.argument("package", type=File)
@click.option("--json", "as_json", is_flag=True, help="Het manifest zelf, als JSON.")
def inspect(package: Path, as_json: bool) -> None:
    """Laat zien wat een pakket van zichzelf zegt; daarvoor is geen sleutel nodig."""
    from linkage.errors import PackageDamaged
    from linkage.transfer.package import read_header
    from linkage.words import inspect as in_words

    try:
        with package.open("rb") as file:
            header = read_header(file)
    except OSError:
        raise PackageDamaged(f"{package.name} is niet te openen; controleer het pad en de rechten") from None
    _say_all([header.encoded.decode("utf-8")] if as_json else in_words(header.manifest))


# --- keys ---------------------------------------------------------------------------------------


@main.group(cls=click.Group)
def keys() -> None:
    """Sleutels maken: van een houder of koppelaar, en de hoofdsleutel van een studie."""


def _protection(function: Callable[..., None]) -> Callable[..., None]:
    @click.option("--passphrase-file", type=File, help="Bestand met het wachtwoord, op een regel.")
    @click.option("--no-passphrase", is_flag=True, help="Zonder wachtwoord (alleen op een beveiligde schijf).")
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapped


def _new_passphrase(passphrase_file: Path | None, no_passphrase: bool) -> str | None:
    if no_passphrase:
        return None
    if passphrase_file is not None:
        return _passphrase_from(passphrase_file)
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
@click.option("--output", type=File, help="Geheim bestand; standaard NAME.identity.")
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
@click.argument("study", type=File)
@click.option("--output", type=File, help="Geheim bestand; standaard naast de studie, met .root.")
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


# --- the holder ---------------------------------------------------------------------------------


@main.command()
@click.option("--study", type=File, required=True, help="De studie (study.toml).")
@click.option("--delivery", required=True, help="De levering, zoals politie.")
@click.option("--holder", required=True, help="Uw naam in de studie, zoals politie-twente.")
@click.option("--input", "export", type=File, required=True, help="Uw export: CSV, Excel of Parquet.")
@click.option("--root", "root_file", type=File, required=True, help="De hoofdsleutel van de studie.")
@click.option("--identity", "identity_file", type=File, required=True, help="Uw identiteit.")
@click.option("--output", type=File, help="Het pakket dat u verstuurt.")
@click.option("--preview", "only_preview", is_flag=True, help="Alleen laten zien wat er mee zou gaan.")
@click.option("--sequence", type=click.IntRange(1, 1_000_000), default=1, help="Hoger bij een verbeterde levering.")
@click.option("--passphrase-file", type=File, help="Bestand met het wachtwoord, op een regel.")
@click.option("--root-passphrase-file", type=File, help="Hetzelfde voor de hoofdsleutel, als dat een ander is.")
@click.option("--quiet", is_flag=True, help="Geen overzicht op het scherm.")
def encode(
    study: Path,
    delivery: str,
    holder: str,
    export: Path,
    root_file: Path,
    identity_file: Path,
    output: Path | None,
    only_preview: bool,
    sequence: int,
    passphrase_file: Path | None,
    root_passphrase_file: Path | None,
    quiet: bool,
) -> None:
    """Zet uw export om in een verzegeld pakket zonder nummers en adressen."""
    from linkage.holder import encode as room
    from linkage.keys import load_holder, load_root
    from linkage.study import load_study
    from linkage.words import summarise

    loaded, ask = load_study(study), _asker(passphrase_file)
    request = room.Request(
        job=room.job_of(loaded, holder, delivery),
        root=load_root(root_file, loaded.study.id, _asker(root_passphrase_file or passphrase_file)),
        identity=load_holder(identity_file, ask),
        export=export,
        today=dt.date.today(),
        sequence=sequence,
        keep=tuple(
            path
            for path in (study, root_file, identity_file, passphrase_file, root_passphrase_file)
            if path is not None
        ),
    )
    bar = Bar(quiet)

    def show(summary: room.Summary) -> None:
        bar.stop()
        if not quiet:
            _say_all(summarise(summary))

    with bar as progress:
        if only_preview:
            show(room.preview(request, progress))
            click.echo("\nVoorbeeld: er is niets geschreven.")
            return
        target = output or Path(f"{holder}-{delivery}.package")
        sealed = room.encode(request, target, progress, show)
    _report_sealed(sealed)


def _report_sealed(sealed: Any) -> None:
    click.echo(f"\nVerstuur dit:    {sealed.package}")
    if sealed.rejects is not None:
        click.echo(f"Blijft bij u:    {sealed.rejects} (rijnummers en redenen)")
    click.echo(f"Controlegetal:   {sealed.digest}")


class Bar:
    """A progress bar on a terminal, for work that takes longer than a moment; nothing elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._start = time.monotonic()
        self._wanted = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Callable[[int, int], None]:
        return self._advance

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()
        self._wanted = False

    def _advance(self, done: int, total: int) -> None:
        if not self._wanted or (self._bar is None and time.monotonic() - self._start < BAR_AFTER_SECONDS):
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("coderen", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)


# --- the linker ---------------------------------------------------------------------------------


@main.command()
@click.option("--study", type=File, required=True, help="De studie (study.toml).")
@click.option("--identity", "identity_file", type=File, required=True, help="De identiteit van de koppelaar.")
@click.option("--inbox", type=Folder, required=True, help="Map met de ontvangen pakketten (*.package).")
@click.option("--output", type=Folder, required=True, help="Map voor het onderzoeksbestand, in de beveiligde omgeving.")
@click.option("--ledger", type=File, help="Het logboek; standaard ledger.jsonl in de map van --output.")
@click.option("--passphrase-file", type=File, help="Bestand met het wachtwoord, op een regel.")
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
        identity=load_linker(identity_file, _asker(passphrase_file)),
        inbox=inbox,
        output=output,
        today=dt.date.today(),
        ledger=ledger,
        say=click.echo,
    )
    result = room.run(request)
    click.echo("")
    _say_all(linked(result.numbers))
    click.echo(f"\nOnderzoeksbestand: {result.households}")


# --- the example --------------------------------------------------------------------------------


@main.command()
@click.argument("directory", type=Folder, default=Path("linkage-demo"))
@click.option("--seed", type=int, default=2014, help="Andere seed, andere verzonnen mensen; dezelfde uitkomst.")
def demo(directory: Path, seed: int) -> None:
    """Maak de verzonnen stad, speel alle houders en de koppelaar, en laat zien wat eruit komt."""
    from importlib import import_module

    # The example is a guest of this package, not a room: nothing else may import it.
    import_module("linkage.almelo.demo").run(directory, seed, click.echo)
