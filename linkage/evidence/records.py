"""Records, each verified by its own specification; what does not hold is refused, never noted (section 4)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from linkage.agreement.charter import Charter, CharterSigned, not_late, only_charter
from linkage.agreement.rounds import Commit, committed
from linkage.errors import (
    EvidenceBroken,
    HolderUnknown,
    PackageDamaged,
    PartyMissing,
    PartyWrong,
    ProtocolWrong,
    RecipientWrong,
    RootWrong,
    RoundMixed,
    StudyWrong,
)
from linkage.evidence import books
from linkage.evidence.find import Gathered, Source
from linkage.evidence.model import Agreement, Closing, Kind, Record
from linkage.keeping.destroyed import KIND_WORDS, Destroyed, closing
from linkage.keys import fingerprint
from linkage.keys.signed import Body, Signed, parse_signed
from linkage.study import Study
from linkage.transfer.manifest import Manifest
from linkage.transfer.package import Header, read_header, verify
from protocols.digest import canonical
from protocols.model import Frozen

_FOLDERS: dict[Kind, str] = {
    "charter": "afspraak",
    "commit": "afspraak",
    "destroyed": "vernietigd",
    "ledger": "logboeken",
    "release-ledger": "logboeken",
    "assessment": "zelftoets",
    "assessment-page": "zelftoets",
}
_DIGEST_ONLY: tuple[Kind, ...] = ("household-file", "linkage-account", "release")
ALWAYS = frozenset({"study", "software"})
ROLES = ("holder", "linker", "officer")
MOST_COPIED = 64 * 1024 * 1024


@dataclass(frozen=True)
class Verified:
    """All records with the bytes to copy, by place in the pack, and what they say together."""

    records: tuple[Record, ...]
    copies: dict[str, bytes]
    manifests: dict[str, bytes]
    keys: Agreement | None
    closing: tuple[Closing, ...]

    @property
    def there(self) -> frozenset[str]:
        """What a requirement may ask for that is in the pack."""
        return ALWAYS | {record.kind for record in self.records}


class OpenManifest(Frozen):
    """The public manifest of a package without its numbers of rows, which may be of few people."""

    package: str
    study: str
    protocol_digest: str
    agreement: str
    reference_date: str
    delivery: str
    holder: str
    wave: int
    sequence: int
    scheme: str
    normalisation: dict[str, str]
    root_key_id: str
    linker: str
    created: str
    expires: str
    pseudonyms: tuple[str, ...]
    columns: tuple[str, ...]
    encoder: str


def verify_all(gathered: Gathered, study: Study) -> Verified:
    """Every record that was found, verified. Raises PackageError, CustodyError, LedgerBroken, ResearchError."""
    copies: dict[str, bytes] = {}
    packages = [_package(source, study) for source in gathered.of("package")]
    charters, commits = _signed(gathered, "charter", CharterSigned), _signed(gathered, "commit", Commit)
    keys = _agreement([file for _, file in charters], [file for _, file in commits], study)
    statements = _signed(gathered, "destroyed", Destroyed)
    ends = _closing([file for _, file in statements], study)
    records = [
        *(_copied(source, {"party": file.body.holder, "made": file.body.made}, copies) for source, file in charters),
        *(_copied(source, {"party": file.body.holder, "made": file.body.made}, copies) for source, file in commits),
        *(_copied(source, _destroyed(file.body), copies) for source, file in statements),
        *(made for made, _, _ in packages),
        *_books(gathered, study, copies),
        *(_assessment(source, study, copies) for source in gathered.of("assessment", "assessment-page")),
        *(
            Record(kind=source.kind, sha256=source.sha256, checked="digest", about={})
            for source in gathered.of(*_DIGEST_ONLY)
        ),
    ]
    manifests = {place: raw for _, place, raw in packages}
    return Verified(tuple(sorted(records, key=_order)), copies, manifests, keys, ends)


def _order(record: Record) -> tuple[str, ...]:
    return (record.kind, record.path or "", record.sha256)


# --- signed files ---------------------------------------------------------------------------------


def _signed(gathered: Gathered, kind: Kind, model: type[Body]) -> list[tuple[Source, Signed[Body]]]:
    return [
        (source, parse_signed(_bytes(source), model, source.path.name))  # strictly, in its one spelling
        for source in gathered.of(kind)
    ]


def _bytes(source: Source) -> bytes:
    """A small file, the same that was looked at. Raises EvidenceBroken."""
    try:
        with source.path.open("rb") as file:
            raw = file.read(MOST_COPIED + 1)
    except OSError:
        raw = b""
    if hashlib.sha256(raw).hexdigest() != source.sha256:
        raise EvidenceBroken(f"{source.path.name} is te groot, of veranderde terwijl het werd gelezen; begin opnieuw")
    return raw


def _agreement(
    charters: Sequence[Signed[CharterSigned]], commits: Sequence[Signed[Commit]], study: Study
) -> Agreement | None:
    """How far the holders came; none where there is no charter. Raises CustodyError for what does not fit."""
    if not charters and not commits:
        return None
    charter = only_charter(charters, study)
    signed = _each_once([(file.body.holder, file.name) for file in charters])
    for file in charters:
        not_late(file.body.made, charter.commit_until, file.name)
    made = _each_once([(file.body.holder, file.name) for file in commits])
    if commits:
        _committed(commits, charter)
    missing = tuple(name for name in charter.names if name not in signed or name not in made)
    return Agreement(charter=charter.digest, signed=signed, committed=made, missing=missing)


def _each_once(found: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for holder, name in found:
        if holder in seen:
            raise PartyWrong(f"{seen[holder]} en {name} zijn beide van {holder}; houd het goede over")
        seen[holder] = name
    return tuple(sorted(seen))


def _committed(commits: Sequence[Signed[Commit]], charter: Charter) -> None:
    """Every commitment by the rules of round 1; that some are still missing is told, and no reason to refuse."""
    try:
        committed(commits, charter)
    except PartyMissing:
        return


def _closing(files: Sequence[Signed[Destroyed]], study: Study) -> tuple[Closing, ...]:
    if study.root is None:
        if files:
            raise RoundMixed(
                "er zijn verklaringen van vernietiging, maar de studie heeft nog geen [root]; neem de laatste"
            )
        return ()
    return tuple(Closing(party=party, destroyed=day) for party, day in closing(files, study).items())


def _destroyed(body: Destroyed) -> dict[str, str]:
    items = ", ".join(f"{KIND_WORDS[item.kind]} {item.id[:16]}" for item in body.items)
    return {"party": body.party, "made": body.destroyed, "items": items}


def _copied(source: Source, about: dict[str, str], copies: dict[str, bytes], *, checked: str = "signature") -> Record:
    """A record of which a copy comes into the pack."""
    place = _free(source.kind, about.get("party", ""), copies)
    copies[place] = _bytes(source)
    return Record.model_validate(
        {"kind": source.kind, "sha256": source.sha256, "checked": checked, "about": about, "path": place}
    )


_NAMES: dict[Kind, tuple[str, str]] = {
    "charter": ("{}", ".charter"),
    "commit": ("{}", ".commit"),
    "destroyed": ("{}", ".destroyed"),
    "ledger": ("ledger", ".jsonl"),
    "release-ledger": ("release", ".jsonl"),
    "assessment": ("assess", ".json"),
    "assessment-page": ("dpia-zelftoets", ".html"),
}


def _free(kind: Kind, party: str, copies: dict[str, bytes]) -> str:
    """Where a copy goes: our own names, since those of files may tell too much."""
    stem, ending = _NAMES[kind]
    places = (
        f"{_FOLDERS[kind]}/{stem.format(party)}{'' if number == 1 else f'-{number}'}{ending}"
        for number in range(1, len(copies) + 2)
    )
    return next(place for place in places if place not in copies)


# --- books and assessments ------------------------------------------------------------------------


def _books(gathered: Gathered, study: Study, copies: dict[str, bytes]) -> Iterator[Record]:
    for source in gathered.of("ledger", "release-ledger", "export-ledger"):
        record, may_be_read = books.record(source, study)
        yield _copied(source, record.about, copies, checked="chain") if may_be_read else record


def _assessment(source: Source, study: Study, copies: dict[str, bytes]) -> Record:
    """A self-test is taken as it is: it was made to be shown. A page that runs something is refused."""
    raw = _bytes(source)
    if source.kind == "assessment-page":
        if b"<script" in raw.lower():
            raise EvidenceBroken(
                f"{source.path.name} bevat een programma en is dus niet de zelftoets; maak die opnieuw"
            )
        return _copied(source, {}, copies, checked="digest")
    return _copied(source, _tested(raw, study, source.path.name), copies, checked="digest")


def _tested(raw: bytes, study: Study, name: str) -> dict[str, str]:
    """What a self-test says of itself. Raises EvidenceBroken."""
    try:
        said = json.loads(raw)
        role, made, passed, tested = (said[key] for key in ("role", "made", "passed", "study"))
        day = dt.date.fromisoformat(made).isoformat()
    except (ValueError, TypeError, KeyError, RecursionError):
        raise EvidenceBroken(f"{name} is niet de uitkomst van de zelftoets; maak die opnieuw") from None
    if role not in ROLES or type(passed) is not bool:
        raise EvidenceBroken(f"{name} is van een andere versie van de zelftoets; maak die opnieuw")
    words = {True: "ja", False: "nee"}
    return {"made": day, "role": role, "passed": words[passed], "own_study": words[tested == str(study.study.id)]}


# --- packages -------------------------------------------------------------------------------------


def _package(source: Source, study: Study) -> tuple[Record, str, bytes]:
    """A package as a record, and its manifest without numbers of rows. Raises PackageError."""
    try:
        with source.path.open("rb") as file:
            header = read_header(file)
            line = _holder_line(header.manifest, study, source.path.name)
            _fits(header, study, source.path.name)
            verify(file, header, line)
    except OSError:
        raise PackageDamaged(f"{source.path.name} is niet te openen; controleer het pad en de rechten") from None
    manifest = header.manifest
    shared = OpenManifest.model_fields.keys() - {"package", "columns"}
    opened = OpenManifest(
        package=source.sha256,
        columns=tuple(column.name for column in manifest.columns),
        **{name: getattr(manifest, name) for name in shared},
    )
    about = {"party": manifest.holder, "delivery": manifest.delivery, "made": manifest.created}
    record = Record(
        kind="package",
        sha256=source.sha256,
        checked="signature",
        about={**about, "sequence": str(manifest.sequence), "encoder": manifest.encoder},
    )
    place = f"pakketten/{manifest.holder}.{manifest.delivery}.{manifest.sequence}.{source.sha256[:8]}.json"
    return record, place, canonical(opened) + b"\n"


def _holder_line(manifest: Manifest, study: Study, name: str) -> str:
    if manifest.study != str(study.study.id) or manifest.wave != study.study.wave:
        raise StudyWrong(f"{name} is een pakket van een andere studie of meting; geef een map zonder dat pakket")
    holder = study.holder_of(manifest.holder, manifest.delivery)
    if holder is None:
        raise HolderUnknown(f"{name} is van een houder die deze levering niet doet; geef een map zonder dat pakket")
    return holder.public_key


def _fits(header: Header, study: Study, name: str) -> None:
    """Whether a package is bound to this study as it stands. Raises PackageError."""
    manifest = header.manifest
    if (manifest.protocol_digest, manifest.agreement) != (study.study.protocol_digest, study.agreement):
        raise ProtocolWrong(f"{name} is gemaakt onder een andere afspraak; vraag een nieuw pakket, of neem die studie")
    if manifest.linker != fingerprint(study.linker.public_key):
        raise RecipientWrong(f"{name} is voor een andere koppelaar verzegeld; vraag het opnieuw aan de houder")
    if study.root is None or manifest.root_key_id != study.root.key_id:
        raise RootWrong(f"{name} is met een andere hoofdsleutel gemaakt; vraag het opnieuw aan de houder")
