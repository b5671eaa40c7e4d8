"""The researcher's verbs as functions: every example in their descriptions runs, on the demo's household file."""

from __future__ import annotations

import doctest
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import linkage
from linkage import notebook
from linkage.errors import CostsIncomplete, ResearchError
from linkage.notebook import Research


@pytest.fixture
def research(demo: tuple[Path, str]) -> Research:
    folder, _ = demo
    return linkage.open_research(folder / "study.toml", folder / "institute" / "research" / "households.parquet")


def test_every_example_runs(demo: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = demo
    known = {
        "linkage": linkage,
        "pl": pl,
        "study": folder / "study.toml",
        "households": folder / "institute" / "research" / "households.parquet",
        "ledger": tmp_path / "release.jsonl",
    }
    done = doctest.testmod(notebook, extraglobs=known, raise_on_error=True)
    assert (done.failed, done.attempted >= 10) == (0, True)
    assert doctest.testmod(linkage, raise_on_error=True).failed == 0


def test_unknown_names_are_refused_without_repeating_them(research: Research) -> None:
    with pytest.raises(ResearchError) as told:
        research.evaluate("123456782")
    assert "123456782" not in str(told.value)
    with pytest.raises(ResearchError, match="geen tabel"):
        research.tables(["tabel9"])


def test_without_costs(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    path = folder / "institute" / "research" / "households.parquet"
    plain = linkage.open_research(folder / "study.toml", path, costs=False)
    assert not [name for name in plain.tables() if name.startswith("kosten")]
    with pytest.raises(CostsIncomplete):
        plain.costs()


def test_frames_are_typed(research: Research) -> None:
    table = research.tables(["kosten"])["kosten"]
    assert table.schema == {"rij": pl.String, "households": pl.Int64, "total": pl.Int64, "mean": pl.Int64}
    assert research.evaluate("S", by_area=True).schema["yes"] == pl.Int64
    assert isinstance(linkage.to_pandas(table), pd.DataFrame)


def test_a_release_is_written_and_reported(research: Research, tmp_path: Path) -> None:
    (tmp_path / "secured").mkdir()
    released = research.release(["tabel1"], ledger=tmp_path / "secured" / "release.jsonl")
    files = {path.name for path in released.write(tmp_path / "out")}
    assert files == {"tabellen.csv", "tabellen.parquet", "tabellen.xlsx", "release.json", "uitvoercontrole.md"}
    assert (tmp_path / "secured" / "uitvoercontrole.md").exists()
    assert not (tmp_path / "out" / "uitvoercontrole.md").exists()
    assert released.hidden == released.tables["tabel1"].null_count().sum_horizontal().item()


def test_the_example_prints_what_is_kept(
    demo: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from linkage.almelo import research as example

    example.main(demo[0], tmp_path / "release.jsonl")
    kept = Path(example.__file__).with_suffix(".md").read_text(encoding="utf-8")
    assert kept == capsys.readouterr().out
