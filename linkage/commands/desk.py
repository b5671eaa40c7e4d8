"""The command that opens the desk: the same work on a page, for people who have never opened a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.commands.terminal import FILE, FOLDER
from linkage.errors import ExtraMissing, OutputError

if TYPE_CHECKING:
    from linkage.desk.session import Session
    from linkage.desk.web import Desk, Pages


@click.command()
@click.option(
    "--role", type=click.Choice(["holder", "linker", "researcher"]), default="holder", help="Wie u bent in de studie."
)
@click.option("--folder", type=FOLDER, help="De map waarin u bestanden kiest; standaard uw eigen map.")
@click.option("--study", type=FILE, help="Begin met deze studie (study.toml).")
@click.option("--language", type=click.Choice(["nl", "en"]), default="nl", help="De taal van de pagina.")
@click.option("--idle-minutes", type=click.IntRange(1, 240), default=30, help="Stop na zoveel minuten niets doen.")
@click.option("--no-browser", is_flag=True, help="Toon het adres, en open geen browser.")
def desk(
    role: str, folder: Path | None, study: Path | None, language: str, idle_minutes: int, no_browser: bool
) -> None:
    """Open de balie: een pagina op uw eigen computer, in plaats van opdrachten."""
    try:
        from linkage.desk.serve import serve, show_in_browser
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise ExtraMissing('de balie ontbreekt; installeer haar met: pip install "household-linkage[desk]"') from None

    root = _root(folder, study)

    def make(session: Session) -> Pages:
        return _pages(role, _desk(session, root, study, language), study)

    show = None if no_browser else show_in_browser
    serve(make, idle_minutes * 60.0, show, click.echo)
    click.echo("De balie is gesloten.")


def _root(folder: Path | None, study: Path | None) -> Path:
    """Where files may be chosen. Raises OutputError for a folder that is not there."""
    root = (folder or Path.home()).resolve()
    if not root.is_dir():
        raise OutputError("de map van --folder is er niet; kies een andere map")
    if study is not None and not study.resolve().is_relative_to(root):
        raise OutputError(f"{study.name} staat niet in de map waarin u bestanden kiest; geef die map met --folder")
    return root


def _desk(session: Session, root: Path, study: Path | None, language: str) -> Desk:
    from linkage.desk.web import Desk

    here = Path.cwd()
    start = study.resolve().parent if study is not None else here if here.is_relative_to(root) else root
    return Desk(session, root, start, "en" if language == "en" else "nl")


def _pages(role: str, made: Desk, study: Path | None) -> Pages:
    """The face for a role; the room of another role is not even imported."""
    if role == "researcher":
        from linkage.desk.researcher import ResearcherPages

        return ResearcherPages(made, None)
    if role == "linker":
        from linkage.desk.linker import LinkerPages, beside

        return LinkerPages(made, beside(study.resolve()) if study is not None else None)
    from linkage.desk.draft import choose
    from linkage.desk.holder import HolderPages

    if study is not None:
        made.stage = choose(study.resolve())
    return HolderPages(made)
