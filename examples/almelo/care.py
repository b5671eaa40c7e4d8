"""Care in 2012, 2013 and 2014: GGZ, AWBZ, youth care, addiction care and outreach."""

from __future__ import annotations

from random import Random

from .people import Household, Person
from .rows import Row
from .wishes import GROWN_CHILD, OUTREACH

YOUTH = {
    "C_youth_ambulant": "ambulant", "C_youth_day_treatment": "day_treatment", "C_youth_residential": "residential",
    "C_youth_probation": "probation", "C_guardianship": "guardianship", "C_foster_care": "foster_care",
    "C_supervision_order": "supervision_order",
}  # fmt: skip
SUPPORTING = ("ambulant", "day_treatment", "residential", "probation")  # D14: the other three do not count
NOT_SUPPORTING = ("supervision_order", "guardianship", "foster_care")
DAYS = {"residential": "residential_days", "foster_care": "foster_days"}
GROUNDS = ("1", "2", "3", "3", "3", "4", "5", "5", "6", "7", "2", "1")
NO_CLUSTER = ("8", "9")  # D17: these grounds do not count
OUTREACH_KINDS = ("addiction_care", "outreach_care")
EARLIER = ("basic_ggz", "specialist_ggz", "awbz", "outreach", "youth")
EARLIER_SHARES = (20, 40, 22, 6, 12)
SMALL = (1240, 1, 2499, 9900)  # cents: rounds to nothing, still counts

Use = tuple[str, Person]  # what somebody used: a column, or the name of a delivery


class Care:
    """Writes the care of one household after another in four books, one for each delivery."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.ggz: list[Row] = []
        self.awbz: list[Row] = []
        self.youth: list[Row] = []
        self.outreach: list[Row] = []

    def household(self, household: Household, extra: tuple[str, ...]) -> None:
        """The care of a household in three years, and noise that must show nothing."""
        uses = self._now(household, extra)
        for year in (2012, 2013):
            if household.bits.get(f"support_{year}"):
                self._earlier(household, uses, year)
        self._noise(household)

    def residents(self, institution: Household) -> None:
        """Care of people in an institution: linked, but in no table."""
        for person in institution.members:
            if self._rng.random() < 0.8:
                self._use("awbz", person, self._rng.choice((2012, 2013, 2014)))
            if self._rng.random() < 0.1:
                self._use("specialist_ggz", person, 2014)

    def _now(self, household: Household, extra: tuple[str, ...]) -> list[Use]:
        """What the bits of 2014 ask for; returned, because support in earlier years is mostly the same care."""
        uses: list[Use] = []
        for who, people in (("A", household.adults), ("C", household.minors)):
            for kind in ("basic_ggz", "specialist_ggz", "awbz"):
                if household.bits.get(f"{who}_{kind}"):
                    uses.extend((kind, person) for person in self._holders(people))
        for bit, column in YOUTH.items():
            if household.bits.get(bit):
                uses.extend((column, person) for person in self._holders(household.minors))
        for kind, person in uses:
            self._use(kind, person, 2014)
        self._beside(household, extra)
        return uses

    def _beside(self, household: Household, extra: tuple[str, ...]) -> None:
        """Care that no bit of 2014 shows: outreach, and youth care for a member of 18 or older."""
        if OUTREACH in extra:
            self._use("outreach", self._rng.choice(household.adults), 2014)
        if GROWN_CHILD in extra:
            young = [person for person in household.adults if person.birth > "19900000"]
            self._use("ambulant", self._rng.choice(young), 2014)

    def _holders(self, people: list[Person]) -> list[Person]:
        first = self._rng.choice(people)
        if len(people) > 1 and self._rng.random() < 0.12:
            return [first, self._rng.choice([person for person in people if person is not first])]
        return [first]

    def _earlier(self, household: Household, uses: list[Use], year: int) -> None:
        counting = [use for use in uses if use[0] not in NOT_SUPPORTING]
        if counting and self._rng.random() < 0.7:
            self._use(*self._rng.choice(counting), year)
            return
        for _ in range(self._rng.choice((1, 1, 1, 1, 2))):
            kind = self._rng.choices(EARLIER, EARLIER_SHARES)[0]
            people = household.adults if kind == "outreach" else list(household.members)
            if kind == "youth":
                people = household.minors or [person for person in people if person.birth > "19900000"]
                kind = self._rng.choice(SUPPORTING) if people else "specialist_ggz"
            self._use(kind, self._rng.choice(people or household.members), year)

    def _use(self, kind: str, person: Person, year: int) -> None:
        if kind in ("basic_ggz", "specialist_ggz"):
            self._bills(kind, person, year)
        elif kind == "awbz":
            for _ in range(self._rng.choice((1, 1, 1, 2, 3))):
                self._indication(person, year, self._rng.choice(GROUNDS))
        elif kind == "outreach":
            values: dict[str, int | None] = dict.fromkeys(self._rng.choice((OUTREACH_KINDS[:1], OUTREACH_KINDS[1:])), 1)
            self.outreach.append(Row(person.bsn, year=year, values=values))
        else:
            self._course(kind, person, year)

    def _bills(self, kind: str, person: Person, year: int) -> None:
        column = "basic_cost" if kind == "basic_ggz" else "specialist_cost"
        for _ in range(self._rng.choice((1, 1, 1, 2))):
            cents = self._rng.choice(SMALL) if self._rng.random() < 0.03 else self._cost(kind)
            self.ggz.append(Row(person.bsn, year=year, values={column: cents}))

    def _cost(self, kind: str) -> int:
        middle = 10.4 if kind == "basic_ggz" else 11.9
        return int(self._rng.lognormvariate(middle, 0.8)) + 1

    def _indication(self, person: Person, year: int, ground: str) -> None:
        self.awbz.append(Row(person.bsn, year=year, text={"ground": ground}))

    def _course(self, kind: str, person: Person, year: int) -> None:
        values: dict[str, int | None] = {kind: self._rng.choice((1, 1, 1, 1, 2))}
        if kind in DAYS:
            values[DAYS[kind]] = self._rng.choice((365, self._rng.randrange(10, 365)))
        self._youth(person, year, values)

    def _youth(self, person: Person, year: int, values: dict[str, int | None]) -> None:
        """Youth care knows people by A-nummer, some by both numbers, and some by BSN alone."""
        known = self._rng.choices(("a", "both", "bsn"), (60, 25, 15))[0]
        bsn = "" if known == "a" else person.bsn
        self.youth.append(Row(bsn, "" if known == "bsn" else person.a_number, year=year, values=values))

    def _noise(self, household: Household) -> None:
        rng = self._rng
        year = rng.choice((2012, 2013, 2014))
        if rng.random() < 0.015:
            self._indication(rng.choice(household.members), year, rng.choice(NO_CLUSTER))
        if rng.random() < 0.010:
            self.ggz.append(Row(rng.choice(household.members).bsn, year=year, values={"basic_cost": 0}))
        if household.family and rng.random() < 0.015:
            self._use(rng.choice(NOT_SUPPORTING), rng.choice(household.minors), rng.choice((2012, 2013)))
        if household.family and rng.random() < 0.004:
            self._youth(rng.choice(household.minors), year, {"ambulant": 0})
