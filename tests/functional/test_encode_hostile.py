"""Any file whatever as an export: a package or one of our own errors, and never a cell of it in the message."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulator import Cast, bsn, columns_of

from linkage.errors import LinkageError
from linkage.holder import apart, records
from linkage.holder import encode as room
from linkage.holder.encode import Request
from linkage.words import summarise

CANARY = "Qx7Kanarie"
SLOW = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
COLUMNS = columns_of("stadsbank")
HEADER = ";".join(COLUMNS)


class Bank:
    """A holder that takes any file for its export."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def attempt(self, content: bytes) -> str:
        """What is said of these bytes as an export; anything but a LinkageError fails the test."""
        self.request.export.write_bytes(content)
        try:
            return "\n".join(summarise(room.preview(self.request, lambda done, total: None)))
        except LinkageError as error:
            assert error.__cause__ is None
            assert error.__context__ is None or error.__suppress_context__
            return str(error)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """The readers run in this process: a child for each of hundreds of files takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linkage.holder.apart.read_apart", lambda reader, *rest: apart.READERS[reader](*rest))
        yield Bank(Cast(tmp_path_factory.mktemp("hostile")).request("stadsbank"))


@SLOW
@given(content=st.binary(max_size=400))
def test_random_bytes(bank: Bank, content: bytes) -> None:
    bank.attempt(content)


@SLOW
@given(
    start=st.sampled_from([b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xef\xbb\xbf"]),
    rest=st.binary(max_size=300),
)
def test_random_bytes_behind_a_known_beginning(bank: Bank, start: bytes, rest: bytes) -> None:
    bank.attempt(start + rest)


piece = st.sampled_from(
    [
        CANARY,
        bsn(1),
        ";",
        ";;",
        "\n",
        "\r\n",
        "\r",
        '"',
        '""',
        "7607AB",
        "12",
        "1-2",
        "ja",
        "nee",
        "-1",
        "1.234,56",
        "\x00",
        " ",
        "é",
        ",",
    ]
)


@SLOW
@given(
    pieces=st.lists(piece, max_size=60),
    block=st.integers(1, 50),
    encoding=st.sampled_from(["utf-8", "cp1252", "utf-16"]),
)
def test_text_like_a_table(bank: Bank, pieces: list[str], block: int, encoding: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_BYTES", block)
        said = bank.attempt((HEADER + "\r\n" + "".join(pieces)).encode(encoding))
    assert CANARY not in said
    assert bsn(1) not in said


cells = st.lists(
    st.one_of(piece, st.text(max_size=8).map(lambda text: CANARY + text)), min_size=len(COLUMNS), max_size=len(COLUMNS)
)


@SLOW
@given(rows=st.lists(cells, max_size=6))
def test_tables_with_any_cells(bank: Bank, rows: list[list[str]]) -> None:
    frame = pl.DataFrame(rows, dict.fromkeys(COLUMNS, pl.String), orient="row")
    said = bank.attempt(frame.write_csv(separator=";", quote_style="always").encode("utf-8", "replace"))
    assert CANARY not in said
    file = io.BytesIO()
    frame.write_parquet(file)
    assert CANARY not in bank.attempt(file.getvalue())


def workbook() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_row(1, 0, [CANARY] * len(COLUMNS))
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({name: [CANARY, "1"] for name in COLUMNS}).write_parquet(file)
    return file.getvalue()


@SLOW
@given(
    kind=st.sampled_from([workbook(), parquet()]),
    places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
)
def test_damaged_workbooks_and_parquet(bank: Bank, kind: bytes, places: list[tuple[int, int]]) -> None:
    content = bytearray(kind)
    for place, value in places:
        content[place % len(content)] = value
    assert CANARY not in bank.attempt(bytes(content))


@pytest.mark.parametrize("name", ["met spatie.csv", "a[1]*.csv", "é.CSV", "-x.csv"])
def test_any_file_name(bank: Bank, name: str) -> None:
    path = bank.request.export.with_name(name)
    path.write_text(HEADER + "\n" + CANARY + ";" * (len(COLUMNS) - 1) + "\n", encoding="utf-8")
    said = "\n".join(summarise(room.preview(replace(bank.request, export=path), lambda done, total: None)))
    assert name in said


def test_a_folder_as_export(bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(LinkageError):
        room.preview(replace(bank.request, export=tmp_path), lambda done, total: None)
