"""Commands of the researcher: tables and costs for the secured environment, and what may leave it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from linkage.commands.terminal import FILE, FOLDER, say_all

if TYPE_CHECKING:
    from linkage.research.disclosure import Release
    from linkage.research.run import Research
    from linkage.research.tables import Table


def _opened(function: Callable[..., None]) -> Callable[..., None]:
    """The study and its household file: every command of the researcher starts from these."""

    @click.option("--study", "study_file", type=FILE, required=True, help="De studie (study.toml).")
    @click.option("--input", "source", type=FILE, required=True, help="Het onderzoeksbestand (households.parquet).")
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapped


def _chosen(function: Callable[..., None]) -> Callable[..., None]:
    """Which tables are meant, and what they are compared with."""

    @click.option("--table", "names", multiple=True, help="Alleen deze tabel; mag vaker. Standaard alle.")
    @click.option("--others", type=FILE, help="Cijfers van andere gemeenten (CSV: niveau;naam;gezinnen;huishoudens).")
    @click.option("--without", multiple=True, help="Een prijs of onderdeel dat niet meetelt; mag vaker.")
    @click.option("--no-costs", is_flag=True, help="Zonder kosten.")
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapped


def _gated(function: Callable[..., None]) -> Callable[..., None]:
    """What the gate is asked."""

    @click.option("--ledger", type=FILE, help="Het logboek van uitgiften; standaard release.jsonl naast --input.")
    @click.option(
        "--accept-wave-changes",
        is_flag=True,
        help="De uitvoercontroleur aanvaardt kleine verschillen met een eerdere meting.",
    )
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapped


@click.command()
@_opened
@_chosen
@click.option("--output", type=FOLDER, required=True, help="Map in de beveiligde omgeving.")
def tabulate(
    study_file: Path,
    source: Path,
    names: tuple[str, ...],
    others: Path | None,
    without: tuple[str, ...],
    no_costs: bool,
    output: Path,
) -> None:
    """Tel de tabellen van het protocol, zonder iets te onderdrukken: voor de beveiligde omgeving."""
    from linkage.research import run as room

    research, tables = _tables(study_file, source, names, others, without, no_costs)
    files = room.write_unreleased(research, tables, output, "niet-openbaar-tabellen")
    say_all(f"{table.name:<18} {len(table.rows):>3} rijen   {table.title}" for table in tables)
    _said(files)
    click.echo("Niets is onderdrukt: deze tabellen mogen de beveiligde omgeving niet uit. Dat kan met: linkage release")


@click.command()
@_opened
@click.option("--without", multiple=True, help="Een prijs of onderdeel dat niet meetelt; mag vaker.")
@click.option("--output", type=FOLDER, required=True, help="Map in de beveiligde omgeving.")
def costs(study_file: Path, source: Path, without: tuple[str, ...], output: Path) -> None:
    """Reken uit wat huishoudens kosten, per huishouden en per groep: voor de beveiligde omgeving."""
    from linkage.research import run as room
    from linkage.study import load_study

    research = room.open_research(source, load_study(study_file), without=without)
    made, files = room.write_costs(research, output)
    say_all(_cost_lines(made))
    _said(files)
    click.echo("Niets is onderdrukt: deze bedragen mogen de beveiligde omgeving niet uit. Dat kan met: linkage release")


def _cost_lines(made: Any) -> Iterator[str]:
    yield f"Kosten in {made.year}, gemiddeld per huishouden:"
    for group in (*made.groups, *made.unions):
        mean = "onbekend" if group.mean is None else f"{group.mean:,.0f} euro".replace(",", ".")
        yield f"  {group.title[:70]:<70} {mean:>16}"
    if made.undetermined:
        yield f"  {made.undetermined} huishoudens: groep niet te bepalen, niet meegerekend"
    for name in made.without:
        yield f"  weggelaten: {name}"
    for name in made.not_counted:
        yield f"  niet geteld volgens het protocol: {name}"


@click.command()
@_opened
@_chosen
@_gated
@click.option("--output", type=FOLDER, required=True, help="Map voor de tabellen die openbaar worden.")
def release(
    study_file: Path,
    source: Path,
    names: tuple[str, ...],
    others: Path | None,
    without: tuple[str, ...],
    no_costs: bool,
    ledger: Path | None,
    accept_wave_changes: bool,
    output: Path,
) -> None:
    """Geef tabellen vrij: onderdruk wat naar te weinig huishoudens wijst, reken het na, en schrijf het op."""
    from linkage.research import run as room

    research, tables = _tables(study_file, source, names, others, without, no_costs)
    made = room.release(research, tables, on=dt.date.today(), ledger=ledger, accept_wave_changes=accept_wave_changes)
    files = room.write_release(made, output, ledger or research.ledger)
    say_all(_verdicts(made))
    _said(files)
    click.echo(f"{files[-1].name} is voor de uitvoercontroleur en blijft in de beveiligde omgeving.")


def _verdicts(made: Release) -> Iterator[str]:
    yield f"{'tabel':<18} {'getoond':>8} {'te klein':>9} {'daarom ook':>11} {'afgeleid':>9}"
    for verdict in made.verdicts:
        hidden = (len(verdict.primary), len(verdict.secondary), verdict.shares_hidden)
        yield f"{verdict.table:<18} {verdict.shown:>8} {hidden[0]:>9} {hidden[1]:>11} {hidden[2]:>9}"
    yield f"Nagerekend: {made.audited} onderdrukte of kleine aantallen en bedragen; geen is te nauw af te leiden."


@click.command()
@_opened
@_chosen
@_gated
@click.option("--areas", type=FILE, help="Grenzen van de wijken: GeoJSON of GeoPackage.")
@click.option("--language", type=click.Choice(["nl", "en"]), default="nl", help="Nederlands of Engels.")
@click.option("--output", type=FILE, required=True, help="Het verslag (HTML).")
def report(
    study_file: Path,
    source: Path,
    names: tuple[str, ...],
    others: Path | None,
    without: tuple[str, ...],
    no_costs: bool,
    ledger: Path | None,
    accept_wave_changes: bool,
    areas: Path | None,
    language: str,
    output: Path,
) -> None:
    """Maak het verslag voor de gemeenteraad, uit vrijgegeven tabellen alleen."""
    from linkage.research import report as page
    from linkage.research import run as room

    research, tables = _tables(study_file, source, names, others, without, no_costs)
    made = room.release(research, tables, on=dt.date.today(), ledger=ledger, accept_wave_changes=accept_wave_changes)
    page.write(made, research.file.study, output, language=cast('Literal["nl", "en"]', language), areas=areas)
    _said((output,))


@click.command("business-case")
@click.option("--study", "study_file", type=FILE, required=True, help="De studie (study.toml).")
def business_case(study_file: Path) -> None:
    """Reken de aannamen van de businesscase door; dit leest geen onderzoeksbestand en meet dus niets."""
    from linkage.errors import CostsIncomplete
    from linkage.research.business_case import calculate
    from linkage.study import load_study

    protocol = load_study(study_file).protocol
    if protocol.costs is None or protocol.costs.business_case is None:
        raise CostsIncomplete("het protocol heeft geen businesscase; voeg [costs.business_case] toe")
    say_all(_case_lines(calculate(protocol.costs.business_case)))


def _case_lines(outcome: Any) -> Iterator[str]:
    yield f"{'jaar':<8}{'instroom':>9}{'huishoudjaren':>15}{'kosten':>14}{'rente':>12}{'besparing':>14}"
    for year in outcome.years:
        amounts = (_euros(year.outlay), _euros(year.interest), _euros(year.saving))
        years = f"{year.household_years:.1f}".replace(".", ",")
        yield f"{year.year:<8}{year.started:>9}{years:>15}{amounts[0]:>14}{amounts[1]:>12}{amounts[2]:>14}"
    amounts = (_euros(outcome.outlay), _euros(outcome.interest), _euros(outcome.saving))
    yield f"{'samen':<32}{amounts[0]:>14}{amounts[1]:>12}{amounts[2]:>14}"
    yield "Aannamen van het protocol, in euro's; niet gemeten. De besparing is netto, zoals de raadsbrief haar geeft."


def _euros(amount: Any) -> str:
    return f"{amount:,.0f}".replace(",", ".")


def _tables(
    study_file: Path,
    source: Path,
    names: tuple[str, ...],
    others: Path | None,
    without: tuple[str, ...],
    no_costs: bool,
) -> tuple[Research, tuple[Table, ...]]:
    from linkage.research import run as room
    from linkage.research.others import read_others
    from linkage.study import load_study

    research = room.open_research(source, load_study(study_file), without=without, costs=not no_costs)
    return research, room.tables_of(research, names=names, others=read_others(others) if others else ())


def _said(files: tuple[Path, ...]) -> None:
    for file in files:
        click.echo(f"Geschreven: {file}")
