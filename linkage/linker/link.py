"""The linkage plan: rows to persons and households, one lazy plan on any engine (DESIGN.md, "Never merge silently").

The population register is the spine. Persons go first: a row whose person is in the population follows the
person; a row with a person who is not there is not linked, whatever its address. A row without a person goes by its
address: the same address is `address-exact`; a row without suffix whose postcode and number stand for exactly one
address is `address-coarse`; everything else is counted and not linked. No row order is assumed anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import narwhals.stable.v2 as nw

from linkage.engine.base import Frame
from linkage.engine.portable import all_of, as_flag, is_unknown, one, where
from protocols.model import CategoryColumn, Delivery, StudyProtocol

PERSON_KEYS = ("a_number", "bsn")
KEYS = ("a_number", "bsn", "address", "address_number", "household_number")
BY_PERSON = ("person", "agreement")
LINKED = (*BY_PERSON, "address-exact", "address-coarse")
WAYS = ("person", "address-exact", "address-coarse", "ambiguous", "conflict", "not-in-population")


@dataclass(frozen=True)
class Population:
    """The spine: `persons` (person, household, keys, attributes, minor, is_reference) and `households`.

    `households` has household, size, adults, minors, unknown_age, area, institution.
    """

    persons: Frame
    households: Frame


@dataclass(frozen=True)
class Records:
    """One delivery, linked: holder, way, household, person, minor, is_reference, attributes `v_*`."""

    delivery: Delivery
    rows: Frame


# --- the spine ----------------------------------------------------------------------------------


def register(frame: Frame, protocol: StudyProtocol) -> Frame:
    """Every row of the register with its person and household key; null where it has none."""
    by_number = protocol.household.by == "register-number-else-address"
    household = nw.coalesce("household_number", "address") if by_number else nw.col("address")
    return frame.with_columns(
        nw.coalesce("a_number", "bsn").alias("person"),
        household.alias("household"),
        nw.col(f"v_{protocol.household.minor_column}").alias("minor"),
    )


def one_row_each(rows: Frame, columns: list[str]) -> Frame:
    """One row per person: the first in a total order over content, so that no row order can decide."""
    usable = rows.filter(~nw.col("person").is_null(), ~nw.col("household").is_null())
    return usable.unique(subset=["person"], keep="first", order_by=columns)


def population(persons: Frame, protocol: StudyProtocol) -> Population:
    """Persons with their place, and the households they make."""
    persons = _with_reference(persons, protocol)
    return Population(persons, _households(persons, protocol))


def _with_reference(persons: Frame, protocol: StudyProtocol) -> Frame:
    """Mark the reference person: the lowest rank in the household; two of that rank make it unknown."""
    ranked = persons.with_columns(_rank(protocol).alias("rank"))
    best = ranked.group_by("household").agg(nw.col("rank").min().alias("best"))
    ranked = ranked.join(best, on="household", how="left").with_columns(
        as_flag(nw.col("rank") == nw.col("best")).fill_null(0).alias("candidate")
    )
    count = ranked.group_by("household").agg(nw.col("candidate").sum().alias("candidates"))
    return ranked.join(count, on="household", how="left").with_columns(
        where(nw.col("candidates") == 1, nw.col("candidate")).alias("is_reference")
    )


def _rank(protocol: StudyProtocol) -> nw.Expr:
    place = nw.col(f"v_{protocol.household.place_column}")
    column = protocol.spine.column(protocol.household.place_column)
    assert isinstance(column, CategoryColumn)
    rank = where(place == -1, nw.lit(0).cast(nw.Int64))
    for number, name in enumerate(protocol.household.reference_person_order):
        position = column.categories.index(name)
        rank = nw.when(place == position).then(nw.lit(number).cast(nw.Int64)).otherwise(rank)
    return rank


def _households(persons: Frame, protocol: StudyProtocol) -> Frame:
    rule = protocol.household
    column = protocol.spine.column(rule.place_column)
    assert isinstance(column, CategoryColumn)
    institutions = [column.categories.index(name) for name in rule.institution_places]
    return (
        persons.with_columns(
            one().alias("one"),
            as_flag(nw.col("minor") == 1).fill_null(0).alias("is_minor"),
            as_flag(nw.col("minor") == 0).fill_null(0).alias("is_adult"),
            is_unknown(nw.col("minor")).alias("age_unknown"),
            as_flag(nw.col(f"v_{rule.place_column}").is_in(institutions)).fill_null(0).alias("in_institution"),
        )
        .group_by("household")
        .agg(
            nw.col("one").sum().alias("size"),
            nw.col("is_adult").sum().alias("adults"),
            nw.col("is_minor").sum().alias("minors"),
            nw.col("age_unknown").sum().alias("unknown_age"),
            nw.col(f"v_{rule.area_column}").min().alias("area"),
            nw.col(f"v_{rule.area_column}").max().alias("area_last"),
            nw.col("in_institution").max().alias("institution"),
        )
    )


# --- the other deliveries -----------------------------------------------------------------------


def link(frame: Frame, delivery: Delivery, spine: Population) -> Records:
    """Give every row of a delivery its way, and its household, person and age group where it is linked."""
    if delivery.spine:
        return Records(delivery, spine.persons.with_columns(nw.lit("person").alias("way")))
    rows = frame
    if delivery.unit == "person":
        rows = _with_members(_with_persons(rows, delivery, spine), delivery, spine)
    if "address" in delivery.kinds:
        rows = _with_addresses(rows, spine)
    return Records(delivery, _placed(rows.with_columns(_way(delivery).alias("way")), delivery))


def _person_keys(delivery: Delivery) -> tuple[str, ...]:
    kinds = {"a_number": "a-number", "bsn": "bsn"}
    return tuple(key for key in PERSON_KEYS if kinds[key] in delivery.kinds)


def _with_persons(rows: Frame, delivery: Delivery, spine: Population) -> Frame:
    """`of_KEY`: the person that each number stands for, where it stands for exactly one."""
    for key in _person_keys(delivery):
        lookup = (
            spine.persons.filter(~nw.col(key).is_null())
            .group_by(key)
            .agg(nw.col("person").min().alias(f"of_{key}"), nw.col("person").max().alias("other"))
            .filter(nw.col(f"of_{key}") == nw.col("other"))
            .drop("other")
        )
        rows = rows.join(lookup, on=key, how="left")
    return rows


def _with_members(rows: Frame, delivery: Delivery, spine: Population) -> Frame:
    """`person`, and what the population knows of that person."""
    members = spine.persons.select(
        "person",
        nw.col("household").alias("member_household"),
        nw.col("minor").alias("member_minor"),
        "is_reference",
    )
    found = nw.coalesce(*(f"of_{key}" for key in _person_keys(delivery)))
    return rows.with_columns(found.alias("person")).join(members, on="person", how="left")


def _with_addresses(rows: Frame, spine: Population) -> Frame:
    """What a row's address, and its postcode and number, stand for in the population."""
    known = spine.persons.filter(~nw.col("address").is_null())
    household, address = nw.col("household"), nw.col("address")
    exact = known.group_by("address").agg(household.min().alias("exact_household"), household.max().alias("exact_last"))
    coarse = known.group_by("address_number").agg(
        household.min().alias("coarse_household"),
        household.max().alias("coarse_last"),
        address.min().alias("coarse_address"),
        address.max().alias("coarse_address_last"),
    )
    return rows.join(exact, on="address", how="left").join(coarse, on="address_number", how="left")


def _way(delivery: Delivery) -> nw.Expr:
    """The way of linking; a person number decides before any address does."""
    keys = _person_keys(delivery)
    way = nw.lit("not-in-population")
    if "address" in delivery.kinds:
        # Only a row without any person number goes by its address: a stranger must not join the people who live there.
        has_no_number = all_of([~nw.col("address").is_null(), *(nw.col(key).is_null() for key in keys)])
        way = nw.when(has_no_number).then(_address_way()).otherwise(way)
    if keys:
        way = nw.when(~nw.col("person").is_null()).then(nw.lit("person")).otherwise(way)
    if len(keys) > 1:
        first, second = (nw.col(f"of_{key}") for key in keys)
        differ = ~first.is_null() & ~second.is_null() & (first != second)
        way = nw.when(differ).then(nw.lit("conflict")).otherwise(way)
    return way


def _address_way() -> nw.Expr:
    exact = ~nw.col("exact_household").is_null()
    exact_is_one = nw.col("exact_household") == nw.col("exact_last")
    bare = (nw.col("v_address_suffix") == 0) & ~nw.col("coarse_address").is_null()
    one_address = nw.col("coarse_address") == nw.col("coarse_address_last")
    bare_is_one = one_address & (nw.col("coarse_household") == nw.col("coarse_last"))
    by_number = nw.when(bare & bare_is_one).then(nw.lit("address-coarse")).otherwise(nw.lit("not-in-population"))
    unclear = (exact & ~exact_is_one) | (~exact & bare & ~bare_is_one)
    by_exact = nw.when(exact & exact_is_one).then(nw.lit("address-exact")).otherwise(by_number)
    return nw.when(unclear).then(nw.lit("ambiguous")).otherwise(by_exact)


def _placed(rows: Frame, delivery: Delivery) -> Frame:
    """`household`, `person`, `minor` and `is_reference`, null where the way does not give them."""
    way, nothing = nw.col("way"), nw.lit(None, nw.Int64)
    by_person = way == "person"
    if delivery.unit == "address":
        return rows.with_columns(
            _address_household(way).alias("household"), nothing.alias("minor"), nothing.alias("is_reference")
        )
    household = where(by_person, nw.col("member_household"))
    if "address" in delivery.kinds:
        household = nw.when(by_person).then(nw.col("member_household")).otherwise(_address_household(way))
    own_minor = nw.col("v_minor") if any(column.name == "minor" for column in delivery.columns) else nothing
    return rows.with_columns(
        household.alias("household"),
        where(by_person, nw.col("person")).alias("person"),
        nw.when(by_person).then(nw.col("member_minor")).otherwise(own_minor).alias("minor"),
        where(by_person, nw.col("is_reference")).alias("is_reference"),
    )


def _address_household(way: nw.Expr) -> nw.Expr:
    exact = where(way == "address-exact", nw.col("exact_household"))
    coarse = where(way == "address-coarse", nw.col("coarse_household"))
    return nw.coalesce(exact, coarse)
