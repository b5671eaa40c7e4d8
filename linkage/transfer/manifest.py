"""What a package says of itself: canonical JSON, at most 64 KiB, readable by anyone (package-v1, section 3).

Bytes in, verified value out, or an exception. A manifest is hostile until its signature was checked, so it is
parsed strictly: no double keys, no unknown keys, no other spelling of the same content.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError, model_validator

from linkage.errors import FormatUnknown, PackageDamaged
from linkage.study import WireColumn
from protocols.lines import frozen
from protocols.model import Category, Frozen, Name

FORMAT = "household-linkage/package/v1"
MAX_MANIFEST_BYTES = 64 * 1024
MAX_ROWS = 100_000_000
MAX_FIELDS, MAX_DERIVED = 8, 16

Hex16 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_/.+-]{0,63}$")]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
RowCount = Annotated[int, Field(ge=0, le=MAX_ROWS)]


class ManifestColumn(Frozen):
    """One attribute column of the body."""

    name: Name
    type: Literal["boolean", "integer", "category"]
    minimum: Annotated[int, Field(ge=0, le=2**31 - 1)]
    maximum: Annotated[int, Field(ge=0, le=2**31 - 1)]
    categories: tuple[Category, ...] = Field(max_length=2000)


class Source(Frozen):
    """What happened to the rows of the export; the reject report itself stays at the holder."""

    rows: RowCount
    not_selected: RowCount
    rejected: dict[Token, RowCount] = Field(max_length=64)


class Manifest(Frozen):
    """The manifest of package v1."""

    format: Literal["household-linkage/package/v1"]
    study: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    protocol_digest: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    agreement: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    reference_date: Day
    delivery: Name
    holder: Token
    wave: Annotated[int, Field(ge=1, le=1000)]
    sequence: Annotated[int, Field(ge=1, le=1_000_000)]
    scheme: Token
    normalisation: dict[Token, Token] = Field(max_length=MAX_FIELDS + MAX_DERIVED)
    root_key_id: Hex16
    canaries: dict[Token, Hex16] = Field(min_length=1, max_length=MAX_FIELDS + MAX_DERIVED)
    linker: Hex32
    created: Day
    expires: Day
    pseudonyms: tuple[Token, ...] = Field(min_length=1, max_length=MAX_FIELDS + MAX_DERIVED)
    columns: tuple[ManifestColumn, ...] = Field(max_length=128)
    rows: RowCount
    source: Source
    encoder: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.+ -]{1,64}$")]

    @model_validator(mode="after")
    def _check(self) -> Self:
        derived = sum(version.startswith("names/") for version in self.normalisation.values())
        if max(len(self.normalisation), len(self.canaries), len(self.pseudonyms)) - derived > MAX_FIELDS:
            raise ValueError("too many fields")
        return self

    @property
    def study_id(self) -> UUID:
        """The study as a UUID."""
        return UUID(self.study)


def encode(manifest: Manifest) -> bytes:
    """Canonical JSON: sorted keys, no white space, UTF-8. Raises PackageDamaged above 64 KiB."""
    text = json.dumps(manifest.model_dump(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    encoded = text.encode("utf-8")
    if len(encoded) > MAX_MANIFEST_BYTES:
        raise PackageDamaged("het manifest is groter dan 64 KiB; kort de lijsten van wijken of categorieën in")
    return encoded


def decode(encoded: bytes) -> Manifest:
    """Parse strictly. Raises PackageDamaged, or FormatUnknown for another format version."""
    if len(encoded) > MAX_MANIFEST_BYTES:
        raise PackageDamaged("het manifest is groter dan 64 KiB; vraag het pakket opnieuw")
    data = _parse(encoded)
    version = data.get("format")
    if isinstance(version, str) and version.startswith("household-linkage/package/") and version != FORMAT:
        raise FormatUnknown("dit pakket heeft een andere versie van het formaat; gebruik dezelfde versie als de houder")
    try:
        manifest = Manifest.model_validate(frozen(data))
        canonical = encode(manifest)
    except (ValidationError, UnicodeEncodeError):
        raise PackageDamaged("het manifest is niet volgens de afspraak; vraag het pakket opnieuw") from None
    if canonical != encoded:
        raise PackageDamaged("het manifest is niet in de vaste schrijfwijze; vraag het pakket opnieuw")
    return manifest


def _parse(encoded: bytes) -> dict[str, Any]:
    try:
        data = json.loads(
            encoded.decode("utf-8"), object_pairs_hook=_no_doubles, parse_float=_no_number, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise PackageDamaged("het manifest is niet te lezen; vraag het pakket opnieuw") from None
    if not isinstance(data, dict):
        raise PackageDamaged("het manifest is niet te lezen; vraag het pakket opnieuw")
    return data


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("double key")
    return dict(pairs)


def _no_number(_text: str) -> Any:
    raise ValueError("only whole numbers")


def manifest_columns(columns: tuple[WireColumn, ...]) -> tuple[ManifestColumn, ...]:
    """The columns of a delivery as a manifest says them."""
    return tuple(
        ManifestColumn(name=c.name, type=c.type, minimum=c.minimum, maximum=c.maximum, categories=c.categories)
        for c in columns
    )


def day(date: dt.date) -> str:
    """A date as a manifest writes it."""
    return date.isoformat()
