"""What is wrong in the exports on purpose: how many rows of each kind, and what must become of them.

The table is the plan as well as the answer: `plant` makes exactly these rows, and `expected` adds them up without
running any part of the toolkit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .planting import ADDITIONS, CHANGES, Ground
from .rows import AMBIGUOUS, COARSE, CONFLICT, EXACT, NOT_SELECTED, PERSON, REJECTED, STRANGER, Row

if TYPE_CHECKING:
    from .town import Town


@dataclass(frozen=True, slots=True)
class Dirt:
    """So many rows of one kind in the export of one holder, and their fate."""

    kind: str
    holder: str
    rows: int
    leads_to: str


def _table(holder: str, *kinds: tuple[str, int, str]) -> tuple[Dirt, ...]:
    return tuple(Dirt(kind, holder, rows, leads_to) for kind, rows, leads_to in kinds)


def _numbers(holder: str, stranger: int, few: int, missing: str) -> tuple[Dirt, ...]:
    """What goes wrong with BSNs everywhere; `missing` is the reason for a row without any identifier."""
    return _table(
        holder,
        ("non-resident", stranger, STRANGER),
        ("bsn-check-digit", few, REJECTED + "bsn-check-digit"),
        ("bsn-filler", few // 2, REJECTED + "bsn-filler"),
        ("bsn-format", few // 2, REJECTED + "bsn-format"),
        ("no-identifier", few // 2, REJECTED + missing),
    )


def _written(holder: str, few: int) -> tuple[Dirt, ...]:
    """Good BSNs, badly written."""
    return _table(holder, ("lost-zero", few * 4, PERSON), ("point-zero", few, PERSON), ("spaces", few, PERSON))


def _bad_addresses(holder: str, few: int) -> tuple[Dirt, ...]:
    return _table(
        holder,
        ("address-without-number", few, REJECTED + "address-no-number"),
        ("address-range", few, REJECTED + "address-range-or-addition"),
        ("address-zero", 2, REJECTED + "address-zero"),
        ("address-six-digits", 2, REJECTED + "address-too-long"),
        ("address-without-postcode", 3, REJECTED + "address-no-postcode"),
        ("address-half-postcode", 2, REJECTED + "address-postcode-format"),
    )


def _by_address(holder: str, few: int) -> tuple[Dirt, ...]:
    """Rows of persons that have an address as well."""
    return _table(
        holder,
        ("without-bsn", few, EXACT),
        ("without-bsn-upstairs", 4, EXACT),
        ("without-bsn-suffix-lost", 4, COARSE),
        ("wrong-bsn-good-address", few // 2, EXACT),
        ("address-of-others", few, PERSON),
        ("non-resident-at-known-address", few // 2, STRANGER),
        ("without-bsn-unknown-address", few // 2, STRANGER),
        ("without-bsn-which-floor", 6, AMBIGUOUS),
        ("without-bsn-two-households", 5, AMBIGUOUS),
    )


REGISTER = "gemeente-almelo"
REGISTER_ADDITIONS = _table(
    REGISTER,
    ("departed", 400, NOT_SELECTED),
    ("departed-on-reference-date", 10, NOT_SELECTED),
    ("registered-later", 150, NOT_SELECTED),
    ("a-number-check-digit", 6, REJECTED + "a-number-check-digit"),
    ("a-number-format", 4, REJECTED + "a-number-format"),
)
REGISTER_CHANGES = _table(
    REGISTER,
    ("departs-later", 60, PERSON),
    ("registered-on-reference-date", 15, PERSON),
    ("without-bsn-in-register", 40, PERSON),
    ("wrong-bsn-in-register", 10, PERSON),
    ("duplicate", 25, PERSON),
)
OTHERS = (
    *_numbers("sociale-dienst-twente", 180, 12, "bsn-empty"),
    *_table(
        "sociale-dienst-twente",
        ("duplicate", 20, PERSON),
        ("number-negative", 5, REJECTED + "number-out-of-range"),
        ("number-unreadable", 4, REJECTED + "number-unreadable"),
    ),
    *_written("sociale-dienst-twente", 15),
    *_numbers("inkomensregister", 600, 20, "bsn-empty"),
    *_table("inkomensregister", ("duplicate", 30, PERSON)),
    *_numbers("zorgverzekeraar", 250, 14, "bsn-empty"),
    *_table("zorgverzekeraar", ("year-not-asked", 30, REJECTED + "year-not-asked")),
    *_table("zorgverzekeraar", ("number-unreadable", 5, REJECTED + "number-unreadable")),
    *_written("zorgverzekeraar", 12),
    *_numbers("indicatieorgaan", 160, 10, "bsn-empty"),
    *_table("indicatieorgaan", ("year-not-asked", 20, REJECTED + "year-not-asked"), ("duplicate", 10, PERSON)),
    *_written("indicatieorgaan", 10),
    *_numbers("jeugdhulp-twente", 30, 6, "no-identifier"),
    *_table(
        "jeugdhulp-twente",
        ("unknown-a-number", 30, STRANGER),
        ("a-number-check-digit", 5, REJECTED + "a-number-check-digit"),
        ("a-number-format", 4, REJECTED + "a-number-format"),
        ("two-persons", 5, CONFLICT),
        ("wrong-a-number-good-bsn", 8, PERSON),
        ("good-a-number-wrong-bsn", 8, PERSON),
        ("year-not-asked", 15, REJECTED + "year-not-asked"),
        ("number-negative", 3, REJECTED + "number-out-of-range"),
    ),
    *_numbers("bemoeizorg-twente", 30, 6, "no-identifier"),
    *_table("bemoeizorg-twente", ("anonymous", 25, REJECTED + "no-identifier"), ("duplicate", 8, PERSON)),
    *_table("bemoeizorg-twente", ("year-not-asked", 10, REJECTED + "year-not-asked")),
    *_written("bemoeizorg-twente", 4),
    *_numbers("politie-twente", 60, 6, "no-identifier"),
    *_written("politie-twente", 5),
    *_by_address("politie-twente", 24),
    *_bad_addresses("politie-twente", 3),
    *_table("politie-twente", ("duplicate", 10, PERSON), ("date-unreadable", 4, REJECTED + "date-unreadable")),
    *_numbers("stadsbank-twente", 40, 6, "no-identifier"),
    *_written("stadsbank-twente", 8),
    *_by_address("stadsbank-twente", 40),
    *_bad_addresses("stadsbank-twente", 4),
    *_table("stadsbank-twente", ("duplicate", 12, PERSON)),
)
CORPORATIONS = tuple(
    dirt
    for holder, dates in (("corporatie-noord", "address-month"), ("corporatie-zuid", "address-excel-date"))
    for dirt in (
        *_table(
            holder,
            ("two-households", 12, AMBIGUOUS),
            ("suffix-lost", 30, COARSE),
            ("suffix-lost-which-floor", 20, AMBIGUOUS),
            ("nobody-registered", 60, STRANGER),
            (dates, 8, REJECTED + "address-date"),
            ("address-missing", 3, REJECTED + "address-empty"),
        ),
        *_bad_addresses(holder, 6),
    )
)
TABLE: tuple[Dirt, ...] = (*REGISTER_ADDITIONS, *REGISTER_CHANGES, *OTHERS, *CORPORATIONS)


def plant(rows: Sequence[Row], plan: Iterable[Dirt], ground: Ground) -> list[Row]:
    """The rows with the dirt of the plan: first what changes rows, then what adds to them. Order is mixed by others."""
    found = list(rows)
    plan = list(plan)
    for dirt in plan:
        if dirt.kind in CHANGES:
            _change(found, dirt, ground)
    clean = [row for row in found if not row.dirt]
    for dirt in plan:
        if dirt.kind in ADDITIONS:
            made = (ADDITIONS[dirt.kind](ground.rng.choice(clean), ground) for _ in range(dirt.rows))
            found.extend(replace(row, fate=dirt.leads_to, dirt=dirt.kind) for row in made)
    return found


def _change(rows: list[Row], dirt: Dirt, ground: Ground) -> None:
    """Change so many clean rows that suit; at most one of the kinds about addresses at one house number."""
    fits, change = CHANGES[dirt.kind]
    places = ground.rng.sample(range(len(rows)), len(rows))
    left = dirt.rows
    for place in places:
        if not left:
            return
        row = rows[place]
        if not row.dirt and fits(row, ground) and ground.first_at(row, dirt.kind):
            rows[place] = replace(change(row, ground), fate=dirt.leads_to, dirt=dirt.kind)
            left -= 1
    assert not left, f"the town is too small for {dirt.rows} rows {dirt.kind} at {dirt.holder}"


def expected(town: Town) -> dict[str, dict[str, object]]:
    """Per holder what encoder and linker must report: rows, not_selected, rejected, delivered, linked.

    `linked` counts delivered rows by way; for the register it counts persons, so without the duplicate rows.
    """
    accounts = {holder: _account(Counter(row.fate for row in rows)) for holder, rows in town.files.items()}
    accounts[REGISTER]["linked"] = {PERSON: town.inhabitants}
    return accounts


def _account(fates: Mapping[str, int]) -> dict[str, object]:
    refused = {fate: count for fate, count in sorted(fates.items()) if fate.startswith(REJECTED)}
    linked = {fate: count for fate, count in sorted(fates.items()) if fate not in (*refused, NOT_SELECTED)}
    return {
        "rows": sum(fates.values()),
        "not_selected": fates.get(NOT_SELECTED, 0),
        "rejected": {fate.removeprefix(REJECTED): count for fate, count in refused.items()},
        "delivered": sum(linked.values()),
        "linked": linked,
    }
