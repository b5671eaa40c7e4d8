"""The household file as the researcher opens it: one row per household, bound to its study and protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from linkage.codebook import fields
from linkage.errors import HouseholdFileWrong
from linkage.study import Study
from protocols import StudyProtocol

TYPES: dict[str, pl.DataType] = {"text": pl.String(), "integer": pl.Int64(), "boolean": pl.Boolean()}
FORMAT = "household-linkage/households/v1"


@dataclass(frozen=True)
class Sum:
    """A measure that is the weighted sum of others, household by household; anyone may know that."""

    whole: str
    parts: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Grouping:
    """A column that puts each household in one of `values`, null where that is unknown; and sums between measures."""

    variable: str
    values: tuple[str, ...]
    sums: tuple[Sum, ...] = ()


@dataclass(frozen=True)
class HouseholdFile:
    """`frame` has the columns of docs/spec/household-file-v1.md; null is unknown, or outside the population.

    With a `grouping` the frame has its column too, and the measures that are counted by it. `linkage` is the linker's
    account of how it was made (`linkage.json`), `quality` of how good that is (`quality.json`), where those are there.
    """

    frame: pl.DataFrame
    study: Study
    about: dict[str, Any]
    grouping: Grouping | None = None
    linkage: dict[str, Any] | None = None
    quality: dict[str, Any] | None = None

    @property
    def protocol(self) -> StudyProtocol:
        """The protocol under which the file was made."""
        return self.study.protocol

    @property
    def areas(self) -> tuple[str, ...]:
        """The wijken, in the order of the study."""
        return self.study.study.areas

    def population(self, name: str) -> pl.DataFrame:
        """`families` (a minor and an adult) or `households` (all)."""
        if name == "households":
            return self.frame
        return self.frame.filter(pl.col("has_child_lt18").fill_null(False))


def open_households(path: Path, study: Study) -> HouseholdFile:
    """Read `households.parquet`. Raises HouseholdFileWrong where it is not the file of this study and protocol."""
    try:
        about = json.loads(pl.read_parquet_metadata(path)["household-linkage"])
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
        said = (about["format"], about["study"], about["protocol_digest"])
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, KeyError, ValueError, TypeError):
        raise HouseholdFileWrong(
            f"{path.name} is geen onderzoeksbestand; neem households.parquet van de koppelaar"
        ) from None
    if said != (FORMAT, str(study.study.id), study.study.protocol_digest):
        raise HouseholdFileWrong(
            f"{path.name} hoort bij een andere studie of een ander protocol; neem het goede bestand"
        )
    if list(frame.schema.items()) != [(field.name, TYPES[field.type]) for field in fields(study.protocol)]:
        raise HouseholdFileWrong(
            f"{path.name} heeft andere kolommen dan het protocol zegt; neem households.parquet van de koppelaar"
        )
    return HouseholdFile(frame, study, about)
