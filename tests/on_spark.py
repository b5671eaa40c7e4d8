"""One local session of Spark for a whole file of tests: it takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from linkage.engine.cluster import Cluster
from linkage.engine.session import session
from linkage.engine.spark import SparkEngine

# A short life on few cores: one compiler and one collector.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@contextmanager
def local_session(folder: Path) -> Iterator[Any]:
    """A session on two cores, with its files in that folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", SHORT_LIVED)
        patch.setenv("SPARK_DRIVER_MEMORY", "1g")
        with session(Cluster("local[2]"), folder, folder, 0) as made:
            yield made


def engine(made: Any, folder: Path, *, broadcast: bool = True) -> SparkEngine:
    """An engine on that session; small tables go to every worker, or are sorted and merged as large ones are."""
    made.conf.set("spark.sql.autoBroadcastJoinThreshold", "10m" if broadcast else "-1")
    return SparkEngine(made, folder)
