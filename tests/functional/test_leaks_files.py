"""What leaves beside the rows: order, dictionaries, statistics, metadata; and cells that a spreadsheet computes."""

from __future__ import annotations

import base64
import csv
import io
import json
import struct
from pathlib import Path

import canaries
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_pages import DICTIONARY, pages
from simulator import Cast, a_number, bsn, inhabitant, minimal

from linkage.codebook import codebook, fields
from linkage.files import harmless
from linkage.linker import run as linker_room
from protocols import load_protocol

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def body(cast: Cast, holder: str) -> bytes:
    return canaries.body_of(cast.folder / "inbox" / f"{holder}.package", cast, holder)


def numbers(page: bytes) -> list[int]:
    return [value for (value,) in struct.iter_unpack("<i", page)]


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """A town in which somebody is refused with a place in the household that nobody else has, and one flagged wijk."""
    cast = minimal(tmp_path_factory.mktemp("leaks") / "cast")
    cast.exports["gemeente"] += [
        inhabitant(20, 20, place="partner") | {"a_number": "x"},
        *(inhabitant(30 + n, 41, place="overig") for n in range(11)),
        *(inhabitant(50 + n, 42 + 2 * n) for n in range(6)),
    ]
    cast.exports["gemeente"] = [
        {**row, "wijk": "Noord" if row["household_number"] != "1041" else "Zuid"} for row in cast.exports["gemeente"]
    ]
    cast.encode_all()
    cast.link()
    return cast


def test_a_body_has_no_metadata_and_no_statistics(linked: Cast) -> None:
    for package in (linked.folder / "inbox").iterdir():
        file = pq.ParquetFile(io.BytesIO(body(linked, package.stem)))
        assert set(file.metadata.metadata) == {b"ARROW:schema"}
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(file.metadata.metadata[b"ARROW:schema"])))
        assert schema.names == file.schema_arrow.names
        assert schema.metadata is None
        told = {key for field in schema for key in field.metadata or {}}
        assert told <= {b"ARROW:extension:name", b"ARROW:extension:metadata"}
        assert file.metadata.created_by.startswith("Polars")
        columns = range(file.metadata.num_columns)
        assert not any(file.metadata.row_group(0).column(n).is_stats_set for n in columns)
        assert all(file.metadata.row_group(0).column(n).has_column_index is False for n in columns)


def test_a_dictionary_holds_what_leaves_and_nothing_that_was_refused(linked: Cast) -> None:
    raw = body(linked, "gemeente")
    frame = pl.read_parquet(io.BytesIO(raw))
    found = [page for page in pages(raw) if page.type == DICTIONARY and page.column in ("place", "wijk", "moves")]
    for page in found:
        assert set(numbers(page.content)) <= set(frame[page.column].drop_nulls())
    places = load_protocol("nji_2016").delivery("bevolking").column("place").categories  # type: ignore[union-attr]
    assert places.index("partner") not in frame["place"].to_list()


def test_rows_leave_in_the_order_of_their_pseudonyms_whatever_the_export_had(tmp_path: Path) -> None:
    bodies = []
    for name in ("one", "two"):
        cast = Cast(tmp_path / name)
        rows = [inhabitant(n, n) for n in range(200)]
        cast.exports["gemeente"] = rows if name == "one" else rows[::-1]
        cast.encode("gemeente")
        bodies.append(body(cast, "gemeente"))
    frame = pl.read_parquet(io.BytesIO(bodies[0]))
    assert bodies[0] == bodies[1]
    assert frame.equals(frame.sort(frame.columns))


@pytest.mark.parametrize("name", ["households", "flagged"])
def test_a_research_file_says_of_itself_what_is_agreed_and_no_more(linked: Cast, name: str) -> None:
    raw = (linked.folder / "research" / f"{name}.parquet").read_bytes()
    file = pq.ParquetFile(io.BytesIO(raw))
    assert set(file.metadata.metadata) <= {b"household-linkage", b"ARROW:schema"}
    assert not any(file.metadata.row_group(0).column(n).is_stats_set for n in range(file.metadata.num_columns))
    assert b"pandas" not in raw
    order = pl.read_parquet(io.BytesIO(raw))["study_number"].to_list()
    assert order == sorted(order)


def test_the_wijk_of_a_household_that_was_left_out_is_not_in_the_other_file(linked: Cast) -> None:
    """Not as a value, and not in a dictionary or a page from before the rows were parted."""
    folder = linked.folder / "research"
    whole, flagged = ((folder / f"{name}.parquet").read_bytes() for name in ("households", "flagged"))
    assert pl.read_parquet(io.BytesIO(flagged))["wijk"].to_list() == ["Zuid"]
    assert "Zuid" not in pl.read_parquet(io.BytesIO(whole))["wijk"].to_list()
    wijken = [page.content for page in pages(whole) if page.column == "wijk"]
    assert any(b"Noord" in content for content in wijken)
    assert not any(b"Zuid" in page.content for page in pages(whole))
    assert not any(b"Noord" in page.content for page in pages(flagged))
    left_out = pl.read_parquet(io.BytesIO(flagged))["study_number"].item().encode()
    assert not any(left_out in page.content for page in pages(whole))


def test_the_pages_are_read_as_they_are() -> None:
    """The reader of pages finds what a writer hid there: statistics apart, every value of every column."""
    frame = pl.DataFrame(
        {"text": ["ab", "cd", "ab"] * 50, "number": [7, 9, 7] * 50}, {"text": pl.String, "number": pl.Int32}
    )
    for compression in ("zstd", "uncompressed"):
        file = io.BytesIO()
        frame.write_parquet(file, compression=compression)
        found = list(pages(file.getvalue()))
        assert {page.column for page in found} == {"text", "number"}
        assert any(b"ab" in page.content and b"cd" in page.content for page in found)
        assert [numbers(page.content) for page in found if page.type == DICTIONARY and page.column == "number"] == [
            [7, 9]
        ]


def test_titles_that_are_formulas_are_no_formulas_in_the_codebook() -> None:
    protocol = load_protocol("nji_2016")
    hostile = [f'{start}HYPERLINK("http://x")' for start in (*STARTS, "  =")]
    measures = tuple(
        measure.model_copy(update={"title": hostile[number % len(hostile)], "unit": hostile[0]})
        for number, measure in enumerate(protocol.measures)
    )
    domains = tuple(d.model_copy(update={"title": hostile[n]}) for n, d in enumerate(protocol.domains))
    changed = protocol.model_copy(update={"measures": measures, "domains": domains})
    lines = list(csv.reader(io.StringIO(codebook(changed), newline=""), delimiter=";"))
    assert len(lines) == len(fields(changed)) + 1
    assert not any(cell.lstrip()[:1] in STARTS[:4] or cell[:1] in STARTS for line in lines for cell in line if cell)
    assert sum(cell.startswith("'") for line in lines for cell in line) > len(measures)
    assert codebook(protocol).count("'") == 0


def test_the_list_of_refused_rows_is_safe_to_open(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "cast")
    cast.exports["stadsbank"] = [{"bsn": bsn(n), "debt_counselling": "ja"} for n in range(20)]
    cast.exports["stadsbank"] += [{"bsn": "=1+1", "debt": "@x"}, {"bsn": bsn(30), "debt": "=cmd|' /C calc'!A0"}]
    target = tmp_path / "x.package"
    from linkage.holder import encode as room

    made = room.encode(cast.request("stadsbank"), target, lambda done, total: None, lambda summary: None)
    assert made.rejects is not None
    lines = list(csv.reader(io.StringIO(made.rejects.read_text("utf-8-sig"), newline=""), delimiter=";"))
    assert [line[0] for line in lines] == ["rij", "22", "23"]
    assert all(cell == harmless(cell) for line in lines for cell in line)
    assert "cmd" not in str(lines)


def test_the_metadata_of_the_household_file_is_closed(linked: Cast) -> None:
    meta = pq.read_metadata(linked.folder / "research" / "households.parquet").metadata[b"household-linkage"]
    assert a_number(0) not in meta.decode()
    known = {"format", *linker_room.about_study(linked.link_request()), "packages", "code", "schema"}
    assert set(json.loads(meta)) == known
