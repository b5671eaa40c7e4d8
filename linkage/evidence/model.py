"""What an evidence pack says: `evidence.json` as a strict, frozen type (docs/spec/evidence-v1.md, section 3)."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator

from linkage.errors import EvidenceBroken
from linkage.keys.signed import SignedBody
from linkage.study import HolderId
from protocols.digest import canonical
from protocols.lines import frozen
from protocols.model import Frozen

MAX_EVIDENCE_BYTES = 16 * 1024 * 1024
EVIDENCE, SIGNATURE, PAGE = "evidence.json", "evidence.sig", "bewijs.html"

Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
StudyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Place = Annotated[str, StringConstraints(pattern=r"^([a-z]+/)?[a-z0-9][A-Za-z0-9._-]{0,199}$")]
Kind = Literal[
    "charter",
    "commit",
    "destroyed",
    "package",
    "ledger",
    "release-ledger",
    "export-ledger",
    "household-file",
    "linkage-account",
    "release",
    "assessment",
    "assessment-page",
]
Checked = Literal["signature", "chain", "digest"]
Part = Literal["study", "record", "manifest", "software", "requirements", "page"]
Met = Literal["geheel", "deels", "organisatorisch"]


class File(Frozen):
    """A file of the folder, besides `evidence.json` and its signature."""

    path: Place
    part: Part
    sha256: Hex32
    bytes: Annotated[int, Field(ge=0)]


class Record(Frozen):
    """Something that was found and verified; `path` where a copy is in the pack, `about` for what may be said of it."""

    kind: Kind
    sha256: Hex32
    checked: Checked
    about: dict[str, str]
    path: Place | None = None


class Agreement(Frozen):
    """How far the holders came with the root: who signed the charter, and who committed."""

    charter: Hex32
    signed: tuple[HolderId, ...]
    committed: tuple[HolderId, ...]
    missing: tuple[HolderId, ...]


class Closing(Frozen):
    """The day on which a party destroyed what it must, if it did."""

    party: HolderId
    destroyed: str | None


class Remains(Frozen):
    """How many files of a kind still exist under the folders that were looked through."""

    kind: str
    files: Annotated[int, Field(ge=1)]


class Shown(Frozen):
    """A requirement: how far it is met, and which records it asks for are in this pack or not."""

    id: str
    met: Met
    present: tuple[str, ...]
    absent: tuple[str, ...]


class Evidence(Frozen):
    """All that a party signs for on one day."""

    format: Literal["household-linkage/evidence/v1"]
    study: StudyId
    wave: Annotated[int, Field(ge=1, le=1000)]
    protocol: str
    protocol_digest: Digest
    agreement: Digest
    root_key_id: str | None
    retention_until: str
    party: HolderId
    made: str
    files: tuple[File, ...]
    records: tuple[Record, ...]
    keys: Agreement | None
    closing: tuple[Closing, ...]
    remains: tuple[Remains, ...]
    left_out: Annotated[int, Field(ge=0)]
    requirements: tuple[Shown, ...]


class EvidenceSigned(SignedBody):
    """What `evidence.sig` holds: the digest of `evidence.json`, and who signs for it on which day."""

    format: Literal["household-linkage/evidence-signature/v1"]
    study: StudyId
    wave: Annotated[int, Field(ge=1, le=1000)]
    party: HolderId
    made: str
    evidence: Hex32

    @field_validator("made")
    @classmethod
    def _day(cls, value: str) -> str:
        if dt.date.fromisoformat(value).isoformat() != value:
            raise ValueError("no day")
        return value


def parse(raw: bytes) -> Evidence:
    """`evidence.json` in its one spelling. Raises EvidenceBroken."""
    broken = EvidenceBroken(f"{EVIDENCE} is beschadigd, of van een andere versie; vraag de map opnieuw")
    try:
        evidence = Evidence.model_validate(frozen(_object(raw)))
    except (ValueError, TypeError, RecursionError, ValidationError):
        raise broken from None
    if written(evidence) != raw:
        raise broken
    return evidence


def _object(raw: bytes) -> Any:
    return json.loads(raw.decode("utf-8"))


def written(evidence: Evidence) -> bytes:
    """The canonical spelling, with a line end."""
    return canonical(evidence) + b"\n"
