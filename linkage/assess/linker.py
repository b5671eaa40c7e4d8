"""For the linker and the researcher: what the files that they have say without any key (assess-v1, section 5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from linkage.assess import order, structure
from linkage.assess.bodies import opened, packages
from linkage.assess.result import Known, file_digest
from linkage.errors import WrongKey
from linkage.keys import LinkerIdentity
from linkage.research.households import open_households
from linkage.study import Study, pseudonym_fields


@dataclass(frozen=True)
class BodyOrder:
    """Of one package: whether rows stand in the order of their content, and how often neighbours are alike."""

    holder: str
    delivery: str
    rows: int
    ordered: bool
    alike: float
    by_chance: float


@dataclass(frozen=True)
class LinkerFindings:
    """What was measured on the household file, and on the packages where an inbox was given."""

    study: Study
    file: str
    digest: str
    households: int
    known: tuple[Known, ...]
    addresses: tuple[Known, ...]
    derived: tuple[Known, ...]
    ordered: bool
    alike: float
    by_chance: float
    bodies: tuple[BodyOrder, ...]


def assess(
    study: Study, file: Path, today: dt.date, inbox: Path | None = None, identity: LinkerIdentity | None = None
) -> LinkerFindings:
    """Measure a household file and, with the linker's identity, the packages; what is opened stands beside the file.

    Raises HouseholdFileWrong, InputUnreadable, PackageError, WrongKey, OutputError.
    """
    digest, frame = file_digest(file), open_households(file, study).frame
    attributes = frame.select(pl.exclude("study_number"))
    bodies: list[BodyOrder] = []
    addresses: tuple[Known, ...] = ()
    derived: tuple[Known, ...] = ()
    if inbox is not None and identity is not None:
        if identity.public != study.linker.public_key:
            raise WrongKey("deze identiteit is niet die van de koppelaar in de studie; neem het goede bestand")
        for path, manifest in packages(inbox, study, today):
            body = opened(path, identity.private_key(), file.resolve().parent)
            bodies.append(_body(body, manifest.holder, manifest.delivery, study))
            if manifest.delivery == study.protocol.spine.name:
                addresses = structure.of_addresses(body, study)
                derived = structure.of_derived(body, study)
    return LinkerFindings(
        study, file.name, digest, frame.height, structure.of_households(frame, study.protocol), addresses,
        derived,
        order.is_sorted(frame.select("study_number")), *order.neighbours(attributes), tuple(bodies),
    )  # fmt: skip


def _body(body: pl.DataFrame, holder: str, delivery: str, study: Study) -> BodyOrder:
    fields = pseudonym_fields(study.protocol.delivery(delivery))
    alike, chance = order.neighbours(body.select(pl.exclude(fields)), body[fields[0]])
    return BodyOrder(holder, delivery, body.height, order.is_sorted(body), alike, chance)
