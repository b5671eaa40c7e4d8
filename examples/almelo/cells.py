"""How a row becomes cells: each organisation writes dates, amounts, numbers and addresses in its own way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from .places import Address
from .rows import Row

Cell = str | int | Decimal | dt.date | None
Writer = Callable[[Row, int], Cell]  # the row, and its number in the file
REMARK = 'belde zelf; vroeg om "spoed"\nterugbellen | voor 12:00, anders brief\tna 1-2'


# --- numbers and words --------------------------------------------------------------------------


def bsn(row: Row, line: int) -> Cell:
    """The BSN as text."""
    return row.bsn


def bsn_as_number(row: Row, line: int) -> Cell:
    """The BSN as a number, which loses its leading zero."""
    return int(row.bsn) if row.bsn else None


def a_number(row: Row, line: int) -> Cell:
    """The A-nummer as text."""
    return row.a_number


def year(row: Row, line: int) -> Cell:
    """The year."""
    return row.year


def text(key: str) -> Writer:
    """A word as it is."""
    return lambda row, line: row.text.get(key, "")


def word(key: str, words: dict[str, str]) -> Writer:
    """A word in the code of this organisation."""
    return lambda row, line: words.get(row.text.get(key, ""), "")


def count(key: str, zero: str = "0") -> Writer:
    """A count; some write nothing for none."""
    return lambda row, line: row.text.get(key) or str(row.values.get(key) or zero)


def count_as_number(key: str) -> Writer:
    """A count in a spreadsheet, with an empty cell for none."""
    return lambda row, line: row.text.get(key) or row.values.get(key) or None


def yes_no(key: str, yes: str, no: str) -> Writer:
    """One of two words."""
    return lambda row, line: yes if row.values.get(key) else no


def amount(key: str, thousands: str = ".") -> Writer:
    """Euros with a decimal comma, as a Dutch program writes them; empty where unknown."""

    def write(row: Row, line: int) -> Cell:
        cents = row.values.get(key, 0)
        if cents is None or key in row.text:
            return row.text.get(key, "")
        return f"{cents // 100:,}".replace(",", thousands) + f",{cents % 100:02d}"

    return write


def amount_as_number(key: str) -> Writer:
    """Euros as an exact number; empty where unknown."""

    def write(row: Row, line: int) -> Cell:
        cents = row.values.get(key, 0)
        return None if cents is None else Decimal(cents) / 100

    return write


# --- dates --------------------------------------------------------------------------------------


def _day_first(date: str, padded: bool = True, mark: str = "-") -> str:
    parts = (date[6:8], date[4:6], date[:4])
    return mark.join(part if padded else part.lstrip("0") for part in parts) if date else ""


def birth_packed(row: Row, line: int) -> Cell:
    """19750000: the register's own way, with zeros for what is unknown."""
    return row.birth


def birth_day_first(row: Row, line: int) -> Cell:
    """00-00-1975."""
    return row.text.get("minor") or _day_first(row.birth)


def date_day_first(key: str) -> Writer:
    """31-12-2014."""
    return lambda row, line: _day_first(row.text[key])


def date_slashes(key: str) -> Writer:
    """31/1/2015."""
    return lambda row, line: _day_first(row.text[key], padded=False, mark="/")


def date_year_first(row: Row, line: int) -> Cell:
    """A date of the organisation's own, 2014-03-01: nobody asked for it."""
    return f"{row.year or 2014}-{line % 12 + 1:02d}-{line % 28 + 1:02d}"


# --- addresses ----------------------------------------------------------------------------------


def postcode(spaced: bool = True) -> Writer:
    """7607 AB or 7607AB; now and then in small letters."""

    def write(row: Row, line: int) -> Cell:
        if "postcode" in row.text or row.address is None:
            return row.text.get("postcode", "")
        code = row.address.postcode
        code = f"{code[:4]} {code[4:]}" if spaced else code
        return code.lower() if line % 50 == 7 else code

    return write


def house_number(row: Row, line: int) -> Cell:
    """The number alone, or what somebody wrote in its place."""
    if "house_number" in row.text or row.address is None:
        return row.text.get("house_number", "")
    return str(row.address.number)


def house_number_in_excel(row: Row, line: int) -> Cell:
    """The number as a number. Excel takes 1-2 for the first of February."""
    day, dash, month = row.text.get("house_number", "").partition("-")
    if dash and int(month) <= 12:
        return dt.date(2014, int(month), int(day))
    if "house_number" in row.text or row.address is None:
        return row.text.get("house_number", "")
    return row.address.number


def _door(row: Row) -> Address | None:
    return None if "house_number" in row.text else row.address


def house_letter(row: Row, line: int) -> Cell:
    """The house letter."""
    address = _door(row)
    return address.letter if address else ""


def house_addition(row: Row, line: int) -> Cell:
    """The addition, without the house letter."""
    address = _door(row)
    return address.addition if address else ""


def house_suffix(row: Row, line: int) -> Cell:
    """Letter and addition in one cell, in capitals or not."""
    address = _door(row)
    suffix = address.suffix if address else ""
    return (suffix, suffix.lower(), suffix.upper())[line % 3]


def house(row: Row, line: int) -> Cell:
    """Number and suffix in one cell: 12-A, 12 a, 12A, 22-2, 3HS, 12 A 1."""
    address = _door(row)
    if address is None or not address.suffix:
        return house_number(row, line)
    if address.suffix.isdigit():
        return f"{address.number}-{address.suffix}"
    suffix = f"{address.letter} {address.addition}".strip()
    return (f"{address.number}-{suffix}", f"{address.number} {suffix.lower()}", f"{address.number}{suffix}")[line % 3]


# --- what stays at home -------------------------------------------------------------------------


def name(row: Row, line: int) -> Cell:
    """A name that nobody has; some with an accent."""
    return f"{'Zoë ' if line % 97 == 5 else ''}Testpersoon {line:05d}"


def phone(row: Row, line: int) -> Cell:
    """A number in the range that is never given out."""
    return f"06-{99_000_000 + line:08d}" if line % 4 else ""


def remark(row: Row, line: int) -> Cell:
    """Free text, now and then with separators, quotes and a line end in it."""
    return REMARK if line % 61 == 3 else ""


def constant(word: str) -> Writer:
    """The same in every row."""
    return lambda row, line: word
