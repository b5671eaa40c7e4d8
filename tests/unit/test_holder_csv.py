"""Reading CSV: every spelling of a table gives the same cells and row numbers; what is not plainly one is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import ColumnMissing, InputUnreadable, LinkageError
from linkage.holder import export, records
from linkage.holder.read import read
from linkage.study import Format, Holder

KEY = "holder1:" + "A" * 43 + "="
Table = list[tuple[int, str | None, str | None]]


def holder(**form: object) -> Holder:
    """Maps `bsn` to BSN-nummer and `debt` to Schuld €."""
    return Holder(
        id="bank",
        organisation="Bank",
        delivery="stadsbank",
        public_key=KEY,
        format=Format(**form),  # type: ignore[arg-type]
        columns={"bsn": "BSN-nummer", "debt": "Schuld €"},
    )


def silent(done: int, total: int) -> None:
    """No progress."""


def table(path: Path, content: bytes | str, **form: object) -> Table:
    """Row number, bsn and debt of every record."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    export = read(path, holder(**form), silent)
    return [row for batch in export.batches for row in batch.frame.select("row", "bsn", "debt").iter_rows()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK_BYTES", 7)


HEADER = "Naam;BSN-nummer;Schuld €"
ROWS = [(2, "111222333", "1.234,56"), (3, "012345678", None)]


def text(separator: str = ";", end: str = "\r\n") -> str:
    lines = [HEADER, "Zoë;111222333;1.234,56", "Ann;012345678;"]
    return "".join(line.replace(";", separator) + end for line in lines)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_separator_encoding_and_line_end(path: Path, encoding: str, separator: str, end: str) -> None:
    assert table(path, text(separator, end).encode(encoding)) == ROWS


def test_comma_with_quoted_amounts(path: Path) -> None:
    assert table(path, 'Naam,BSN-nummer,Schuld €\nZoë,111222333,"1.234,56"\nAnn,012345678,\n') == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-be"])
def test_the_kind_is_told(path: Path, encoding: str) -> None:
    path.write_bytes((b"\xfe\xff" if encoding == "utf-16-be" else b"") + text().encode(encoding))
    name = "utf-16" if encoding == "utf-16-be" else encoding
    assert read(path, holder(), silent).kind == f"CSV ({name}, scheidingsteken ;)"


def test_a_byte_order_mark_wins_over_the_study(path: Path) -> None:
    assert table(path, text().encode("utf-8-sig"), encoding="cp1252") == ROWS


def test_an_agreed_encoding_that_does_not_fit(path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"export.csv is geen utf-8; bewaar"):
        table(path, text().encode("cp1252"), encoding="utf-8")


def test_bytes_that_are_no_text(path: Path) -> None:
    with pytest.raises(InputUnreadable, match="geen cp1252"):
        table(path, text().encode("cp1252") + b"\x81\x8d\x8f;;\r\n")


def test_cells_with_separators_quotes_and_line_ends(path: Path, small_blocks: None) -> None:
    content = f'{HEADER}\r\n"regel 1\r\n\r\nregel; ""2""";"1";2\r\n;"3";""\r\n"""";4;"5\n"\r\nx;6;7'
    assert table(path, content) == [(2, "1", "2"), (3, "3", ""), (4, "4", "5\n"), (5, "6", "7")]


cell = st.text(alphabet='ab ;,\n\r"é\t', max_size=6)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(cell, cell, cell), max_size=12), block=st.integers(1, 40))
def test_whatever_a_proper_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], block: int
) -> None:
    path, out = tmp_path_factory.getbasetemp() / "any.csv", io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([HEADER.split(";"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_BYTES", block)
        found = table(path, out.getvalue())
    expected = [(n, row[1], row[2]) for n, row in enumerate(rows, 2) if any(item.strip() for item in row)]
    assert [(n, bsn or "", debt or "") for n, bsn, debt in found] == expected


def test_empty_records_are_no_rows_but_count_in_the_numbers(path: Path, small_blocks: None) -> None:
    content = f"{HEADER}\r\n\r\nx;1;2\r\n;;\r\n   \r\n;3;\r\n;;;;;\r\n; ;\t\r\nx;;\r\n\r\n\r\n"
    assert table(path, content) == [(3, "1", "2"), (6, "3", None), (9, None, None)]


def test_an_empty_first_line_before_the_records(path: Path) -> None:
    assert table(path, f"{HEADER}\n\n\nx;1;2\n") == [(4, "1", "2")]


def test_trailing_empty_fields_may_be_missing_or_too_many(path: Path) -> None:
    """Excel leaves out empty cells at the end of a row; others write a separator too many."""
    wide = "BSN-nummer;Schuld €;Memo;Code\n1;2\n3;4;;;;\n5;6;x;y\n"
    assert table(path, wide) == [(2, "1", "2"), (3, "3", "4"), (4, "5", "6")]


def test_a_row_too_long_and_one_too_short_do_not_make_up_for_each_other(path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"rij 2: 4 velden waar de kopregel er 3 heeft"):
        table(path, f"{HEADER}\nx;1;2;y\nx;3\n")


@pytest.mark.parametrize(
    ("row", "fields"), [("x;1;2;geheim", "4 velden"), ("x;geheim", "2 velden"), ("geheim", "1 veld")]
)
def test_ragged_rows(path: Path, small_blocks: None, row: str, fields: str) -> None:
    with pytest.raises(InputUnreadable, match=rf"export.csv, rij 4: {fields} waar de kopregel er 3 heeft") as caught:
        table(path, f"{HEADER}\nx;1;2\n\n{row}\nx;3;4\n")
    assert "geheim" not in str(caught.value)


def test_a_remark_with_a_bare_line_end_is_refused_and_not_read_as_two_people(path: Path) -> None:
    with pytest.raises(InputUnreadable, match="rij 2: 2 velden"):
        table(path, "BSN-nummer;Memo;Schuld €\n1;eerste regel\ntweede regel;500\n")


@pytest.mark.parametrize(
    "row", ['5" buis;1;2', '5";1;2', 'a;1"x";2', 'a;"1"x;2', 'a; "1";2', '"a";"1" ;2', 'a;1;2"', 'a;"1;2\nb;3;4"x']
)
@pytest.mark.parametrize("pairs", [1, 2])
def test_a_loose_quote_is_refused_with_its_row(path: Path, row: str, pairs: int) -> None:
    content = f"{HEADER}\nx;1;2\n" + f"{row}\n" * pairs + '"y";"3";"4"\n'
    with pytest.raises(
        InputUnreadable, match=r"rij 3: (er staat een los aanhalingsteken|een aanhalingsteken wordt niet)"
    ):
        table(path, content)


@given(st.text('";a\n\r', max_size=14), st.sampled_from(";,"))
def test_where_a_quote_may_stand(text: str, separator: str) -> None:
    """What stands outside quotes is nothing, or it begins and ends where a field does."""
    raw = text.encode()
    if raw.count(b'"') % 2:
        raw += b'"'
    mark = separator.encode()
    first, *middle, last = [b"", b""] if b'"' not in raw else raw.split(b'"')[::2]
    opens, closes = (mark, b"\n"), (mark, b"\n", b"\r\n")
    whole = (not first or first.endswith(opens)) and (not last or last.startswith(closes))
    whole = whole and all(not part or (part.startswith(closes) and part.endswith(opens)) for part in middle)
    assert records._quotes_are_whole(np.frombuffer(raw, np.uint8), ord(separator)) == whole


def test_an_unclosed_quote(path: Path, small_blocks: None) -> None:
    with pytest.raises(InputUnreadable, match="rij 3: een aanhalingsteken wordt niet gesloten"):
        table(path, f'{HEADER}\nx;1;2\nx;"3;4\nx;5;6\n')


def test_an_unclosed_quote_in_a_long_file_is_found_soon(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 100_000)
    with pytest.raises(InputUnreadable, match="rij 2: een aanhalingsteken wordt niet gesloten"):
        table(path, f'{HEADER}\nx;"1;2\n' + "x;3;4\n" * 1_000_000)


def test_line_ends_of_an_old_mac(path: Path) -> None:
    with pytest.raises(InputUnreadable, match="oude Mac"):
        table(path, text(end="\r"))


def test_a_single_carriage_return_inside_a_cell_is_kept(path: Path) -> None:
    assert table(path, f"{HEADER}\nx\ry;1;2\n") == [(2, "1", "2")]


@pytest.mark.parametrize("content", [HEADER, f"{HEADER}\n", f"{HEADER}\r\n\r\n;;\r\n"])
def test_header_only(path: Path, content: str) -> None:
    assert table(path, content) == []


def test_an_empty_file(path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"export\.csv is leeg"):
        table(path, b"")


@pytest.mark.parametrize("content", ["\n\n\n", "   \n", "\ufeff"])
def test_nothing_but_white_space(path: Path, content: str) -> None:
    with pytest.raises(LinkageError):
        table(path, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"weg\.csv is niet te openen"):
        read(tmp_path / "weg.csv", holder(), silent)


def test_a_missing_column_is_named_and_nothing_of_the_file(path: Path) -> None:
    with pytest.raises(ColumnMissing) as caught:
        table(path, "Testpersoon;111222333;Kerkstraat\n")
    assert "de kolommen `BSN-nummer`, `Schuld €` staan niet in de kopregel" in str(caught.value)
    assert not any(word in str(caught.value) for word in ("Testpersoon", "111222333", "Kerkstraat"))


def test_one_missing_column(path: Path) -> None:
    with pytest.raises(ColumnMissing, match=r"de kolom `Schuld €` staat niet in de kopregel \(daar staan er 2\)"):
        table(path, "Naam;bsn-nummer\nx;1\n")


def test_column_names_without_regard_to_case_and_spaces(path: Path) -> None:
    assert table(path, " bsn-NUMMER ;SCHULD  €\n1;2\n") == [(2, "1", "2")]


def test_a_mapped_column_that_is_there_twice(path: Path) -> None:
    with pytest.raises(ColumnMissing, match="meer kolommen met de naam `BSN-nummer`"):
        table(path, "BSN-nummer;bsn-nummer;Schuld €\n1;2;3\n")


def test_other_columns_may_have_the_same_name_or_none(path: Path) -> None:
    assert table(path, "x;BSN-nummer;x;;;Schuld €\na;1;b;;;2\n") == [(2, "1", "2")]
    assert read(path, holder(), silent).stays == ("x", "x", "", "")


def test_header_row(path: Path) -> None:
    title = '"Overzicht\nvan 2014"\n\n'
    assert table(path, f"{title}{HEADER}\nx;1;2\n", header_row=3) == [(4, "1", "2")]


def test_no_header_in_that_row(path: Path) -> None:
    with pytest.raises(InputUnreadable, match="geen kopregel in rij 9"):
        table(path, f"{HEADER}\nx;1;2\n", header_row=9)


def test_an_agreed_separator_is_not_guessed(path: Path) -> None:
    with pytest.raises(ColumnMissing):
        table(path, text(), separator=",")


def test_progress_ends_at_the_whole(path: Path, small_blocks: None) -> None:
    path.write_text(text(), encoding="utf-8")
    seen: list[tuple[int, int]] = []
    for _ in read(path, holder(), lambda done, total: seen.append((done, total))).batches:
        pass
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_batches_stay_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK_BYTES", 1_000)
    path.write_text(f"{HEADER}\n" + "x;111222333;1,00\n" * 5_000, encoding="utf-8")
    heights = [batch.frame.height for batch in read(path, holder(), silent).batches]
    assert sum(heights) == 5_000
    assert max(heights) < 100


def test_all_cells_are_text(path: Path) -> None:
    path.write_text(f"{HEADER}\nx;007;2014-01-01\n", encoding="utf-8")
    frame = next(read(path, holder(), silent).batches).frame
    assert frame.schema["bsn"] == frame.schema["debt"] == pl.String
    assert frame["bsn"].to_list() == ["007"]


def test_a_batch_with_too_much_in_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All cells together are counted, and not the longest as often as there are rows."""
    monkeypatch.setattr(export, "MOST_BATCH_BYTES", 100)
    long = f"x;1;{'2' * 39}\n"
    assert len(table(path, f"{HEADER}\n{long}" + "x;1;2\n" * 30)) == 31
    with pytest.raises(InputUnreadable, match="te lange cellen"):
        table(path, f"{HEADER}\n{long}" + "x;1;2\n" * 31)


@pytest.mark.parametrize("block", [1, 2, 3, 5])
def test_a_byte_order_mark_in_blocks(path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(records, "BLOCK_BYTES", block)
    content = "BSN-nummer;Schuld €\n111222333;é\n"
    assert table(path, content.encode("utf-8-sig")) == table(path, content.encode()) == [(2, "111222333", "é")]


@pytest.mark.parametrize("block", [4, 1_000])
@pytest.mark.parametrize("wrong", [b"\xc3", b"\xff;1", b"\xed\xa0\x80"])
def test_agreed_utf8_that_is_not(path: Path, monkeypatch: pytest.MonkeyPatch, block: int, wrong: bytes) -> None:
    """A character that is cut off at the end, a byte that begins none, and half of a pair."""
    monkeypatch.setattr(records, "BLOCK_BYTES", block)
    with pytest.raises(InputUnreadable, match="geen utf-8"):
        table(path, f"{HEADER}\nx;1;2\n".encode() + wrong, encoding="utf-8")
