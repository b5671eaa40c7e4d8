"""`linkage evidence` on the demo: made by a holder, checked by the linker, and nothing of anybody in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from linkage import keys
from linkage.cli import main

Demo = tuple[Path, str]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["evidence", *map(str, words)])


@pytest.fixture(scope="module")
def made(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A pack of all that the institute has, signed by the police."""
    holder, institute = demo[0] / "holders" / "politie-twente", demo[0] / "institute"
    target = tmp_path_factory.mktemp("bewijs") / "bewijs-2016"
    done = run(
        "--study", holder / "study.toml", "--identity", holder / "politie-twente.identity", "--folder", institute,
        "--folder", holder, "--output", target,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return target, done.output


def test_it_says_what_it_took_and_what_it_left(made: tuple[Path, str]) -> None:
    target, said = made
    assert re.search(r"pakket van een houder +11$", said, re.MULTILINE)
    assert re.search(r"nog aanwezig: hoofdsleutel +1$", said, re.MULTILINE)
    assert re.search(r"nog aanwezig: identiteit van de koppelaar +1$", said, re.MULTILINE)
    assert re.search(r"nog aanwezig: export voor politie +1$", said, re.MULTILINE)
    assert "Er ontbreken nog stukken bij P1" in said
    assert (target / "bewijs.html").is_file()


def test_another_party_checks_it(demo: Demo, made: tuple[Path, str]) -> None:
    done = run("--check", made[0], "--study", demo[0] / "institute" / "study.toml")
    assert done.exit_code == 0, done.output
    assert "getekend door politie-twente" in done.output


def test_no_number_of_the_exports_and_no_key_is_in_it(demo: Demo, made: tuple[Path, str]) -> None:
    """Every BSN and A-nummer of the invented town, the root, and the seeds of both identities."""
    known: set[str] = set()
    for path in (demo[0] / "holders").rglob("*.csv"):
        if "afgewezen" not in path.name:
            known.update(re.findall(r"(?<!\d)\d{8,10}(?!\d)", path.read_bytes().decode("latin-1")))
    assert len(known) > 100_000
    holder = demo[0] / "holders" / "politie-twente"
    study = json.loads((made[0] / "evidence.json").read_text())["study"]
    root = json.loads((holder / "study.root").read_text())
    assert root["study"] == study
    secret = [root["secret"], json.loads((holder / "politie-twente.identity").read_text())["secret"]]
    linker = keys.load_linker(demo[0] / "institute" / "institute.identity", lambda _: None)
    for path in (path for path in made[0].rglob("*") if path.is_file()):
        raw = path.read_bytes()
        assert not [each for each in secret if each.encode() in raw]
        assert linker.seed not in raw
        assert linker.seed.hex().encode() not in raw
        text = re.sub(r"[0-9A-Za-z+/]{16,}", "", raw.decode("utf-8"))
        assert not set(re.findall(r"\d{8,10}", text)) & known, path.name


def test_no_rejected_number_of_rows_is_in_it(made: tuple[Path, str]) -> None:
    for path in (made[0] / "pakketten").iterdir():
        assert not {"rows", "source"} & set(json.loads(path.read_text()))


def test_a_changed_page_is_noticed(demo: Demo, made: tuple[Path, str], tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "bewijs"
    shutil.copytree(made[0], folder)
    page = folder / "bewijs.html"
    page.write_text(page.read_text().replace("deels", "geheel"))
    done = run("--check", folder, "--study", demo[0] / "study.toml")
    assert done.exit_code == 120
    assert "bewijs.html is veranderd" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ("--study", "study.toml"),
        ("--study", "study.toml", "--check", "x", "--output", "y"),
        ("--study", "study.toml", "--identity", "x", "--output", "y"),
    ],
)
def test_a_half_command_is_no_command(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert "de opdracht klopt niet" in done.output
