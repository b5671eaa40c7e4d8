"""Who is the same household in a later wave: each outcome by name, and any town against a slow reading of the rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from linkage.linker.follow import EARLIER, FIRST, NOW, Members, follow
from linkage.linker.members import COLUMNS
from linkage.research.follow import OUTCOMES
from protocols import digest, load_protocol
from protocols.model import Follow, StudyProtocol

MOST = Follow(same_when="most-members", least_share=Decimal("0.34"))
REFERENCE = Follow(same_when="reference-person", least_share=Decimal(0))
MINORS = Follow(same_when="minors-stay-with", least_share=Decimal(0))
Person = dict[str, Any]
SCHEMA = {
    **dict.fromkeys(("a_number", "bsn", "home", "study_number"), pl.String),
    **dict.fromkeys(("reference", "minor", "kept"), pl.Boolean),
    "since_wave": pl.Int64,
}


def then(*homes: str) -> Members:
    """Households of wave 1 as `HOME:PEOPLE`, the first one the reference person; their number is n-HOME."""
    rows = []
    for home, people in (text.split(":") for text in homes):
        for place, person in enumerate(people):
            rows.append(
                {
                    "a_number": f"a-{person.upper()}",
                    "bsn": f"b-{person.upper()}",
                    "home": home,
                    "study_number": f"n-{home}",
                    "since_wave": 1,
                    "reference": place == 0,
                }
            )
    return Members(pl.DataFrame(rows, schema={k: t for k, t in SCHEMA.items() if k not in ("minor", "kept")}), 1)


def now(*homes: str) -> Members:
    """Households of wave 2; small letters are minors, and a home in brackets is left out of the tables."""
    rows = []
    for home, people in (text.split(":") for text in homes):
        for place, person in enumerate(people):
            rows.append(
                {
                    "a_number": f"a-{person.upper()}",
                    "bsn": f"b-{person.upper()}",
                    "home": home.strip("()"),
                    "reference": place == 0,
                    "minor": person.islower(),
                    "kept": not home.startswith("("),
                }
            )
    columns = {k: t for k, t in SCHEMA.items() if k not in ("study_number", "since_wave")}
    return Members(pl.DataFrame(rows, schema=columns), 2)


def continued(earlier: Members, later: Members, rule: Follow) -> dict[str, str]:
    """Home of now -> home of then whose number it has."""
    homes = follow(earlier, later, rule).homes
    assert homes["home"].is_unique().all()
    assert homes["study_number"].is_unique().all()
    return {row["home"]: row["study_number"].removeprefix("n-") for row in homes.iter_rows(named=True)}


# --- every outcome ------------------------------------------------------------------------------

CASES: dict[str, tuple[list[str], list[str], dict[str, str], dict[str, str]]] = {
    # then, now, who continues whom, outcome of then and of now by name
    "nothing changed": (["1:ABcd"], ["1:ABcd"], {"1": "1"}, {"whole": "1", "followed": "1"}),
    "the whole family moves": (["1:ABcd"], ["2:ABcd"], {"2": "1"}, {"whole": "1", "followed": "1"}),
    "a new family in the old house": (
        ["1:ABcd"],
        ["2:ABcd", "1:XYz"],
        {"2": "1"},
        {"whole": "1", "followed": "1", "new": "1"},
    ),
    "others in the house of who left town": (["1:AB"], ["1:XY"], {}, {"gone": "1", "new": "1"}),
    "a child is born": (["1:AB"], ["1:ABc"], {"1": "1"}, {"whole": "1", "followed": "1"}),
    "somebody dies": (["1:AB"], ["1:A"], {"1": "1"}, {"whole": "1", "followed": "1"}),
    "everybody is gone": (["1:AB", "2:C"], ["2:C"], {"2": "2"}, {"gone": "1", "whole": "1", "followed": "1"}),
    "a child leaves home": (["1:ABC"], ["1:AB", "2:C"], {"1": "1"}, {"split": "1", "followed": "1", "formed": "1"}),
    "divorce, the children stay with B elsewhere": (
        ["1:ABcd"],
        ["1:A", "2:Bcd"],
        {"2": "1"},
        {"split": "1", "followed": "1", "formed": "1"},
    ),
    "two families become one": (
        ["1:ABc", "2:D"],
        ["1:ABcD"],
        {"1": "1"},
        {"whole": "1", "dissolved": "1", "merged": "1"},
    ),
    "a family swaps houses with another": (
        ["1:AB", "2:CD"],
        ["1:CD", "2:AB"],
        {"1": "2", "2": "1"},
        {"whole": "2", "followed": "2"},
    ),
    "into an institution": (["1:A"], ["(9):AXYZ"], {}, {"flagged": "1"}),
    "one of three is left": (["1:ABC"], ["2:C"], {}, {"dissolved": "1", "formed": "1"}),
    "one of two is left": (["1:AB"], ["2:B"], {"2": "1"}, {"whole": "1", "followed": "1"}),
}


@pytest.mark.parametrize("name", CASES)
def test_outcome(name: str) -> None:
    homes_then, homes_now, wanted, outcomes = CASES[name]
    earlier, later = then(*homes_then), now(*homes_now)
    assert continued(earlier, later, MOST) == wanted
    counted = follow(earlier, later, MOST).counted
    found = {k: str(n) for part in ("earlier", "now") for k, n in counted[part].items() if n}
    assert found == outcomes
    assert (tuple(counted["earlier"]), tuple(counted["now"])) == (EARLIER, NOW)


SPLIT = ["1:ABcd"], ["2:AXYZ", "3:Bcd"]


@pytest.mark.parametrize(("rule", "home"), [(MOST, "3"), (REFERENCE, "2"), (MINORS, "3")])
def test_a_divorce_by_each_rule(rule: Follow, home: str) -> None:
    assert continued(then(*SPLIT[0]), now(*SPLIT[1]), rule) == {home: "1"}


def test_where_most_members_are_equal_the_minors_decide_then_the_reference_person_then_the_house() -> None:
    assert continued(then("1:ABcd"), now("1:AX", "2:Bc"), MOST) == {"2": "1"}  # one against two
    assert continued(then("1:AbCD"), now("1:AC", "2:bD"), MOST) == {"2": "1"}
    assert continued(then("1:AB"), now("2:A", "3:B"), MOST) == {"2": "1"}
    assert continued(then("1:ABCDE"), now("1:BC", "3:DE"), MOST) == {"1": "1"}


def test_minors_who_grew_up_decide_nothing() -> None:
    assert continued(then("1:ABcde"), now("2:AB", "3:CDe"), MINORS) == {"3": "1"}
    assert continued(then("1:Abcd"), now("2:Ab", "3:CD"), MINORS) == {"2": "1"}
    assert continued(then("1:Abcd"), now("2:A", "3:BCD"), MINORS) == {"3": "1"}
    assert continued(then("1:ABCd"), now("2:AX", "3:BC", "4:dY"), MINORS) == {"4": "1"}


def test_an_unknown_reference_person_is_followed_by_nobody() -> None:
    earlier = then("1:AB")
    unknown = Members(earlier.frame.with_columns(pl.lit(None, pl.Boolean).alias("reference")), 1)
    assert continued(unknown, now("1:AB"), REFERENCE) == {}
    assert follow(unknown, now("1:AB"), REFERENCE).counted["earlier"]["dissolved"] == 1


def test_the_share_counts_everybody_of_then_also_who_left_town() -> None:
    half = Follow(same_when="most-members", least_share=Decimal("0.5"))
    assert continued(then("1:ABCD"), now("1:AB"), half) == {"1": "1"}
    assert continued(then("1:ABCDE"), now("1:AB"), half) == {}
    third = Follow(same_when="most-members", least_share=Decimal("0.3334"))
    assert continued(then("1:ABC"), now("1:A"), third) == {}


def test_each_must_choose_the_other() -> None:
    # 1 goes mostly to 9, where 2 is the larger part; what is left of 1 is a new household, not a second choice.
    assert continued(then("1:ABC", "2:DEF"), now("9:ABDEF", "8:C"), MOST) == {"9": "2"}


# --- persons ------------------------------------------------------------------------------------


def changed(members: Members, row: int, **cells: str | None) -> Members:
    rows = members.frame.to_dicts()
    rows[row] |= cells
    return Members(pl.DataFrame(rows, schema=members.frame.schema), members.wave)


def test_a_person_is_found_by_either_number() -> None:
    assert continued(changed(then("1:A"), 0, bsn=None), now("2:A"), MOST) == {"2": "1"}
    assert continued(changed(then("1:A"), 0, a_number=None), now("2:A"), MOST) == {"2": "1"}
    assert continued(changed(then("1:A"), 0, a_number=None, bsn=None), now("2:A"), MOST) == {}


def test_a_number_of_two_persons_finds_nobody() -> None:
    earlier = changed(changed(then("1:AB"), 0, a_number=None, bsn="b-B"), 1, a_number=None)
    assert continued(earlier, now("2:B"), MOST) == {}
    later = now("2:A", "3:B")
    for row in range(2):
        later = changed(later, row, a_number=None, bsn="b-X")
    assert continued(then("1:X"), later, MOST) == {}
    assert follow(then("1:X"), later, MOST).counted["persons"] == {"in_both": 0, "conflict": 0}


def test_numbers_that_point_to_two_persons_are_counted_and_not_followed() -> None:
    conflict = changed(then("1:A"), 0, bsn="b-B")
    assert continued(conflict, now("2:A", "3:B"), MOST) == {}
    assert follow(conflict, now("2:A", "3:B"), MOST).counted["persons"] == {"in_both": 0, "conflict": 1}
    two = changed(changed(then("1:A", "2:B"), 0, bsn=None), 1, a_number=None, bsn="b-A")
    assert continued(two, now("3:A"), MOST) == {}
    assert follow(two, now("3:A"), MOST).counted["persons"] == {"in_both": 0, "conflict": 2}


def test_a_register_without_one_of_the_numbers() -> None:
    earlier, later = then("1:AB"), now("2:AB")
    without = [Members(m.frame.drop("a_number"), m.wave) for m in (earlier, later)]
    assert continued(without[0], without[1], MOST) == {"2": "1"}


# --- any town, against a slow reading of the rule -----------------------------------------------


def plain(earlier: list[Person], later: list[Person], rule: Follow) -> tuple[dict[str, str], Counter[str]]:
    """The rule as a clerk would apply it, on real people: one house at a time, with lists."""
    before, after = by_home(earlier), by_home(later)
    scores = {}
    for old in before:
        for new in after:
            found = score(before[old], after[new], rule)
            if found is not None:
                # Names of one length: the lowest wins, so each is turned around.
                scores[old, new] = (*found, old == new, [-ord(c) for c in new], [-ord(c) for c in old])
    of_old = {old: max((s, new) for (o, new), s in scores.items() if o == old)[1] for old, _ in scores}
    of_new = {new: max((s, old) for (old, n), s in scores.items() if n == new)[1] for _, new in scores}
    made = {new: old for new, old in of_new.items() if of_old[old] == new}
    outcomes = Counter(outcome_then(old, before[old], later, made) for old in before)
    outcomes += Counter(outcome_now(new, after[new], earlier, made) for new in after if after[new][0]["kept"])
    return made, outcomes


def by_home(people: list[Person]) -> dict[str, list[Person]]:
    homes = defaultdict(list)
    for person in people:
        homes[person["home"]].append(person)
    return homes


def score(old: list[Person], new: list[Person], rule: Follow) -> tuple[int, ...] | None:
    """How well a household of now fits one of then; None where it cannot be the same."""
    both = [person for person in new if person["id"] in {p["id"] for p in old}]
    head = any(p["reference"] and q["id"] == p["id"] for p in old for q in both)
    if not both or not new[0]["kept"] or Fraction(len(both), len(old)) < Fraction(str(rule.least_share)):
        return None
    if rule.same_when == "reference-person":
        return (len(both), sum(p["minor"] is True for p in both)) if head else None
    minors = sum(p["minor"] is True for p in both)
    return (len(both), minors, head) if rule.same_when == "most-members" else (minors, len(both), head)


def outcome_then(old: str, people: list[Person], later: list[Person], made: dict[str, str]) -> str:
    places = {p["home"]: p["kept"] for p in later if p["id"] in {q["id"] for q in people}}
    if old in made.values():
        return "whole" if len(places) == 1 else "split"
    if not places:
        return "gone"
    return "dissolved" if True in places.values() else "flagged"


def outcome_now(new: str, people: list[Person], earlier: list[Person], made: dict[str, str]) -> str:
    parts = {p["home"] for p in earlier if p["id"] in {q["id"] for q in people}}
    if new in made:
        return "followed" if len(parts) == 1 else "merged"
    return "formed" if parts else "new"


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[Person], list[Person]]:
    """Two waves of a small town: people stay, move anywhere, leave and arrive."""
    people = range(draw(st.integers(1, 12)))
    homes = st.integers(0, 5).map(lambda n: f"h{n}")
    earlier = [
        {"id": p, "home": draw(homes), "reference": draw(st.sampled_from([True, False, None]))}
        for p in people
        if draw(st.integers(0, 9))
    ]
    left_out = draw(st.sets(homes, max_size=2))
    later = []
    for person in people:
        home = next((p["home"] for p in earlier if p["id"] == person), draw(homes))
        home = draw(homes) if draw(st.booleans()) else home
        if draw(st.integers(0, 5)):
            minor = draw(st.sampled_from([True, False, None]))
            later.append({"id": person, "home": home, "minor": minor, "kept": home not in left_out, "reference": None})
    return earlier, later


def frame_of(people: list[Person], wave: int) -> Members:
    names = [n for n in SCHEMA if n not in (("minor", "kept") if wave == 1 else ("study_number", "since_wave"))]
    rows = [{**p, "a_number": f"a{p['id']}", "study_number": p["home"], "since_wave": 1, "bsn": None} for p in people]
    return Members(pl.DataFrame([{n: r[n] for n in names} for r in rows], schema={n: SCHEMA[n] for n in names}), wave)


@pytest.mark.parametrize("rule", [MOST, REFERENCE, MINORS], ids=lambda rule: rule.same_when)
@given(town=towns(), seed=st.integers(0, 999))
def test_any_town_is_followed_as_a_clerk_would(
    rule: Follow, town: tuple[list[Person], list[Person]], seed: int
) -> None:
    earlier, later = town
    wanted, outcomes = plain(earlier, later, rule)
    members = frame_of(earlier, 1), frame_of(later, 2)
    found = follow(members[0], members[1], rule)
    assert dict(found.homes.select("home", "study_number").iter_rows()) == wanted
    counted = Counter({k: n for part in ("earlier", "now") for k, n in found.counted[part].items() if n})
    assert counted == outcomes
    mixed = [Members(m.frame.sample(fraction=1.0, shuffle=True, seed=seed), m.wave) for m in members]
    again = follow(mixed[0], mixed[1], rule)
    assert dict(again.homes.select("home", "study_number").iter_rows()) == wanted
    assert again.counted == found.counted


# --- the protocol -------------------------------------------------------------------------------


def with_follow(**table: object) -> StudyProtocol:
    data = load_protocol("nji_2016").model_dump()
    return StudyProtocol.model_validate(data | {"follow": table})


def test_off_unless_the_protocol_asks_and_then_in_the_digest() -> None:
    plain_protocol = load_protocol("nji_2016")
    assert plain_protocol.follow is None
    assert "follow" not in plain_protocol.model_dump()
    asked = with_follow(same_when="most-members", least_share=Decimal("0.5"))
    assert digest(asked) != digest(plain_protocol)


def test_every_word_of_the_rule_and_the_outcomes_is_in_the_specification() -> None:
    text = (Path(__file__).parents[2] / "docs" / "spec" / "follow-v1.md").read_text("utf-8")
    words = [*Follow.model_fields, *EARLIER, *NOW, *FIRST, *(word for order in FIRST.values() for word in order)]
    words += [*COLUMNS, *OUTCOMES]
    assert [word for word in words if f"`{word}`" not in text] == []


@pytest.mark.parametrize(
    "table",
    [
        {"same_when": "same-address", "least_share": Decimal("0.5")},
        {"same_when": "most-members"},
        {"same_when": "most-members", "least_share": Decimal("1.1")},
        {"same_when": "most-members", "least_share": Decimal("0.5"), "from_wave": 0},
        {"same_when": "most-members", "least_share": Decimal("0.5"), "tie": "first"},
    ],
)
def test_words_outside_the_vocabulary(table: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        with_follow(**table)
