"""What the records of each household must show: the patterns, and the provisions up to exactly 375 households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from .people import Household
from .truth import THREE_OR_MORE_PROVISIONS, bits, patterns

YOUTH_CARE = ("C_youth_ambulant", "C_youth_day_treatment", "C_youth_residential", "C_foster_care")
YOUTH_PROTECTION = ("C_youth_probation", "C_guardianship", "C_supervision_order")
AWBZ = ("A_awbz", "C_awbz")
PROVISIONS = (("S_bijstand",), YOUTH_CARE, YOUTH_PROTECTION, AWBZ)

# Provisions that no pattern prescribes; grown_child is youth care for somebody of 18 or older.
OUTREACH, COUNSELLING, BUDGET, GROWN_CHILD = "outreach", "debt_counselling", "budget_management", "grown_child"
ORDINARY = ((OUTREACH, 0.010), (COUNSELLING, 0.022), (BUDGET, 0.014), (GROWN_CHILD, 0.030))

# How often a household without minors has what a family would have.
CHILDLESS = {
    "S_bijstand": 0.085, "S_ww": 0.050, "S_disability_benefit": 0.090, "S_other_social_benefit": 0.030,
    "S_poverty": 0.050, "S_moves_ge2": 0.020, "A_basic_ggz": 0.025, "A_specialist_ggz": 0.050, "A_crime": 0.016,
    "A_awbz": 0.090,
}  # fmt: skip

Wish = tuple[str, Mapping[str, int], bool]


def wishes(rng: Random) -> list[Wish]:
    """Per household: its wijk, its bits, and whether it is a family. In random order within the wijk."""
    found: dict[str, list[Wish]] = {}
    for row in patterns():
        size, family = int(row["n_households"]), row["has_child_lt18"] == "1"
        prescribed = {name: int(row[name]) for name in bits()} if family else {}
        made = [(row["wijk"], prescribed if family else _childless(rng), family) for _ in range(size)]
        found.setdefault(row["wijk"], []).extend(made)
    for group in found.values():
        rng.shuffle(group)
    return [wish for group in found.values() for wish in group]


def _childless(rng: Random) -> Mapping[str, int]:
    made = {name: int(rng.random() < share) for name, share in CHILDLESS.items()}
    long_term = any(made[name] for name in ("A_specialist_ggz", "A_awbz")) and rng.random() < 0.7
    for year in ("support_2012", "support_2013"):
        made[year] = int(rng.random() < (0.9 if long_term else 0.08))
    return made


def prescribed(wish: Mapping[str, int]) -> int:
    """How many of the seven provisions the bits bring with them."""
    return sum(any(wish.get(name) for name in names) for names in PROVISIONS)


def _accepts(household: Household, extra: str, taken: Sequence[str]) -> bool:
    """Can this provision be added, and would it count as one more?"""
    if extra != GROWN_CHILD:
        return extra not in taken
    has_care = any(household.bits.get(name) for name in YOUTH_CARE)
    return not has_care and any(person.birth > "19900000" for person in household.adults)


def extras(households: Sequence[Household], rng: Random) -> list[tuple[str, ...]]:
    """Per household the provisions beside its bits, so that exactly 375 have three or more."""
    counts = [prescribed(household.bits) for household in households]
    chosen: list[list[str]] = [[] for _ in households]
    for index, household in enumerate(households):
        for extra, share in ORDINARY:
            if rng.random() < share and counts[index] != 2 and _accepts(household, extra, chosen[index]):
                chosen[index].append(extra)
                counts[index] += 1
    _fill_up(counts, chosen, rng)
    assert sum(count >= 3 for count in counts) == THREE_OR_MORE_PROVISIONS
    return [tuple(extra) for extra in chosen]


def _fill_up(counts: list[int], chosen: list[list[str]], rng: Random) -> None:
    wanted = THREE_OR_MORE_PROVISIONS - sum(count >= 3 for count in counts)
    two = [index for index, count in enumerate(counts) if count == 2]
    one = [index for index, count in enumerate(counts) if count == 1]
    picked = rng.sample(two, wanted * 2 // 3)
    picked += rng.sample(one, wanted - len(picked))
    for index in picked:
        for extra in rng.sample((COUNSELLING, BUDGET, OUTREACH), 3):
            if counts[index] < 3 and extra not in chosen[index]:
                chosen[index].append(extra)
                counts[index] += 1
