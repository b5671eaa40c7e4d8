"""Wijken are called as they are called: apostrophes, diacritics, slashes; from study to table."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
import simulator

from linkage.errors import StudyFault
from linkage.research.run import open_research, tables_of, write_unreleased
from linkage.study import load_study

NAMES = ("'t Wooldrik & omgeving", "Coöperatiehof/Zuid")


def renamed(cast: simulator.Cast, *names: str) -> Path:
    """The study with other names for its wijken."""
    path = cast.folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in zip(simulator.AREAS, names, strict=True):
        text = text.replace(f'"{old}"', f'"{new}"')
    path.write_text(text, encoding="utf-8")
    return path


def test_a_wijk_with_an_apostrophe_and_a_diaeresis(
    cast: simulator.Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "AREAS", NAMES)
    made = simulator.minimal(tmp_path / "renamed")
    made.encode_all()
    result = made.link()
    assert set(pl.read_parquet(result.households)["wijk"].drop_nulls()) <= set(NAMES)
    research = open_research(result.households, made.study(), costs=False)
    tables = tables_of(research, names=["tabel1"])
    path, *_ = write_unreleased(research, tables, result.households.parent / "tellen", "tabellen")
    lines = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter=";")
    assert {line["rij"] for line in lines} == {"gemeente", *NAMES}


@pytest.mark.parametrize("name", ["Wij\u043a", "=SOM(A1)", "Noord\u202e", "@noord", "No\u200bord", "Cafe\u0301"])
def test_look_alikes_and_formulas_are_no_names(cast: simulator.Cast, name: str) -> None:
    """Cyrillic, right-to-left marks, invisible and combining characters; and what a spreadsheet computes."""
    with pytest.raises(StudyFault):
        load_study(renamed(cast, name, "Zuid"))
