"""What is written, read back by other programs than the one that wrote it, and what is left after a refusal."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pyreadstat
import pytest
import simulator
from household_rows import NOW, Desk, desk, household_file, with_areas, with_folders

from linkage.errors import ExtraMissing, HouseholdFileWrong, LinkageError, OutputError, PlaceNotAllowed, ResearchError
from linkage.research import export as room
from linkage.research.export import log, readstat
from linkage.research.households import open_households
from linkage.study import Study

ROWS = [
    {"wijk": "Sint-Jansbuurt", "S": True, "A": None, "n_ww": 3},
    {"wijk": "Curaçao & Één", "S": False, "A": True, "n_ww": None, "residential_days": 2**40},
    {"wijk": None, "S": None, "A": False, "has_child_lt18": None},
]
KINDS = ("sav", "dta", "csv", "parquet", "xml")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = simulator.minimal(tmp_path_factory.mktemp("cast")).study()
    return with_areas(made, "Curaçao & Één", "Sint-Jansbuurt")


@pytest.fixture
def place(study: Study, tmp_path: Path) -> Desk:
    return desk(tmp_path / "desk", household_file(study, ROWS))


# --- read back ----------------------------------------------------------------------------------------------


def test_stata_as_pandas_reads_it(place: Desk) -> None:
    path = place.export("a.dta").target
    frame = pd.read_stata(path, convert_categoricals=True)
    assert frame["wijk"].tolist()[:2] == ["Sint-Jansbuurt", "Curaçao & Één"]
    assert frame["wijk"].isna().tolist() == [False, False, True]
    assert frame["S"].tolist()[:2] == ["ja", "nee"]
    assert frame["A"].isna().tolist() == [True, False, False]
    assert frame["study_number"].tolist() == place.file.frame["study_number"].to_list()
    with pd.read_stata(path, iterator=True) as reader:
        labels = reader.variable_labels()
        assert reader.data_label == "Proefstudie"
    assert labels["residential_days"] == "Residentiële jeugdhulp (dagen)"
    assert sum(label.endswith("[coverage_verslavingszorg_bemoeizorg]") for label in labels.values()) == 1


def test_stata_codes_are_the_numbers(place: Desk) -> None:
    frame = pd.read_stata(place.export("a.dta").target, convert_categoricals=False)
    assert frame["wijk"].tolist()[:2] == [2.0, 1.0]
    assert frame["residential_days"].tolist() == [0.0, float(2**40), 0.0]
    assert list(frame.columns)[:3] == ["study_number", "wijk", "adults"]


def test_stata_is_of_a_version_that_every_edition_reads(place: Desk) -> None:
    assert place.export("a.dta").target.read_bytes().startswith(b"<stata_dta><header><release>118</release>")


def test_spss_as_its_own_library_reads_it(place: Desk) -> None:
    """Another program is in tests/functional/test_export_pspp.py."""
    frame, meta = pyreadstat.read_sav(place.export("a.sav").target, output_format="polars")
    assert frame.columns == place.file.frame.columns
    assert meta.variable_value_labels["wijk"] == {1.0: "Curaçao & Één", 2.0: "Sint-Jansbuurt"}
    assert (meta.variable_measure["wijk"], meta.variable_measure["n_ww"]) == ("nominal", "scale")
    assert frame["n_ww"].to_list() == [3.0, None, 0.0]
    assert "Leeg is onbekend" in " ".join(meta.notes)
    assert meta.creation_time == dt.datetime(2014, 12, 31)


@pytest.mark.parametrize(
    "changed",
    [
        lambda frame: frame.drop("n_ww"),
        lambda frame: frame.rename({"n_ww": "n_wv"}),
        lambda frame: frame.cast({"adults": pl.Int32}),
        lambda frame: frame.select(*reversed(frame.columns)),
        lambda frame: frame.with_columns(more=pl.lit(1)),
    ],
)
def test_a_file_with_other_columns_is_no_household_file(
    place: Desk, changed: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    path = place.folder / "households.parquet"
    changed(place.file.frame).write_parquet(path, metadata={"household-linkage": json.dumps(place.file.about)})
    with pytest.raises(HouseholdFileWrong, match="andere kolommen"):
        open_households(path, place.file.study)


@pytest.mark.parametrize("about", ["[]", "1", '"x"', "{}", "null"])
def test_a_file_that_says_nothing_of_itself(place: Desk, about: str) -> None:
    path = place.folder / "households.parquet"
    place.file.frame.write_parquet(path, metadata={"household-linkage": about})
    with pytest.raises(HouseholdFileWrong, match="geen onderzoeksbestand"):
        open_households(path, place.file.study)


def test_csv_for_a_dutch_spreadsheet(place: Desk) -> None:
    content = place.export("a.csv").target.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfstudy_number;wijk;")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row["wijk"] for row in rows] == ["Sint-Jansbuurt", "Curaçao & Één", ""]
    assert [row["S"] for row in rows] == ["1", "0", ""]
    assert [row["n_ww"] for row in rows] == ["3", "", "0"]
    assert pl.read_csv(place.folder / "a.csv", separator=";").height == len(ROWS)


def test_parquet_is_the_household_file(place: Desk) -> None:
    path = place.export("a.parquet").target
    assert path.read_bytes() == (place.folder / "households.parquet").read_bytes()
    assert open_households(path, place.file.study).frame.equals(place.file.frame)
    meta = pq.read_metadata(path)
    assert json.loads(meta.metadata[b"household-linkage"]) == place.file.about
    assert not meta.row_group(0).column(5).is_stats_set


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_file_gives_the_same_bytes(place: Desk, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = place.export(f"a.{kind}").entry.sha256
    monkeypatch.setenv("TZ", "Asia/Tokyo")  # the libraries stamp their files with the local clock
    moved = pl.DataFrame(place.file.frame)
    later = Desk(household_file(place.file.study, ROWS), place.folder)
    assert later.file.frame.equals(moved)
    assert later.export(f"b.{kind}").entry.sha256 == first


@pytest.mark.parametrize(("writer", "kind"), [("write_sav", "sav"), ("write_dta", "dta")])
def test_the_clock_of_the_machine_is_in_no_file(
    place: Desk, writer: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that writes another moment gives the same bytes."""
    moments = {"sav": (92, b"01 Feb 0310:20:30"), "dta": (None, b"01 Feb 2003 10:20")}
    first = place.export(f"a.{kind}").target.read_bytes()
    real = getattr(pyreadstat, writer)

    def stamped(frame: pl.DataFrame, path: str, **options: object) -> None:
        real(frame, path, **options)
        content = bytearray(Path(path).read_bytes())
        place_of, moment = moments[kind]
        start = content.index(b"<timestamp>\x11") + 12 if place_of is None else place_of
        content[start : start + 17] = moment
        Path(path).write_bytes(content)

    monkeypatch.setattr(pyreadstat, writer, stamped)
    assert place.export(f"b.{kind}").target.read_bytes() == first


# --- what stands there afterwards -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_its_codebook_and_a_line_in_the_book(place: Desk, kind: str) -> None:
    before = place.left()
    done = place.export(f"a.{kind}")
    beside = set() if kind == "xml" else {f"a.{kind}.codeboek.csv"}
    assert place.left() - before == {f"a.{kind}", "exports.jsonl"} | beside
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (done.target, place.folder / "exports.jsonl"))
    assert hashlib.sha256(done.target.read_bytes()).hexdigest() == done.entry.sha256
    assert done.codebook is None or done.codebook.stat().st_mode & 0o777 == 0o600
    assert log.read(place.folder / "exports.jsonl") == (done.entry,)


def test_the_book_says_for_whom_and_on_which_ground(place: Desk) -> None:
    place.export("a.csv")
    done = place.export("b.csv", recipient="Gemeente Één")
    first, second = log.read(place.folder / "exports.jsonl")
    assert second == done.entry
    assert (second.recipient, second.legal_basis) == ("Gemeente Één", "AVG art. 6 lid 1 onder e")
    assert (second.kind, second.file, second.account) == ("csv", "b.csv", "onderzoeker")
    assert second.exported == NOW.isoformat()
    assert second.previous == hashlib.sha256(first.line()).hexdigest()


def break_book(place: Desk) -> Desk:
    place.export("x.csv")
    place.export("y.csv")
    book = place.folder / "exports.jsonl"
    book.write_text(book.read_text("utf-8").replace("Bureau A", "Bureau B", 1), "utf-8")
    return place


REFUSED: dict[str, tuple[type[LinkageError], dict[str, Any]]] = {
    "no recipient": (ResearchError, {"recipient": ""}),
    "a blank recipient": (ResearchError, {"recipient": "   "}),
    "a long recipient": (ResearchError, {"recipient": "x" * 81}),
    "a recipient on two lines": (ResearchError, {"recipient": "a\nb"}),
    "a recipient with marks": (ResearchError, {"recipient": "<script>"}),
    "after the retention date": (ResearchError, {"now": dt.datetime(2031, 1, 1, tzinfo=dt.UTC)}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_written_when_it_may_not(place: Desk, name: str) -> None:
    error, change = REFUSED[name]
    before = place.left()
    with pytest.raises(error):
        place.export("a.csv", **change)
    assert place.left() == before


@pytest.mark.parametrize("kind", KINDS)
def test_elsewhere_is_refused_whatever_the_format(place: Desk, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    before = place.left()
    with pytest.raises(PlaceNotAllowed):
        place.export(target=other / f"a.{kind}")
    assert place.left() == before
    assert not list(other.iterdir())


def test_a_folder_of_the_study_is_allowed(place: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    agreed = Desk(household_file(with_folders(place.file.study, other), ROWS), place.folder)
    assert agreed.export(target=other / "a.csv").target.exists()
    with pytest.raises(PlaceNotAllowed):
        agreed.export("a.csv")


@pytest.mark.parametrize("name", ["a.csv", "a.csv.codeboek.csv"])
def test_what_stands_there_is_left_alone(place: Desk, name: str) -> None:
    (place.folder / name).write_text("mine", "utf-8")
    before = place.left()
    with pytest.raises(OutputError, match="bestaat al"):
        place.export("a.csv")
    assert place.left() == before
    assert (place.folder / name).read_text("utf-8") == "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_book_stops_the_export(place: Desk, kind: str) -> None:
    break_book(place)
    before = place.left()
    with pytest.raises(ResearchError, match="ketting klopt niet"):
        place.export(f"a.{kind}")
    assert place.left() == before


@pytest.mark.parametrize("kind", ["sav", "dta", "csv", "parquet"])
def test_a_wrong_household_file_leaves_nothing(place: Desk, kind: str) -> None:
    wrong = Desk(household_file(place.file.study, [{"wijk": "=1"}]), place.folder)
    before = place.left()
    with pytest.raises(HouseholdFileWrong):
        wrong.export(f"a.{kind}")
    assert place.left() == before


def test_a_book_that_cannot_be_written_leaves_no_export(place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OutputError("vol")

    monkeypatch.setattr(log, "append", full)
    before = place.left()
    with pytest.raises(OutputError, match="vol"):
        place.export("a.csv")
    assert place.left() == before


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_the_extra_is_named(place: Desk, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    before = place.left()
    with pytest.raises(ExtraMissing, match=r'pip install "household-linkage\[spss\]"'):
        place.export(f"a.{kind}")
    assert place.left() == before
    assert place.export("a.csv").target.exists()


@pytest.mark.parametrize("error", [pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError])
@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_the_librarys_own_words_are_not_repeated(
    place: Desk, kind: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_frame: object, path: str, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise error("value 0000000000000001 in /home/jansen")

    real = pyreadstat
    stand_in = SimpleNamespace(
        write_sav=fails, write_dta=fails, ReadstatError=real.ReadstatError, PyreadstatError=real.PyreadstatError
    )
    monkeypatch.setitem(sys.modules, "pyreadstat", stand_in)
    before = place.left()
    with pytest.raises(OutputError) as caught:
        place.export(f"a.{kind}")
    assert "jansen" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert place.left() == before


def test_another_layout_of_the_library_is_noticed(place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(_frame: object, path: str, **_: object) -> None:
        Path(path).write_bytes(b"$FL3" + bytes(200))

    monkeypatch.setattr(pyreadstat, "write_sav", other)
    with pytest.raises(OutputError, match="versie van pyreadstat"):
        place.export("a.sav")


@pytest.mark.parametrize("name", ["a", "a.xlsx", "a.sav.gz", "households"])
def test_a_name_without_a_known_ending(name: str) -> None:
    with pytest.raises(ResearchError, match=r"\.sav, \.dta, \.csv, \.parquet, \.xml"):
        room.kind_of(Path(name))


def test_a_known_ending_in_capitals() -> None:
    assert room.kind_of(Path("A.SAV")) == "sav"


def test_notes_fit_their_lines() -> None:
    lines = list(readstat._lines("één " * 60 + "é" * 100))
    assert all(0 < len(line.encode()) <= readstat.NOTE_BYTES for line in lines)
    assert " ".join(lines).split()[:60] == ["één"] * 60
