"""The three books, line by line: chain and study checked, and what may be said of them (evidence-v1, section 5).

A book is copied whole or not at all, for half a chain proves nothing; what a reader may not see keeps it out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linkage import chain
from linkage.errors import LedgerBroken, LinkageError, ReleaseLedgerBroken, ResearchError
from linkage.evidence.find import BOOKS, Source
from linkage.evidence.model import Kind, Record
from linkage.study import Study

_BROKEN: dict[Kind, type[LinkageError]] = {
    "ledger": LedgerBroken,
    "release-ledger": ReleaseLedgerBroken,
    "export-ledger": ResearchError,
}


@dataclass(frozen=True)
class Line:
    """A line of any book, as the object that it is."""

    data: dict[str, Any]

    @property
    def previous(self) -> str:
        """SHA-256 of the line before."""
        return str(self.data["previous"])

    def line(self) -> bytes:
        """The line as it stands in the file."""
        return chain.encoded(self.data)


def lines_of(source: Source) -> tuple[Line, ...]:
    """The lines of a book whose chain holds. Raises LedgerBroken, ReleaseLedgerBroken, ResearchError."""

    def parse(raw: bytes) -> Line:
        data = json.loads(raw)
        if not isinstance(data, dict) or frozenset(data) != BOOKS[source.kind] or type(data["study"]) is not str:
            raise ValueError("not a line")
        return Line(data)

    return chain.read(source.path, parse, _BROKEN[source.kind])


def record(source: Source, study: Study) -> tuple[Record, bool]:
    """A book as a record, and whether a copy may be in the pack. Raises as `lines_of`."""
    lines = lines_of(source)
    ours = [line.data for line in lines if line.data["study"] == str(study.study.id)]
    about = {
        "lines": str(len(ours)),
        "lines_of_other_studies": str(len(lines) - len(ours)),
        "last": chain.last(lines),
        **(_exports(ours) if source.kind == "export-ledger" else {}),
    }
    made = Record(kind=source.kind, sha256=source.sha256, checked="chain", about=about)
    return made, len(ours) == len(lines) > 0 and _may_be_read(source.kind, ours, study)


def _may_be_read(kind: Kind, lines: Sequence[dict[str, Any]], study: Study) -> bool:
    """The release ledger holds what readers have; exports name an account; a few rows are a few people."""
    few = range(1, study.protocol.release.threshold)
    return kind == "release-ledger" or (kind == "ledger" and all(line["rows"] not in few for line in lines))


def _exports(lines: Sequence[dict[str, Any]]) -> dict[str, str]:
    """For whom and on which ground; not by which account."""
    pairs = Counter((str(line["recipient"]), str(line["legal_basis"])) for line in lines)
    said = (f"{recipient}: {basis} ({count})" for (recipient, basis), count in sorted(pairs.items()))
    return {"recipients": "; ".join(said)} if pairs else {}
