"""How many links were missed and how many are false, from rows that were recognised twice (quality-v1, section 7).

Capture and recapture: one identifier marks a row as a resident's, and what the other makes of the same row tells how
often that other misses or misleads. It is then taken to do so as often in rows that have no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any

from linkage.linker.link import LINKED
from linkage.linker.quality.evidence import LACKING, NUMBERS, Evidence, Seen, count
from linkage.linker.quality.intervals import Estimate, Z, added, wilson

SLACK = 1e-9  # what the arithmetic may be off
ADDRESS_WAYS = ("address-exact", "address-coarse")
NOTHING = Estimate(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Rates:
    """Of one package: the share of rows of residents that were missed, and the shares of links that are false.

    `missed_rows` is in rows; `false_address` is of rows that were linked by address alone; `false_number` of rows that
    were linked by one number; `false_agreement` of rows linked by agreement. None where nothing can be said.
    """

    method: str
    missed_rows: Estimate
    missed: Estimate
    false_address: Estimate | None
    false_number: Estimate | None
    false_number_method: str
    false_agreement: Estimate | None = None

    def json(self) -> dict[str, Any]:
        """As it stands in quality.json."""
        return {
            "missed": {"method": self.method, **self.missed.rounded(), "rows": self.missed_rows.rounded()},
            "false_address": None if self.false_address is None else self.false_address.rounded(),
            "false_number": None
            if self.false_number is None
            else {"method": self.false_number_method, **self.false_number.rounded()},
            "false_agreement": None
            if self.false_agreement is None
            else {"method": "model", **self.false_agreement.rounded()},
        }


def rates(evidence: Evidence, expected_false: float | None = None) -> Rates:
    """What the evidence of a package says of its links; `expected_false` rows by the model of agreement."""
    linked = count(evidence, lambda seen: seen.linked)
    parts = [part for part in (_numberless(evidence), *_numbered(evidence)) if part is not None]
    missed = _whole(added([*parts, _in_conflict(evidence)]))
    method = "bounds" if any(part.value is None for part in parts) else "two-ways"
    false_number, how = _false_number(evidence)
    by_agreement = _false_agreement(evidence, expected_false)
    return Rates(method, missed, _share(missed, linked), _false_address(evidence), false_number, how, by_agreement)


def _whole(rows: Estimate) -> Estimate:
    """Rows come whole: an interval of a number of rows goes to the whole number below and above."""
    return Estimate(rows.value, max(0.0, float(floor(rows.low + SLACK))), float(ceil(rows.high - SLACK)))


def _share(missed: Estimate, linked: int) -> Estimate:
    """Missed rows as a share of all rows of residents, linked or missed."""

    def share(rows: float) -> float:
        return rows / (rows + linked) if rows + linked else 0.0

    value = None if missed.value is None else share(missed.value)
    return Estimate(value, share(missed.low), share(missed.high))


# --- missed -------------------------------------------------------------------------------------


def _missed(linked: int, part: int, whole: int, most: int) -> Estimate:
    """Rows missed by one way, where `linked` were found by it, and it misses `part` of `whole` that are known.

    What misses a share q of all finds 1 - q: for each row that it found, it missed q / (1 - q). At most `most` rows.
    """
    if not most:
        return NOTHING
    first = wilson(part, whole)
    if first.value is None or first.value == 1 or not linked:
        return Estimate(None, 0.0, float(most))
    share = wilson(part, whole, among=linked / (1 - first.value))

    def rows(of: float) -> float:
        return min(float(most), linked * of / (1 - of)) if of < 1 else float(most)

    return Estimate(rows(first.value), rows(share.low), rows(share.high))


def _numberless(evidence: Evidence) -> Estimate | None:
    """Missed among the rows that have an address alone: the address misses rows of whom the number says who it is.

    What agreement linked of those is no longer missed.
    """
    mine = {seen: rows for seen, rows in evidence.items() if not seen.has_number}
    if not mine:
        return None
    by_address = sum(rows for seen, rows in mine.items() if seen.way in ADDRESS_WAYS)
    agreed = sum(rows for seen, rows in mine.items() if seen.way == "agreement")
    most = sum(rows for seen, rows in mine.items() if not seen.linked)
    known = count(evidence, _person_with_address)
    missing = count(evidence, lambda seen: _person_with_address(seen) and not seen.by_address)
    found = _missed(by_address, missing, known, most + agreed)
    value = None if found.value is None else max(0.0, found.value - agreed)
    return Estimate(value, max(0.0, found.low - agreed), max(0.0, found.high - agreed))


def _person_with_address(seen: Seen) -> bool:
    return seen.way == "person" and seen.own("address") != LACKING


def _numbered(evidence: Evidence) -> list[Estimate]:
    """Missed among the rows that have a number, of nobody: by what a second identifier makes of rows like these."""
    if any(seen.own("address") != LACKING for seen in evidence if seen.has_number):
        return [_by_wrong_number(evidence)]
    one, other = NUMBERS
    if any(seen.own(one) != LACKING and seen.own(other) != LACKING for seen in evidence):
        return [_of_two(evidence), *(_of_one(evidence, *pair) for pair in ((one, other), (other, one)))]
    most = count(evidence, lambda seen: seen.has_number and seen.way == "not-in-population")
    return [Estimate(None, 0.0, float(most)) if most else NOTHING]


def _by_wrong_number(evidence: Evidence) -> Estimate:
    """A number of nobody, at an address of somebody: it is taken to be wrong. At most: it may be a guest."""
    linked = count(evidence, lambda seen: seen.way == "person")
    wrong = count(evidence, lambda seen: _stranger(seen) and seen.by_address)
    right = count(evidence, lambda seen: seen.way == "person" and seen.by_address)
    return _missed(linked, wrong, wrong + right, count(evidence, _stranger))


def _stranger(seen: Seen) -> bool:
    return seen.has_number and seen.way == "not-in-population"


def _has(seen: Seen, there: str, absent: str = "") -> bool:
    return seen.own(there) != LACKING and (not absent or seen.own(absent) == LACKING)


def _errs(evidence: Evidence, key: str, judge: str) -> tuple[int, int]:
    """How often a number is nobody's, of the rows of which the other number is somebody's."""
    known = [seen for seen in evidence if _has(seen, key) and seen.own(judge) == "person"]
    return sum(evidence[seen] for seen in known if seen.own(key) != "person"), sum(evidence[seen] for seen in known)


def _of_one(evidence: Evidence, key: str, judge: str) -> Estimate:
    """Missed among the rows that have this number alone."""
    mine = [seen for seen in evidence if _has(seen, key, judge)]
    linked = sum(evidence[seen] for seen in mine if seen.linked)
    return _missed(linked, *_errs(evidence, key, judge), sum(evidence[seen] for seen in mine if not seen.linked))


def _of_two(evidence: Evidence) -> Estimate:
    """Missed among the rows that have both numbers: both are wrong as often as chance has it (Lincoln, Petersen)."""
    one, other = NUMBERS
    mine = [seen for seen in evidence if _has(seen, one) and _has(seen, other)]
    most = sum(evidence[seen] for seen in mine if seen.way == "not-in-population")
    if not most:
        return NOTHING
    linked = sum(evidence[seen] for seen in mine if seen.linked)
    first, second = (wilson(*_errs(evidence, *pair)) for pair in ((one, other), (other, one)))

    def rows(a: float, b: float) -> float:
        return min(float(most), linked * a * b / (1 - a * b)) if a * b < 1 else float(most)

    if first.value is None or second.value is None:
        return Estimate(None, 0.0, float(most))
    low, high = rows(first.low, second.low), rows(first.high, second.high)
    # So few rows come and go by chance: a count has the square root of its mean for its spread.
    return Estimate(
        rows(first.value, second.value), max(0.0, low - Z * sqrt(low)), min(float(most), high + Z * sqrt(high))
    )


def _in_conflict(evidence: Evidence) -> Estimate:
    """Rows whose numbers are of two residents: missed for sure, for one of them it is."""
    rows = float(count(evidence, lambda seen: seen.way == "conflict"))
    return Estimate(rows, rows, rows)


# --- false --------------------------------------------------------------------------------------


def _false_address(evidence: Evidence) -> Estimate | None:
    """Of the rows linked by address alone, those in the wrong household: exact and coarse by the evidence of each."""
    parts, rows = [], 0
    for way in ADDRESS_WAYS:
        linked = count(evidence, lambda seen, way=way: seen.way == way)  # type: ignore[misc]
        known = [seen for seen in evidence if seen.way == "person" and seen.own("address") == way]
        wrong = sum(evidence[seen] for seen in known if not seen.agrees("address"))
        share = wilson(wrong, sum(evidence[seen] for seen in known), among=linked)
        if linked:
            rows += linked
            value = None if share.value is None else share.value * linked
            parts.append(Estimate(value, share.low * linked, share.high * linked))
    if not rows:
        return None
    sums = _whole(added(parts))
    value = None if sums.value is None else sums.value / rows
    return Estimate(value, max(0.0, sums.low) / rows, min(float(rows), sums.high) / rows)


def _false_agreement(evidence: Evidence, expected: float | None) -> Estimate | None:
    """Of the rows linked by agreement, those that the model itself takes to be of another person.

    Nothing else can bear it out: such a row has no other identifier. The interval is for how many happen to be false
    where so many are expected, not for whether the model is right.
    """
    linked = count(evidence, lambda seen: seen.way == "agreement")
    return None if expected is None or not linked else wilson(min(expected, linked), linked)


def _false_number(evidence: Evidence) -> tuple[Estimate | None, str]:
    """Of the rows linked by one number, those of another person than it says.

    Two numbers that differ: one of them is wrong, taken to be each as often. A number and an address that differ: at
    most all of those numbers are wrong.
    """
    one, other = NUMBERS
    both = [seen for seen in evidence if seen.own(one) == seen.own(other) == "person"]
    if both:
        apart = wilson(sum(evidence[seen] for seen in both if seen.way == "conflict"), sum(evidence[s] for s in both))
        assert apart.value is not None
        return Estimate(apart.value / 2, apart.low / 2, apart.high / 2), "two-numbers"
    known = [seen for seen in evidence if seen.way == "person" and seen.own("address") in LINKED]
    if known:
        wrong = wilson(sum(evidence[s] for s in known if not s.agrees("address")), sum(evidence[s] for s in known))
        return Estimate(None, 0.0, wrong.high), "at-most"
    return None, "none"
