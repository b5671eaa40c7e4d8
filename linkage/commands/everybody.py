"""Commands for everybody: read a study, look at a package, play the example."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.commands.terminal import FILE, FOLDER, say_all

if TYPE_CHECKING:
    from linkage.study import Study


@click.command()
@click.argument("study", type=FILE)
@click.option("--encoder", is_flag=True, help="Toon met proefpersonen dat deze encoder rekent als die van de anderen.")
@click.option("--make-encoder-test", "make", is_flag=True, help="Maak de proefpersonen van de studie.")
def check(study: Path, encoder: bool, make: bool) -> None:
    """Leg een studie uit in woorden, en vind haar fouten."""
    from linkage.study import load_study
    from linkage.words import explain

    loaded = load_study(study)
    if make:
        _make_test(loaded, study)
    elif encoder:
        _check_encoder(loaded, study)
    else:
        say_all(explain(loaded))
        ready = "" if loaded.root else ", maar de hoofdsleutel ontbreekt nog ([root])"
        click.echo(f"\nDe studie is in orde{ready}.")


def _make_test(loaded: Study, study: Path) -> None:
    """Write the fictitious people beside the study, and say what to put in it."""
    from linkage.files import replacing
    from linkage.holder import alike

    content = alike.made(loaded)
    with replacing(study.with_name(alike.NAME)) as file:
        file.write(content)
    click.echo(f"{alike.NAME} is gemaakt; zet in {study.name} onder [study]:")
    click.echo(f'encoder_test = "{alike.digest(content)}"')
    click.echo(f"en geef {alike.NAME} met de studie mee aan elke houder.")


def _check_encoder(loaded: Study, study: Path) -> None:
    """Whether this encoder gives the fictitious people of the study the agreed pseudonyms."""
    from linkage.holder import alike
    from linkage.holder.hash_route import IN_WORDS

    done = alike.check(loaded, study.with_name(alike.NAME))
    routes = ", ".join(IN_WORDS[name] for name in done.implementations)
    click.echo(f"{done.rows} proefpersonen, {done.pseudonyms} pseudoniemen: alle zoals afgesproken.")
    click.echo(f"Gerekend met: {routes}. Deze encoder doet wat die van de andere houders doen.")


@click.command()
@click.argument("package", type=FILE)
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
    say_all([header.encoded.decode("utf-8")] if as_json else in_words(header.manifest))


@click.command()
@click.argument("directory", type=FOLDER, default=Path("linkage-demo"))
@click.option("--seed", type=int, default=2014, help="Andere seed, andere verzonnen mensen; dezelfde uitkomst.")
def demo(directory: Path, seed: int) -> None:
    """Maak de verzonnen stad, speel alle houders en de koppelaar, en laat zien wat eruit komt."""
    from importlib import import_module

    # The example is a guest of this package, not a room: nothing else may import it.
    import_module("linkage.almelo.demo").run(directory, seed, click.echo)
