"""Reading SPSS: identifiers without decimals, days as days, labels where the study asks words; broken files refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest

from linkage.errors import ColumnMissing, ExtraMissing, InputUnreadable
from linkage.holder import apart, read_spss
from linkage.holder.read import read
from linkage.study import Format, Holder

KEY = "holder1:" + "A" * 43 + "="
CASES = pl.DataFrame(
    {
        "BSN": [12345678.0, None, 111222333.0],
        "GEBDAT": [dt.date(2014, 12, 31), None, dt.date(2000, 1, 1)],
        "INTAKE": [dt.datetime(2014, 12, 31), dt.datetime(2014, 12, 31, 9, 30), None],
        "SOORT": [1.0, 2.0, 9.0],
        "HULP": ["J", "N", ""],
        "BEDRAG": [1234.5, 0.1 + 0.2, 0.0],
        "NAAM": ["Kanarie", "é", "x"],
    }
)
LABELS = {
    "SOORT": {1: "Schuldhulp", 2: "Budgetbeheer", 9: "Weet niet"},
    "HULP": {"J": "Ja", "N": "Nee"},
    "BEDRAG": {0: "geen schuld"},
    "BSN": {12345678: "de eerste"},
}
COLUMNS = {"bsn": "BSN", "minor": "gebdat", "intake": "INTAKE", "kind": "SOORT", "help": "HULP", "debt": "BEDRAG"}


def saved(path: Path, cases: pl.DataFrame = CASES, **options: Any) -> Path:
    usual = {"variable_value_labels": LABELS, "variable_measure": {"BEDRAG": "scale", "SOORT": "nominal"}}
    pyreadstat.write_sav(cases, str(path), **{**usual, **options})
    return path


def holder(values: dict[str, dict[str, str]] | None = None, **form: Any) -> Holder:
    return Holder(
        id="bank",
        organisation="Bank",
        delivery="stadsbank",
        public_key=KEY,
        format=Format(**form),
        columns=COLUMNS,
        values=values or {},
    )


def silent(done: int, total: int) -> None:
    """No progress."""


def table(path: Path, entry: Holder) -> list[tuple[object, ...]]:
    return [row for batch in read(path, entry, silent).batches for row in batch.frame.select("row", *COLUMNS).rows()]


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.holder.apart.read_apart", lambda reader, *rest: apart.READERS[reader](*rest))


@pytest.mark.parametrize("name", ["export.sav", "export.zsav"])
def test_what_a_holder_expects_to_see_through_the_child(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, compress=name.endswith("zsav"), missing_ranges={"SOORT": [9]})
    export = read(path, holder(), silent)
    assert (export.kind, export.stays) == ("SPSS", ("NAAM",))
    frames = [batch.frame for batch in export.batches]
    assert pl.concat(frames).select("row", *COLUMNS).rows() == [
        (1, "12345678", "2014-12-31", "2014-12-31", "Schuldhulp", "Ja", "1234,5"),
        (2, None, None, "2014-12-31 09:30:00.000000", "Budgetbeheer", "Nee", "0,3"),
        (3, "111222333", "2000-01-01", None, None, None, "0"),
    ]


@pytest.mark.usefixtures("in_this_process")
def test_a_code_that_the_study_names_is_taken_as_a_code(tmp_path: Path) -> None:
    path = saved(tmp_path / "export.sav")
    rows = table(path, holder({"kind": {"1": "ja", "weet niet": "nee"}}, decimal="point"))
    assert [(row[4], row[6]) for row in rows] == [("1", "1234.5"), ("Budgetbeheer", "0.3"), ("Weet niet", "0")]


@pytest.mark.usefixtures("in_this_process")
def test_many_cases_come_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_spss, "CHUNK_ROWS", 700)
    monkeypatch.setattr(read_spss, "BATCH_ROWS", 300)
    cases = pl.concat([CASES] * 500).with_columns(BSN=pl.int_range(1, 1501).cast(pl.Float64))
    seen: list[tuple[int, int]] = []
    batches = list(read(saved(tmp_path / "a.sav", cases), holder(), lambda *at: seen.append(at)).batches)
    rows = pl.concat([batch.frame for batch in batches])
    assert rows["row"].to_list() == [int(text) for text in rows["bsn"].to_list()] == list(range(1, 1501))
    assert seen[0] == (300, 1500)
    assert seen[-1] == (1500, 1500)


CUT: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda raw: raw[: len(raw) // 2],
    "the last bytes gone": lambda raw: raw[:-20],
    "a start alone": lambda raw: raw[:8],
    "another file": lambda raw: b"$FL2" + b"Kanarie 12345678 " * 500,
}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.usefixtures("in_this_process")
def test_a_damaged_file_is_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.sav"
    path.write_bytes(CUT[name](saved(path).read_bytes()))
    with pytest.raises(InputUnreadable, match=r"^export\.sav is niet te lezen als SPSS-bestand.*; bewaar") as caught:
        table(path, holder())
    assert "Kanarie" not in str(caught.value)


@pytest.mark.usefixtures("in_this_process")
def test_a_variable_that_is_not_there_and_far_too_many(tmp_path: Path) -> None:
    with pytest.raises(ColumnMissing, match="`SOORT`"):
        table(saved(tmp_path / "a.sav", CASES.drop("SOORT"), variable_value_labels={}), holder())
    wide = CASES.with_columns(pl.lit(1.0).alias(f"V{number}") for number in range(17_000))
    with pytest.raises(InputUnreadable, match="17007 kolommen"):
        table(saved(tmp_path / "b.sav", wide), holder())


@pytest.mark.usefixtures("in_this_process")
def test_without_the_extra_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "export.sav")
    monkeypatch.setattr("linkage.holder.read_spss.import_module", missing)
    with pytest.raises(ExtraMissing, match=r"household-linkage\[spss\]"):
        table(path, holder())


def missing(name: str) -> None:
    raise ModuleNotFoundError(name=name)
