"""The same packages on Polars, on Spark in this machine, and on a standalone cluster of two workers on the loopback.

Usage: python benchmarks/spark.py [FOLDER]. FOLDER has `study.toml`, `institute.identity` and `inbox/`, as
`linkage demo` makes them in `linkage-demo/institute`; without it the demo is made first. Writes its section of
RESULTS.md: seconds, and the SHA-256 of the sorted rows of each household file, which must be one and the same.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import polars as pl
from timing import machine, write_section

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from standalone import Standalone  # noqa: E402 -- found by the line above

LINKAGE = Path(sys.executable).with_name("linkage")


@dataclass(frozen=True)
class Run:
    """One linking: which way, seconds of wall clock, the digest of the rows, and whether the file is the same."""

    way: str
    seconds: float
    households: int
    rows: str
    file: str


def linked(way: str, home: Path, output: Path, *more: str | Path) -> Run:
    """Run the command once. Raises subprocess.CalledProcessError."""
    inputs = ("--study", home / "study.toml", "--identity", home / "institute.identity", "--inbox", home / "inbox")
    started = monotonic()
    subprocess.run([LINKAGE, "link", *inputs, "--output", output, *more], check=True, stdout=subprocess.DEVNULL)
    seconds = monotonic() - started
    path = output / "households.parquet"
    table = pl.read_parquet(path)
    return Run(way, seconds, table.height, digest(table), hashlib.sha256(path.read_bytes()).hexdigest())


def digest(table: pl.DataFrame) -> str:
    """SHA-256 of the sorted rows, with the columns and their types."""
    lines = table.sort(table.columns).rows()
    return hashlib.sha256(repr((list(table.schema.items()), lines)).encode()).hexdigest()


def runs(home: Path, folder: Path) -> Iterator[Run]:
    """Every way, one after another."""
    yield linked("Polars", home, folder / "polars")
    yield linked("Spark, `local[2]`", home, folder / "local", "--engine", "spark", "--master", "local[2]")
    shared = folder / "shared"
    shared.mkdir(mode=0o700)
    with Standalone(folder / "cluster", memory="2g") as cluster:
        os.environ["SPARK_EXECUTOR_MEMORY"] = "2g"
        there = ("--master", cluster.master, "--cluster-secret", cluster.secret, "--shared", shared)
        yield linked("Spark, standalone cluster of two workers", home, folder / "far", "--engine", "spark", *there)
        executors = len(list(cluster.folder.glob("work-*/app-*/*")))
    if executors != 2 or list(shared.iterdir()):
        raise SystemExit("not both workers took part, or something was left in the shared folder")


def section(found: list[Run]) -> list[str]:
    """The text for RESULTS.md."""
    return [
        f"{machine('polars', 'narwhals', 'pyspark')}; {found[0].households:,} households; one run each, wall clock.",
        "",
        "| engine | seconds | sorted rows, SHA-256 | `households.parquet`, SHA-256 |",
        "|---|---|---|---|",
        *(f"| {run.way} | {run.seconds:.1f} | {run.rows[:16]} | {run.file[:16]} |" for run in found),
    ]


@contextmanager
def home_of(arguments: list[str], folder: Path) -> Iterator[Path]:
    """The linker's folder: the one that was given, or that of a fresh demo."""
    if arguments:
        yield Path(arguments[0])
        return
    subprocess.run([LINKAGE, "demo", folder / "demo"], check=True, stdout=subprocess.DEVNULL)
    yield folder / "demo" / "institute"


def main() -> None:
    """Link three ways, print, and fail unless all is equal."""
    with tempfile.TemporaryDirectory() as name, home_of(sys.argv[1:], Path(name)) as home:
        found = list(runs(home, Path(name)))
    write_section("Spark", section(found))
    if len({(run.rows, run.file) for run in found}) != 1:
        raise SystemExit("the engines differ")


if __name__ == "__main__":
    main()
