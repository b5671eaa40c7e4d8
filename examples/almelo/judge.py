"""The fate of a row, told from the row and the register alone: plain dictionaries, nothing of what was planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .dirt import REGISTER
from .numbers import FILLERS, is_a_number, is_bsn
from .people import LAST_ADULT, REFERENCE_DATE
from .places import Address
from .rows import AMBIGUOUS, COARSE, CONFLICT, EXACT, NOT_SELECTED, PERSON, REJECTED, STRANGER, Row
from .town import Town

YEARS = (2012, 2013, 2014)
WITH_YEARS = ("zorgverzekeraar", "indicatieorgaan", "jeugdhulp-twente", "bemoeizorg-twente")
BSN_REQUIRED = ("sociale-dienst-twente", "inkomensregister", "zorgverzekeraar", "indicatieorgaan")
BY_ADDRESS_ALONE = ("corporatie-noord", "corporatie-zuid")
Door = tuple[str, int, str]


class Place(NamedTuple):
    """Where a row leads: the way, the household (or None) and whether it is about a minor."""

    way: str
    household: str | None
    minor: bool | None


@dataclass
class Register:
    """What can be looked up in the register."""

    household_of: dict[str, str]  # by A-nummer
    minor: dict[str, bool]
    by_bsn: dict[str, str]
    at_door: dict[Door, dict[str, None]]  # the households at an address
    doors: dict[tuple[str, int], dict[Door, None]]  # the addresses at a number


def selected(row: Row) -> bool:
    """An inhabitant on the reference date?"""
    departed = row.text["departed"]
    return row.text["registered_from"] <= REFERENCE_DATE and (not departed or departed > REFERENCE_DATE)


def as_door(address: Address) -> Door:
    """An address as it is compared."""
    return address.postcode, address.number, address.suffix.upper()


def read_register(town: Town) -> Register:
    """The register on the reference date, from its raw rows."""
    register = Register({}, {}, {}, {}, {})
    for row in town.files[REGISTER]:
        if selected(row) and is_a_number_ok(row.a_number):
            _enter(register, row)
    return register


def _enter(register: Register, row: Row) -> None:
    assert row.address
    door = as_door(row.address)
    household = row.text["household_number"] or "|".join(map(str, door))
    register.household_of[row.a_number] = household
    register.minor[row.a_number] = row.birth > LAST_ADULT
    if bsn_class(row.bsn) == "ok":
        assert register.by_bsn.setdefault(bsn_digits(row.bsn), row.a_number) == row.a_number, "two persons with one BSN"
    register.at_door.setdefault(door, {})[household] = None
    register.doors.setdefault(door[:2], {})[door] = None


def bsn_digits(text: str) -> str:
    """A BSN as written, to nine digits where it can be."""
    digits = text.strip().removesuffix(".0")
    return digits.zfill(9) if len(digits) in (8, 9) else digits


def bsn_class(text: str) -> str:
    """The class of a BSN."""
    digits = bsn_digits(text)
    if not digits:
        return "empty"
    if len(digits) != 9 or not digits.isdecimal():
        return "format"
    if len(set(digits[:8])) == 1 or digits in FILLERS:
        return "filler"
    return "ok" if is_bsn(digits) else "check-digit"


def is_a_number_ok(text: str) -> bool:
    """A usable A-nummer?"""
    return a_number_class(text) == "ok"


def a_number_class(text: str) -> str:
    """The class of an A-nummer."""
    if not text:
        return "empty"
    if len(text) != 10 or not text.isdecimal() or text[0] == "0":
        return "format"
    return "ok" if is_a_number(text) else "check-digit"


WRITTEN_OVER = {
    "": "no-number", "ong.": "no-number", "t/o 12": "no-number", "0": "zero", "123456": "too-long",
    "12-14": "range-or-addition", "12 t/m 16": "range-or-addition", "27-29": "range-or-addition",
    "1-feb": "date", "3-okt": "date", "1-2": "date", "3-10": "date", "12-4": "date",
}  # fmt: skip


def address_class(row: Row) -> str:
    """The class of an address."""
    if row.address is None:
        return "empty"
    if "postcode" in row.text:
        return "postcode-format" if row.text["postcode"] else "no-postcode"
    return WRITTEN_OVER[row.text["house_number"]] if "house_number" in row.text else "ok"


def refusal(holder: str, row: Row) -> str | None:
    """Why a row stays behind, if it does."""
    if holder == REGISTER and not selected(row):
        return NOT_SELECTED
    if holder in WITH_YEARS and row.year not in YEARS:
        return REJECTED + "year-not-asked"
    if "minor" in row.text:
        return REJECTED + "date-unreadable"
    words = list(row.text.values())
    if "n.v.t." in words or "-1" in words:
        return REJECTED + ("number-unreadable" if "n.v.t." in words else "number-out-of-range")
    return _unrecognised(holder, row)


def _unrecognised(holder: str, row: Row) -> str | None:
    classes = {"a-number": a_number_class(row.a_number), "bsn": bsn_class(row.bsn), "address": address_class(row)}
    required = "a-number" if holder == REGISTER else "bsn" if holder in BSN_REQUIRED else None
    if holder in BY_ADDRESS_ALONE:
        required = "address"
    if required:
        return None if classes[required] == "ok" else f"{REJECTED}{required}-{classes[required]}"
    if "ok" in classes.values():
        return None
    named = [f"{kind}-{found}" for kind, found in classes.items() if found != "empty"]
    return REJECTED + (named[0] if named else "no-identifier")


def place(holder: str, row: Row, register: Register) -> Place:
    """The way of a row, and where it leads."""
    refused = refusal(holder, row)
    if refused:
        return Place(refused, None, None)
    by_a_number = row.a_number if row.a_number in register.household_of else None
    by_bsn = register.by_bsn.get(bsn_digits(row.bsn))
    if by_a_number and by_bsn and by_a_number != by_bsn:
        return Place(CONFLICT, None, None)
    person = by_a_number or by_bsn
    if person:
        return Place(PERSON, register.household_of[person], register.minor[person])
    if "ok" in (bsn_class(row.bsn), a_number_class(row.a_number)) or not row.address:
        return Place(STRANGER, None, None)
    return _by_address(row.address, row.birth > LAST_ADULT, register)


def _by_address(address: Address, minor: bool, register: Register) -> Place:
    door = as_door(address)
    way = EXACT
    if door not in register.at_door:
        at_number = list(register.doors.get(address.house, ()))
        if address.suffix or not at_number:
            return Place(STRANGER, None, None)
        if len(at_number) > 1:
            return Place(AMBIGUOUS, None, None)
        door, way = at_number[0], COARSE
    households = list(register.at_door[door])
    return Place(way, households[0], minor) if len(households) == 1 else Place(AMBIGUOUS, None, None)
