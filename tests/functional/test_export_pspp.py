"""`linkage export` on a file for SPSS, read back by GNU PSPP: another program, with a reader of its own."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import simulator
from household_rows import Desk, desk, household_file, with_areas

from linkage.codebook import fields
from linkage.research.export import log
from linkage.study import Study

RUN = (
    "from linkage.commands.export import export; from linkage.commands.terminal import Quiet; "
    "group = Quiet('linkage'); group.add_command(export); group()"
)
WIJKEN = ("Curaçao & Één", "Sint-Jansbuurt", "De Žeta (noord)")
ROWS = [
    {
        "wijk": (*WIJKEN, None)[n % 4],
        "S": (True, False, None)[n % 3],
        "mpg": n % 5 == 0,
        "adults": n % 4 + 1,
        "n_ww": None if n % 7 == 0 else n,
        "residential_days": 10**12 + n,
    }
    for n in range(40)
]


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `linkage export`, as a person at the terminal does."""
    words = [str(argument) for argument in arguments]
    return subprocess.run([sys.executable, "-c", RUN, "export", *words], capture_output=True, text=True, check=False)


def pspp(folder: Path, syntax: str) -> str:
    """What PSPP prints, as CSV; fails on its first complaint."""
    script = folder / "script.sps"
    script.write_text(syntax, encoding="utf-8")
    done = subprocess.run(
        ["pspp", "--testing-mode", "-O", "format=csv", str(script)],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in done.stdout.lower() + done.stderr.lower()
    return done.stdout


def table(text: str, title: str, number: int = 0) -> list[list[str]]:
    """The rows of the n-th table with that title in PSPP's output."""
    block = text.split(f"Table: {title}\n")[number + 1].split("\n\n")[0]
    return list(csv.reader(io.StringIO(block)))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return with_areas(simulator.minimal(tmp_path_factory.mktemp("cast")).study(), *WIJKEN)


@pytest.fixture(scope="module")
def sav(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with `a.sav`; PSPP may write beside it."""
    made = desk(tmp_path_factory.mktemp("town") / "desk", household_file(study, ROWS))
    made.export("a.sav")
    return made


def test_every_value_comes_back(sav: Desk) -> None:
    pspp(
        sav.folder,
        "GET FILE='a.sav'.\nFORMATS residential_days (F17.0).\n"
        "SAVE TRANSLATE /OUTFILE='values.csv' /TYPE=CSV /REPLACE /FIELDNAMES /CELLS=VALUES.\n",
    )
    found = pl.read_csv(sav.folder / "values.csv", infer_schema=False, null_values=[" ", ""])
    codes = {name: str(code) for code, name in enumerate(WIJKEN, start=1)}
    wanted = sav.file.frame.with_columns(
        pl.col("wijk").replace_strict(codes, default=None), pl.col(pl.Boolean).cast(pl.Int64)
    ).cast(pl.String)
    assert found.columns == wanted.columns
    assert found.equals(wanted)


def test_every_value_has_its_meaning(sav: Desk) -> None:
    pspp(
        sav.folder,
        "GET FILE='a.sav'.\nSAVE TRANSLATE /OUTFILE='labels.csv' /TYPE=CSV /REPLACE /FIELDNAMES /CELLS=LABELS.\n",
    )
    found = pl.read_csv(sav.folder / "labels.csv", infer_schema=False, null_values=[" ", ""])
    words = pl.when(pl.col("S")).then(pl.lit("ja")).when(~pl.col("S")).then(pl.lit("nee"))
    assert found["S"].to_list() == sav.file.frame.select(words)["literal"].to_list()
    assert found["wijk"].to_list() == sav.file.frame["wijk"].to_list()
    assert found["study_number"].to_list() == sav.file.frame["study_number"].to_list()


def test_every_variable_has_its_label(sav: Desk, study: Study) -> None:
    lines = table(pspp(sav.folder, "GET FILE='a.sav'.\nDISPLAY LABELS.\n"), "Variables")[1:]
    wanted = [
        (column.name, column.title + (f" ({column.unit})" if column.unit else "")) for column in fields(study.protocol)
    ]
    assert [(name, label) for name, _, label in lines] == wanted


def test_frequencies_are_those_of_the_frame(sav: Desk) -> None:
    text = pspp(sav.folder, "GET FILE='a.sav'.\nFREQUENCIES /VARIABLES=wijk S.\n")
    counts = {line[1]: int(line[2]) for line in table(text, "Wijk") if line[1] in WIJKEN}
    assert counts == dict(sav.file.frame["wijk"].drop_nulls().value_counts().iter_rows())
    domain = next(domain.title for domain in sav.file.protocol.domains if domain.name == "S")
    yes_no = {line[1]: int(line[2]) for line in table(text, domain) if line[1] in ("ja", "nee", ".")}
    assert yes_no == {"ja": 14, "nee": 13, ".": 13}


def test_the_notes_say_what_empty_means(sav: Desk) -> None:
    text = pspp(sav.folder, "GET FILE='a.sav'.\nDISPLAY DOCUMENTS.\n")
    assert "Leeg is onbekend, of buiten de populatie van de variabele" in " ".join(text.split())


# --- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def place(cast: simulator.Cast, tmp_path: Path) -> Desk:
    return desk(tmp_path / "desk", household_file(cast.study(), [{"n_ww": 3}, {"S": None}]))


def arguments(cast: simulator.Cast, place: Desk, target: Path, recipient: str = "Bureau A") -> list[object]:
    source = place.folder / "households.parquet"
    words = ["--study", cast.folder / "study.toml", "--input", source, "--output", target]
    return [*words, "--recipient", recipient] if recipient else words


def test_the_command_writes_and_says_what(cast: simulator.Cast, place: Desk) -> None:
    done = command(*arguments(cast, place, place.folder / "a.sav"))
    assert (done.returncode, done.stderr) == (0, "")
    (entry,) = log.read(place.folder / "exports.jsonl")
    assert entry.sha256 in done.stdout
    assert "voor Bureau A, in exports.jsonl" in done.stdout
    assert str(place.folder) not in done.stdout
    assert table(pspp(place.folder, "GET FILE='a.sav'.\nDISPLAY LABELS.\n"), "Variables")[1][0] == "study_number"


def test_the_command_says_how_many_names_it_shortened(cast: simulator.Cast, place: Desk) -> None:
    done = command(*arguments(cast, place, place.folder / "a.dta"))
    assert "Ingekorte namen: 1;" in done.stdout


def test_the_format_can_be_said(cast: simulator.Cast, place: Desk) -> None:
    done = command(*arguments(cast, place, place.folder / "a.txt"), "--format", "csv")
    assert done.returncode == 0
    assert (place.folder / "a.txt").read_bytes().startswith(b"\xef\xbb\xbfstudy_number;")


def test_without_a_recipient_there_is_no_export(cast: simulator.Cast, place: Desk) -> None:
    before = place.left()
    done = command(*arguments(cast, place, place.folder / "a.csv", recipient=""))
    assert done.returncode == 2
    assert "--recipient" in done.stderr
    assert place.left() == before


@pytest.mark.parametrize(("where", "code"), [("../a.csv", 105), ("a.xlsx", 100), ("none/a.csv", 70)])
def test_the_command_ends_with_the_errors_code(cast: simulator.Cast, place: Desk, where: str, code: int) -> None:
    before = place.left()
    done = command(*arguments(cast, place, place.folder / where))
    assert done.returncode == code
    assert done.stderr.startswith("Fout: ")
    assert str(place.folder.parent) not in done.stderr
    assert place.left() == before


def test_another_studys_file_is_refused(cast: simulator.Cast, place: Desk) -> None:
    cast.write_study("", {simulator.STUDY_ID: "6f1d2c3b-0a1b-4c2d-8e3f-001122334456"})
    done = command(*arguments(cast, place, place.folder / "a.csv"))
    assert done.returncode == 101
