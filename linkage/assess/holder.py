"""For a holder, before anything is sealed: what its own export would say of a person (assess-v1, sections 2 to 4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from linkage.assess.population import Population, kmap
from linkage.assess.result import Known, file_digest
from linkage.errors import InputUnreadable, NothingToDeliver
from linkage.holder.fingerprint import Limits, Profiles, Success, exceeding, limits, measure
from linkage.holder.minimise import minimise
from linkage.holder.normalise import Job, normalise
from linkage.holder.pseudonymise import pseudonymiser
from linkage.holder.read import Progress, read
from linkage.holder.spool import Spool
from linkage.holder.validate import validate
from linkage.keys import new_root

MOST_PAIRS, MOST_TRIPLES = 10_000, 2_000
SHOWN = {1: 150, 2: 12, 3: 8}
FEW = 10


@dataclass(frozen=True)
class HolderFindings:
    """What was measured on one export; `known` has singles, then pairs, triples, and all columns together."""

    job: Job
    export: str
    digest: str
    rows: int
    persons: int
    known: tuple[Known, ...]
    tried: dict[int, int]
    limits: Limits
    exceeded: tuple[Known, ...]
    population: tuple[Known, ...] = ()


def assess(job: Job, export: Path, beside: Path, progress: Progress, population: Path | None = None) -> HolderFindings:
    """Measure an export as it would leave; `beside` is a folder for a temporary, encrypted file. Writes nothing else.

    Raises InputError, OutputError.
    """
    digest = file_digest(export)
    with Spool(beside) as spool:
        rows = fill(spool, job, export, progress)
        if not rows:
            raise NothingToDeliver(
                f"{export.name}: geen enkele rij kan mee; los dat eerst op met: linkage encode --preview"
            )
        profiles = measure(spool.sorted(), job)
        others = () if population is None else kmap(spool.sorted(), Population.read(population, job), job)
    agreed = limits(job.study)
    every, tried = everything(profiles, agreed)
    exceeded = tuple(_known(one, agreed) for one in exceeding(profiles, agreed))
    return HolderFindings(
        job, export.name, digest, rows, profiles.persons, _shown(every), tried, agreed, exceeded, others
    )


def fill(spool: Spool, job: Job, export: Path, progress: Progress) -> int:
    """Everything of the export that would leave, in the order in which it would, under a key that is thrown away."""
    scheme = pseudonymiser(job, new_root(job.study.study.id))
    rows = 0
    for batch in read(export, job.holder, progress).batches:
        with no_cell_told(export):
            made = scheme.apply(minimise(validate(normalise(batch, job), job), job))
        rows += made.frame.height
        spool.add(made.frame)
    return rows


@contextmanager
def no_cell_told(export: Path) -> Iterator[None]:
    """Messages of Polars quote cells; nothing of them goes on."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise InputUnreadable(f"{export.name} is niet te verwerken; probeer eerst: linkage encode --preview") from None


def everything(profiles: Profiles, agreed: Limits) -> tuple[list[Known], dict[int, int]]:
    """Each single fact, each pair and triple up to a cap, and all together; and how many were tried of each."""
    groups = {
        1: list(profiles.telling),
        2: list(profiles.combined(2, MOST_PAIRS)),
        3: list(profiles.combined(3, MOST_TRIPLES)),
    }
    ranked = [one for group in groups.values() for one in sorted(group, key=lambda one: -one.classes)]
    return [_known(one, agreed) for one in (*ranked, profiles.everything())], {n: len(g) for n, g in groups.items()}


def _known(success: Success, agreed: Limits) -> Known:
    """A combination as the page shows it; a share of fewer than ten persons would tell of them, and stays out."""
    persons, limit = success.persons or 1, agreed.of(len(success.facts))
    few = success.persons - success.commonest < FEW
    return Known(
        tuple(fact.name for fact in success.facts),
        success.persons,
        success.expected,
        success.unique / persons,
        success.small / persons,
        None if limit is None else float(limit),
        agreed.exceeded(success),
        None if few else success.deviating,
    )


def _shown(known: list[Known]) -> tuple[Known, ...]:
    """The first of each size (they are ranked), and the last: everything."""
    *parts, whole = known
    chosen = [one for size, most in SHOWN.items() for one in [k for k in parts if len(k.facts) == size][:most]]
    return (*chosen, whole)
