"""The fifteen requirements of the privacy protocol, each with what shows it (evidence-v1, section 7)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from importlib import resources
from typing import Literal, get_args

from pydantic import ValidationError, field_validator

from linkage.errors import EvidenceBroken
from linkage.evidence.model import Kind, Met, Shown
from protocols.model import Frozen

FILE = "requirements.csv"
COLUMNS = ("id", "requirement", "met", "kind", "references", "how_nl", "how_en")
COUNT = 15
ReferenceKind = Literal["test", "command", "record", "organisational"]
_FORMS: dict[str, str] = {
    "test": r"tests/(\w+/)*test_\w+\.py::test_\w+",
    "command": r"linkage( [a-z-]+)+",
    "record": "|".join((*get_args(Kind), "study", "software")),
    "organisational": r".{10,200}",
}


class Reference(Frozen):
    """One thing that shows a requirement; an organisational one is what the party itself adds to the file."""

    kind: ReferenceKind
    what: str


class Requirement(Frozen):
    """A requirement in our words, how far it is met, and by what; `kind` is the strongest thing that shows it."""

    id: str
    requirement: str
    met: Met
    kind: ReferenceKind
    references: tuple[Reference, ...]
    how_nl: str
    how_en: str

    @field_validator("references")
    @classmethod
    def _known_forms(cls, value: tuple[Reference, ...]) -> tuple[Reference, ...]:
        for reference in value:
            if re.fullmatch(_FORMS[reference.kind], reference.what) is None:
                raise ValueError("a reference has another form")
        return value

    def of(self, kind: ReferenceKind) -> tuple[str, ...]:
        """The references of a kind."""
        return tuple(reference.what for reference in self.references if reference.kind == kind)


def source() -> bytes:
    """The table as it is installed."""
    return (resources.files("protocols.nji_2016") / FILE).read_bytes()


def requirements(raw: bytes) -> tuple[Requirement, ...]:
    """P1 to P15. Raises EvidenceBroken for a table of another form."""
    broken = EvidenceBroken(f"{FILE} is niet de lijst van vijftien eisen; installeer het programma opnieuw")
    try:
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8")), strict=True))
        found = tuple(_requirement(row) for row in rows)
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error, ValidationError):
        raise broken from None
    if [one.id for one in found] != [f"P{number}" for number in range(1, COUNT + 1)]:
        raise broken
    if any(one.kind not in {reference.kind for reference in one.references} for one in found):
        raise broken
    return found


def _requirement(row: dict[str, str]) -> Requirement:
    if tuple(row) != COLUMNS or not all(row.values()):
        raise ValueError("other columns")
    references = []
    for text in row["references"].split(" | "):
        kind, _, what = text.partition(":")
        references.append({"kind": kind, "what": what})
    return Requirement.model_validate({**row, "references": tuple(references)})


def shown(found: Collection[Requirement], there: Collection[str]) -> tuple[Shown, ...]:
    """Each requirement with the records that it asks for: in the pack, or not."""
    return tuple(
        Shown(
            id=one.id,
            met=one.met,
            present=tuple(name for name in one.of("record") if name in there),
            absent=tuple(name for name in one.of("record") if name not in there),
        )
        for one in found
    )
