"""A book of lines, each holding the hash of the line before it: what was written cannot be altered unseen.

Both ledgers are such books (docs/spec/ledger-v1.md, release-v1.md). A last line that is altered, or
cut off, cannot be seen: whoever needs that keeps the digest of the last line elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from linkage.errors import LinkageError
from linkage.files import replacing

START = "0" * 64


class Line(Protocol):
    """An entry of a book: the hash of the line before, and how it is written."""

    @property
    def previous(self) -> str:
        """SHA-256 of the line before, in hexadecimal; of the first line 64 zeros."""

    def line(self) -> bytes:
        """The entry as it stands in the file."""


Entry = TypeVar("Entry", bound=Line)


def encoded(data: object) -> bytes:
    """One line of canonical JSON, its line feed included."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def digest(entry: Line) -> str:
    """What the next entry holds as `previous`."""
    return hashlib.sha256(entry.line()).hexdigest()


def last(entries: tuple[Entry, ...]) -> str:
    """What a new entry holds as `previous`."""
    return digest(entries[-1]) if entries else START


def read(path: Path, parse: Callable[[bytes], Entry], broken: type[LinkageError]) -> tuple[Entry, ...]:
    """The entries of a book whose chain holds; none where there is no file. Raises `broken`.

    `parse` may raise ValueError, TypeError or KeyError for what is no entry.
    """
    if not path.exists():
        return ()
    try:
        lines = path.read_bytes().splitlines(keepends=True)
        entries = tuple(parse(line) for line in lines)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise broken(f"{path.name} is niet te lezen; zet de reservekopie terug") from None
    expected = START
    for entry, line in zip(entries, lines, strict=True):
        if entry.previous != expected or entry.line() != line:
            raise broken(f"{path.name} is veranderd: de ketting klopt niet; zet de reservekopie terug")
        expected = digest(entry)
    return entries


def write(path: Path, entries: Iterable[Line]) -> None:
    """Write a book whole or not at all. Raises OutputError."""
    with replacing(path) as file:
        file.writelines(entry.line() for entry in entries)
