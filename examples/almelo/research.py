"""The research on the invented town, as a researcher does it in a notebook.

Run `linkage demo` first, then: python -m linkage.almelo.research linkage-demo
What it prints is kept in research.md beside this file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

import linkage


def main(folder: Path, ledger: Path) -> None:
    """Open the household file of the demo in `folder`, count, and release with the ledger at `ledger`."""
    example = Path(__file__).parent
    with pl.Config(
        fmt_str_lengths=70,
        tbl_width_chars=120,
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_formatting="ASCII_MARKDOWN",
    ):
        _research(folder, ledger, example / "gemeenten.csv")


def _research(folder: Path, ledger: Path, others: Path) -> None:
    research = linkage.open_research(folder / "study.toml", folder / "institute" / "research" / "households.parquet")

    print("## How many families have problems in all three domains, with support in 2012 and 2013?\n")
    print(research.evaluate("mpg"))

    print("\n## Where do they live? (not suppressed: for the secured environment alone)\n")
    print(research.evaluate("mpg", by_area=True).sort("yes", "wijk", descending=[True, False]).head(4))

    print("\n## What do they cost, in euros a year?\n")
    print(research.tables(["kosten"])["kosten"].select("rij", "households", "mean").head(5))

    print("\n## What may leave: the gate hides what points to fewer than ten households\n")
    released = research.release(["kaart", "tabel5", "tabel5b", "kosten"], ledger=ledger, others=others)
    print(released.tables["kaart"].select("rij", "N", "mpg", "mpg_pct").head(6))
    print(f"\n{released.hidden} cells are hidden in {len(released.tables)} tables.")

    print("\n## Beside other municipalities, per 100 households\n")
    print(released.tables["tabel5b"].sort("per_100", descending=True).head(4).select("rij", "n", "per_100"))


if __name__ == "__main__":
    town = Path(sys.argv[1] if len(sys.argv) > 1 else "linkage-demo")
    main(town, town / "institute" / "research" / "release.jsonl")
