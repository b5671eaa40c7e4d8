"""The vectors as a test reads them: header, package, and the study in which a reader stands."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from linkage.keys import LinkerIdentity
from linkage.study import About, Holder, Linker, Root, Study
from protocols import load_protocol
from protocols.model import Delivery

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Vector:
    """One file: the words of its header, and the bytes of the package."""

    name: str
    said: dict[str, str]
    package: bytes

    @property
    def today(self) -> dt.date:
        """The day on which the package is read."""
        return dt.date.fromisoformat(self.said["today"])


def names() -> list[str]:
    """Every vector that is committed."""
    return sorted(path.stem for path in HERE.glob("*.package"))


def read(name: str) -> Vector:
    """Header lines until the first empty one, then the package."""
    header, empty, package = (HERE / f"{name}.package").read_bytes().partition(b"\n\n")
    assert empty
    said = dict(line.split(": ", 1) for line in header.decode("ascii").split("\n"))
    return Vector(name, said, package)


@cache
def facts() -> dict[str, Any]:
    """`study.json`."""
    found: dict[str, Any] = json.loads((HERE / "study.json").read_text(encoding="utf-8"))
    return found


def linker_identity() -> LinkerIdentity:
    """The linker that opens the vectors."""
    return LinkerIdentity("institute", bytes.fromhex(facts()["test_keys"]["linker_seed"]), bytes(32))


class VectorStudy(Study):
    """A study whose agreement is the number that the vectors say, whatever study-v1 puts under it."""

    @property
    def agreement(self) -> str:
        """As `study.json` says."""
        return str(facts()["agreement"])


@cache
def study() -> Study:
    """The study of the vectors as this project holds one; its protocol has their two deliveries and no other."""
    known = facts()
    protocol = load_protocol("nji_2016").model_copy(
        update={
            "scheme": known["scheme"],
            "package_days": known["package_days"],
            "deliveries": (_delivery("hulp"), _delivery("meldingen")),
        }
    )
    holders = tuple(Holder(**{**each, "organisation": each["id"], "columns": {}}) for each in known["holders"])
    return VectorStudy(
        format="household-linkage/study/v1",
        study=_about(known["study"]),
        linker=Linker(**known["linker"]),
        root=Root(key_id=known["root_key_id"], canaries=known["canaries"]),
        holder=holders,
    ).bound_to(protocol)


def _about(known: dict[str, Any]) -> About:
    days = {name: dt.date.fromisoformat(known[name]) for name in ("reference_date", "retention_until")}
    lists = {name: tuple(known[name]) for name in ("areas", "without")}
    return About.model_validate(known | days | lists | {"id": uuid.UUID(known["id"])})


def _delivery(name: str) -> Delivery:
    """Bsn and address, then the columns of `study.json`."""
    columns = (
        {"leaves_as": "yes-no", "name": "hulp", "title": "Hulp"},
        {"leaves_as": "count", "name": "maanden", "title": "Maanden", "at_most": 12},
        {"leaves_as": "category", "name": "wijk", "title": "Wijk", "categories_from": "areas"},
    )
    return Delivery.model_validate(
        {
            "name": name,
            "title": name,
            "role": "jeugdhulp",
            "unit": "person",
            "purpose": "Proefpakketten",
            "completeness": "complete",
            "rows": "several",
            "identifiers": ({"kind": "bsn"}, {"kind": "address"}),
            "columns": columns,
        }
    )
