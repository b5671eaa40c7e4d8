"""The ledger of accepted packages: one line each, holding the hash of the line before it (docs/spec/ledger-v1.md)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from linkage.errors import LedgerBroken, PackageReplayed
from linkage.files import replacing

START = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One accepted package."""

    previous: str
    study: str
    wave: int
    delivery: str
    holder: str
    sequence: int
    package: str
    rows: int
    accepted: str

    def line(self) -> bytes:
        """The entry as it stands in the file."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"

    def digest(self) -> str:
        """What the next entry holds as `previous`."""
        return hashlib.sha256(self.line()).hexdigest()


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a ledger whose chain holds; none where there is no file. Raises LedgerBroken."""
    if not path.exists():
        return ()
    try:
        lines = path.read_bytes().splitlines(keepends=True)
        entries = tuple(_entry(line) for line in lines)
    except (OSError, ValueError, TypeError):
        raise LedgerBroken(f"{path.name} is niet te lezen; zet de reservekopie terug") from None
    expected = START
    for entry, line in zip(entries, lines, strict=True):
        if entry.previous != expected or entry.line() != line:
            raise LedgerBroken(f"{path.name} is veranderd: de ketting klopt niet; zet de reservekopie terug")
        expected = entry.digest()
    return entries


def _entry(line: bytes) -> Entry:
    data = json.loads(line)
    kinds = {f.name: f.type for f in fields(Entry)}
    if set(data) != set(kinds) or any(type(data[name]).__name__ != kind for name, kind in kinds.items()):
        raise ValueError("not an entry")
    return Entry(**data)


def check(entries: tuple[Entry, ...], new: Entry) -> bool:
    """Whether the package is new, or the one accepted before. Raises PackageReplayed where it was superseded."""
    same = [
        e for e in entries if (e.study, e.wave, e.delivery, e.holder) == (new.study, new.wave, new.delivery, new.holder)
    ]
    if not same or new.sequence > same[-1].sequence:
        return True
    if new.package == same[-1].package:
        return False
    raise PackageReplayed(
        f"van {new.holder} is al levering {same[-1].sequence} van {new.delivery} aanvaard; dit is een ander pakket met "
        f"nummer {new.sequence}. Een verbeterde levering krijgt een hoger nummer (--sequence)"
    )


def append(path: Path, entries: tuple[Entry, ...], new: list[Entry]) -> None:
    """Write the ledger with the new entries chained on. Raises OutputError."""
    chain = list(entries)
    for entry in new:
        previous = chain[-1].digest() if chain else START
        chain.append(Entry(**{**asdict(entry), "previous": previous}))
    if len(chain) > len(entries):
        with replacing(path) as file:
            file.writelines(entry.line() for entry in chain)
