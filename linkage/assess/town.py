"""The invented town as the officer has it: the folder that `linkage demo` made, with what each party would have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from linkage.assess.bodies import opened, packages
from linkage.assess.holder import no_cell_told
from linkage.errors import InputUnreadable
from linkage.holder.encode import job_of
from linkage.holder.minimise import minimise
from linkage.holder.normalise import normalise
from linkage.holder.read import read
from linkage.holder.validate import validate
from linkage.keys import HolderIdentity, LinkerIdentity, RootKey, load_holder, load_linker, load_root
from linkage.research.households import open_households
from linkage.study import Holder, Study, load_study, pseudonym_fields

MARKER = ".linkage-demo"
OURS = {".identity", ".package", ".root", ".toml"}
REPORT = ".afgewezen.csv"


@dataclass(frozen=True)
class Town:
    """Everything of everybody: `identifiers` are the canonical ones of the rows that leave, in the order of the export.

    Only the self-test has all of it; each attack gets what its parties would have.
    """

    study: Study
    root: RootKey = field(repr=False)
    holders: Mapping[str, HolderIdentity] = field(repr=False)
    linker: LinkerIdentity = field(repr=False)
    packages: Mapping[str, Path]
    bodies: Mapping[str, pl.DataFrame] = field(repr=False)
    identifiers: Mapping[str, pl.DataFrame] = field(repr=False)
    households: pl.DataFrame = field(repr=False)

    @cached_property
    def candidates(self) -> dict[str, pl.Series]:
        """Every identifier that occurs, per field: it stands for the lists of all addresses and all numbers."""
        found: dict[str, list[pl.Series]] = {}
        for frame in self.identifiers.values():
            for name in frame.columns:
                found.setdefault(name, []).append(frame[name].drop_nulls())
        return {name: pl.concat(parts).unique().sort() for name, parts in found.items()}

    @property
    def register(self) -> str:
        """The holder of the population register."""
        spine = self.study.protocol.spine.name
        return next(holder.id for holder in self.study.holder if holder.delivery == spine)


def _no_passphrase(_name: str) -> None:
    """The secrets of a demo have none."""


def _silent(_done: int, _total: int) -> None:
    """Show no progress."""


def load(folder: Path, today: dt.date, work: Path) -> Town:
    """Read the folder of a demo; `work` is a folder for what is opened, gone afterwards.

    Raises InputUnreadable for another folder: a real study has no place where all keys are together.
    """
    if not (folder / MARKER).is_file():
        raise InputUnreadable(f"{folder.name} is geen map van `linkage demo`; maak er een met: linkage demo MAP")
    study, institute = load_study(folder / "study.toml"), folder / "institute"
    linker = load_linker(institute / "institute.identity", _no_passphrase)
    found = packages(institute / "inbox", study, today)
    first = folder / "holders" / study.holder[0].id
    return Town(
        study=study,
        root=load_root(first / "study.root", study.study.id, _no_passphrase),
        holders={h.id: load_holder(_home(folder, h) / f"{h.id}.identity", _no_passphrase) for h in study.holder},
        linker=linker,
        packages={manifest.holder: path for path, manifest in found},
        bodies={manifest.holder: opened(path, linker.private_key(), work) for path, manifest in found},
        identifiers={h.id: _identifiers(study, h, _home(folder, h)) for h in study.holder},
        households=open_households(institute / "research" / "households.parquet", study).frame,
    )


def _home(folder: Path, holder: Holder) -> Path:
    return folder / "holders" / holder.id


def _identifiers(study: Study, holder: Holder, home: Path) -> pl.DataFrame:
    """The canonical identifiers of the rows that leave, under the names of their fields."""
    exports = [path for path in home.iterdir() if path.suffix not in OURS and not path.name.endswith(REPORT)]
    if len(exports) != 1:
        raise InputUnreadable(f"in de map van {holder.id} staat niet precies een export; speel `linkage demo` opnieuw")
    job = job_of(study, holder.id, holder.delivery)
    fields = [pl.col(f"id:{name}").alias(name) for name in pseudonym_fields(job.delivery)]
    parts = []
    for batch in read(exports[0], holder, _silent).batches:
        with no_cell_told(exports[0]):
            parts.append(minimise(validate(normalise(batch, job), job), job).frame.select(fields))
    return pl.concat(parts)
