"""The desk's parts by themselves: a first look at odd files, columns, the picker, advice, and its texts."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import sqlite3
import threading
import weakref
import zipfile
from concurrent.futures import CancelledError
from importlib.resources import files
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
import simulator
import xlsxwriter
from desk.office import small_home
from msoffcrypto.format.ooxml import OOXMLFile

from linkage import errors
from linkage.desk import draft, incoming, mend, page
from linkage.desk.advice import advice
from linkage.desk.holder import Done, part_of
from linkage.desk.memory import Held
from linkage.desk.peek import look
from linkage.desk.peek_apart import peek_apart
from linkage.desk.picker import inside, listing
from linkage.desk.sides import sides
from linkage.desk.work import Work
from linkage.errors import ColumnMissing, InputError, InputUnreadable, LinkageError
from linkage.holder.reasons import CLASSES, KINDS, ROWS
from linkage.holder.source import source
from linkage.study import Format

WANTED = ("BSN", "Postcode", "Bedrag €")
TODAY = dt.date(2016, 3, 1)
CANARY = "Testpersoon 00042"
HEAD = "BSN;Postcode;Bedrag €\r\n"
ROW = "123456782;7607 AB;1.234,56\r\n"


def seen(path: Path, **form: object) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    found = look(path, Format(**form), WANTED)  # type: ignore[arg-type]
    return found.header, found.format.header_row, found.forms


# --- a first look -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_a_dutch_csv_of_any_kind(tmp_path: Path, encoding: str, mark: str) -> None:
    """Whatever was agreed: the file itself says how it is written."""
    path = tmp_path / "export.csv"
    text = (HEAD + '123456782;7607 AB;"1.234,56"\r\n' * 3).replace(";", mark)
    path.write_bytes(text.encode(encoding))
    header, row, forms = seen(path, separator=";", encoding="cp1252")
    assert header == WANTED
    assert row == 1
    assert forms == ("nine", "postcode", "amount")


def test_the_row_with_the_names_is_found(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Overzicht;;\r\n\r\nPeildatum;31-12-2014;\r\n" + HEAD + ROW, "utf-8")
    assert seen(path)[:2] == (WANTED, 4)
    found = look(path, Format(), WANTED, header_row=3)
    assert found.header[0] == "Peildatum"


def test_workbooks_and_parquet(tmp_path: Path) -> None:
    book = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(str(book)) as made:
        made.add_worksheet("Leeg")
        sheet = made.add_worksheet("Gegevens")
        sheet.write_row(1, 0, WANTED)
        sheet.write_row(2, 0, ("123456782", "7607 AB", 12.5))
    found = look(book, Format(sheet="Gegevens"), WANTED)
    assert (found.header, found.format.header_row, found.sheets) == (WANTED, 2, ("Leeg", "Gegevens"))
    with pytest.raises(InputUnreadable, match="kies een andere rij of een ander blad"):
        look(book, Format(), WANTED)
    table = tmp_path / "export.parquet"
    pl.DataFrame({"BSN": ["123456782"], "Postcode": [None], "Bedrag €": [12.5]}).write_parquet(table)
    assert seen(table)[0] == WANTED
    assert seen(table)[2] == ("nine", "empty", "amount")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"PK\x03\x04" + b"x" * 500,
        b"PAR1" + b"x" * 500,
        b"\xd0\xcf\x11\xe0" + b"x" * 500,
        b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"),
        b"%PDF-1.7\n\x00\x01",
        b"\r\n\r\n\r\n",
        b";;;;\r\n;;;;\r\n",
        b'"' + b"x" * 2_000_000,
        b"<html><table><tr><td>",
        b"{\\rtf1",
    ],
)
def test_a_damaged_or_absurd_file_gives_a_sentence(tmp_path: Path, raw: bytes) -> None:
    """A sentence that names the file, says what to do, and holds nothing of it."""
    path = tmp_path / "export.csv"
    path.write_bytes(raw + CANARY.encode() if raw and not raw.startswith((b"\r", b";")) else raw)
    with pytest.raises(InputUnreadable) as raised:
        look(path, Format(), WANTED)
    said = str(raised.value)
    assert said.startswith("export.csv")
    assert ";" in said
    assert CANARY not in said
    assert "Testpersoon" not in said


def test_a_binary_workbook_is_refused(tmp_path: Path) -> None:
    """Its error cells would be read as empty, and `unknown` is not what `#N/B` means."""
    path = tmp_path / "klanten.xlsb"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.bin", CANARY)
    with pytest.raises(InputUnreadable, match=r"^klanten\.xlsb is een binaire werkmap .*als \.xlsx, en kies"):
        look(path, Format(), WANTED)


def test_a_reader_that_dies_is_a_sentence(tmp_path: Path) -> None:
    """The child of the first look ends on what it does not know, as it would on a file that makes it crash."""
    with pytest.raises(InputUnreadable, match="beschadigd, of veel te groot"):
        peek_apart("no such reader", tmp_path / "export.xlsx", Format())


def test_spss_in_memory_and_a_workbook_with_a_password(tmp_path: Path) -> None:
    """Also from memory without a name, which the child is given."""
    values = {"BSN": [123456782.0], "Postcode": ["7607 AB"], "Schuld": [2.0]}
    path, held = tmp_path / "a.sav", Held("Klanten 2014.sav")
    pyreadstat.write_sav(pl.DataFrame(values), str(path), variable_value_labels={"Schuld": {2: "nee"}})
    held.write(path.read_bytes())
    for file in (path, held.path):
        found = look(file, Format(header_row=3), WANTED, header_row=2)
        assert (found.kind, found.header, found.forms) == ("SPSS", tuple(values), ("nine", "postcode", "yes_no"))
        assert found.format.header_row == 3
    held.close()

    plain, locked = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as made:
        made.add_worksheet().write_row(0, 0, WANTED)
    OOXMLFile(plain).encrypt("een wachtwoord", locked)
    held = Held("dicht.xlsx")
    held.write(locked.getvalue())
    with pytest.raises(errors.PassphraseNeeded, match=r"^dicht\.xlsx"):
        look(held.path, Format(), WANTED)
    with pytest.raises(errors.WrongPassphrase, match=r"dicht\.xlsx"):
        look(source(held.path, password=CANARY), Format(), WANTED)
    assert look(source(held.path, password="een wachtwoord"), Format(), WANTED).header == WANTED
    held.close()


def test_a_database_that_is_asked(tmp_path: Path) -> None:
    made = sqlite3.connect(tmp_path / "bank.db")
    made.execute("create table klant (BSN varchar(9), Postcode varchar(7), Bedrag double)")
    made.execute("insert into klant values ('123456782', '7607 AB', 1.5)")
    made.commit()
    (tmp_path / "q.sql").write_text('select BSN, Postcode, Bedrag as "Bedrag €" from klant', "utf-8")
    (tmp_path / "bank.odbc").write_text(f"Driver=SQLite3\nDatabase={tmp_path / 'bank.db'}\n", "utf-8")
    (tmp_path / "bank.odbc").chmod(0o600)
    found = look(incoming.asked(tmp_path, {"query": "q.sql", "connection": "bank.odbc"}), Format(), WANTED)
    assert (found.kind, found.header, found.forms) == ("database", WANTED, ("nine", "postcode", "amount"))
    for connection in ("/etc/passwd", "../bank.odbc", "", "DSN=x;PWD=y"):
        with pytest.raises(InputUnreadable, match="de database is niet gevonden"):
            incoming.asked(tmp_path, {"query": "q.sql", "connection": connection})


def test_an_export_with_far_too_many_columns(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(";".join(f"kolom {number}" for number in range(40_000)) + "\r\n", "utf-8")
    with pytest.raises(InputUnreadable, match="heeft 40000 kolommen"):
        look(path, Format(), WANTED)


def test_a_folder_or_nothing_is_no_export(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "weg.csv"):
        with pytest.raises(InputUnreadable):
            look(path, Format(), WANTED)


# --- columns ------------------------------------------------------------------------------------------


@pytest.fixture
def task(tmp_path: Path) -> draft.Task:
    """The stadsbank at its desk."""
    folder = shutil.copytree(small_home(), tmp_path / "home")
    chosen = draft.choose(folder / "study.toml")
    return draft.Task(chosen, chosen.mine[0])


def with_header(task: draft.Task, **names: str) -> Path:
    path = task.chosen.file.with_name("klanten.csv")
    head, rest = path.read_bytes().decode("utf-8").split("\r\n", 1)
    for old, new in names.items():
        head = head.replace(old, new)
    path.write_text(f"{head}\r\n{rest}", "utf-8", newline="")
    return path


def test_columns_are_recognised_by_agreed_and_by_usual_names(task: draft.Task) -> None:
    path = with_header(task, bsn="Burgerservicenr.", postcode="PC6", debt_counselling="Iets anders")
    found = {want.key: want for want in draft.open_export(task, path).wanted}
    assert (found["bsn"].chosen, found["bsn"].is_sure) == ("Burgerservicenr.", False)
    assert (found["postcode"].chosen, found["postcode"].is_sure) == ("PC6", False)
    assert (found["house_number"].chosen, found["house_number"].is_sure) == ("house_number", True)
    assert found["debt_counselling"].chosen is None
    taken = [want.chosen for want in found.values() if want.chosen]
    assert len(taken) == len(set(taken))
    assert {want.key for want in found.values() if want.optional} == {"house_letter", "house_addition"}


def test_a_choice_of_the_clerk_is_checked(task: draft.Task) -> None:
    opened = draft.open_export(task, task.chosen.file.with_name("klanten.csv"))
    good = {want.key: want.chosen or "" for want in opened.wanted}
    assert draft.mapped(opened, good, "comma").holder.columns == good
    without = draft.mapped(opened, good | {"house_letter": ""}, "point")
    assert "house_letter" not in without.holder.columns
    assert without.holder.format.decimal == "point"
    assert without.study.holder_of("stadsbank", "stadsbank") == without.holder
    assert without.study.agreement == task.chosen.study.agreement
    for change in ({"debt": ""}, {"debt": "no such column"}, {"debt": good["bsn"]}):
        with pytest.raises(ColumnMissing):
            draft.mapped(opened, good | change, "comma")


def test_a_rehearsal_counts_what_the_package_has_and_needs_no_key(task: draft.Task) -> None:
    opened = draft.open_export(task, task.chosen.file.with_name("klanten.csv"))
    plan = draft.mapped(opened, {want.key: want.chosen or "" for want in opened.wanted}, "comma")
    before = (task.chosen.file.parent / "study.root").read_bytes()
    (task.chosen.file.parent / "study.root").unlink()
    made = draft.rehearse(plan, TODAY, lambda _done, _total: None)
    assert made.summary.tally.kept == 1
    again = draft.rehearse(plan, TODAY, lambda _done, _total: None)
    pseudonyms = [one.summary.tally.examples for one in (made, again)]
    assert pseudonyms[0] is not None
    assert pseudonyms[1] is not None
    assert pseudonyms[0]["bsn"].to_list() != pseudonyms[1]["bsn"].to_list()
    (task.chosen.file.parent / "study.root").write_bytes(before)
    (task.chosen.file.parent / "study.root").chmod(0o600)
    sealed = draft.seal(draft.Agreed(made), draft.Answers(None, None, 1), TODAY, lambda _done, _total: None)
    with sealed.package.open("rb") as file:
        from linkage.transfer.package import read_header

        assert read_header(file).manifest.rows == 1


def test_steps_are_found_on_the_way_back(task: draft.Task) -> None:
    opened = draft.open_export(task, task.chosen.file.with_name("klanten.csv"))
    assert part_of(opened, draft.Task) is task
    assert part_of(opened, draft.Chosen) is task.chosen
    assert part_of(opened, Done) is None
    assert part_of(None, draft.Task) is None


def test_sides_say_what_the_encoder_says(task: draft.Task) -> None:
    path = task.chosen.file.with_name("klanten.csv")
    head, row = path.read_bytes().decode("utf-8").split("\r\n")[:2]
    broken = row.replace(simulator.bsn(0), "123456789")
    path.write_text("\r\n".join([head, row, row.replace("12.345,67", ""), broken]) + "\r\n", "utf-8", newline="")
    opened = draft.open_export(task, path)
    plan = draft.mapped(opened, {want.key: want.chosen or "" for want in opened.wanted}, "comma")
    shown = sides(draft.rehearse(plan, TODAY, lambda _done, _total: None).summary)
    assert (shown.rows, shown.kept, shown.refused) == ("3", "2", "1")
    assert [(line.rows, bool(line.mend)) for line in shown.rejected] == [("4", True)]
    assert [(warning.code, warning.blocks) for warning in shown.warned] == [("too_many", True)]
    assert shown.blocked
    assert {line.columns: line.unknown for line in shown.leaves}["debt"] == "1"


# --- work ------------------------------------------------------------------------------------------------


def finished(work: Work) -> str:
    while work.state == "running":
        threading.Event().wait(0.01)
    return work.state


def test_work_is_cancelled_at_its_next_step() -> None:
    started = threading.Event()

    def endless(progress: object) -> None:
        while True:
            progress(1, 4)  # type: ignore[operator]
            started.set()

    work = Work(endless)
    started.wait()
    assert work.percent == 25
    work.cancel(wait_seconds=600)
    assert (work.state, work.error) == ("cancelled", None)


def test_what_was_cancelled_is_forgotten() -> None:
    rows: list[weakref.ref[Work]] = []

    def reading(progress: object) -> None:
        held = Work(lambda _progress: None)  # stands for the rows: anything that can be asked whether it is still there
        rows.append(weakref.ref(held))
        while True:
            progress(len(rows), 0)  # type: ignore[operator]

    work = Work(reading)
    while not rows:
        threading.Event().wait(0.01)
    work.cancel(wait_seconds=600)
    assert work.state == "cancelled"
    assert rows[0]() is None
    assert (work.percent, work.done) == (None, 1)  # of a database it is not known how much there is


def test_a_package_that_was_cancelled_is_never_signed(task: draft.Task) -> None:
    """Also when the last row was read long ago; and afterwards it can be made again."""
    opened = draft.open_export(task, task.chosen.file.with_name("klanten.csv"))
    plan = draft.mapped(opened, {want.key: want.chosen or "" for want in opened.wanted}, "comma")
    agreed = draft.Agreed(draft.rehearse(plan, TODAY, lambda _done, _total: None))
    before = sorted(task.chosen.file.parent.iterdir())

    def cancelled(done: int, total: int) -> None:
        if (done, total) == (1, 1):
            raise CancelledError

    with pytest.raises(CancelledError):
        draft.seal(agreed, draft.Answers(None, None, 1), TODAY, cancelled)
    assert sorted(task.chosen.file.parent.iterdir()) == before
    assert draft.seal(agreed, draft.Answers(None, None, 1), TODAY, lambda _done, _total: None).package.exists()


def test_an_unforeseen_error_says_no_value() -> None:
    def broken(_progress: object) -> None:
        raise ValueError(CANARY)

    work = Work(broken)
    assert finished(work) == "failed"
    assert "ValueError" in str(work.error)
    assert CANARY not in str(work.error)


# --- files -------------------------------------------------------------------------------------------------


def test_a_file_in_memory_is_read_like_any_other(tmp_path: Path) -> None:
    held = Held("Klanten 2014.csv")
    for part in (HEAD.encode(), ROW.encode() * 1000):
        held.write(part)
    assert held.path.name == "Klanten 2014.csv"
    assert seen(held.path)[0] == WANTED
    assert held.path.stat().st_size == held.size
    held.close()
    with pytest.raises(InputUnreadable, match=r"^Klanten 2014\.csv"):
        look(held.path, Format(), WANTED)


def test_the_list_of_files_shows_what_fits(tmp_path: Path) -> None:
    root = tmp_path / "Documenten"
    (root / "map").mkdir(parents=True)
    for name in ("b.CSV", "a.xlsx", "nee.docx", ".geheim.csv", "x.package.afgewezen.csv"):
        (root / name).write_text("x", "utf-8")
    (root / "naar buiten").symlink_to(tmp_path)
    shown = listing(root, root, (".csv", ".xlsx"))
    assert [entry.name for entry in shown.entries] == ["map", "a.xlsx", "b.CSV"]
    assert listing(root, root / "map", (".csv",)).trail == (("Documenten", str(root)), ("map", str(root / "map")))
    assert inside(root, f'"{root / "a.xlsx"}"') == root / "a.xlsx"
    for path in ("../", str(tmp_path), "weg.csv", "naar buiten", "a\x00"):
        with pytest.raises(InputUnreadable):
            inside(root, path)


# --- words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", page.LANGUAGES)
def test_every_reason_has_a_way_to_mend_it(language: page.Language) -> None:
    codes = [*ROWS, *(f"{kind}-{outcome}" for kind in KINDS for outcome in CLASSES)]
    assert [code for code in codes if not mend.how_to_mend(code, language)] == []
    assert mend.how_to_mend("something-new", language) == ""
    assert mend.why("something-new", language) == "something-new"


def test_every_reason_is_told_in_english() -> None:
    codes = [*ROWS, *(f"{kind}-{outcome}" for kind in KINDS for outcome in CLASSES)]
    assert [code for code in codes if mend.why(code, "en") == mend.why(code)] == []
    assert mend.why("bsn-check-digit", "en") == "BSN does not exist (the check digit is wrong)"
    assert mend.how_to_mend("bsn-check-digit", "en").startswith("Often a slip of the keyboard.")


def test_every_text_is_used_and_none_is_missing() -> None:
    """In both languages; a key that is put together in a template is looked for by its beginning."""
    source = "".join(
        path.read_text("utf-8")
        for folder in ("", "templates")
        for path in files("linkage.desk").joinpath(folder).iterdir()  # type: ignore[attr-defined]
        if path.name.endswith((".py", ".html"))
    )
    named = set(re.findall(r"""["']([a-z]+(?:_[a-z]+)*)["']""", source))
    begun = tuple(re.findall(r"""["']([a-z_]+_)["'] ~""", source))
    assert [key for key in page.texts() if key not in named and not key.startswith(begun)] == []
    asked = set(re.findall(r"""\bt\(["']([a-z_]+)["']\)""", source))
    assert asked <= set(page.texts())
    for key, both in page.texts().items():
        assert len(both) == 2, key
        assert all(both), key


def test_every_error_of_a_holder_has_advice_or_says_it_all() -> None:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, LinkageError):
            key = advice(kind("x"))
            assert key is None or key in page.texts()
    assert advice(errors.StudyFault("x")) == "advice_study"
    assert advice(InputError("x")) is None
