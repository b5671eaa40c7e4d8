"""A row of an export: what it says, and what must become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .places import Address

NOTHING: Mapping[str, int | None] = {}
NO_TEXT: Mapping[str, str] = {}

PERSON = "person"
EXACT = "address-exact"
COARSE = "address-coarse"
AMBIGUOUS = "ambiguous"
CONFLICT = "conflict"
STRANGER = "not-in-population"
NOT_SELECTED = "not-selected"
REJECTED = "rejected:"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `values` has whole numbers (money in cents, yes and no as 1 and 0); `text` goes in as it is.

    `fate` is the way by which it must be linked, or why it stays behind; `dirt` names what is wrong with it.
    """

    bsn: str = ""
    a_number: str = ""
    address: Address | None = None
    year: int = 0
    birth: str = ""
    values: Mapping[str, int | None] = field(default_factory=lambda: NOTHING)
    text: Mapping[str, str] = field(default_factory=lambda: NO_TEXT)
    fate: str = PERSON
    dirt: str = ""
