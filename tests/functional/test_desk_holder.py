"""The whole way of a clerk at the desk, in a real browser: three exports, usual mistakes, and their mending."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fastexcel
import polars as pl
import pyreadstat
import pytest
import xlsxwriter
from desk.browser import Clerk, Desk, browsing, clerk_at, running
from desk.office import FOLDER, PASSPHRASE, ROOT_PASSPHRASE, Office, office_of, picture, same
from desk.wire import opened
from msoffcrypto.format.ooxml import OOXMLFile
from playwright.sync_api import Browser
from starlette.requests import Request
from starlette.responses import Response

from linkage.desk import draft
from linkage.desk.holder import HolderPages
from linkage.desk.linker import Places, look
from linkage.keys import secret_file
from linkage.study import load_study

Demo = tuple[Path, str]
EXCEL_PASSWORD = "Verhuur-2014é"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as made:
        yield made


@pytest.fixture
def stadsbank(demo: Demo, tmp_path: Path) -> Office:
    return office_of(demo[0], tmp_path, "stadsbank-twente", "stadsbank")


def fine(clerk: Clerk, desk: Desk, name: str = "") -> None:
    """What holds on every page: axe finds nothing, the browser complains of nothing, and nobody else was asked."""
    assert clerk.faults() == []
    assert clerk.complaints == []
    assert clerk.strangers(desk.origin) == []
    if name:
        picture(clerk, name)


def to_export(clerk: Clerk, desk: Desk, pictures: bool = False) -> None:
    """The first step: choose the study, compare the fingerprint, choose the delivery."""
    clerk.wait("/studie")
    fine(clerk, desk, "desk-1-studie" if pictures else "")
    clerk.pick(FOLDER, "study.toml")
    fine(clerk, desk, "desk-2-afspraken" if pictures else "")
    clerk.page.check("input[name=compared]")
    clerk.press("Verder")
    assert clerk.step == "/export"


def check(clerk: Clerk) -> None:
    """From the columns to the overview, or back with what is wrong."""
    clerk.press("Bekijk wat er meegaat")
    clerk.page.locator(".sides, .alert:not(.soft)").first.wait_for()


def seal(clerk: Clerk) -> None:
    """Make the package."""
    clerk.press("Maak het pakket")
    clerk.page.locator(".digest, .alert").first.wait_for()


# --- three exports ----------------------------------------------------------------------------------


def test_a_csv_that_is_dragged_in_with_every_mistake_on_the_way(
    stadsbank: Office, browser: Browser, demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seven passphrases are stretched here, all in this process; how hard that is, is of no matter to the pages.
    monkeypatch.setattr(secret_file, "_ARGON", {"iterations": 1, "lanes": 1, "memory_kib": 64})
    stadsbank.lock()
    original = stadsbank.folder / "Stadsbank klanten export.csv"
    export = original.with_name("klanten met andere kop.csv")
    export.write_bytes(original.read_bytes().replace("Schuldbedrag €".encode("cp1252"), b"Debet saldo"))
    with opened(stadsbank.home) as desk:
        clerk = clerk_at(browser, desk)
        to_export(clerk, desk, pictures=True)

        # A file that is no export, and an empty one: a sentence, and the clerk is where he was.
        for name, raw in (
            ("verkeerd.csv", b"%PDF-1.7\x00\x00\x00 no export"),
            ("leeg.csv", b""),
            ("werkmap.xlsx", b"PK\x03\x04 and more"),
        ):
            (stadsbank.folder / name).write_bytes(raw)
            clerk.drop(stadsbank.folder / name)
            clerk.page.locator("#drop-fault").wait_for()
            assert name in clerk.text("#drop-fault")
            clerk.page.reload()
        fine(clerk, desk, "desk-3-export")

        clerk.drop(export)
        clerk.wait("/kolommen")
        # One column has another name: it is not guessed, and without it there is no way on.
        assert clerk.page.input_value("select[name='column.debt']") == ""
        assert clerk.text("tr:has(select[name='column.debt']) .tag") == "kies zelf"
        check(clerk)
        assert "Schuldbedrag €" in clerk.text(".alert")
        fine(clerk, desk, "desk-4-kolommen")

        # The wrong column: identifiers where an amount should be. Nothing was written.
        clerk.page.select_option("select[name='column.bsn']", "Dossier")
        clerk.page.select_option("select[name='column.debt']", "Sofi-/BSN-nr")
        check(clerk)
        assert clerk.step == "/kolommen"
        assert "bevat BSN's" in clerk.text(".alert")
        assert clerk.page.evaluate("document.activeElement.className") == "alert"
        fine(clerk, desk, "desk-5-verkeerde-kolom")

        clerk.page.select_option("select[name='column.bsn']", "Sofi-/BSN-nr")
        clerk.page.select_option("select[name='column.debt']", "Debet saldo")
        check(clerk)
        said = clerk.text()
        assert "1.671" in clerk.text(".numbers")
        assert "1.639" in clerk.text(".numbers")
        assert "537, 698, 786, 1.253, 1.434, 1.583" in said
        assert "Verzin nooit een nummer" in said
        assert [clerk.text(f".stays .names li:nth-child({n})") for n in (1, 2, 3)] == ["Dossier", "Cliënt", "Memo"]
        assert "Schuld: alleen een klasse" in clerk.text(".leaves")
        assert not list(stadsbank.folder.glob("*.package"))
        fine(clerk, desk, "desk-6-controle")

        clerk.press("Dit klopt, verder")
        clerk.page.fill("#identity", "niet het goede wachtwoord")
        seal(clerk)
        assert clerk.step == "/verzegelen"
        assert "wachtwoord past niet" in clerk.text(".alert")
        assert clerk.page.input_value("#identity") == ""
        fine(clerk, desk, "desk-7-verzegelen")
        clerk.page.fill("#identity", PASSPHRASE)
        clerk.page.fill("#root", ROOT_PASSPHRASE)
        seal(clerk)

        assert clerk.step == "/klaar"
        digest = hashlib.sha256(stadsbank.package.read_bytes()).hexdigest()
        assert clerk.text(".digest").replace(" ", "").replace("\n", "") == digest
        assert "Onderzoeksinstituut Twente" in clerk.text()
        fine(clerk, desk, "desk-8-klaar")

    own = stadsbank.command(export, tmp_path / "line", {"Schuldbedrag €": "Debet saldo"})
    assert same(own, stadsbank.package, demo[0])
    reports = [path.with_name(f"{path.name}.afgewezen.csv").read_bytes() for path in (own, stadsbank.package)]
    assert reports[0] == reports[1]


def test_a_workbook_with_another_sheet_and_a_title_above_the_columns(
    demo: Demo, tmp_path: Path, browser: Browser
) -> None:
    office = office_of(demo[0], tmp_path, "corporatie-zuid", "woningcorporatie")
    original = office.folder / "Verhuureenheden 2014.xlsx"
    export = moved(original, office.folder / "Verhuur (nieuw).xlsx")
    with export.open("rb") as plain, (office.folder / "dicht.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt(EXCEL_PASSWORD, locked)
    (office.folder / "kapot.xlsx").write_bytes(original.read_bytes()[:5000])
    before = [path.suffix for path in office.folder.iterdir()]
    with opened(office.home) as desk:
        clerk = clerk_at(browser, desk)
        to_export(clerk, desk)
        for name, said in (("kapot.xlsx", "bewaar het als .xlsx"), ("dicht.xlsx", "heeft een wachtwoord")):
            clerk.pick(name)
            assert clerk.step == "/export"
            assert said in clerk.text(".alert")
        fine(clerk, desk, "desk-9-wachtwoord")
        clerk.page.fill("#password", "niet het goede")
        clerk.press("Open het bestand")
        assert "het wachtwoord van dicht.xlsx past niet" in clerk.text(".alert")
        assert clerk.page.input_value("#password") == ""
        clerk.page.fill("#password", EXCEL_PASSWORD)
        clerk.press("Open het bestand")
        assert clerk.step == "/kolommen"

        # The agreed sheet is not there any more: the desk begins at the first one, which has no column of ours.
        assert clerk.text(".bar").count("Blad") == 1
        assert clerk.page.locator(".tag.good").count() == 0
        clerk.page.select_option("#sheet", "VHE 31-12")
        clerk.press("Opnieuw lezen")
        assert clerk.page.input_value("#row") == "4"
        assert clerk.page.locator(".tag.good").count() == 4
        assert clerk.page.input_value("select[name='column.house_number']") == "Huisnummer"
        assert clerk.text("tr:has(select[name='column.house_number']) .tag") == "controleer dit"
        fine(clerk, desk, "desk-10-blad")
        check(clerk)
        clerk.press("Dit klopt, verder")
        seal(clerk)
        assert clerk.step == "/klaar"
    changes = {'sheet = "Eenheden"': 'sheet = "VHE 31-12"\nheader_row = 4', '"Huisnr."': '"Huisnummer"'}
    text = (office.folder / "study.toml").read_text("utf-8")
    assert text.count('"Huisnr."') == 1
    assert sorted(path.suffix for path in office.folder.iterdir()) == sorted([*before, ".package", ".csv"])
    assert same(office.command(export, tmp_path / "line", changes), office.package, demo[0])


def moved(original: Path, target: Path) -> Path:
    """The same rows on a second sheet, under a title, with another name for a column."""
    rows = fastexcel.read_excel(original).load_sheet(0, header_row=None, dtypes="string").to_polars().rows()
    with xlsxwriter.Workbook(str(target)) as book:
        book.add_worksheet("Toelichting").write_string(0, 0, "Gemaakt voor het onderzoek")
        sheet = book.add_worksheet("VHE 31-12")
        sheet.write_string(0, 0, "Overzicht verhuureenheden")
        for at, row in enumerate(rows, 3):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write_string(at, column, cell if at > 3 else cell.replace("Huisnr.", "Huisnummer"))
    return target


def test_parquet_in_english_and_all_packages_accepted(demo: Demo, tmp_path: Path, browser: Browser) -> None:
    office = office_of(demo[0], tmp_path, "inkomensregister", "inkomen")
    office.lock(both=False)
    with running(office.home, "--study", office.folder / "study.toml") as desk:
        clerk = clerk_at(browser, desk)
        clerk.wait("/studie")
        clerk.press("English")
        assert clerk.page.get_attribute("html", "lang") == "en"
        fine(clerk, desk)
        clerk.page.check("input[name=compared]")
        clerk.press("Continue")
        clerk.page.fill("#path", str(office.folder / "inkomen_2014.parquet"))
        clerk.press("Choose this file")
        fine(clerk, desk)
        clerk.press("See what leaves")
        clerk.page.locator(".sides").wait_for()
        fine(clerk, desk)
        clerk.press("This is right, continue")
        clerk.page.fill("#identity", PASSPHRASE)
        assert clerk.page.locator("#root").count() == 0
        fine(clerk, desk)
        clerk.page.locator("button", has_text="Make the package").click()
        clerk.wait("/klaar")
        fine(clerk, desk)
        clerk.press("Make another delivery")
        assert "Everything was cleared" in clerk.text(".notice")
    assert same(office.command(office.folder / "inkomen_2014.parquet", tmp_path / "line"), office.package, demo[0])

    # The linker takes it, with the packages of all other holders; what comes of them is in `test_desk_large.py`.
    inbox = shutil.copytree(demo[0] / "institute" / "inbox", tmp_path / "inbox")
    shutil.copy(office.package, inbox / "inkomensregister.package")
    found = look(Places(demo[0] / "study.toml", inbox, tmp_path, tmp_path), dt.date.today())
    assert (len(found.accepted), found.refused, found.lacking) == (11, (), ())


def test_spss_that_is_dragged_in_with_reasons_in_english(
    stadsbank: Office, browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    original = stadsbank.folder / "Stadsbank klanten export.csv"
    names = original.read_bytes().decode("cp1252").splitlines()[0].split(";")
    cases = pl.read_csv(original, separator=";", encoding="cp1252", infer_schema=False).rename(
        {name: f"V{number}" for number, name in enumerate(names, 1)}
    )
    export = tmp_path / "klanten.sav"
    pyreadstat.write_sav(cases, str(export))
    text = (stadsbank.folder / "study.toml").read_text("utf-8")
    changes = {f'"{name}"': f'"V{number}"' for number, name in enumerate(names, 1) if f'"{name}"' in text}
    with running(stadsbank.home, "--language", "en") as desk:
        clerk = clerk_at(browser, desk)
        clerk.wait("/studie")
        clerk.pick(FOLDER, "study.toml")
        clerk.page.check("input[name=compared]")
        clerk.press("Continue")
        clerk.drop(export)
        clerk.wait("/kolommen")
        assert clerk.page.locator("#row").count() == 0
        asked = load_study(stadsbank.folder / "study.toml").holder_of("stadsbank-twente", "stadsbank")
        assert asked is not None
        for key, name in asked.columns.items():
            clerk.page.select_option(f"select[name='column.{key}']", f"V{names.index(name) + 1}")
        clerk.press("See what leaves")
        clerk.page.locator(".sides").wait_for()
        said = clerk.text("section:has(#rejected)")
        assert "BSN does not exist (the check digit is wrong)" in said
        assert "Never invent a number." in said
        fine(clerk, desk)
        clerk.press("This is right, continue")
        clerk.page.locator("button", has_text="Make the package").click()
        clerk.wait("/klaar")
    assert same(stadsbank.command(export, tmp_path / "line", changes), stadsbank.package, demo[0])


# --- stopping half-way, and starting again ----------------------------------------------------------


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading stays at its first step: however quick the machine is, it is busy until the clerk cancels."""
    rehearse = draft.rehearse

    def at_its_first_step(plan: draft.Mapped, today: dt.date, progress: Callable[[int, int], None]) -> draft.Seen:
        def step(_done: int, _total: int) -> None:
            while True:
                progress(3, 8)
                time.sleep(0.01)

        return rehearse(plan, today, step)

    monkeypatch.setattr(draft, "rehearse", at_its_first_step)


def to_busy(clerk: Clerk, desk: Desk) -> None:
    """Until the export is being read, and is held there."""
    to_export(clerk, desk)
    clerk.pick("Stadsbank klanten export.csv")
    clerk.press("Bekijk wat er meegaat")
    clerk.page.locator("progress[value='37']").wait_for()


@pytest.mark.usefixtures("held")
def test_nothing_is_written_when_the_clerk_cancels(stadsbank: Office, browser: Browser) -> None:
    before = sorted(stadsbank.folder.iterdir())
    with opened(stadsbank.home) as desk:
        clerk = clerk_at(browser, desk)
        to_busy(clerk, desk)
        fine(clerk, desk, "desk-12-bezig")
        # The page answers while the export is being read.
        assert clerk.page.evaluate("fetch('/studie').then(answer => answer.status)") == 200
        clerk.press("English")
        assert "37 % done" in clerk.text("#progress")
        clerk.press("Cancel")
        assert clerk.step == "/kolommen"
        assert "Nothing was written" in clerk.text(".notice")
    assert sorted(stadsbank.folder.iterdir()) == before


@pytest.mark.usefixtures("held")
def test_cancelling_is_told_however_slow_the_next_page_is(
    stadsbank: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is there, the page asks on how far it is; the answer must not take the clerk past what is said once."""
    columns, slow = HolderPages._columns, threading.Event()

    async def slowly(pages: HolderPages, request: Request) -> Response:
        page = await columns(pages, request)
        await asyncio.sleep(2 if slow.is_set() else 0)
        return page

    monkeypatch.setattr(HolderPages, "_columns", slowly)
    with opened(stadsbank.home) as desk:
        clerk = clerk_at(browser, desk)
        to_busy(clerk, desk)
        slow.set()
        clerk.press("Afbreken")
        clerk.page.wait_for_load_state("networkidle")
        assert clerk.step == "/kolommen"
        assert clerk.page.locator(".notice").all_inner_texts() == ["U heeft het afgebroken. Er is niets geschreven."]


def test_an_export_that_changes_after_the_overview_is_refused(stadsbank: Office, browser: Browser) -> None:
    export = stadsbank.folder / "Stadsbank klanten export.csv"
    with opened(stadsbank.home) as desk:
        clerk = clerk_at(browser, desk)
        to_export(clerk, desk)
        clerk.pick(export.name)
        check(clerk)
        clerk.press("Dit klopt, verder")
        fits_the_screen(clerk, desk)
        export.write_bytes(export.read_bytes() + export.read_bytes().split(b"\n")[1] + b"\n")
        seal(clerk)
        assert "is veranderd nadat u het overzicht zag" in clerk.text(".alert")
    assert not stadsbank.package.exists()


def fits_the_screen(clerk: Clerk, desk: Desk) -> None:
    """At 1366 wide, and enlarged to 200 % (WCAG 1.4.4), no step needs scrolling sideways."""
    for path in ("/studie", "/export", "/kolommen", "/controle", "/verzegelen"):
        clerk.page.goto(desk.origin + path)
        assert clerk.step == path
        for width in (683, 1366):
            clerk.page.set_viewport_size({"width": width, "height": 768})
            assert clerk.page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_export_with_too_many_refused_rows_has_no_way_on(stadsbank: Office, browser: Browser) -> None:
    export = stadsbank.folder / "Stadsbank klanten export.csv"
    with opened(stadsbank.home) as desk:
        clerk = clerk_at(browser, desk)
        to_export(clerk, desk)
        clerk.pick(export.name)
        clerk.page.select_option("select[name='column.bsn']", "Dossier")
        clerk.page.select_option("select[name='column.postcode']", "Memo")
        check(clerk)
        assert "Zo komt er geen pakket" in clerk.text(".alert") or "Geen enkele rij" in clerk.text(".alert")
        assert clerk.page.locator("button", has_text="Dit klopt").count() == 0
        clerk.page.goto(f"{desk.origin}/verzegelen")
        assert clerk.step == "/controle"
        fine(clerk, desk)


def test_without_keys_beside_the_study_the_page_says_what_to_do(stadsbank: Office, browser: Browser) -> None:
    (stadsbank.folder / "stadsbank-twente.identity").unlink()
    (stadsbank.folder / "study.root").chmod(0o644)
    with opened(stadsbank.home) as desk:
        clerk = clerk_at(browser, desk)
        clerk.pick(FOLDER, "study.toml")
        assert clerk.text(".checks").count("niet gevonden") == 2
        assert "anderen kunnen study.root lezen" in clerk.text()
        assert clerk.page.locator("button", has_text="Verder").count() == 0
        fine(clerk, desk)


def test_the_way_is_walked_by_keyboard_alone_and_printed(stadsbank: Office, browser: Browser) -> None:
    with opened(stadsbank.home) as desk:
        clerk = clerk_at(browser, desk)
        clerk.wait("/studie")
        keyboard = clerk.page.keyboard

        def tab_to(selector: str) -> None:
            for _ in range(60):
                keyboard.press("Tab")
                if clerk.page.evaluate("s => document.activeElement.matches(s)", selector):
                    # Where the focus is, can be seen.
                    style = clerk.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                    assert style != "none"
                    return
            raise AssertionError(f"no way to {selector}")

        tab_to(".skip")
        tab_to(".entry.folder")
        keyboard.press("Enter")
        clerk.page.locator(".entry", has_text="study.toml").wait_for()
        tab_to(".entry[value$='study.toml']")
        with clerk.page.expect_navigation():
            keyboard.press("Enter")
        tab_to("input[name=compared]")
        keyboard.press("Space")
        tab_to("button.main")
        with clerk.page.expect_navigation():
            keyboard.press("Enter")
        tab_to("#path")
        keyboard.type(str(stadsbank.folder / "Stadsbank klanten export.csv"))
        with clerk.page.expect_navigation():
            keyboard.press("Enter")
        tab_to("button.main")
        keyboard.press("Enter")
        clerk.page.locator(".sides").wait_for()
        tab_to("button.main")
        with clerk.page.expect_navigation():
            keyboard.press("Enter")
        tab_to("button.main")
        keyboard.press("Enter")
        clerk.wait("/klaar")
        assert stadsbank.package.exists()

        # And the account can be printed.
        clerk.page.evaluate("window.print = () => { document.title = 'printed'; }")
        clerk.page.locator("[data-print]").click()
        assert clerk.page.title() == "printed"
        clerk.page.emulate_media(media="print")
        said = clerk.text("body")
        assert "6 × BSN bestaat niet (het controlecijfer klopt niet)" in said
        assert "Schuldbedrag €: Schuld, alleen een klasse" in said
        assert "Alles wissen" not in said
