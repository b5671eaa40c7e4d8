"""A study binds a protocol to organisations, keys, a place and a date (docs/spec/study-v1.md).

The study holds public keys only; it can be mailed. Everything in it comes from a closed vocabulary.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, PrivateAttr, StringConstraints, model_validator

from linkage.errors import StudyFault
from protocols import FaultyAgreement, StudyProtocol, digest, load_protocol
from protocols.lines import line_map
from protocols.load import BUILT_IN, parse_toml, read_bytes, validate, word
from protocols.model import (
    PART_COLUMNS,
    AgeBand,
    AmountBand,
    AmountRounded,
    Category,
    CategoryColumn,
    Column,
    Count,
    Delivery,
    FieldName,
    Frozen,
    Name,
    Share,
    Text,
)

HolderId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,47}$")]
Hex16 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
PublicKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+:[A-Za-z0-9+/]{43,2000}={0,2}$")]
EncoderTest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FolderPath = Annotated[str, StringConstraints(max_length=400)]

IDENTIFIER_COLUMNS = {
    "bsn": ("bsn",),
    "a-number": ("a_number",),
    "household-number": ("household_number",),
    "address": ("postcode", "house_number", "house_letter", "house_addition"),
}
EXACT_FIELDS = ("bsn", "a-number", "address", "address-number", "household-number")
OPTIONAL_PARTS = ("house_letter", "house_addition")


def _as_uuid(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return UUID(value)
    return value


class About(Frozen):
    """What the study is for, where, when, on which legal basis and until when its data are kept."""

    id: Annotated[UUID, BeforeValidator(_as_uuid)]
    title: Text
    protocol: Text
    protocol_digest: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    municipality: Text
    municipality_code: Annotated[str, StringConstraints(pattern=r"^GM[0-9]{4}$")]
    reference_date: dt.date
    wave: Annotated[int, Field(ge=1, le=1000)]
    purpose: Text
    legal_basis: Text
    retention_until: dt.date
    without: tuple[Name, ...] = ()
    max_success_one: Share | None = Field(default=None, exclude_if=lambda share: share is None)
    max_success_two: Share | None = Field(default=None, exclude_if=lambda share: share is None)
    encoder_test: EncoderTest | None = Field(default=None, exclude_if=lambda digest: digest is None)
    areas: tuple[Category, ...] = Field(min_length=1, max_length=2000)


class Linker(Frozen):
    """The research institute: the only party that can open a package of this study."""

    id: HolderId
    organisation: Text
    public_key: PublicKey
    signing_key: PublicKey | None = Field(default=None, exclude_if=lambda key: key is None)
    secured_folders: tuple[FolderPath, ...] = Field(default=(), max_length=8)

    @model_validator(mode="after")
    def _plain_folders(self) -> Self:
        for folder in self.secured_folders:
            if not re.fullmatch(r"(/[^/\x00-\x1f\x7f]+)+", folder) or {".", ".."} & set(folder.split("/")):
                raise ValueError("schrijf in `secured_folders` elke map als volledig pad, zoals /srv/monitoring")
        if len(set(self.secured_folders)) != len(self.secured_folders):
            raise ValueError("in `secured_folders` staat een map twee keer; haal er een weg")
        return self


class Agreed(Frozen):
    """The part of a study that every package is bound to; holders may be added and mappings mended later."""

    study: About
    linker: Linker


class Root(Frozen):
    """What anyone may know of the root key: its id, and what it makes of the reserved identifiers."""

    key_id: Hex16
    canaries: dict[FieldName, Hex16]


class Format(Frozen):
    """How this holder's export is written, where it cannot be found out from the file."""

    separator: Literal[";", ",", "\t", "|"] | None = None
    encoding: Literal["utf-8", "cp1252", "utf-16"] | None = None
    decimal: Literal["comma", "point"] = "comma"
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1, le=100)] = 1


class Holder(Frozen):
    """One organisation making one delivery; an organisation with two deliveries has two entries."""

    id: HolderId
    organisation: Text
    delivery: Text
    public_key: PublicKey
    format: Format = Format()
    columns: dict[str, SourceName]
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    not_available: tuple[str, ...] = ()


class Study(Frozen):
    """A study with its protocol; `protocol` is loaded beside it and must have the digest written down."""

    format: Literal["household-linkage/study/v1"]
    study: About
    linker: Linker
    root: Root | None = None
    holder: tuple[Holder, ...] = Field(min_length=1)
    _protocol: StudyProtocol | None = PrivateAttr(default=None)

    @property
    def protocol(self) -> StudyProtocol:
        """The protocol that this study binds."""
        assert self._protocol is not None
        return self._protocol

    @property
    def agreement(self) -> str:
        """Digest of what a holder agrees to besides the protocol: all of `[study]` and `[linker]`."""
        return digest(Agreed(study=self.study, linker=self.linker))

    def bound_to(self, protocol: StudyProtocol) -> Self:
        """This study with its protocol; done once, by `load_study`, after both were checked."""
        self._protocol = protocol
        return self

    def holder_of(self, holder: str, delivery: str) -> Holder | None:
        """The entry of that holder for that delivery, if there is one."""
        return next((h for h in self.holder if h.id == holder and h.delivery == delivery), None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        entries = [(holder.id, holder.delivery) for holder in self.holder]
        keys: dict[str, str] = {}
        for holder in self.holder:
            if entries.count((holder.id, holder.delivery)) > 1:
                raise ValueError(f"holder {holder.id} levert {holder.delivery} twee keer; haal er een weg")
            if keys.setdefault(holder.id, holder.public_key) != holder.public_key:
                raise ValueError(f"holder {holder.id} heeft twee verschillende publieke sleutels; houd er een aan")
            if not re.fullmatch(r"holder1:[A-Za-z0-9+/]{43}=", holder.public_key):
                raise ValueError(f"holder {holder.id}: de publieke sleutel van een houder is holder1: en 44 tekens")
        if len(set(keys.values())) != len(keys):
            raise ValueError("twee houders hebben dezelfde publieke sleutel; elke houder maakt zijn eigen sleutel")
        if not self.linker.public_key.startswith("xwing:"):
            raise ValueError("de publieke sleutel van de koppelaar begint met xwing:")
        signing = self.linker.signing_key
        if signing is not None and not re.fullmatch(r"holder1:[A-Za-z0-9+/]{43}=", signing):
            raise ValueError("signing_key van de koppelaar is holder1: en 44 tekens")
        if signing in keys.values():
            raise ValueError("de koppelaar heeft de sleutel van een houder; elke partij maakt haar eigen sleutel")
        if self.linker.id in keys:
            raise ValueError("de koppelaar is ook houder; dat mag niet: wie koppelt, mag de hoofdsleutel niet hebben")
        return self


def load_study(path: Path) -> Study:
    """Read and check study.toml and its protocol. Raises StudyFault with file, line and remedy."""
    try:
        source = read_bytes(path)
        data = parse_toml(source, path.name)
        study = validate(Study, data, source, path.name)
        protocol = load_protocol(study.study.protocol, path.parent)
        _not_in_disguise(study, protocol)
        return _bind(study, protocol, path.name, data, source)
    except FaultyAgreement as error:
        raise StudyFault(str(error)) from None


def _not_in_disguise(study: Study, protocol: StudyProtocol) -> None:
    """An own protocol that calls itself by a built-in name must be that protocol, to the letter."""
    named = study.study.protocol not in BUILT_IN and protocol.name in BUILT_IN
    if named and digest(protocol) != digest(load_protocol(protocol.name)):
        raise StudyFault(
            f"{study.study.protocol}, regel 1: dit is niet het ingebouwde {protocol.name}; geef het een eigen `name`"
        )


def _bind(study: Study, protocol: StudyProtocol, name: str, data: dict[str, Any], source: bytes) -> Study:
    faults = (*_date_faults(study, protocol), *_holder_faults(study, protocol))
    if study.root is not None and not set(study.root.canaries) <= _fields(protocol):
        faults = (*faults, "[root.canaries] heeft een veld dat het protocol niet kent; vraag de gegevens opnieuw")
    if digest(protocol) != study.study.protocol_digest:
        faults = (
            *faults,
            f"het protocol {protocol.name} is niet het afgesproken protocol; de digest is {digest(protocol)}",
        )
    if faults:
        raise StudyFault("\n".join(f"{name}, regel {_holder_line(fault, data, source)}: {fault}" for fault in faults))
    return study.bound_to(protocol)


def _fields(protocol: StudyProtocol) -> set[str]:
    derived = () if protocol.numberless is None else protocol.numberless.fields
    return {*EXACT_FIELDS, *(field.name for field in derived)}


def _holder_line(fault: str, data: dict[str, Any], source: bytes) -> int:
    lines = line_map(source)
    found = re.match(r"holder ([\w-]+), levering ([\w-]+)", fault)
    for index, item in enumerate(data["holder"]):
        if found and (item["id"], item["delivery"]) == found.groups():
            column = re.search(r"`(\w+)`", fault)
            return lines.get(("holder", index, "columns", column.group(1) if column else ""), lines[("holder", index)])
    word = next(
        (key for key in ("protocol_digest", "reference_date", "retention_until", "areas", "without") if key in fault),
        None,
    )
    if "digest" in fault:
        word = "protocol_digest"
    return lines.get(("study", word or "id"), 1)


def _date_faults(study: Study, protocol: StudyProtocol) -> tuple[str, ...]:
    about, faults = study.study, []
    if f"{about.reference_date:%m-%d}" != protocol.parameters.reference_day:
        faults.append(f"reference_date: het protocol vraagt de dag {protocol.parameters.reference_day} (maand-dag)")
    if about.reference_date.year != protocol.reference_year:
        faults.append(f"reference_date: het protocol geldt voor het jaar {protocol.reference_year}")
    if about.retention_until <= about.reference_date:
        faults.append("retention_until moet na de peildatum liggen")
    unknown = set(about.without) - {delivery.name for delivery in protocol.deliveries}
    if unknown:
        faults.append("without: het protocol kent die levering niet")
    if len({area.casefold() for area in about.areas}) != len(about.areas):
        faults.append("areas: een wijk staat er twee keer in")
    return tuple(faults)


def _holder_faults(study: Study, protocol: StudyProtocol) -> tuple[str, ...]:
    faults: list[str] = []
    known = {delivery.name: delivery for delivery in protocol.deliveries}
    for holder in study.holder:
        if holder.delivery not in known:
            faults.append(f"holder {holder.id}, levering {word(holder.delivery)}: kies een van {', '.join(known)}")
            continue
        where = f"holder {holder.id}, levering {holder.delivery}:"
        faults.extend(f"{where} {fault}" for fault in _mapping_faults(study, protocol, holder, known[holder.delivery]))
    for delivery in protocol.deliveries:
        count = sum(holder.delivery == delivery.name for holder in study.holder)
        if delivery.spine and not count:
            faults.append(f"niemand levert {delivery.name}; zonder bevolkingsregister kan er niet worden gekoppeld")
        elif delivery.required and not count and delivery.name not in study.study.without:
            faults.append(
                f"niemand levert {delivery.name}, dat verplicht is; voeg een [[holder]] toe, "
                "of zeg onder [study] in `without` dat deze studie het zonder doet"
            )
        if count and delivery.name in study.study.without:
            faults.append(f"{delivery.name} staat in `without` en heeft toch een houder; haal een van beide weg")
        if delivery.spine and count > 1:
            faults.append(f"{delivery.name} is het bevolkingsregister; daarvoor kan er maar een houder zijn")
    return tuple(faults)


def _mapping_faults(study: Study, protocol: StudyProtocol, holder: Holder, delivery: Delivery) -> list[str]:
    faults: list[str] = []
    must, may = mappable(delivery)
    persons = person_columns(protocol, delivery)
    may |= persons
    faults.extend(
        f"`{word(key)}` wordt niet gevraagd; de kolommen zijn {', '.join(sorted(must | may))}"
        for key in holder.columns
        if key not in must | may
    )
    faults.extend(
        f"zeg in [holder.columns] hoe de kolom voor `{key}` heet, of zet hem in not_available"
        for key in sorted(must - set(holder.columns) - set(holder.not_available))
    )
    # A column of persons may be the source of another too: a birth date, say, is also that of `minor`.
    mapped = {key: source for key, source in holder.columns.items() if key not in persons or key in must}
    sources = {" ".join(name.split()).casefold() for name in mapped.values()}
    if len(sources) != len(mapped):
        faults.append("twee kolommen wijzen naar dezelfde bronkolom; geef elk zijn eigen bron")
    for identifier in delivery.identifiers:
        parts = set(IDENTIFIER_COLUMNS[identifier.kind]) - set(OPTIONAL_PARTS)
        if 0 < len(parts & set(holder.columns)) < len(parts) or (
            identifier.required and not parts <= set(holder.columns)
        ):
            faults.append(f"voor {identifier.kind} zijn de kolommen {', '.join(sorted(parts))} nodig")
    known = {part for kind in delivery.kinds for part in IDENTIFIER_COLUMNS[kind]} | persons
    if not known & set(holder.columns):
        faults.append(f"er is geen enkel herkenningsnummer; geef de kolom van {' of '.join(delivery.kinds)}")
    faults.extend(_value_faults(study, holder, delivery))
    return faults


def _value_faults(study: Study, holder: Holder, delivery: Delivery) -> list[str]:
    faults = []
    for name, mapping in holder.values.items():
        wire = {column.name: column for column in wire_columns(study, delivery)}.get(name)
        allowed = {"boolean": ("ja", "nee"), "integer": ()}.get(wire.type, wire.categories) if wire else ()
        if not allowed:
            faults.append(f"`{word(name)}` is geen kolom met vaste waarden; haal [holder.values.{word(name)}] weg")
        elif not set(mapping.values()) <= set(allowed):
            faults.append(f"[holder.values.{name}]: schrijf rechts een van {', '.join(allowed)}")
    return faults


def mappable(delivery: Delivery) -> tuple[set[str], set[str]]:
    """The column keys that a holder must and may map: (needed unless not available, optional)."""
    must = {column.name for column in delivery.columns} | ({"year"} if delivery.years else set())
    must |= {select.name for select in delivery.select}
    may = {part for kind in delivery.kinds for part in IDENTIFIER_COLUMNS[kind]}
    return must, may


def person_columns(protocol: StudyProtocol, delivery: Delivery) -> set[str]:
    """The columns of persons that a holder may map for the derived fields of a delivery; they never leave."""
    return {column for field in protocol.derived(delivery) for part in field.of for column in PART_COLUMNS[part]}


@dataclass(frozen=True)
class WireColumn:
    """A column as it leaves: a boolean, an integer from `minimum` to `maximum`, or a position in `categories`."""

    name: str
    type: Literal["boolean", "integer", "category"]
    minimum: int = 0
    maximum: int = 1
    categories: tuple[str, ...] = ()


def pseudonym_fields(delivery: Delivery) -> tuple[str, ...]:
    """The pseudonym columns of a delivery, in order; an address has two, and derived fields come last."""
    fields: list[str] = []
    for kind in delivery.kinds:
        fields.extend(("address", "address-number") if kind == "address" else (kind,))
    return (*fields, *delivery.derived)


def wire_columns(study: Study, delivery: Delivery) -> tuple[WireColumn, ...]:
    """The attribute columns of a package of this delivery, in order."""
    columns: list[WireColumn] = []
    if "address" in delivery.kinds:
        columns.append(WireColumn("address_suffix", "boolean"))
    if delivery.years:
        columns.append(WireColumn("year", "integer", min(delivery.years), max(delivery.years)))
    columns.extend(_wire(study, column) for column in delivery.columns)
    return tuple(columns)


def _wire(study: Study, column: Column) -> WireColumn:
    if isinstance(column, CategoryColumn):
        categories = column.categories or study.study.areas
        return WireColumn(column.name, "category", 0, len(categories) - 1, categories)
    if isinstance(column, AgeBand | AmountBand):
        return WireColumn(column.name, "category", 0, len(column.categories) - 1, column.categories)
    if isinstance(column, Count | AmountRounded):
        return WireColumn(column.name, "integer", 0, column.at_most)
    return WireColumn(column.name, "boolean")
