"""Checking a pack from another party: signature, signer, study, every file, each copied record again (section 8)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path

from linkage.errors import EvidenceBroken, EvidenceExtra, EvidenceMissing, PartyWrong, RoundMixed
from linkage.evidence.find import gather
from linkage.evidence.model import EVIDENCE, MAX_EVIDENCE_BYTES, SIGNATURE, Evidence, EvidenceSigned, File, Kind, parse
from linkage.evidence.records import ALWAYS, verify_all
from linkage.evidence.requirements import FILE, requirements, shown
from linkage.keys.signed import read_signed, verified
from linkage.study import Study


def check(folder: Path, study: Study) -> Evidence:
    """What a whole pack says, after everything that can be checked was.

    Raises EvidenceBroken, EvidenceMissing, EvidenceExtra; SignedFileDamaged and PartyWrong for the signature;
    RoundMixed for another study, wave or agreement; and what a record that does not hold raises.
    """
    there = set(_walk(folder))
    for name in (EVIDENCE, SIGNATURE):
        if name not in there:
            raise EvidenceMissing(f"{name} ontbreekt in {folder.name}; vraag de map opnieuw")
    raw = _read(folder, EVIDENCE, MAX_EVIDENCE_BYTES)
    signed = _signature(folder, raw, study)
    evidence = parse(raw)
    _about(evidence, signed, study)
    _files(folder, evidence, there)
    _records(folder, evidence, study)
    return evidence


def _walk(folder: Path) -> Iterator[str]:
    """Every place in the folder; what is no plain file is extra, an empty folder too."""
    if not folder.is_dir():
        raise EvidenceMissing(f"de map {folder.name} is er niet; controleer het pad")
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or (path.is_dir() and any(path.iterdir()))):
            raise EvidenceExtra(f"in {folder.name} staat iets dat geen bestand van de map is; vraag de map opnieuw")
        if path.is_file():
            yield place


def _read(folder: Path, place: str, most: int) -> bytes:
    try:
        with (folder / place).open("rb") as file:
            raw = file.read(most + 1)
    except OSError:
        raise EvidenceBroken(f"{place} is niet te lezen; controleer de rechten") from None
    if len(raw) > most:
        raise EvidenceBroken(f"{place} is veranderd: het is groter dan het was; vraag de map opnieuw")
    return raw


def _signature(folder: Path, raw: bytes, study: Study) -> EvidenceSigned:
    signed = read_signed(folder / SIGNATURE, EvidenceSigned)
    verified(signed, _line(signed.body.party, study))
    if signed.body.evidence != hashlib.sha256(raw).hexdigest():
        raise EvidenceBroken(f"{EVIDENCE} is veranderd nadat het werd getekend; vraag de map opnieuw")
    return signed.body


def _line(party: str, study: Study) -> str:
    lines = {holder.id: holder.public_key for holder in study.holder}
    if study.linker.signing_key is not None:
        lines[study.linker.id] = study.linker.signing_key
    if party not in lines:
        raise PartyWrong(f"{SIGNATURE} is van een partij zonder sleutel in deze studie; vraag wie de map heeft gemaakt")
    return lines[party]


def _about(evidence: Evidence, signed: EvidenceSigned, study: Study) -> None:
    said = (evidence.study, evidence.wave, evidence.agreement, evidence.protocol_digest)
    about = study.study
    if said != (str(about.id), about.wave, study.agreement, about.protocol_digest):
        raise RoundMixed("deze map hoort bij een andere studie, meting of afspraak; neem de studie van deze map")
    if (evidence.party, evidence.made) != (signed.party, signed.made) or said[:2] != (signed.study, signed.wave):
        raise EvidenceBroken(f"{SIGNATURE} en {EVIDENCE} spreken elkaar tegen; vraag wie de map heeft gemaakt")


def _files(folder: Path, evidence: Evidence, there: set[str]) -> None:
    """Exactly the files that are named, to the byte."""
    named = {file.path: file for file in evidence.files}
    if len(named) != len(evidence.files):
        raise EvidenceBroken(f"{EVIDENCE} noemt een bestand twee keer; vraag de map opnieuw")
    missing = sorted(set(named) - there)
    if missing:
        raise EvidenceMissing(f"{missing[0]} ontbreekt; vraag de map opnieuw")
    if there - set(named) - {EVIDENCE, SIGNATURE}:
        raise EvidenceExtra(f"in {folder.name} staat een bestand dat niet bij het bewijs hoort; haal het eruit")
    for file in evidence.files:
        _same(folder, file)


def _same(folder: Path, file: File) -> None:
    raw = _read(folder, file.path, file.bytes)
    if len(raw) != file.bytes or hashlib.sha256(raw).hexdigest() != file.sha256:
        raise EvidenceBroken(f"{file.path} is veranderd nadat de map werd getekend; vraag de map opnieuw")


def _records(folder: Path, evidence: Evidence, study: Study) -> None:
    """The copies once more by the rules of their specifications: a signer may err, or lie."""
    again = verify_all(gather([folder], study, dt.date.fromisoformat(evidence.made)), study)
    copied: set[tuple[Kind, str]] = {(record.kind, record.sha256) for record in again.records}
    stated = {(record.kind, record.sha256) for record in evidence.records if record.path is not None}
    if copied != stated or (again.keys, again.closing) != (evidence.keys, evidence.closing):
        raise EvidenceBroken(f"{EVIDENCE} zegt iets anders dan de bestanden in de map; vraag wie de map heeft gemaakt")
    hashes = {file.path: file.sha256 for file in evidence.files}
    if any(hashes.get(record.path) != record.sha256 for record in evidence.records if record.path is not None):
        raise EvidenceBroken(f"{EVIDENCE} noemt een kopie die er niet is; vraag wie de map heeft gemaakt")
    there = ALWAYS | {record.kind for record in evidence.records}
    if evidence.requirements != shown(requirements(_read(folder, FILE, MAX_EVIDENCE_BYTES)), there):
        raise EvidenceBroken(f"{EVIDENCE} zegt iets anders over de eisen dan {FILE}; vraag wie de map heeft gemaakt")
