"""A holder's own database (ODBC): the form of the desk in a real browser to an accepted package, and the self-test.

SQLite's driver stands for the database of a holder; Debian: libsqliteodbc.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import sqlite3
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from click.testing import CliRunner
from desk.browser import Clerk, browsing, clerk_at
from desk.office import FOLDER, Office, office_of, picture, same
from desk.wire import opened
from msoffcrypto.format.ooxml import OOXMLFile

from linkage.cli import main
from linkage.desk.linker import Places, look

Demo = tuple[Path, str]
PASSWORD = "Klanten-2014é"
EXPORT = "Stadsbank klanten export.csv"


@pytest.fixture(scope="module")
def bank(demo: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The demo's stadsbank, with its export in a database, a file with the connection, and queries good and bad."""
    made = office_of(demo[0], tmp_path_factory.mktemp("bank"), "stadsbank-twente", "stadsbank")
    rows = pl.read_csv(made.folder / EXPORT, separator=";", encoding="cp1252", infer_schema=False)
    with sqlite3.connect(made.folder / "bank.db") as filled:
        named = ", ".join(f'"{name}" varchar(200)' for name in rows.columns)
        filled.execute(f"create table klant ({named})")
        marks = ", ".join("?" * rows.width)
        filled.executemany(" ".join(("insert into klant values", f"({marks})")), rows.rows())
    filled.close()
    for name, text in (
        ("bank.odbc", f"Driver=SQLite3\nDatabase={made.folder / 'bank.db'}\n"),
        ("zonder.odbc", "Driver=Onbekend 18\nServer=gegevens.voorbeeld.nl\n"),
        ("klanten.sql", "SELECT * FROM klant"),
        ("fout.sql", "SELECT bsn FROM klanten_oud"),
        ("wissen.sql", "DELETE FROM klant"),
    ):
        (made.folder / name).write_text(text, "utf-8")
        (made.folder / name).chmod(0o600)
    return made


def ask(clerk: Clerk, connection: str, query: str, go: str = "Vraag het op") -> str:
    """Fill in the form and send it: what the clerk is told, if anything."""
    if not clerk.page.locator("#connection").is_visible():
        clerk.page.locator("summary").click()
    clerk.page.fill("#connection", connection)
    clerk.page.fill("#query", query)
    clerk.press(go)
    return clerk.text(".alert p:first-of-type") if clerk.page.locator(".alert").count() else ""


def test_a_database_at_the_desk_to_an_accepted_package(bank: Office, demo: Demo, tmp_path: Path) -> None:
    with opened(bank.home) as desk, browsing() as browser:
        clerk = clerk_at(browser, desk)
        clerk.wait("/studie")
        clerk.pick(FOLDER, "study.toml")
        clerk.page.check("input[name=compared]")
        clerk.press("Verder")

        # Mistakes: each a sentence that says what to do, on the page where the form is.
        for connection, query, said in (
            ("stadsbank", f"{FOLDER}/klanten.sql", "deze gegevensbron (DSN) is er niet; vraag systeembeheer"),
            (f"{FOLDER}/zonder.odbc", f"{FOLDER}/klanten.sql", "(driver) is er niet; laat systeembeheer het"),
            (f"{FOLDER}/bank.odbc", f"{FOLDER}/fout.sql", "fout.sql: "),
            (f"{FOLDER}/bank.odbc", f"{FOLDER}/wissen.sql", "de query begint met SELECT of WITH"),
            (f"{FOLDER}/bank.odbc", f"{FOLDER}/weg.sql", "dat bestand is er niet"),
            ("DSN=x;PWD=geheim", f"{FOLDER}/klanten.sql", "typ nooit een wachtwoord in de opdracht"),
        ):
            found = ask(clerk, connection, query)
            assert said in found
            assert clerk.step == "/export"
            assert "geheim" not in found
            # What was typed is there to be mended.
            assert [clerk.page.input_value(f"#{name}") for name in ("connection", "query")] == [connection, query]
        assert clerk.faults() == []
        clerk.press("English")
        wrong = ask(clerk, f"{FOLDER}/bank.odbc", f"{FOLDER}/wissen.sql", "Ask it")
        assert wrong == "wissen.sql: the query begins with SELECT or WITH, and is no longer than 64 kB; change that"
        assert clerk.page.get_attribute(".alert p", "lang") == "en"
        clerk.press("Nederlands")
        clerk.page.fill("#query", f"{FOLDER}/klanten.sql")
        picture(clerk, "desk-13-database")

        assert ask(clerk, f"{FOLDER}/bank.odbc", f"{FOLDER}/klanten.sql") == ""
        assert clerk.step == "/kolommen"
        assert clerk.page.locator(".tag:not(.good)").count() == 0
        clerk.press("Bekijk wat er meegaat")
        clerk.page.locator(".sides").wait_for()
        assert "Dossier" in clerk.text(".stays .names")
        clerk.press("Dit klopt, verder")
        clerk.press("Maak het pakket")
        clerk.wait("/klaar")
        assert clerk.complaints == []

    # The package is that of the export itself, and the linker accepts it.
    assert same(bank.command(bank.folder / EXPORT, tmp_path / "line"), bank.package, demo[0])
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(bank.package, inbox)
    found = look(Places(demo[0] / "study.toml", inbox, tmp_path, tmp_path), dt.date.today())
    assert [(one.file, one.why) for one in found.accepted] == [(bank.package.name, "")]
    assert found.refused == ()


# --- the self-test takes what `encode` takes --------------------------------------------------------


def assess(bank: Office, *options: object) -> str:
    """What the self-test says of an export."""
    named = ["--study", bank.folder / "study.toml", "--delivery", bank.delivery, "--holder", bank.holder, "--quiet"]
    output = bank.home / "zelftoets"
    done = CliRunner().invoke(main, ["assess", *map(str, [*named, "--output", output, *options])])
    return f"{done.exit_code} {done.output} {done.exception or ''}"


def test_the_self_test_of_a_database(bank: Office) -> None:
    said = assess(bank, "--database", bank.folder / "bank.odbc", "--query-file", bank.folder / "klanten.sql")
    assert "Bladzijde voor de DPIA" in said
    about = json.loads((bank.home / "zelftoets" / "assess.json").read_text("utf-8"))
    assert "Bladzijde voor de DPIA" in assess(bank, "--input", bank.folder / EXPORT)
    again = json.loads((bank.home / "zelftoets" / "assess.json").read_text("utf-8"))
    assert about["persons"] == again["persons"] > 100
    assert "met --database en --query-file samen" in assess(bank, "--database", bank.folder / "bank.odbc")
    assert "de opdracht klopt niet bij --input" in assess(bank)


def test_the_self_test_of_a_protected_workbook(bank: Office) -> None:
    plain, book, word = io.BytesIO(), bank.folder / "dicht.xlsx", bank.folder / "woord"
    rows = pl.read_csv(bank.folder / EXPORT, separator=";", encoding="cp1252", infer_schema=False)
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as made:
        sheet = made.add_worksheet("Klanten")
        for place, row in enumerate((rows.columns, *rows.rows()), 2):
            sheet.write_row(place, 0, ["" if cell is None else cell for cell in row])
    with book.open("wb") as locked:
        OOXMLFile(plain).encrypt(PASSWORD, locked)
    word.write_text(PASSWORD + "\n", "utf-8")
    word.chmod(0o600)
    assert "geef het met --export-password-file" in assess(bank, "--input", book)
    told = assess(bank, "--input", book, "--export-password-file", word)
    assert "--header-row 3" in told
    said = assess(bank, "--input", book, "--export-password-file", word, "--header-row", 3, "--sheet", "Klanten")
    assert "Bladzijde voor de DPIA" in said
    assert PASSWORD not in said
