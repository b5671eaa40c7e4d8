"""The release ledger: what was ever published in a study, chained line by line (docs/spec/release-v1.md, section 4).

It holds what readers hold, numbers shown and cells hidden, so it is no secret itself; but it decides what may still be
published.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage import chain
from linkage.chain import START
from linkage.errors import ReleaseLedgerBroken
from linkage.research.cells import Key

__all__ = ["START", "Entry", "append", "read"]


@dataclass(frozen=True)
class Entry:
    """One release: what it showed and hid that no release before it had shown or hidden."""

    previous: str
    study: str
    wave: int
    reference_date: str
    protocol_digest: str
    released: str
    tables: tuple[str, ...]
    shown: tuple[tuple[Key, int], ...]
    hidden: tuple[Key, ...]

    def line(self) -> bytes:
        """The entry as it stands in the file."""
        data = {
            **{name: getattr(self, name) for name in _PLAIN},
            "tables": list(self.tables),
            "shown": [[*_as_list(key), value] for key, value in self.shown],
            "hidden": [_as_list(key) for key in self.hidden],
        }
        return chain.encoded(data)


_PLAIN = {
    "previous": str,
    "study": str,
    "wave": int,
    "reference_date": str,
    "protocol_digest": str,
    "released": str,
}


def _as_list(key: Key) -> list[Any]:
    return [key.population, key.area, [list(literal) for literal in key.condition], key.measure]


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a ledger whose chain holds; none where there is no file. Raises ReleaseLedgerBroken."""
    return chain.read(path, _entry, ReleaseLedgerBroken)


def _entry(line: bytes) -> Entry:
    data = json.loads(line)
    if set(data) != {*_PLAIN, "tables", "shown", "hidden"}:
        raise ValueError("not an entry")
    if any(type(data[name]) is not kind for name, kind in _PLAIN.items()):
        raise TypeError("not an entry")
    shown = []
    for *key, value in data["shown"]:
        if type(value) is not int:
            raise TypeError("not an entry")
        shown.append((_key(*key), value))
    return Entry(
        **{name: data[name] for name in _PLAIN},
        tables=tuple(str(name) for name in data["tables"]),
        shown=tuple(shown),
        hidden=tuple(_key(*key) for key in data["hidden"]),
    )


def _key(population: str, area: str, condition: list[list[str]], measure: str) -> Key:
    literals = tuple((str(name), str(value)) for name, value in condition)
    return Key(str(population), str(area), literals, str(measure))


def append(path: Path, entries: tuple[Entry, ...], new: Entry) -> Entry:
    """Write the ledger with one entry chained on, unless the same tables left before and nothing is new."""
    chained = replace(new, previous=chain.last(entries))
    if entries and not new.shown and not new.hidden:
        return chained
    chain.write(path, (*entries, chained))
    return chained
