"""What the two housing corporations know: arrears and nuisance, by door, of all doors that they let."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .people import Household
from .places import Doors
from .rows import EXACT, Row
from .truth import wijken

LET_BY_EACH = 4_000
SHARED_BY_EACH = 12  # doors behind which the register has two households: nothing can be said of either
CORPORATIONS = ("corporatie-noord", "corporatie-zuid")
EDGES = (1, 49_999, 50_000, 99_999, 100_000, 250_000)  # cents, on both sides of the bands


def tenancies(households: Sequence[Household], doors: Doors, rng: Random) -> dict[str, list[Row]]:
    """Rows of both corporations; no door is let by both. North lets most in the first six wijken."""
    first_six = wijken()[:6]
    alone = [household for household in households if not doors.shared(household.address)]
    north = [household for household in alone if household.wijk in first_six]
    south = [household for household in alone if household.wijk not in first_six]
    shared = list({home.address: home for home in households if doors.shared(home.address)}.values())
    found: dict[str, list[Row]] = {}
    for holder, own in zip(CORPORATIONS, (north, south), strict=True):
        let = rng.sample(own, LET_BY_EACH - SHARED_BY_EACH)
        let += [shared.pop(rng.randrange(len(shared))) for _ in range(SHARED_BY_EACH)]
        found[holder] = [_tenancy(household, rng) for household in let]
    return found


def _tenancy(household: Household, rng: Random) -> Row:
    strained = any(household.bits.get(name) for name in ("S_bijstand", "S_poverty", "A_crime"))
    values: dict[str, int | None] = {"arrears": _arrears(0.22 if strained else 0.03, rng)}
    if rng.random() < (0.08 if strained else 0.01):
        values["nuisance"] = rng.choice((1, 1, 1, 2, 3, 7))
    if (values["arrears"] or 0) > 200_000 and rng.random() < 0.4:
        values["eviction_notice"] = 1
    return Row(address=household.address, values=values, fate=EXACT)


def _arrears(share: float, rng: Random) -> int | None:
    if rng.random() < 0.003:
        return None
    if rng.random() > share:
        return 0
    return rng.choice(EDGES) if rng.random() < 0.05 else int(rng.lognormvariate(11.2, 0.9)) + 1
