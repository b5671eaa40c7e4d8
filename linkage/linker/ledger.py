"""The ledger of accepted packages: one line each, holding the hash of the line before it (docs/spec/ledger-v1.md)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from linkage import chain
from linkage.errors import LedgerBroken, PackageReplayed


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
        return chain.encoded(asdict(self))


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a ledger whose chain holds; none where there is no file. Raises LedgerBroken."""
    return chain.read(path, _entry, LedgerBroken)


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
    every = entries
    for entry in new:
        every = (*every, replace(entry, previous=chain.last(every)))
    if len(every) > len(entries):
        chain.write(path, every)
