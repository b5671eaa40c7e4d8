"""Rows that were recognised by a number and have an address too: what the address says (quality-v1, section 4)."""

from __future__ import annotations

from typing import Any

from linkage.linker.link import LINKED
from linkage.linker.quality.evidence import LACKING, Evidence, Seen
from linkage.linker.quality.intervals import wilson

WAYS = ("address-exact", "address-coarse")


def agreement(evidence: Evidence) -> dict[str, Any] | None:
    """Counts and shares, each with its 95 % interval; None where no row has both."""
    both = {s: rows for s, rows in evidence.items() if s.way == "person" and s.own("address") != LACKING}
    if not both:
        return None
    whole = sum(both.values())
    found = sum(rows for seen, rows in both.items() if seen.by_address)
    return {
        "rows": whole,
        **{way: _way(both, way) for way in WAYS},
        "ambiguous": sum(rows for seen, rows in both.items() if seen.own("address") == "ambiguous"),
        "not-in-population": sum(
            rows for seen, rows in both.items() if seen.own("address") not in (*LINKED, "ambiguous")
        ),
        "missed_by_address": wilson(whole - found, whole).rounded(),
    }


def _way(both: dict[Seen, int], way: str) -> dict[str, Any]:
    """Rows that this way would link, to the person's household or to another, and the share of the other."""
    mine = {seen: rows for seen, rows in both.items() if seen.own("address") == way}
    same = sum(rows for seen, rows in mine.items() if seen.agrees("address"))
    other = sum(mine.values()) - same
    return {"same": same, "other": other, "false": wilson(other, same + other).rounded()}
