"""The normalisers once more, cell by cell, from docs/spec/normalisation-v1.md alone: slow, and meant to be obvious.

Nothing of the project is imported here: a mistake in the project's own must not be shared.
"""

from __future__ import annotations

from collections.abc import Mapping

Cell = str | None
Parts = Mapping[str, Cell]
Outcome = tuple[dict[str, Cell], str]

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MONTHS = (
    "JAN",
    "FEB",
    "MRT",
    "MAR",
    "MAA",
    "APR",
    "MEI",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OKT",
    "OCT",
    "NOV",
    "DEC",
)
WHITE = {
    *range(0x09, 0x0E),
    0x20,
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200B),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
}
FOLDED = WHITE | {0x200B, 0xFEFF}
TRIMMED = {*range(0x09, 0x0E), 0x20, 0xA0, 0x2007, 0x200B, 0x202F, 0xFEFF}


# --- section 1 ----------------------------------------------------------------------------------


def trim(text: Cell) -> Cell:
    if text is None:
        return None
    while text and ord(text[0]) in TRIMMED:
        text = text[1:]
    while text and ord(text[-1]) in TRIMMED:
        text = text[:-1]
    return text or None


def fold(text: Cell) -> Cell:
    if text is None:
        return None
    folded = ""
    for character in text:
        if ord(character) not in FOLDED:
            folded += character
        elif not folded.endswith(" "):
            folded += " "
    return trim(folded)


def unzero(text: Cell) -> Cell:
    if text is None:
        return None
    before = leading(text, DIGITS)
    after = text[len(before) + 1 :]
    if before and 1 <= len(after) <= 2 and text[len(before)] in ".," and only(after, "0"):
        return before
    return text


def upper(text: Cell) -> Cell:
    return text.upper() if text is not None and text.isascii() else text


def only(text: str, alphabet: str) -> bool:
    return all(character in alphabet for character in text)


def leading(text: str, alphabet: str) -> str:
    """The longest start of the text within the alphabet."""
    length = 0
    while length < len(text) and text[length] in alphabet:
        length += 1
    return text[:length]


def skip(text: str, options: str) -> str:
    """The text without its first character where that is one of the options."""
    return text[1:] if text and text[0] in options else text


# --- section 2 ----------------------------------------------------------------------------------


def bsn(parts: Parts) -> Outcome:
    text = unzero(trim(parts["bsn"]))
    if text is None:
        return {"bsn": None}, "empty"
    if not only(text, DIGITS) or len(text) not in (8, 9):
        return {"bsn": None}, "format"
    text = text.rjust(9, "0")
    if text == "000000012":
        return {"bsn": text}, "reserved"
    if text[:8] == text[0] * 8 or text == "123456782":
        return {"bsn": None}, "filler"
    total = -int(text[8])
    for place in range(8):
        total += (9 - place) * int(text[place])
    return ({"bsn": text}, "ok") if total % 11 == 0 else ({"bsn": None}, "check-digit")


def a_number(parts: Parts) -> Outcome:
    text = unzero(trim(parts["a_number"]))
    if text is None:
        return {"a-number": None}, "empty"
    if not only(text, DIGITS) or len(text) != 10 or text[0] == "0":
        return {"a-number": None}, "format"
    if text == "1010101010":
        return {"a-number": text}, "reserved"
    digits = [int(character) for character in text]
    for place in range(9):
        if digits[place] == digits[place + 1]:
            return {"a-number": None}, "check-digit"
    weighted = 0
    for place in range(10):
        weighted += digits[place] << place
    if sum(digits) % 11 in (0, 5) and weighted % 11 == 0:
        return {"a-number": text}, "ok"
    return {"a-number": None}, "check-digit"


# --- section 3 ----------------------------------------------------------------------------------


def address(parts: Parts) -> Outcome:
    given = upper(trim(parts["postcode"]))
    text, letter, addition = (
        unzero(upper(fold(parts[name]))) for name in ("house_number", "house_letter", "house_addition")
    )
    postcode = None if given is None else canonical_postcode(given)
    number = None if text is None else house_number(text)
    suffix = "" if text is None else text[len(leading(text, DIGITS)) :]
    for part in (letter, addition):
        suffix += part or ""
    suffix = "".join(character for character in suffix if character not in " -/.,'+")
    name = address_class(given, postcode, text, number, suffix)
    if name not in ("ok", "reserved") or number is None:
        return {"address": None, "address-number": None}, name
    return {"address": f"{postcode}|{number}|{suffix}", "address-number": f"{postcode}|{number}"}, name


def canonical_postcode(given: str) -> Cell:
    if given.startswith("NL"):
        given = skip(given[2:], "- ")
    if len(given) == 7 and ord(given[4]) in WHITE:
        given = given[:4] + given[5:]
    if len(given) != 6 or not only(given[:4], DIGITS) or given[0] == "0" or not only(given[4:], LETTERS):
        return None
    return None if given[4:] in ("SA", "SD", "SS") else given


def house_number(text: str) -> Cell:
    digits = leading(text, DIGITS)
    if not digits:
        return None
    return digits.lstrip("0") or "0"


def address_class(given: Cell, postcode: Cell, text: Cell, number: Cell, suffix: str) -> str:
    if given is None:
        return "empty" if text is None else "no-postcode"
    if postcode is None:
        return "postcode-format"
    if postcode == "9999ZZ":
        return "reserved"
    if text is not None and is_date(text):
        return "date"
    if text is None or number is None:
        return "no-number"
    if is_range(text):
        return "range-or-addition"
    return suffix_class(number, suffix)


def suffix_class(number: str, suffix: str) -> str:
    if number == "0":
        return "zero"
    if not only(suffix, DIGITS + LETTERS):
        return "format"
    return "too-long" if len(number) > 5 or len(suffix) > 5 else "ok"


def is_date(text: str) -> bool:
    return year_first(text) or three_numbers(text) or day_month(text) or month_first(text)


def year_first(text: str) -> bool:
    date = text
    for mark in (" ", "T"):
        date = date.split(mark)[0]
    pieces = date.split("-")
    lengths = [len(piece) for piece in pieces]
    return (
        len(pieces) == 3
        and only(date, DIGITS + "-")
        and lengths[0] == 4
        and lengths[1] in (1, 2)
        and lengths[2] in (1, 2)
    )


def three_numbers(text: str) -> bool:
    pieces = text.replace("/", "-").split("-")
    lengths = [len(piece) for piece in pieces]
    return (
        len(pieces) == 3
        and only(text, DIGITS + "-/")
        and lengths[0] in (1, 2)
        and lengths[1] in (1, 2)
        and lengths[2] in (2, 4)
    )


def after_month(text: str) -> list[str]:
    """What can follow a month and more letters or points, for every way in which the text begins so."""
    rests = []
    for month in MONTHS:
        if text.startswith(month):
            rest = text[len(month) :]
            rests.append(rest)
            while rest and rest[0] in LETTERS + ".":
                rest = rest[1:]
                rests.append(rest)
    return rests


def day_month(text: str) -> bool:
    day = leading(text, DIGITS)
    if len(day) not in (1, 2):
        return False
    for rest in after_month(skip(text[len(day) :], "- ")):
        year = skip(rest, "- ")
        if not rest or (2 <= len(year) <= 4 and only(year, DIGITS)):
            return True
    return False


def month_first(text: str) -> bool:
    return any(
        rest and rest[0] in "- " and 1 <= len(rest[1:]) <= 4 and only(rest[1:], DIGITS) for rest in after_month(text)
    )


def is_range(text: str) -> bool:
    first = leading(text, DIGITS)
    rest = text[len(first) :]
    if not first:
        return False
    return with_word(rest) or two_numbers(int(first), rest) or lettered(int(first), rest)


def two_numbers(first: int, rest: str) -> bool:
    """One of `-/,;` or space, at most a space on each side, then a greater number with at most two letters."""
    for mark in ("-", "/", ",", ";", " "):
        for before in ("", " "):
            for after in ("", " "):
                between = before + mark + after
                if rest.startswith(between):
                    second = leading(rest[len(between) :], DIGITS)
                    tail = rest[len(between) + len(second) :]
                    if second and len(tail) <= 2 and only(tail, LETTERS) and first < int(second) < 2**63:
                        return True
    return False


def lettered(first: int, rest: str) -> bool:
    """`12A-12C`: a letter, a hyphen or slash, a number that is not smaller, and at most a letter."""
    if not rest or rest[0] not in LETTERS:
        return False
    rest = skip(rest[1:], " ")
    if not rest or rest[0] not in "-/":
        return False
    rest = skip(rest[1:], " ")
    second = leading(rest, DIGITS)
    tail = rest[len(second) :]
    return bool(second) and len(tail) <= 1 and only(tail, LETTERS) and first <= int(second) < 2**63


def with_word(rest: str) -> bool:
    after_space = skip(rest, " ")
    if after_space.startswith("T/M"):
        after = after_space[3:]
        if not (after and (after[0].isalnum() or after[0] == "_")):
            return True
    starts = [rest] + ([rest[1:]] if rest and rest[0] in LETTERS else [])
    for start in starts:
        stripped = start.lstrip("- ")
        for word in ("T/M", "TM", "TOT", "EN", "&", "+"):
            following = stripped.removeprefix(word).lstrip("- ")
            if stripped.startswith(word) and following and following[0] in DIGITS:
                return True
    return False


# --- section 4 ----------------------------------------------------------------------------------


def household_number(parts: Parts) -> Outcome:
    text = upper(unzero(trim(parts["household_number"])))
    if text is None:
        return {"household-number": None}, "empty"
    text = text.lstrip("0")
    if text == "CANARY0":
        return {"household-number": text}, "reserved"
    if not 1 <= len(text) <= 20 or not only(text, DIGITS + LETTERS):
        return {"household-number": None}, "format"
    return {"household-number": text}, "ok"


PLAIN = {"bsn/1": bsn, "a-number/1": a_number, "address/1": address, "household-number/1": household_number}


# --- section 5 ----------------------------------------------------------------------------------

Value = int | tuple[int, int] | None
Read = tuple[Value, bool]


def date(text: Cell) -> Read:
    text = unzero(trim(text))
    if text is None:
        return None, False
    parts = date_parts(text)
    if parts == (0, 0, 0):
        return None, False
    if parts is None or not exists(*parts):
        return None, True
    year, month, day = parts
    first = (year * 100 + (month or 1)) * 100 + (day or 1)
    return (first, (year * 100 + (month or 12)) * 100 + (day or 31)), False


def date_parts(text: str) -> tuple[int, int, int] | None:
    if len(text) == 8 and only(text, DIGITS):
        return int(text[:4]), int(text[4:6]), int(text[6:])
    dutch = pieces_of(text.split(" ")[0].replace("/", "-").replace(".", "-"))
    if dutch is not None and len(dutch[2]) == 4 and len(dutch[0]) <= 2:
        return int(dutch[2]), int(dutch[1]), int(dutch[0])
    iso = pieces_of(text.split(" ")[0].split("T")[0].replace("/", "-"))
    if iso is not None and len(iso[0]) == 4 and len(iso[2]) <= 2:
        return int(iso[0]), int(iso[1]), int(iso[2])
    return None


def pieces_of(text: str) -> list[str] | None:
    pieces = text.split("-")
    good = len(pieces) == 3 and all(piece and only(piece, DIGITS) for piece in pieces) and len(pieces[1]) <= 2
    return pieces if good else None


def exists(year: int, month: int, day: int) -> bool:
    if not (1850 <= year <= 2100 and month <= 12) or (month == 0 and day > 0):
        return False
    if month == 2:
        leap = year % 400 == 0 or (year % 4 == 0 and year % 100 != 0)
        return day <= (29 if leap else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


def amount(text: Cell, decimal: str) -> Read:
    text = trim(text)
    if text is None:
        return None, False
    for sign in ("€", "EUR"):
        text = text.removeprefix(sign)
    for ending in ("€", "EUR", ",-"):
        if text.endswith(ending):
            text = text.removesuffix(ending)
            break
    text = "".join(character for character in text if ord(character) not in WHITE)
    sign = -1 if text.startswith("-") else 1
    cents = plain_amount(text.removeprefix("-"), *(".", ",") if decimal == "comma" else (",", "."))
    return (None, True) if cents is None else (sign * cents, False)


def plain_amount(text: str, thousands: str, point: str) -> int | None:
    euros, found, behind = text.partition(point)
    groups = euros.split(thousands)
    if (found and not behind) or not only(behind, DIGITS) or not all(group and only(group, DIGITS) for group in groups):
        return None
    if len(groups) == 1 and len(euros) > 15:
        return None
    if len(groups) > 5:
        return None
    if len(groups) > 1 and (len(groups[0]) > 3 or any(len(group) != 3 for group in groups[1:])):
        return None
    return int("".join(groups)) * 100 + int((behind + "00")[:2])


def whole(text: Cell) -> Read:
    text = unzero(trim(text))
    if text is None:
        return None, False
    digits = text.removeprefix("-")
    if not 1 <= len(digits) <= 15 or not only(digits, DIGITS):
        return None, True
    return int(text), False


def yes_no(text: Cell) -> Read:
    text = unzero(fold(text))
    if text is None:
        return None, False
    if text.lower() in ("ja", "j", "1", "true", "waar"):
        return 1, False
    return (0, False) if text.lower() in ("nee", "n", "0", "false", "onwaar") else (None, True)
