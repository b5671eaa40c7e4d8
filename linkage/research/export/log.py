"""The book of exports: for whom, on which legal basis, by whom and when (docs/spec/export-v1.md, section 8)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from linkage import chain
from linkage.errors import ResearchError

NAME = "exports.jsonl"


@dataclass(frozen=True)
class Entry:
    """One export, and the digest of what was written."""

    previous: str
    study: str
    recipient: str
    legal_basis: str
    kind: str
    file: str
    sha256: str
    account: str
    exported: str

    def line(self) -> bytes:
        """The entry as it stands in the file."""
        return chain.encoded(asdict(self))


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a book whose chain holds; none where there is no file. Raises ResearchError."""
    return chain.read(path, _entry, ResearchError)


def _entry(line: bytes) -> Entry:
    data = json.loads(line)
    names = {field.name for field in fields(Entry)}
    if set(data) != names or not all(isinstance(value, str) for value in data.values()):
        raise ValueError("not an entry")
    return Entry(**data)


def append(path: Path, new: Entry) -> Entry:
    """Write the book with one entry chained on. Raises ResearchError where its chain is broken, OutputError."""
    entries = read(path)
    chained = replace(new, previous=chain.last(entries))
    chain.write(path, (*entries, chained))
    return chained
