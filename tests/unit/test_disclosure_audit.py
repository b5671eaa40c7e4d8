"""The audit on tables small enough to reason about by hand: each leak by itself, seen by the audit alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from linkage.research.audit import Interval, Percentage, Printed, audit
from linkage.research.cells import NO, WHOLE, YES, Count, Key, Stack, Structure
from protocols import load_protocol

RULE = load_protocol("nji_2016").release
AREAS = ("Noord", "Oost", "Zuid")
VALUES = {("families", name): (YES, NO) for name in ("D", "X", "Y")}
IN_DOMAIN = tuple((("families", ((name, YES),)), ("families", (("D", YES),))) for name in ("X", "Y"))
UNION = ((("families", (("D", YES),)), tuple(("families", ((name, YES),)) for name in ("X", "Y"))),)


def key(area: str, *literals: tuple[str, str], measure: str = "") -> Key:
    return Key("families", area, tuple(sorted(literals)), measure)


def judged(
    shown: dict[Key, int],
    stars: dict[Key, int],
    *,
    structure: Structure | None = None,
    more: dict[Key, Count] | None = None,
    percentages: tuple[Percentage, ...] = (),
) -> dict[str, Interval]:
    """What the audit finds, by name; `stars` has the true values that nobody prints."""
    counts = {k: Count(value, value, min(value, 1)) for k, value in {**shown, **stars}.items()} | (more or {})

    def truth(asked: Key) -> Count:
        return counts.get(asked, Count(0, 0, 0) if asked.condition else Count(1000, 1000, 1))

    plain = Structure(AREAS, VALUES)
    found = audit(Printed(shown, frozenset(stars), percentages), truth, structure or plain, RULE)
    return {interval.what: interval for interval in found}


def test_one_star_beside_its_total_is_known() -> None:
    shown = {key(WHOLE): 300, key(WHOLE, ("X", YES)): 60, key("Oost", ("X", YES)): 30, key("Zuid", ("X", YES)): 25}
    (star,) = judged(shown, {key("Noord", ("X", YES)): 5}).values()
    assert (star.low, star.high, star.safe) == (5, 5, False)


def test_two_stars_hide_each_other() -> None:
    shown = {key(WHOLE): 300, key(WHOLE, ("X", YES)): 60, key("Zuid", ("X", YES)): 25}
    found = judged(shown, {key("Noord", ("X", YES)): 5, key("Oost", ("X", YES)): 30})
    assert {(i.low, i.high, i.safe) for i in found.values()} == {(1, 34, True)}


def test_the_domain_bounds_its_indicator() -> None:
    """12 in the domain at most, whatever the columns say; and eight of them without it are too few as well."""
    structure = Structure(AREAS, VALUES, inside=IN_DOMAIN, unions=UNION)
    shown = {key("Noord"): 100, key("Noord", ("D", YES)): 12}
    found = judged(shown, {key("Noord", ("X", YES)): 4}, structure=structure)
    assert {(i.low, i.high) for i in found.values()} == {(1, 12), (0, 11)}


def test_who_has_none_of_the_others_has_this_one() -> None:
    """40 in the domain, 36 with Y: at least 4 with X."""
    structure = Structure(AREAS, VALUES, inside=IN_DOMAIN, unions=UNION)
    shown = {key("Noord"): 100, key("Noord", ("D", YES)): 40, key("Noord", ("Y", YES)): 25}
    (star, *_) = judged(shown, {key("Noord", ("X", YES)): 16}, structure=structure).values()
    assert (star.low, star.high) == (15, 40)


def test_a_small_difference_between_a_count_and_its_part() -> None:
    """20 in the domain and 17 with X: three have another problem."""
    structure = Structure(AREAS, VALUES, inside=IN_DOMAIN)
    found = judged({key("Noord", ("D", YES)): 20, key("Noord", ("X", YES)): 17}, {}, structure=structure)
    (difference,) = found.values()
    assert (difference.low, difference.high, difference.safe) == (3, 3, False)
    assert set(difference.blame) == {key("Noord", ("D", YES)), key("Noord", ("X", YES))}


def test_a_small_rest_of_the_population() -> None:
    found = judged({key("Noord"): 50, key("Noord", ("D", NO)): 46}, {}, more={key("Noord", ("D", YES)): Count(4, 4, 1)})
    assert any((i.low, i.high, i.safe) == (4, 4, False) for i in found.values())


def test_a_small_cell_that_nobody_prints() -> None:
    """D 30, X 30, both 25, of 40: five have neither, by inclusion and exclusion."""
    both, neither = (("D", YES), ("X", YES)), (("D", NO), ("X", NO))
    shown = {key("Noord"): 40, key("Noord", both[0]): 30, key("Noord", both[1]): 30, key("Noord", *both): 25}
    found = judged(shown, {}, more={key("Noord", *neither): Count(5, 5, 1)})
    cell = found[str(key("Noord", *neither))]
    assert (cell.low, cell.high, cell.safe) == (5, 5, False)


def test_nearly_everyone() -> None:
    """190 of 200 shown: each of the 200 is known to have it, nearly for certain. 175 is not."""
    found = judged({key("Noord"): 200, key("Noord", ("X", YES)): 190}, {})
    assert any(not i.safe and i.what.endswith("(bijna iedereen)") for i in found.values())
    assert judged({key("Noord"): 200, key("Noord", ("X", YES)): 175}, {}) == {}
    assert judged({key("Noord"): 200, key("Noord", ("X", NO)): 190}, {}) == {}


def test_a_percentage_is_a_count() -> None:
    """2.5 % of 200 is five households, star or no star."""
    five = Percentage(key("Noord", ("X", YES)), (key("Noord"),), Decimal("0.0245"), Decimal("0.0255"))
    found = judged({key("Noord"): 200}, {key("Noord", ("X", YES)): 5}, percentages=(five,))
    (star, *_) = found.values()
    assert (star.low, star.high, star.safe) == (5, 5, False)


def test_the_stack_adds_up_to_the_columns() -> None:
    """X 30 and Y 20 in all; 44 have one: so three have both, though that cell is a star."""
    stack = Stack("families", "aantal D", "D", ("X", "Y"), ("0", "1", "2"))
    same = ((("families", (("aantal D", "0"),)), ("families", (("D", NO),))),)
    structure = Structure(
        (), {**VALUES, ("families", "aantal D"): stack.values}, IN_DOMAIN, same, UNION, stacks=(stack,)
    )
    shown = {
        key(WHOLE): 100,
        key(WHOLE, ("X", YES)): 30,
        key(WHOLE, ("Y", YES)): 20,
        key(WHOLE, ("aantal D", "1")): 44,
    }
    found = judged(shown, {key(WHOLE, ("aantal D", "2")): 3}, structure=structure)
    star = found[str(key(WHOLE, ("aantal D", "2")))]
    assert (star.low, star.high) == (3, 3)


@pytest.mark.parametrize(
    ("count", "safe"),
    [(Count(9_000, 9, 1_000), False), (Count(9_000, 30, 8_000), False), (Count(9_000, 30, 400), True)],
)
def test_an_amount_of_few_or_of_one(count: Count, safe: bool) -> None:
    amount = key("Noord", measure="cents")
    found = judged({amount: count.value}, {}, more={amount: count})
    assert (found == {}) == safe
    assert all(not interval.safe and interval.amount for interval in found.values())


def test_numbers_that_cannot_be_are_no_release() -> None:
    shown = {key(area, ("X", YES)): 15 for area in AREAS}
    for total in ({key(WHOLE, ("X", YES)): 400}, {key(WHOLE): 20}):
        with pytest.raises(ArithmeticError):
            judged(shown | total, {})
