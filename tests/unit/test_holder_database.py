"""The holder's own database by ODBC: a query that only asks, a connection that nobody sees, errors without a cell.

SQLite's driver stands for the database of a holder; Debian: libsqliteodbc.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest

from linkage.errors import ColumnMissing, ExtraMissing, InputUnreadable, SecretExposed
from linkage.holder import apart, read_database
from linkage.holder.database import asking, database, query_of
from linkage.holder.export import Export
from linkage.holder.read import read
from linkage.holder.source import Database
from linkage.study import Format, Holder

COLUMNS = {"bsn": "BSN", "minor": "geboren", "debt": "schuld"}
HOLDER = Holder(
    id="bank",
    organisation="Bank",
    delivery="stadsbank",
    public_key="holder1:" + "A" * 43 + "=",
    format=Format(),
    columns=COLUMNS,
)
QUERY = "-- de klanten van nu\nSELECT bsn, geboren, schuld, memo FROM klant ORDER BY nr;\n"


@pytest.fixture
def klanten(tmp_path: Path) -> Path:
    """A database with three clients, and a connection file for its owner alone."""
    made = sqlite3.connect(tmp_path / "bank.db")
    made.execute("create table klant (nr integer, bsn varchar(9), geboren date, schuld double, memo varchar(5000))")
    rows = [
        (1, "012345678", "1990-02-01", 1234.5, "Kanarie"),
        (2, None, None, None, None),
        (3, "1", "2000-12-31", 3, "x"),
    ]
    made.executemany("insert into klant values (?, ?, ?, ?, ?)", rows)
    made.commit()
    made.close()
    connection = tmp_path / "bank.odbc"
    connection.write_text(f"# de stadsbank\nDriver=SQLite3\nDatabase={tmp_path / 'bank.db'};\n", encoding="utf-8")
    connection.chmod(0o600)
    return connection


def ask(connection: Path, text: str = QUERY) -> Export:
    query = connection.with_name("klanten.sql")
    query.write_text(text, encoding="utf-8")
    return read(asking(query, database(str(connection))), HOLDER, lambda *_: None)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.holder.apart.read_apart", lambda reader, *rest: apart.READERS[reader](*rest))


def test_the_rows_of_a_query_through_the_child(klanten: Path) -> None:
    export = ask(klanten)
    assert (export.kind, export.stays) == ("database", ("memo",))
    assert pl.concat([batch.frame for batch in export.batches]).select("row", *COLUMNS).rows() == [
        (1, "012345678", "1990-02-01", "1234,5"),
        (2, None, None, None),
        (3, "1", "2000-12-31", "3,0"),
    ]


@pytest.mark.usefixtures("in_this_process")
def test_many_rows_come_in_order_and_in_batches(klanten: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = sqlite3.connect(klanten.with_name("bank.db"))
    made.executemany("insert into klant values (?, ?, null, 1, null)", [(n, str(n)) for n in range(4, 5001)])
    made.commit()
    monkeypatch.setattr(read_database, "BATCH_ROWS", 1000)
    frames = [batch.frame for batch in ask(klanten).batches]
    assert len(frames) >= 5
    rows = pl.concat(frames)
    assert rows["row"].to_list() == list(range(1, 5001))
    assert rows["bsn"].to_list()[3:] == [str(n) for n in range(4, 5001)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select * from nergens", "de database gaf een fout"),
        ("select bsn from klant", "`geboren`, `schuld` staan niet"),
        ("select bsn, bsn, geboren, schuld from klant", "een eigen naam, met AS"),
        ("select bsn, geboren, schuld, Kanarie from klant", "de database gaf een fout"),
    ],
)
@pytest.mark.usefixtures("in_this_process")
def test_what_the_driver_says_is_not_told(klanten: Path, query: str, said: str) -> None:
    with pytest.raises((InputUnreadable, ColumnMissing), match=said) as caught:
        list(ask(klanten, query).batches)
    told = str(caught.value)
    assert told.startswith("klanten.sql: ")
    assert not [word for word in ("Kanarie", "nergens", "SQLite", str(klanten.parent)) if word in told]
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.usefixtures("in_this_process")
def test_a_cell_that_is_too_long_is_told(klanten: Path) -> None:
    made = sqlite3.connect(klanten.with_name("bank.db"))
    made.execute("insert into klant values (4, '1', null, 1, ?)", ("Kanarie" * 700,))
    made.commit()
    with pytest.raises(InputUnreadable, match="meer dan 4096 tekens; vraag in de query alleen"):
        list(ask(klanten).batches)


@pytest.mark.usefixtures("in_this_process")
def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    query = tmp_path / "q.sql"
    query.write_text("select 1", encoding="utf-8")
    with pytest.raises(InputUnreadable, match=r"deze gegevensbron \(DSN\) is er niet.*\(ODBC IM002\)"):
        read(asking(query, database("geen-bron", "naam", "Kanarie;PWD=x")), HOLDER, lambda *_: None)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("08001", "niet te bereiken"),
        ("28000", "naam en wachtwoord"),
        ("42S02", "een tabel"),
        ("42000", "de query is niet goed"),
        ("HYT00", "niet op tijd"),
        ("ZZ999", "laat systeembeheer de query proberen"),
    ],
)
def test_states_in_words(state: str, words: str) -> None:
    said = read_database._in_words(Path("q.sql"), f"ODBC emitted an error\nState: {state}, Message: Kanarie")
    assert words in said
    assert state in said
    assert "Kanarie" not in said


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("error", "words"), [(ModuleNotFoundError, r"\[database\]"), (OSError, "apt install unixodbc")]
)
def test_without_the_extra_or_the_driver_manager(
    klanten: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception], words: str
) -> None:
    def missing(name: str) -> None:
        raise error

    monkeypatch.setattr(read_database, "import_module", missing)
    with pytest.raises(ExtraMissing, match=words):
        ask(klanten)


# --- what may be asked ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "select a from b",
        "\ufeff  SELECT a\nFROM b ;  ",
        "with x as (select 1) select * from x",
        "-- delete\nselect 'drop; table' as a, \"update\", [set] from b /* insert; */",
    ],
)
def test_a_query_that_only_asks(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.sql"
    path.write_text(text, encoding="utf-8")
    assert query_of(path) == text.removeprefix("\ufeff").strip().rstrip(";").strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-- select",
        "delete from klant",
        "select 1; drop table klant",
        "with x as (select 1) delete from klant",
        "select * into kopie from klant",
        "exec sp_help",
        "select 1 /*" + "x" * 70_000 + "*/",
    ],
)
def test_a_query_that_changes_something_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.sql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputUnreadable, match=r"^q\.sql: de query"):
        query_of(path)


# --- how it is reached ------------------------------------------------------------------------------------


def test_a_dsn_or_a_file_and_never_a_string_in_the_command(tmp_path: Path) -> None:
    assert database("Stadsbank 2014", "naam", "geheim").connection == "DSN=Stadsbank 2014"
    for typed in ("DSN=x;PWD=geheim", "Driver=SQLite3;Database=a", "", "a/b", "x;UID=y"):
        with pytest.raises(InputUnreadable, match="typ nooit een wachtwoord in de opdracht") as caught:
            database(typed)
        assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(Database("PWD=geheim", "naam", "geheim"))


def test_a_file_is_for_its_owner_alone_and_has_settings(klanten: Path) -> None:
    assert database(str(klanten)).connection.startswith("Driver=SQLite3;Database=")
    klanten.chmod(0o640)
    with pytest.raises(SecretExposed, match=r"chmod 600 bank\.odbc"):
        database(str(klanten))
    klanten.chmod(0o600)
    for content in (b"", b"\xff\xfe\x00", b"alleen tekst\n", b"# niets\n"):
        klanten.write_bytes(content)
        with pytest.raises(InputUnreadable, match=r"^bank\.odbc"):
            database(str(klanten))
