"""What in a folder is a record, by its content; what holds secrets or rows is known first, and never comes further."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.errors import EvidenceBroken
from linkage.evidence.model import Kind
from linkage.keeping.retention import UNREADABLE, Found, look
from linkage.study import Study
from linkage.transfer.package import MAGIC

HEAD = 64 * 1024
MOST_JSON = 64 * 1024 * 1024
ASSESSMENT_PAGE = "dpia-zelftoets.html"
_SIGNED: dict[str, Kind] = {"charter": "charter", "key-agreement-commit": "commit", "destroyed": "destroyed"}
_SUFFIXES: dict[str, Kind] = {".charter": "charter", ".commit": "commit", ".destroyed": "destroyed"}
_DOCUMENTS: dict[str, Kind] = {
    "household-linkage/linkage/v1": "linkage-account",
    "household-linkage/release/v1": "release",
    "household-linkage/assess/v1": "assessment",
}
BOOKS: dict[Kind, frozenset[str]] = {
    "ledger": frozenset(["previous", "study", "wave", "delivery", "holder", "sequence", "package", "rows", "accepted"]),
    "release-ledger": frozenset(
        ["previous", "study", "wave", "reference_date", "protocol_digest", "released", "tables", "shown", "hidden"]
    ),
    "export-ledger": frozenset(
        ["previous", "study", "recipient", "legal_basis", "kind", "file", "sha256", "account", "exported"]
    ),
}
_BOOK_NAMES: dict[str, Kind] = {
    "ledger.jsonl": "ledger",
    "release.jsonl": "release-ledger",
    "exports.jsonl": "export-ledger",
}


@dataclass(frozen=True)
class Source:
    """A record as it lies in a folder; which of several equal copies does not matter."""

    path: Path
    kind: Kind
    sha256: str


@dataclass(frozen=True)
class Gathered:
    """The records of all folders, each once; what of the study exists, by kind; and the number of other files."""

    sources: tuple[Source, ...]
    remains: dict[str, int]
    left_out: int

    def of(self, *kinds: Kind) -> tuple[Source, ...]:
        """The records of some kinds, in the order of their digests."""
        return tuple(source for source in self.sources if source.kind in kinds)


def gather(folders: Sequence[Path], study: Study, today: dt.date) -> Gathered:
    """Everything under some folders; symbolic links are not followed. Raises EvidenceBroken for what cannot be read."""
    sources: dict[str, Source] = {}
    remains: Counter[str] = Counter()
    passed = 0
    for path, found in _files(folders, study, today):
        if found is not None:
            remains[found.kind] += 1
        kind = kind_of(path, found)
        if kind is None:
            passed += found is None
            continue
        source = Source(path, kind, digest(path))
        sources.setdefault(source.sha256, source)
    ordered = sorted(sources.values(), key=lambda source: (source.kind, source.sha256))
    return Gathered(tuple(ordered), dict(sorted(remains.items())), passed)


def _files(folders: Sequence[Path], study: Study, today: dt.date) -> Iterator[tuple[Path, Found | None]]:
    """Each file once, with what the list of retention says it is, also where folders lie in each other."""
    seen: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise EvidenceBroken(f"de map {folder.name} is er niet; geef bij --folder een map die bestaat")
        known = {folder / found.place: found for found in look(study, folder, today).found}
        for path in sorted({*known, *(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())}):
            real = path.resolve()
            if real not in seen:
                seen.add(real)
                yield path, known.get(path)


def kind_of(path: Path, found: Found | None) -> Kind | None:
    """Which record a file is, or None. What holds keys, rows or an export is none, whatever its name.

    Raises EvidenceBroken for what cannot be read.
    """
    if found is not None and found.kind != UNREADABLE:
        return "household-file" if found.kind == "onderzoeksbestand" else _package(found)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        raise EvidenceBroken(
            f"{path.name} is niet te lezen; controleer de rechten, of geef een map zonder dat bestand"
        ) from None
    if head.startswith(MAGIC):
        return "package"
    return _signed(path, head) or _book(path) or _document(path, head)


def _package(found: Found) -> Kind | None:
    return "package" if found.kind.startswith("pakket") else None


def _signed(path: Path, head: bytes) -> Kind | None:
    named = re.search(rb'"format":"household-linkage/([a-z-]+)/v1"', head) if head.startswith(b'{"body":') else None
    return _SIGNED.get(named.group(1).decode("ascii")) if named else _SUFFIXES.get(path.suffix)


def _book(path: Path) -> Kind | None:
    if path.name in _BOOK_NAMES:
        return _BOOK_NAMES[path.name]
    if path.suffix != ".jsonl":
        return None
    keys = frozenset(_object(first_line(path)))
    return next((kind for kind, names in BOOKS.items() if keys == names), None)


def first_line(path: Path) -> bytes:
    """The first line of a book, however long it is. Raises OSError."""
    with path.open("rb") as file:
        return file.readline(MOST_JSON)


def _document(path: Path, head: bytes) -> Kind | None:
    if path.name == ASSESSMENT_PAGE and head[:15].lower() == b"<!doctype html>":
        return "assessment-page"
    if path.suffix != ".json" or not head.startswith(b"{") or path.stat().st_size > MOST_JSON:
        return None
    return _DOCUMENTS.get(str(_object(path.read_bytes()).get("format")))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal. Raises EvidenceBroken."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise EvidenceBroken(f"{path.name} is niet te lezen; controleer het bestand en de rechten") from None
