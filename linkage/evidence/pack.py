"""Making a pack: all is verified and rendered first, written under another name, then renamed (section 2)."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from linkage.errors import OutputError, SelfCheckFailed
from linkage.evidence.find import Gathered, gather
from linkage.evidence.model import (
    EVIDENCE,
    PAGE,
    SIGNATURE,
    Evidence,
    EvidenceSigned,
    File,
    Part,
    Remains,
    written,
)
from linkage.evidence.page import render
from linkage.evidence.records import Verified, verify_all
from linkage.evidence.requirements import FILE, requirements, shown, source
from linkage.evidence.software import Software, software
from linkage.files import cannot_write, replacing
from linkage.keeping.destroyed import party_of
from linkage.keys import HolderIdentity
from linkage.keys.signed import signed_file
from linkage.study import Study, load_study
from protocols import load_protocol
from protocols.digest import canonical, digest
from protocols.load import BUILT_IN


@dataclass(frozen=True)
class Request:
    """What a pack is made of, by whom and on which day; `study_file` is copied, with its protocol."""

    study_file: Path
    identity: HolderIdentity
    folders: tuple[Path, ...]
    today: dt.date


@dataclass(frozen=True)
class Pack:
    """A whole pack in memory: every file by its place, and the signature."""

    evidence: Evidence
    files: dict[str, bytes]
    signature: bytes


def make(request: Request, target: Path) -> Pack:
    """Write a pack to a folder that does not exist yet. Raises OutputError and as `assemble`; writes nothing then."""
    if target.exists():
        raise OutputError(f"{target.name} bestaat al; kies een andere naam of haal de map zelf weg")
    pack = assemble(request)
    _write(pack, target)
    return pack


def assemble(request: Request) -> Pack:
    """A pack of what lies in the folders; the same but for its signature when the same lies there on the same day.

    Raises WrongKey for an identity that is not in the study, and as `verify_all` for a record that does not hold.
    """
    study = load_study(request.study_file)
    party_of(study, request.identity)
    gathered = gather(request.folders, study, request.today)
    found, program, listed = verify_all(gathered, study), software(), requirements(source())
    parts = _parts(request.study_file, study, found, program)
    evidence = _evidence(request, study, gathered, found)
    parts[PAGE] = ("page", render(evidence, study, listed, program).encode("utf-8"))
    evidence = evidence.model_copy(update={"files": _listed(parts)})
    return _signed(evidence, {place: raw for place, (_, raw) in parts.items()}, request.identity)


def _evidence(request: Request, study: Study, gathered: Gathered, found: Verified) -> Evidence:
    """What the pack says, before its files are known."""
    about = study.study
    return Evidence(
        format="household-linkage/evidence/v1",
        study=str(about.id),
        wave=about.wave,
        protocol=about.protocol,
        protocol_digest=about.protocol_digest,
        agreement=study.agreement,
        root_key_id=study.root.key_id if study.root else None,
        retention_until=about.retention_until.isoformat(),
        party=party_of(study, request.identity),
        made=request.today.isoformat(),
        files=(),
        records=found.records,
        keys=found.keys,
        closing=found.closing,
        remains=tuple(Remains(kind=kind, files=count) for kind, count in gathered.remains.items()),
        left_out=gathered.left_out,
        requirements=shown(requirements(source()), found.there),
    )


def _parts(study_file: Path, study: Study, found: Verified, program: Software) -> dict[str, tuple[Part, bytes]]:
    """Every file but the page, by its place."""
    parts: dict[str, tuple[Part, bytes]] = {
        "studie/study.toml": ("study", _same(study_file.read_bytes(), study, study_file)),
        **{f"studie/{name}": ("study", raw) for name, raw in _protocol(study_file, study).items()},
        **{place: ("record", raw) for place, raw in found.copies.items()},
        **{place: ("manifest", raw) for place, raw in found.manifests.items()},
        "software.json": ("software", canonical(program) + b"\n"),
        FILE: ("requirements", source()),
    }
    return parts


def _same(raw: bytes, study: Study, path: Path) -> bytes:
    """The bytes of the study, when they still are what was loaded. Raises SelfCheckFailed."""
    again = load_study(path)
    if digest(again) != digest(study):
        raise SelfCheckFailed(f"{path.name} veranderde terwijl het werd gelezen; begin opnieuw")
    return raw


def _protocol(study_file: Path, study: Study) -> dict[str, bytes]:
    """The protocol as its file, and its tariffs where it has any. Raises SelfCheckFailed."""
    name = study.study.protocol
    if name in BUILT_IN:
        folder = resources.files("protocols") / name
        return {each: (folder / each).read_bytes() for each in ("protocol.toml", "tariffs.csv")}
    if digest(load_protocol(name, study_file.parent)) != study.study.protocol_digest:
        raise SelfCheckFailed(f"{name} veranderde terwijl het werd gelezen; begin opnieuw")
    tariffs = study_file.with_name("tariffs.csv")
    made = {"protocol.toml": study_file.with_name(name).read_bytes()}
    return made | ({"tariffs.csv": tariffs.read_bytes()} if tariffs.exists() else {})


def _listed(parts: dict[str, tuple[Part, bytes]]) -> tuple[File, ...]:
    return tuple(
        File(path=place, part=part, sha256=hashlib.sha256(raw).hexdigest(), bytes=len(raw))
        for place, (part, raw) in sorted(parts.items())
    )


def _signed(evidence: Evidence, files: dict[str, bytes], identity: HolderIdentity) -> Pack:
    raw = written(evidence)
    body = EvidenceSigned(
        format="household-linkage/evidence-signature/v1",
        study=evidence.study,
        wave=evidence.wave,
        party=evidence.party,
        made=evidence.made,
        evidence=hashlib.sha256(raw).hexdigest(),
    )
    return Pack(evidence, {**files, EVIDENCE: raw}, signed_file(body, identity).encode("utf-8"))


def _write(pack: Pack, target: Path) -> None:
    """Everything under a temporary name beside the target, then one rename. Raises OutputError."""
    try:
        with tempfile.TemporaryDirectory(prefix=".linkage-", dir=target.parent) as work:
            folder = Path(work) / "pack"
            folder.mkdir(mode=0o700)
            for place, raw in (*sorted(pack.files.items()), (SIGNATURE, pack.signature)):
                path = folder / place
                path.parent.mkdir(mode=0o700, exist_ok=True)
                with replacing(path, exclusive=True) as file:
                    file.write(raw)
            folder.rename(target)
    except OSError as error:
        raise cannot_write(target, error) from None
