"""The comparison with peers is one of the same work: other programs come to the same pseudonyms, and the same pairs."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PERSONS = 240
# As clerks write it: some of it is refused, most of it is not.
CELLS = {
    "bsn": ["{} ", "{}.0", "123", "123456782", "000000012", "{}1", ""],
    "postcode": ["7607AB", " nl-7607 ab", "0607AB", "7607 SS", "9999ZZ", "7607\u00a0AB", ""],
    "house_number": [
        "12-14",
        "22-2",
        "12A-12C",
        "12 t/m 14",
        "1-FEB",
        "0",
        "007",
        "12 bis",
        "123456",
        "12é",
        "ong.",
        "",
    ],
    "house_letter": ["b", "ſ", " A "],
    "house_addition": ["2/3", "HS", "2+1", "lang suffix", "12.0"],
    "household_number": ["007", "12.0", "a1", "A-1", "0", "CANARY0", "é"],
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peers") / "files"
    ours = _script("ours")
    ours.make(folder, str(PERSONS))
    _spell(folder / "exports" / "bevolking.csv")
    ours.encode(folder, "polars-hash")
    ours.plain(folder, "-")
    return folder


def _script(name: str) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS / "peers"))
        return importlib.import_module(name)


def _spell(export: Path) -> None:
    """A cell of every third row otherwise, column by column; three A-numbers that are none."""
    rows = pl.read_csv(export, separator=";", infer_schema=False).to_dicts()
    places = iter(range(0, len(rows), 3))
    for column, cells in CELLS.items():
        for cell in cells:
            row = rows[next(places)]
            row[column] = cell.format(row[column])
    for place, cell in enumerate(("1010101010", "1234567890", "101010102")):
        rows[place]["a_number"] = cell
    pl.DataFrame(rows).write_csv(export, separator=";", line_terminator="\r\n")


def test_pandas_pseudonymises_as_we_do(files: Path) -> None:
    made = _script("pandas_hmac").encode(files)

    assert made == PERSONS - 3 == _script("ours").same(files, "pandas.parquet")
    body = pl.read_parquet(files / "bodies" / "bevolking.parquet")
    assert {name: body[name].null_count() > 0 for name in ("bsn", "address", "household-number")} == {
        "bsn": True,
        "address": True,
        "household-number": True,
    }


def test_one_other_pseudonym_is_noticed(files: Path) -> None:
    _script("pandas_hmac").encode(files)
    path = files / "out" / "other.parquet"
    other = pl.read_parquet(files / "out" / "pandas.parquet")
    other.with_columns(bsn=pl.col("bsn").shift(1)).write_parquet(path)

    assert _script("ours").same(files, "other.parquet") < PERSONS - 3


def test_all_link_the_same_rows(files: Path) -> None:
    linked = {_script("ours").link(files, "-"), _script("polars_join").link(files), _script("pandas_hmac").link(files)}

    assert len(linked) == 1
    assert 0 < linked.pop() < PERSONS


def test_what_outlives_a_program_is_counted_too(tmp_path: Path) -> None:
    work = tmp_path / "leaves.py"
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    work.write_text(
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {burn!r}])\nprint('{{\"rows\": 7}}')",
        encoding="utf-8",
    )
    code = (
        f"import sys; sys.path.insert(0, {str(BENCHMARKS / 'peers')!r}); import measure; measure.adopt_orphans(); "
        f"print(measure.measured([sys.executable, {str(work)!r}], 60))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert told.startswith("Spent(cpu=")
    assert float(told.split("=")[1].split(",")[0]) >= 0.4
    assert told.strip().endswith("rows=7)")
