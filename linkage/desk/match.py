"""Which column of an export is which: by its agreed name, else by names that are often used; the clerk decides."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from linkage.desk.peek import Look
from linkage.holder.export import fold
from linkage.study import OPTIONAL_PARTS, Holder
from protocols.model import Delivery

LIKENESS = 0.72
IDENTIFIERS = {
    "bsn": ("burgerservicenummer", "bsn", "bsn-nummer", "bsnnr", "sofinummer", "sofi-nummer"),
    "a_number": ("a-nummer", "anummer", "anr", "a-nr", "administratienummer"),
    "household_number": ("huishoudnummer", "huishouden", "huish.nr"),
    "postcode": ("postcode", "pc", "pc6", "postc."),
    "house_number": ("huisnummer", "huisnr", "nr", "hnr"),
    "house_letter": ("huisletter", "hsltr", "letter"),
    "house_addition": ("toevoeging", "toev.", "huisnummertoevoeging", "hnr.toev"),
    "minor": ("geboortedatum", "geb.datum", "gebdat"),
    "year": ("jaar", "kalenderjaar"),
}


@dataclass(frozen=True)
class Wanted:
    """A column that the study asks for, and which of the export's columns it seems to be."""

    key: str
    agreed: str
    optional: bool
    chosen: str | None
    is_sure: bool


def recognise(look: Look, holder: Holder) -> tuple[Wanted, ...]:
    """Each column of the agreement with the best of the export's columns; a column is never taken twice."""
    taken: set[str] = set()
    sure = {key: _exact(agreed, look, taken) for key, agreed in holder.columns.items()}
    guessed = {key: sure[key] or _like(key, holder.columns[key], look, taken) for key in holder.columns}
    return tuple(
        Wanted(key, agreed, key in OPTIONAL_PARTS, guessed[key], sure[key] is not None)
        for key, agreed in holder.columns.items()
    )


def _exact(agreed: str, look: Look, taken: set[str]) -> str | None:
    found = next((name for name in look.header if fold(name) == fold(agreed)), None)
    if found is not None:
        taken.add(found)
    return found


def _like(key: str, agreed: str, look: Look, taken: set[str]) -> str | None:
    """The column whose name is most like the agreed one or a usual one."""
    usual = (agreed, key, *IDENTIFIERS.get(key, ()))
    scored = [
        (max(SequenceMatcher(None, fold(one), fold(name)).ratio() for one in usual), name)
        for name in look.header
        if name.strip() and name not in taken
    ]
    score, best = max(scored, default=(0.0, ""))
    if score < LIKENESS:
        return None
    taken.add(best)
    return best


def titles(delivery: Delivery) -> dict[str, str]:
    """What each column is called in the protocol, where it is not an identifier."""
    return {column.name: column.title for column in delivery.columns}
