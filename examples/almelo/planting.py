"""How each kind of dirt is made: from a clean row, and from what is known of the town."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from .numbers import FILLERS, NumberMaker
from .places import Address, Doors
from .rows import Row

NOT_A_BSN = ("12345", "1234567", "1234567890")
NO_NUMBER = ("ong.", "t/o 12", "")
RANGES = ("12-14", "12 t/m 16", "27-29")


@dataclass
class Ground:
    """What planting needs to know: doors, people of elsewhere, residents, and which house numbers were used."""

    rng: Random
    numbers: NumberMaker
    doors: Doors
    vacant: list[Address]
    which_floor: list[Address]
    two_households: list[Address]
    residents: Sequence[tuple[str, str, Address]]  # bsn, A-nummer, address
    strangers: list[str] = field(default_factory=list)
    busy: dict[str, None] = field(default_factory=dict)  # BSNs that any export but the register has
    column: str = ""
    used: dict[tuple[str, int], None] = field(default_factory=dict)

    def start(self, column: str) -> None:
        """Begin with another export; `column` is the one in which numbers go wrong."""
        self.column = column
        self.used.clear()

    def stranger(self) -> str:
        """The BSN of somebody who is not in the register: departed, not yet here, or from elsewhere."""
        if self.strangers and self.rng.random() < 0.4:
            return self.rng.choice(self.strangers)
        return self.numbers.bsn()

    def free_door(self, doors: list[Address]) -> Address:
        """One of the doors whose house number no other dirt in this export has."""
        while True:
            address = self.rng.choice(doors)
            if address.house not in self.used:
                self.used[address.house] = None
                return address

    def first_at(self, row: Row, kind: str) -> bool:
        """Two nameless rows at one address would count as one: allow one such change at a house number."""
        if row.address is None or kind not in NAMELESS:
            return True
        first = row.address.house not in self.used
        self.used[row.address.house] = None
        return first


Maker = Callable[[Row, Ground], Row]
NAMELESS = (
    "without-bsn", "without-bsn-upstairs", "without-bsn-suffix-lost", "wrong-bsn-good-address", "two-households",
    "suffix-lost", "suffix-lost-which-floor",
)  # fmt: skip


def _nobody(row: Row) -> Row:
    return replace(row, bsn="", a_number="", address=None)


def _with_text(row: Row, key: str, text: str) -> Row:
    return replace(row, text={**row.text, key: text})


def _nameless(key: str, texts: Sequence[str]) -> Maker:
    """A row without BSN whose address cannot be used."""
    return lambda row, ground: _with_text(replace(row, bsn=""), key, ground.rng.choice(texts))


def _at(doors: Callable[[Ground], list[Address]], bare: bool = False) -> Maker:
    """A row without BSN at one of these doors."""

    def make(row: Row, ground: Ground) -> Row:
        address = ground.free_door(doors(ground))
        return replace(row, bsn="", address=address.bare() if bare else address)

    return make


def _non_resident(row: Row, ground: Ground) -> Row:
    address = ground.rng.choice(ground.vacant) if row.address else None
    return replace(row, bsn=ground.stranger(), a_number="", address=address)


def _two_persons(row: Row, ground: Ground) -> Row:
    (one, _, _), (_, other, _) = ground.rng.sample(ground.residents, 2)
    return replace(row, bsn=one, a_number=other)


def _newcomer(row: Row, ground: Ground, a_number: str, **text: str) -> Row:
    """Somebody in the register who is no inhabitant; the house may have been let again since."""
    bsn = ground.numbers.bsn()
    ground.strangers.append(bsn)
    return replace(row, bsn=bsn, a_number=a_number, text={**row.text, "household_number": "", **text})


def _left(row: Row, ground: Ground) -> Row:
    day = f"{ground.rng.randrange(2009, 2015)}{ground.rng.randrange(1, 13):02d}{ground.rng.randrange(1, 29):02d}"
    return _newcomer(row, ground, ground.numbers.a_number(), registered_from="20050301", departed=day)


def _left_on_the_day(row: Row, ground: Ground) -> Row:
    return _newcomer(row, ground, ground.numbers.a_number(), registered_from="20050301", departed="20141231")


def _came_later(row: Row, ground: Ground) -> Row:
    day = f"2015{ground.rng.randrange(1, 4):02d}{ground.rng.randrange(1, 29):02d}"
    return _newcomer(row, ground, ground.numbers.a_number(), registered_from=day, departed="")


def _a_number(make: Callable[[Ground], str]) -> Maker:
    """In the register a bad A-nummer belongs to nobody in particular; elsewhere there is no BSN beside it."""

    def made(row: Row, ground: Ground) -> Row:
        if "registered_from" in row.text:
            return replace(_newcomer(row, ground, make(ground)), address=ground.rng.choice(ground.vacant))
        return replace(row, bsn="", a_number=make(ground))

    return made


ADDITIONS: dict[str, Maker] = {
    "duplicate": lambda row, ground: row,
    "non-resident": _non_resident,
    "non-resident-at-known-address": lambda row, ground: replace(row, bsn=ground.stranger()),
    "bsn-check-digit": lambda row, ground: replace(_nobody(row), bsn=ground.numbers.wrong_bsn()),
    "bsn-filler": lambda row, ground: replace(_nobody(row), bsn=ground.rng.choice(FILLERS)),
    "bsn-format": lambda row, ground: replace(_nobody(row), bsn=ground.rng.choice(NOT_A_BSN)),
    "no-identifier": lambda row, ground: _nobody(row),
    "anonymous": lambda row, ground: _nobody(row),
    "year-not-asked": lambda row, ground: replace(row, year=ground.rng.choice((2011, 2015))),
    "number-negative": lambda row, ground: _with_text(row, ground.column, "-1"),
    "number-unreadable": lambda row, ground: _with_text(row, ground.column, "n.v.t."),
    "date-unreadable": lambda row, ground: _with_text(row, "minor", "n.b."),
    "without-bsn-unknown-address": _at(lambda ground: ground.vacant),
    "without-bsn-which-floor": _at(lambda ground: ground.which_floor, bare=True),
    "without-bsn-two-households": _at(lambda ground: ground.two_households),
    "nobody-registered": _at(lambda ground: ground.vacant),
    "address-without-number": _nameless("house_number", NO_NUMBER),
    "address-range": _nameless("house_number", RANGES),
    "address-zero": _nameless("house_number", ("0",)),
    "address-six-digits": _nameless("house_number", ("123456",)),
    "address-month": _nameless("house_number", ("1-feb", "3-okt")),
    "address-excel-date": _nameless("house_number", ("1-2", "3-10", "12-4")),
    "address-without-postcode": _nameless("postcode", ("",)),
    "address-half-postcode": _nameless("postcode", ("7607", "7609 A")),
    "address-missing": lambda row, ground: _nobody(row),
    "a-number-check-digit": _a_number(lambda ground: ground.numbers.wrong_a_number()),
    "a-number-format": _a_number(lambda ground: ground.rng.choice(("123456789", "12345678901", "0123456789"))),
    "unknown-a-number": _a_number(lambda ground: ground.numbers.a_number()),
    "two-persons": _two_persons,
    "departed": _left,
    "departed-on-reference-date": _left_on_the_day,
    "registered-later": _came_later,
}

Change = tuple[Callable[[Row, Ground], bool], Maker]


def _one_household(row: Row, ground: Ground) -> bool:
    return bool(row.bsn) and row.address is not None and not ground.doors.shared(row.address)


def _alone(row: Row, ground: Ground) -> bool:
    address = row.address
    return address is not None and not ground.doors.shared(address) and ground.doors.alone_with_suffix(address)


def _floor(row: Row, ground: Ground) -> bool:
    return row.address is not None and ground.doors.one_of_suffixed(row.address)


def _upstairs(row: Row, ground: Ground) -> bool:
    return _one_household(row, ground) and row.address is not None and ground.doors.beside_bare(row.address)


def _both(row: Row, ground: Ground) -> bool:
    return bool(row.bsn and row.a_number)


def _bare(row: Row, ground: Ground) -> Row:
    return replace(row, bsn="", address=row.address.bare() if row.address else None)


def _unseen(row: Row, ground: Ground) -> bool:
    """Nobody else has a record of this person: without BSN nothing is lost."""
    return bool(row.bsn) and row.bsn not in ground.busy


CHANGES: dict[str, Change] = {
    "lost-zero": (lambda row, ground: row.bsn.startswith("0"), lambda row, ground: replace(row, bsn=row.bsn[1:])),
    "point-zero": (lambda row, ground: bool(row.bsn), lambda row, ground: replace(row, bsn=row.bsn + ".0")),
    "spaces": (lambda row, ground: bool(row.bsn), lambda row, ground: replace(row, bsn=f"\u00a0{row.bsn}  ")),
    "without-bsn": (_one_household, lambda row, ground: replace(row, bsn="")),
    "without-bsn-upstairs": (_upstairs, lambda row, ground: replace(row, bsn="")),
    "without-bsn-suffix-lost": (lambda row, ground: bool(row.bsn) and _alone(row, ground), _bare),
    "wrong-bsn-good-address": (_one_household, lambda row, ground: replace(row, bsn=ground.numbers.wrong_bsn())),
    "address-of-others": (
        lambda row, ground: bool(row.bsn),
        lambda row, ground: replace(row, address=ground.rng.choice(ground.residents)[2]),
    ),
    "two-households": (
        lambda row, ground: row.address is not None and ground.doors.shared(row.address),
        lambda row, ground: row,
    ),
    "suffix-lost": (_alone, _bare),
    "suffix-lost-which-floor": (_floor, _bare),
    "wrong-a-number-good-bsn": (_both, lambda row, ground: replace(row, a_number=ground.numbers.wrong_a_number())),
    "good-a-number-wrong-bsn": (_both, lambda row, ground: replace(row, bsn=ground.numbers.wrong_bsn())),
    "departs-later": (lambda row, ground: True, lambda row, ground: _with_text(row, "departed", "20150215")),
    "registered-on-reference-date": (
        lambda row, ground: not row.text["departed"],
        lambda row, ground: _with_text(row, "registered_from", "20141231"),
    ),
    "without-bsn-in-register": (_unseen, lambda row, ground: replace(row, bsn="")),
    "wrong-bsn-in-register": (_unseen, lambda row, ground: replace(row, bsn=ground.numbers.wrong_bsn())),
}
