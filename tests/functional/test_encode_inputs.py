"""`linkage encode` on what people have: SPSS, a protected workbook, their own database; passwords in no argument."""

from __future__ import annotations

import io
import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
import simulator
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from linkage.keys import save
from linkage.transfer.manifest import Manifest
from linkage.transfer.package import read_header

PASSWORD = "Kanarie wachtwoord 9é"
COLUMNS = simulator.columns_of("stadsbank")
COMMAND = [sys.executable, "-c", "from linkage.cli import main; main()", "encode"]


def client(number: int) -> dict[str, str]:
    row = {"bsn": simulator.bsn(7000 + number), "postcode": "7991 QZ", "house_number": "41", "debt": "98.765,43"}
    return row | {"debt_counselling": "ja", "budget_management": "nee"}


ROWS = [[client(number).get(name, "") for name in COLUMNS] for number in range(20)]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clerk's folder, and every kind of export of the same twenty clients."""
    cast = simulator.Cast(tmp_path_factory.mktemp("inputs") / "cast")
    folder = cast.folder.parent / "office"
    folder.mkdir()
    (folder / "study.toml").write_bytes((cast.folder / "study.toml").read_bytes())
    save(folder / "study.root", cast.root, None)
    save(folder / "stadsbank.identity", cast.holder_keys["stadsbank"], None)
    frame = pl.DataFrame(ROWS, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    pyreadstat.write_sav(frame, str(folder / "klanten.sav"))
    _workbook(folder / "klanten.xlsx")
    with sqlite3.connect(folder / "bank.db") as base:
        frame.write_csv(folder / "klanten.csv", separator=";")
        base.execute(f"create table klant ({', '.join(f'{name} varchar(60)' for name in COLUMNS)})")
        marks = ", ".join("?" * len(COLUMNS))
        base.executemany(f"insert into klant values ({marks})", ROWS)  # noqa: S608  -- marks alone
    (folder / "klanten.sql").write_text("select * from klant\n", encoding="utf-8")
    for name, text in (("bank.odbc", f"Driver=SQLite3\nDatabase={folder / 'bank.db'}\n"), ("word", f"{PASSWORD}\n")):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o600)
    return folder


def _workbook(path: Path) -> None:
    """Protected, on its second sheet, with a title above the columns."""
    plain = io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as book:
        book.add_worksheet("Toelichting").write(0, 0, "Kanarie")
        sheet = book.add_worksheet("Klanten 2014")
        for number, row in enumerate((["Kanarie"], [], [], COLUMNS, *ROWS)):
            sheet.write_row(number, 0, row)
    with path.open("wb") as file:
        OOXMLFile(plain).encrypt(PASSWORD, file)


def options(office: Path, output: Path) -> list[str]:
    known = {"study": "study.toml", "root": "study.root", "identity": "stadsbank.identity"}
    named = [word for name, file in known.items() for word in (f"--{name}", str(office / file))]
    return [*named, "--delivery", "stadsbank", "--holder", "stadsbank", "--output", str(output)]


def encode(office: Path, output: Path, *more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *options(office, output), *more],
        cwd=office,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Kanarie" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def manifest(package: Path) -> Manifest:
    with package.open("rb") as file:
        return read_header(file).manifest


EXCEL = ("--input", "klanten.xlsx", "--sheet", "Klanten 2014", "--header-row", "4")
DATABASE = ("--database", "bank.odbc", "--query-file", "klanten.sql")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (("--input", "klanten.sav"), "SPSS"),
        ((*EXCEL, "--export-password-file", "word"), "Excel"),
        (DATABASE, "database"),
    ],
    ids=["spss", "excel", "database"],
)
def test_every_kind_gives_the_package_of_the_csv(
    office: Path, tmp_path: Path, given: tuple[str, ...], kind: str
) -> None:
    before = sorted(office.iterdir())
    done = encode(office, tmp_path / "a.package", *given)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"gelezen als {kind}" in done.stdout
    csv = encode(office, tmp_path / "b.package", "--input", "klanten.csv")
    assert csv.returncode == 0
    made, expected = manifest(tmp_path / "a.package"), manifest(tmp_path / "b.package")
    assert made == expected
    assert made.rows == 20
    assert sorted(office.iterdir()) == before


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (EXCEL, 24, "klanten.xlsx heeft een wachtwoord; geef het met --export-password-file"),
        ((*EXCEL, "--export-password-file", "bank.odbc"), 23, "het wachtwoord van klanten.xlsx past niet"),
        (("--input", "klanten.xlsx", "--export-password-file", "word"), 32, "niet in de kopregel"),
        ((*EXCEL[:4], "--export-password-file", "word"), 32, "staan in rij 4, en niet in rij 1; geef --header-row 4"),
        (("--input", "klanten.xlsx", "--sheet", "Weg", "--export-password-file", "word"), 31, "geef --sheet"),
        ((), 31, "geef uw export met --input"),
        (("--input", "klanten.sav", *DATABASE), 31, "geef uw export met --input"),
        (DATABASE[:2], 31, "--database en --query-file samen"),
        (("--database", "DSN=x;PWD=Kanarie", "--query-file", "klanten.sql"), 31, "typ nooit een wachtwoord"),
        ((*DATABASE, "--database-user", "ik"), 24, "--database-password-file"),
        (("--database", "bank.odbc", "--query-file", "study.toml"), 31, "begint met SELECT of WITH"),
    ],
)
def test_what_goes_wrong_is_told(office: Path, tmp_path: Path, given: tuple[str, ...], code: int, said: str) -> None:
    done = encode(office, tmp_path / "a.package", *given)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_password_of_a_workbook_is_asked_on_a_terminal(office: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [*COMMAND, *options(office, tmp_path / "a.package"), *EXCEL, "--quiet"]
    with subprocess.Popen(
        command, cwd=office, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as run:
        os.close(theirs)
        said = b""
        while b"Wachtwoord van klanten.xlsx: " not in said:
            said += os.read(ours, 1000)
        os.write(ours, f"{PASSWORD}\n".encode())
        while chunk := _read(ours):
            said += chunk
    os.close(ours)
    assert run.returncode == 0, said
    assert b"Kanarie" not in said
    assert (tmp_path / "a.package").exists()


def _read(terminal: int) -> bytes:
    """What appears on it; nothing any more when the command has ended."""
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""


def test_a_file_of_the_database_is_never_written_over(office: Path) -> None:
    for name in ("bank.odbc", "klanten.sql"):
        done = encode(office, office / name, *DATABASE)
        assert done.returncode == 70
        assert "een van uw eigen bestanden" in done.stderr
