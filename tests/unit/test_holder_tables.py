"""Reading Excel and Parquet: what a cell is, is kept; numbers in the holder's notation; broken files are refused."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from linkage.errors import ColumnMissing, InputUnreadable
from linkage.holder import apart
from linkage.holder import read_excel as excel_room
from linkage.holder.read import read
from linkage.study import Format, Holder

KEY = "holder1:" + "A" * 43 + "="
HEADER = ("Naam", "BSN", "Schuld")
Row = tuple[int, str | None, str | None]


def holder(**form: object) -> Holder:
    """Maps `bsn` to BSN and `debt` to Schuld."""
    return Holder(
        id="bank",
        organisation="Bank",
        delivery="stadsbank",
        public_key=KEY,
        format=Format(**form),  # type: ignore[arg-type]
        columns={"bsn": "BSN", "debt": "Schuld"},
    )


def silent(done: int, total: int) -> None:
    """No progress."""


def table(path: Path, **form: object) -> list[Row]:
    """Row number, bsn and debt of every record."""
    batches = read(path, holder(**form), silent).batches
    return [row for batch in batches for row in batch.frame.select("row", "bsn", "debt").iter_rows()]


def workbook(path: Path, sheets: dict[str, dict[tuple[int, int], Any]], number_format: str = "d-mmm") -> Path:
    """Cells by sheet and place, counted from 0; a tuple is a formula with its outcome."""
    with xlsxwriter.Workbook(str(path)) as book:
        date = book.add_format({"num_format": number_format})
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            for (row, column), value in cells.items():
                if isinstance(value, dt.date):
                    sheet.write_datetime(row, column, value, date)  # type: ignore[arg-type]
                elif isinstance(value, tuple):
                    sheet.write_formula(row, column, value[0], None, value[1])
                elif isinstance(value, str):
                    sheet.write_string(row, column, value)
                else:
                    sheet.write(row, column, value)
    return path


def cells(rows: Sequence[Sequence[Any]], top: int = 0, left: int = 0) -> dict[tuple[int, int], Any]:
    """A table by place; None leaves a cell out."""
    return {
        (row, column): value
        for row, record in enumerate(rows, top)
        for column, value in enumerate(record, left)
        if value is not None
    }


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readers themselves; that a child runs them is tested in tests/generative/test_fuzz_bombs.py."""
    monkeypatch.setattr("linkage.holder.apart.read_apart", lambda reader, *rest: apart.READERS[reader](*rest))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.xlsx"


# --- Excel --------------------------------------------------------------------------------------


def test_numbers_texts_dates_and_truth_values(path: Path) -> None:
    rows = [HEADER, ("a", 12345678, 1234.5), ("b", "012345678", "1.234,50"), ("c", dt.date(2024, 2, 1), True)]
    workbook(path, {"Blad1": cells(rows)})
    assert table(path) == [
        (2, "12345678", "1234,5"),
        (3, "012345678", "1.234,50"),
        (4, "2024-02-01 00:00:00", "true"),
    ]


def test_a_point_in_a_text_cell_is_not_the_point_of_a_number_cell(path: Path) -> None:
    """In a Dutch text `1.234` is twelve hundred and thirty-four; as a number cell it is not."""
    workbook(path, {"Blad1": cells([HEADER, ("a", "1", "1.234"), ("b", "2", 1.234)])})
    assert [row[2] for row in table(path)] == ["1.234", "1,234"]
    assert [row[2] for row in table(path, decimal="point")] == ["1.234", "1.234"]


def test_leading_zeros_that_live_in_the_format_only(path: Path) -> None:
    workbook(path, {"Blad1": cells([HEADER, ("a", 12345678, 1)])}, number_format="000000000")
    assert table(path) == [(2, "12345678", "1")]


def test_float_noise_is_no_money(path: Path) -> None:
    workbook(path, {"Blad1": cells([HEADER, ("a", "1", 0.1 + 0.2)])})
    assert table(path) == [(2, "1", "0,3")]


def test_rows_are_numbered_as_excel_shows_them(path: Path) -> None:
    """A table that begins at C4, with an empty row in the middle and formatted ones at the end."""
    rows = [HEADER, ("a", "1", "2"), (None, None, None), ("b", "3", "4"), ("c", None, None), ("", " ", "")]
    workbook(path, {"Blad1": cells(rows, top=3, left=2)})
    assert table(path, header_row=4) == [(5, "1", "2"), (7, "3", "4"), (8, None, None)]


def test_batches_go_on_with_the_numbers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_room, "BATCH_ROWS", 2)
    workbook(path, {"Blad1": cells([HEADER, *(("x", str(n), "1") for n in range(5))])})
    seen: list[tuple[int, int]] = []
    batches = list(read(path, holder(), lambda done, total: seen.append((done, total))).batches)
    assert [batch.frame["row"].to_list() for batch in batches] == [[2, 3], [4, 5], [6]]
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_the_sheet_of_the_study(path: Path) -> None:
    workbook(path, {"Toelichting": {(0, 0): "x"}, "Lijst": cells([HEADER, ("a", "1", "2")])})
    assert table(path, sheet="Lijst") == [(2, "1", "2")]
    with pytest.raises(ColumnMissing):
        table(path)
    with pytest.raises(InputUnreadable, match=r"is er niet \(er zijn er 2\)"):
        table(path, sheet="Weg")


def test_others_and_kind(path: Path) -> None:
    workbook(path, {"Blad1": cells([("Naam", "BSN", "Schuld", "Memo")])})
    export = read(path, holder(), silent)
    assert (export.kind, export.stays, list(export.batches)) == ("Excel", ("Naam", "Memo"), [])


@pytest.mark.parametrize("header_row", [1, 7])
def test_an_empty_sheet(path: Path, header_row: int) -> None:
    workbook(path, {"Blad1": {}})
    with pytest.raises(InputUnreadable, match=rf"geen kopregel in rij {header_row}"):
        table(path, header_row=header_row)


def test_an_error_of_excel_is_not_an_empty_cell(path: Path) -> None:
    """`#N/B` reads as nothing, and nothing may mean none."""
    rows = [HEADER, (("=1/0", "#DIV/0!"), "1", "2"), ("b", "3", ("=NA()", "#N/A")), ("c", ("=NA()", "#N/A"), "4")]
    workbook(path, {"Blad1": {(0, 0): "x"}, "Lijst": cells(rows, top=2, left=1)})
    with pytest.raises(InputUnreadable) as caught:
        table(path, sheet="Lijst", header_row=3)
    assert "rij 5: in kolom `Schuld` staat een foutmelding van Excel, zoals #N/B (en zo zijn er nog 1)" in str(
        caught.value
    )


def test_a_binary_workbook(path: Path) -> None:
    """Its errors cannot be told from empty cells."""
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.bin", "")
    with pytest.raises(InputUnreadable, match=r"is een binaire werkmap .*als \.xlsx"):
        table(path)


def test_an_error_in_a_column_that_nobody_asks_for(path: Path) -> None:
    workbook(path, {"Blad1": cells([HEADER, (("=NA()", "#N/A"), "1", "2")])})
    assert table(path) == [(2, "1", "2")]


def test_error_cells_are_found_across_pieces_of_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.holder.excel_errors._CHUNK", 50)
    workbook(path, {"Blad1": cells([HEADER, ("a", "1", "2"), ("b", "3", ("=NA()", "#N/A"))])})
    with pytest.raises(InputUnreadable, match="rij 3: in kolom `Schuld`"):
        table(path)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"PK\x03\x04" + bytes(500), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)]
)
def test_what_only_looks_like_a_workbook(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InputUnreadable, match="niet te lezen als Excel"):
        table(path)


def test_another_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("geheim.txt", "111222333")
    with pytest.raises(InputUnreadable) as caught:
        table(path)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_workbook(path: Path, share: float) -> None:
    raw = workbook(path, {"Blad1": cells([HEADER, ("a", "1", "2")])}).read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(InputUnreadable):
        table(path)


def test_a_csv_called_xls(tmp_path: Path) -> None:
    path = tmp_path / "export.xls"
    path.write_text("BSN;Schuld\n1;2\n")
    assert table(path) == [(2, "1", "2")]


# --- Parquet ------------------------------------------------------------------------------------


def parquet(path: Path, bsn: Any, debt: Any) -> Path:
    """A Parquet of two series and a column that nobody asks for."""
    pl.DataFrame({"Naam": pl.Series(["x"] * len(bsn)), "BSN": bsn, "Schuld": debt}).write_parquet(path)
    return path


@pytest.mark.parametrize(
    ("series", "text"),
    [
        (pl.Series([12345678, None], dtype=pl.Int64), "12345678"),
        (pl.Series([12345678, None], dtype=pl.UInt32), "12345678"),
        (pl.Series([1234.5, None], dtype=pl.Float64), "1234,5"),
        (pl.Series([0.1 + 0.2, None], dtype=pl.Float64), "0,3"),
        (pl.Series([9249.999999999998, None], dtype=pl.Float64), "9250,0"),
        (pl.Series([Decimal("1234.50"), None], dtype=pl.Decimal(12, 2)), "1234,50"),
        (pl.Series([dt.date(2014, 12, 31), None]), "2014-12-31"),
        (pl.Series([True, None]), "true"),
        (pl.Series(["1.234", None], dtype=pl.String), "1.234"),
        (pl.Series(["ja", None], dtype=pl.Categorical), "ja"),
        (pl.Series(["ja", None], dtype=pl.Enum(["nee", "ja"])), "ja"),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pl.Series) else value,
)
def test_typed_columns(tmp_path: Path, series: pl.Series, text: str) -> None:
    path = parquet(tmp_path / "export.parquet", series, series)
    assert table(path) == [(2, text, text), (3, None, None)]


def test_a_moment_reads_as_a_date(tmp_path: Path) -> None:
    series = pl.Series([dt.datetime(2014, 12, 31, 12, 0)])
    ((_, bsn, _),) = table(parquet(tmp_path / "export.parquet", series, series))
    assert bsn is not None
    assert bsn.startswith("2014-12-31 ")


def test_numbers_in_the_notation_of_the_study(tmp_path: Path) -> None:
    path = parquet(tmp_path / "export.parquet", pl.Series([1]), pl.Series([2.5]))
    assert table(path, decimal="point") == [(2, "1", "2.5")]


@pytest.mark.parametrize(
    "series",
    [pl.Series([[1], [2]]), pl.Series([{"a": 1}, {"a": 2}]), pl.Series([b"\x00", b"x"]), pl.Series([dt.time(1), None])],
    ids=lambda series: str(series.dtype),
)
def test_columns_that_are_no_cells(tmp_path: Path, series: pl.Series) -> None:
    path = parquet(tmp_path / "export.parquet", pl.Series(["1", "2"]), series)
    with pytest.raises(InputUnreadable, match="in kolom `Schuld` staan geen teksten"):
        table(path)


def test_empty_rows_of_parquet_are_rows(tmp_path: Path) -> None:
    """No spreadsheet adds lines to a Parquet: a row without values is a record of a person without numbers."""
    path = parquet(tmp_path / "export.parquet", pl.Series([None, "1"]), pl.Series([None, "2"]))
    assert table(path) == [(2, None, None), (3, "1", "2")]


@pytest.mark.parametrize("share", [0.01, 0.3, 0.8, 0.99])
def test_a_truncated_parquet(tmp_path: Path, share: float) -> None:
    path = parquet(tmp_path / "export.parquet", pl.Series(["1"] * 99), pl.Series(["2"] * 99))
    raw = path.read_bytes()
    path.write_bytes(raw[: max(8, int(len(raw) * share))])
    with pytest.raises(InputUnreadable, match="Parquet"):
        table(path)


def test_a_file_name_is_not_a_pattern(tmp_path: Path) -> None:
    parquet(tmp_path / "a1.parquet", pl.Series(["1"]), pl.Series(["2"]))
    path = parquet(tmp_path / "a[1].parquet", pl.Series(["3"]), pl.Series(["4"]))
    assert table(path) == [(2, "3", "4")]


def test_many_rows_of_parquet_in_order(tmp_path: Path) -> None:
    numbers = pl.Series([str(n) for n in range(200_000)])
    path = parquet(tmp_path / "export.parquet", numbers, numbers)
    seen: list[tuple[int, int]] = []
    rows, first = 0, None
    for batch in read(path, holder(), lambda done, total: seen.append((done, total))).batches:
        first = batch.frame["row"][0] if first is None else first
        assert (batch.frame["row"].cast(pl.String) == (batch.frame["bsn"].cast(pl.Int64) + 2).cast(pl.String)).all()
        rows += batch.frame.height
    assert (rows, first, seen[-1]) == (200_000, 2, (200_000, 200_000))
