"""A household file of a few rows, complete in its columns, in a folder of its own as the linker leaves it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from linkage.codebook import fields
from linkage.research import export as room
from linkage.research.export.labels import TYPES
from linkage.research.households import HouseholdFile
from linkage.study import Study

NOW = dt.datetime(2016, 3, 1, 12, 30, tzinfo=dt.UTC)
Row = Mapping[str, object]


def household_file(study: Study, rows: Sequence[Row]) -> HouseholdFile:
    """A household file of these rows; what a row does not mention is 0, no, or the first wijk."""
    columns = fields(study.protocol)
    empty: dict[str, Any] = {"text": study.study.areas[0], "integer": 0, "boolean": False}
    filled = [
        {c.name: row.get(c.name, empty[c.type]) for c in columns} | {"study_number": f"{number:016x}"}
        for number, row in enumerate(rows, start=1)
    ]
    frame = pl.DataFrame(filled, schema={c.name: TYPES[c.type] for c in columns}, orient="row")
    about = {
        "format": "household-linkage/households/v1",
        "study": str(study.study.id),
        "protocol_digest": study.study.protocol_digest,
    }
    return HouseholdFile(frame, study, about)


def with_areas(study: Study, *areas: str) -> Study:
    """The study with other wijken, whatever they are called."""
    about = study.study.model_copy(update={"areas": areas})
    return study.model_copy(update={"study": about}).bound_to(study.protocol)


def with_folders(study: Study, *folders: Path) -> Study:
    """The study with folders where micro-data may stand."""
    linker = study.linker.model_copy(update={"secured_folders": tuple(str(folder) for folder in folders)})
    return study.model_copy(update={"linker": linker}).bound_to(study.protocol)


@dataclass(frozen=True)
class Desk:
    """A researcher's folder with a household file; `ask` is a request with one thing changed."""

    file: HouseholdFile
    folder: Path

    def ask(self, name: str = "export.csv", **change: object) -> room.Request:
        target = self.folder / name
        request = room.Request(
            file=self.file,
            source=self.folder / "households.parquet",
            target=target,
            kind=room.kind_of(target),
            recipient="Bureau A & B (onderzoek)",
            account="onderzoeker",
            now=NOW,
        )
        return replace(request, **change)  # type: ignore[arg-type]

    def export(self, name: str = "export.csv", **change: object) -> room.Exported:
        return room.export(self.ask(name, **change))

    def left(self) -> set[str]:
        """Every file and folder that stands there."""
        return {path.name for path in self.folder.iterdir()}


def desk(folder: Path, file: HouseholdFile) -> Desk:
    """Write the household file in a closed folder."""
    folder.mkdir(mode=0o700)
    room.plain.write_parquet(file.frame, file.about, folder / "households.parquet")
    return Desk(file, folder)
