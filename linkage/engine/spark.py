"""The second engine: Apache Spark, local or a standalone cluster. Join keys stay binary, which sort as UInt128 does."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import polars as pl

from linkage.engine.base import Engine, Frame, parts
from linkage.engine.cluster import Cluster
from linkage.engine.session import session
from linkage.errors import EngineUnusable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class SparkEngine:
    """Runs the plan on a session; what it reads and writes is in `folder`, which the caller removes."""

    def __init__(self, made: SparkSession, folder: Path) -> None:
        self.folder = folder
        self._session = made
        self._written = 0

    def save(self, batches: Iterable[pl.DataFrame], name: str) -> list[Path]:
        """Parquet files."""
        paths = []
        for number, part in enumerate(parts(batches)):
            paths.append(self.folder / f"{name}.{number}.parquet")
            part.write_parquet(paths[-1], compression="lz4", statistics=False)
        return paths

    def scan(self, paths: Sequence[Path]) -> Frame:
        """The files as one lazy frame."""
        return self._read([str(path) for path in paths])

    def materialise(self, frame: Frame) -> Frame:
        """Compute once, to a folder of Parquet files."""
        return self._read([str(self._write(frame))])

    def numbered(self, frame: Frame, key: str) -> Frame:  # noqa: ARG002  -- the key stays as it is
        """Computed once; the key stays, because Spark would bring all rows to one place to number them."""
        return self.materialise(frame)

    def suspects(self, frame: Frame, key: str) -> Frame:  # noqa: ARG002  -- to tell would be to group
        """All rows."""
        return frame

    def collect(self, frame: Frame) -> pl.DataFrame:
        """All rows, by way of a file: nothing passes through a second memory, and Polars makes the types."""
        target = self._write(frame)
        try:
            rows = pl.read_parquet(sorted(target.glob("*.parquet")), glob=False, hive_partitioning=False)
        finally:
            shutil.rmtree(target, ignore_errors=True)
        return rows.with_columns(pl.col(pl.Binary).bin.reinterpret(dtype=pl.UInt128, endianness="big"))

    def _read(self, paths: list[str]) -> Frame:
        # A path may hold brackets or stars; they are no pattern.
        reader = self._session.read.option("__globPaths__", "false")
        native: Any = reader.parquet(*(f"file://{path}" for path in paths))
        frame: Frame = nw.from_native(native)
        return frame

    def _write(self, frame: Frame) -> Path:
        self._written += 1
        target = self.folder / f"step-{self._written}"
        native: DataFrame = nw.to_native(frame)
        native.write.parquet(f"file://{target}")
        return target


@contextmanager
def spark_engine(cluster: Cluster, folder: Path, place: Path, size: int) -> Iterator[Engine]:
    """An engine on a session of its own, ended with the block; re-keyed bodies go to `place`, which every worker reads.

    Raises EngineUnusable, MasterUnusable; errors of Spark, which quote values, come out as EngineUnusable alone.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        with session(cluster, folder, place, size) as made:
            yield SparkEngine(made, place)
    except (PySparkException, Py4JError, ConnectionError):
        raise EngineUnusable(
            "het koppelen met Spark is afgebroken; is er ruimte op de schijf en geheugen genoeg, draait elke werker "
            "onder uw eigen account, en ziet die de map van --shared?"
        ) from None
