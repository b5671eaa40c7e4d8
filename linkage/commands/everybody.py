"""Commands for everybody: read a study, look at a package, play the example."""

from __future__ import annotations

from pathlib import Path

import click

from linkage.commands.terminal import FILE, FOLDER, say_all


@click.command()
@click.argument("study", type=FILE)
def check(study: Path) -> None:
    """Leg een studie uit in woorden, en vind haar fouten."""
    from linkage.study import load_study
    from linkage.words import explain

    loaded = load_study(study)
    say_all(explain(loaded))
    click.echo(
        "\nDe studie is in orde."
        if loaded.root
        else "\nDe studie is in orde, maar de hoofdsleutel ontbreekt nog ([root])."
    )


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
