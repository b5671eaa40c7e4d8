"""Records of destruction: who gave up what of which study and when, signed, and never what it was (keys-v1, section 8).

A record is a statement. It proves who said so; that no copy exists anywhere, nothing can prove.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator

from linkage.errors import (
    OutputError,
    PackageDamaged,
    PartyWrong,
    RoundMixed,
    SecretDamaged,
    StudyFault,
    StudyIncomplete,
    WrongKey,
)
from linkage.files import cannot_write, replacing
from linkage.keys import HolderIdentity, fingerprint, read_document
from linkage.keys.signed import Signed, SignedBody, signed_file, verified
from linkage.study import HolderId, Study
from linkage.transfer.package import MAGIC, package_digest, read_header
from protocols.model import Frozen

Id = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32}|[0-9a-f]{64})$")]
Kind = Literal["root", "holder-identity", "linker-identity", "contribution", "package", "members"]
KIND_WORDS: dict[str, str] = {
    "root": "hoofdsleutel",
    "holder-identity": "identiteit",
    "linker-identity": "identiteit van de koppelaar",
    "contribution": "bijdrage aan de hoofdsleutel",
    "package": "pakket",
    "members": "ledenbestand van de koppelaar",
}
MOST_ITEMS = 1000
BLOCK = 1024 * 1024


class Item(Frozen):
    """One thing that was destroyed: its kind, and an id that tells it apart and gives nothing away."""

    kind: Kind
    id: Id


class Destroyed(SignedBody):
    """What one party of a study destroyed on one day."""

    format: Literal["household-linkage/destroyed/v1"]
    study: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    wave: Annotated[int, Field(ge=1, le=1000)]
    agreement: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    party: HolderId
    destroyed: str
    items: tuple[Item, ...] = Field(min_length=1, max_length=MOST_ITEMS)

    @field_validator("destroyed")
    @classmethod
    def _day(cls, value: str) -> str:
        if dt.date.fromisoformat(value).isoformat() != value:
            raise ValueError("no day")
        return value


def party_of(study: Study, identity: HolderIdentity) -> str:
    """Whose identity this is in the study: a holder's, or the linker's signing one. Raises WrongKey."""
    if identity.public == study.linker.signing_key:
        return study.linker.id
    for holder in study.holder:
        if holder.public_key == identity.public:
            return holder.id
    raise WrongKey("deze identiteit staat niet in de studie; neem het goede bestand of de goede studie")


# --- making -------------------------------------------------------------------------------------


def item_of(path: Path, study: Study) -> Item:
    """What a file is, by its own words. Raises SecretError; WrongKey for another study; PackageDamaged."""
    start = _start(path)
    if start == MAGIC:
        return _package(path, study)
    if start.startswith(b"PAR1"):
        return _members(path, study)
    document = read_document(path)
    kind = document["kind"]
    if kind == "root" and document["study"] != str(study.study.id):
        raise WrongKey(f"{path.name} is de hoofdsleutel van een andere studie; er is niets vernietigd")
    try:
        return Item(kind=kind, id=_id_of(document))
    except (ValidationError, StudyFault):
        raise SecretDamaged(f"{path.name} is geen heel sleutelbestand; zet de reservekopie terug") from None


def _id_of(document: dict[str, str]) -> str:
    own = {"root": "key_id", "contribution": "commitment"}.get(document["kind"])
    return document[own] if own else fingerprint(document["public"])


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC))
    except OSError:
        raise SecretDamaged(f"{path.name} is niet te lezen; controleer het pad en de rechten") from None


def _package(path: Path, study: Study) -> Item:
    try:
        with path.open("rb") as file:
            header = read_header(file)
            digest = package_digest(file)
    except OSError:
        raise PackageDamaged(f"{path.name} is niet te lezen; controleer het pad en de rechten") from None
    if header.manifest.study != str(study.study.id):
        raise WrongKey(f"{path.name} is een pakket van een andere studie; er is niets vernietigd")
    return Item(kind="package", id=digest)


def _members(path: Path, study: Study) -> Item:
    """Who was in which household, at the linker (docs/spec/follow-v1.md); its id is its hash."""
    import polars as pl

    try:
        about = json.loads(pl.read_parquet_metadata(path).get("household-linkage", "{}"))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError):
        raise SecretDamaged(f"{path.name} is niet te lezen; er is niets vernietigd") from None
    if (about.get("format"), about.get("study")) != ("household-linkage/members/v1", str(study.study.id)):
        raise WrongKey(f"{path.name} is geen ledenbestand van deze studie; er is niets vernietigd")
    return Item(kind="members", id=digest)


def destroy(paths: Sequence[Path], study: Study, identity: HolderIdentity, target: Path, today: dt.date) -> Destroyed:
    """Destroy files and write the signed record; it appears only when all are gone.

    Everything is read and the record is on the disk under another name before the first file is touched, so the
    identity may be among them. Raises SecretError, PackageError, OutputError.
    """
    items = tuple(item_of(path, study) for path in paths)
    if len(set(items)) != len(items):
        raise OutputError("een bestand staat er twee keer, of als kopie; vernietig kopieën apart")
    record = Destroyed(
        format="household-linkage/destroyed/v1",
        study=str(study.study.id),
        wave=study.study.wave,
        agreement=study.agreement,
        party=party_of(study, identity),
        destroyed=today.isoformat(),
        items=items,
    )
    with replacing(target, exclusive=True) as file:
        file.write(signed_file(record, identity).encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
        for path in paths:
            _can_wipe(path)
        for path in paths:
            wipe(path)
    return record


def wipe(path: Path) -> None:
    """Overwrite a file with random bytes, under a name that says nothing, and take it away. Raises OutputError.

    It does what a program can: an SSD, a file system that copies on write, a snapshot and a backup keep older bytes.
    """
    try:
        with _opened(path) as file:
            _overwrite(file.fileno(), os.fstat(file.fileno()).st_size)
        nameless = path.with_name(secrets.token_hex(8))
        path.rename(nameless)
        nameless.unlink()
    except OSError as error:
        raise cannot_write(path, error) from None


def _opened(path: Path) -> BinaryIO:
    """A file that can be overwritten, and that no other name keeps. Raises OutputError, OSError."""
    file = os.fdopen(os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)), "r+b")
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        file.close()
        raise OutputError(f"{path.name} heeft meer dan een naam of is geen gewoon bestand; er is niets vernietigd")
    return file


def _can_wipe(path: Path) -> None:
    """Asked of every file before the first is touched. Raises OutputError."""
    try:
        _opened(path).close()
    except OSError as error:
        raise cannot_write(path, error) from None


def _overwrite(descriptor: int, size: int) -> None:
    for start in range(0, size, BLOCK):
        os.pwrite(descriptor, secrets.token_bytes(min(BLOCK, size - start)), start)
    os.fsync(descriptor)


# --- closing ------------------------------------------------------------------------------------


def wanted(study: Study) -> dict[str, Item]:
    """What each party must have destroyed before the wave is closed. Raises StudyIncomplete without a root."""
    if study.root is None:
        raise StudyIncomplete("in de studie ontbreekt [root]; er is nog niets om te sluiten")
    made: dict[str, Item] = {holder.id: Item(kind="root", id=study.root.key_id) for holder in study.holder}
    made[study.linker.id] = Item(kind="linker-identity", id=fingerprint(study.linker.public_key))
    return dict(sorted(made.items()))


def closing(files: Sequence[Signed[Destroyed]], study: Study) -> dict[str, str | None]:
    """Per party the day on which it destroyed what it must, or None. Raises PartyWrong, RoundMixed."""
    needed = wanted(study)
    days: dict[str, str | None] = dict.fromkeys(needed)
    for file in files:
        record = file.body
        _check(file, study)
        if needed[record.party] in record.items:
            days[record.party] = max(days[record.party] or "", record.destroyed)
    return days


def _check(file: Signed[Destroyed], study: Study) -> None:
    record, about = file.body, study.study
    if (record.study, record.wave, record.agreement) != (str(about.id), about.wave, study.agreement):
        raise RoundMixed(f"{file.name} hoort bij een andere studie of meting; haal het uit de map")
    line = _line(record.party, study)
    if line is None:
        raise PartyWrong(f"{file.name} is van een partij zonder sleutel in deze studie; haal het uit de map")
    verified(file, line)


def _line(party: str, study: Study) -> str | None:
    if party == study.linker.id:
        return study.linker.signing_key
    return next((holder.public_key for holder in study.holder if holder.id == party), None)
