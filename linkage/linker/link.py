"""The linkage plan: rows to persons and households, one lazy plan on any engine (DESIGN.md, "Never merge silently").

The population register is the spine. Persons go first: a row whose person is in the population follows the
person; a row with a person who is not there is not linked, whatever its address. A row without a person goes by its
address: the same address is `address-exact`; a row without suffix whose postcode and number stand for exactly one
address is `address-coarse`; everything else is counted and not linked. No row order is assumed anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import narwhals.stable.v2 as nw

from linkage.engine.base import Frame
from linkage.engine.portable import all_of, any_of, as_flag, is_unknown, repeated, where
from protocols.model import CategoryColumn, Delivery, StudyProtocol

PERSON_KEYS = ("a_number", "bsn")
KEYS = ("a_number", "bsn", "address", "address_number", "household_number")
MEMBER = ("household", "minor", "is_reference")
BY_PERSON = ("person", "agreement")
LINKED = (*BY_PERSON, "address-exact", "address-coarse")
WAYS = ("person", "address-exact", "address-coarse", "ambiguous", "conflict", "not-in-population")
# A way is its place here while it is computed: a number is counted and compared quicker than a word.
EVERY_WAY = (*WAYS, "agreement")


@dataclass(frozen=True)
class Population:
    """The spine: `persons` (person, household, keys, attributes, minor, is_reference) and `households`.

    Person and household are numbers of their own (`Engine.numbered`). `households` has household, its `key`, size,
    adults, minors, unknown_age, area, institution. `lookups` has, by key, what `lookup` makes of the persons, computed
    once; what it lacks is made where it is needed. `shared` has the persons, by the key of the register, that have more
    rows than one in it.
    """

    persons: Frame
    households: Frame
    lookups: Mapping[str, Frame] = field(default_factory=dict)
    shared: Frame | None = None

    def of(self, key: str) -> Frame:
        """What a key stands for."""
        return self.lookups[key] if key in self.lookups else lookup(self.persons, key)


@dataclass(frozen=True)
class Records:
    """One delivery, linked: holder, way, household, person, minor, is_reference, attributes `v_*`.

    `one_holder` may be set where all rows are of one, and `no_doubles` where no person has two rows with a holder.
    """

    delivery: Delivery
    rows: Frame
    one_holder: bool = False
    no_doubles: bool = False


def way(name: str) -> nw.Expr:
    """A way of linking, as it stands in the column `way`."""
    return nw.lit(EVERY_WAY.index(name)).cast(nw.Int8)


def went(*names: str) -> nw.Expr:
    """Whether a row went one of these ways."""
    return any_of(nw.col("way") == EVERY_WAY.index(name) for name in names)


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
    return usable(rows).unique(subset=["person"], keep="first", order_by=columns)


def usable(rows: Frame) -> Frame:
    """Rows that place a person in a household."""
    return rows.filter(~nw.col("person").is_null(), ~nw.col("household").is_null())


def with_reference(persons: Frame, homes: Frame, protocol: StudyProtocol) -> Frame:
    """The persons with the number of their household for its key, and with who is its reference person.

    That is the lowest rank in the household; two of that rank make it unknown.
    """
    own = homes.select(nw.col("key").alias("household"), nw.col("household").alias("home"), "best", "candidates")
    ranked = persons.join(own, on="household", how="left").with_columns(nw.col("home").alias("household"))
    is_best = as_flag(_rank(protocol) == nw.col("best")).fill_null(0)
    marked = ranked.with_columns(where(nw.col("candidates") == 1, is_best).alias("is_reference"))
    return marked.drop("home", "best", "candidates")


def _rank(protocol: StudyProtocol) -> nw.Expr:
    place = nw.col(f"v_{protocol.household.place_column}")
    column = protocol.spine.column(protocol.household.place_column)
    assert isinstance(column, CategoryColumn)
    rank = where(place == -1, nw.lit(0).cast(nw.Int64))
    for number, name in enumerate(protocol.household.reference_person_order):
        position = column.categories.index(name)
        rank = nw.when(place == position).then(nw.lit(number).cast(nw.Int64)).otherwise(rank)
    return rank


def homes(persons: Frame, protocol: StudyProtocol) -> Frame:
    """The households of a population, with `best`, the lowest rank in each, and `candidates`, how many have it."""
    rule = protocol.household
    column = protocol.spine.column(rule.place_column)
    assert isinstance(column, CategoryColumn)
    institutions = [column.categories.index(name) for name in rule.institution_places]
    place, minor = nw.col(f"v_{rule.place_column}"), nw.col("minor")
    ranks = {column.categories.index(name): rank for rank, name in enumerate(rule.reference_person_order)}
    made = (
        persons.with_columns(
            as_flag(minor == 1).fill_null(0).alias("is_minor"),
            as_flag(minor == 0).fill_null(0).alias("is_adult"),
            is_unknown(minor).alias("age_unknown"),
            as_flag(place.is_in(institutions)).fill_null(0).alias("in_institution"),
            *(as_flag(place == at).fill_null(0).alias(f"rank_{rank}") for at, rank in ranks.items()),
        )
        .group_by("household")
        .agg(
            nw.col("is_adult").sum().alias("adults"),
            nw.col("is_minor").sum().alias("minors"),
            nw.col("age_unknown").sum().alias("unknown_age"),
            nw.col(f"v_{rule.area_column}").min().alias("area"),
            nw.col(f"v_{rule.area_column}").max().alias("area_last"),
            nw.col("in_institution").max().alias("institution"),
            *(nw.col(f"rank_{rank}").sum() for rank in ranks.values()),
        )
        .with_columns((nw.col("adults") + nw.col("minors") + nw.col("unknown_age")).alias("size"))
    )
    return made.with_columns(*_best(sorted(ranks.values()))).drop(*(f"rank_{rank}" for rank in ranks.values()))


def _best(ranks: Sequence[int]) -> tuple[nw.Expr, nw.Expr]:
    """The first rank that anybody has, and how many have it; both null where nobody has any."""
    best = candidates = nw.lit(None, nw.Int64)
    for rank in reversed(ranks):
        count = nw.col(f"rank_{rank}")
        best = nw.when(count > 0).then(nw.lit(rank).cast(nw.Int64)).otherwise(best)
        candidates = nw.when(count > 0).then(count).otherwise(candidates)
    return best.alias("best"), candidates.alias("candidates")


# --- the other deliveries -----------------------------------------------------------------------


def link(frame: Frame, delivery: Delivery, spine: Population) -> Records:
    """Give every row of a delivery its way, and its household, person and age group where it is linked."""
    if delivery.spine:
        return Records(delivery, spine.persons.with_columns(way("person").alias("way")))
    coarse = spine.of("address_number") if "address" in delivery.kinds else None
    return placed(looked_up(frame, delivery, spine), frame.collect_schema().names(), delivery, coarse)


def looked_up(frame: Frame, delivery: Delivery, spine: Population) -> Frame:
    """The rows with what their numbers and their address stand for."""
    rows = _with_persons(frame, delivery, spine) if delivery.unit == "person" else frame
    return rows.join(spine.of("address"), on="address", how="left") if "address" in delivery.kinds else rows


def placed(rows: Frame, names: Sequence[str], delivery: Delivery, coarse: Frame | None) -> Records:
    """What was looked up, with its way; `coarse` is what postcode and number stand for, of those that are needed."""
    if coarse is not None:
        rows = rows.join(coarse, on="address_number", how="left")
    made = ("way", "household", "minor", "is_reference", *(["person"] if delivery.unit == "person" else []))
    return Records(delivery, _placed(rows.with_columns(_way(delivery).alias("way")), delivery).select(*names, *made))


def coarse_of(rows: Frame, delivery: Delivery, spine: Population) -> Frame:
    """What postcode and number stand for, of the rows that nothing else places and that may go by it."""
    no_number = [nw.col(key).is_null() for key in _person_keys(delivery)] if delivery.unit == "person" else []
    unplaced = rows.filter(nw.col("exact_household").is_null(), nw.col("v_address_suffix") == 0, *no_number)
    wanted = unplaced.filter(~nw.col("address_number").is_null()).select("address_number").unique()
    return _coarse(spine.persons.join(wanted, on="address_number", how="semi"))


def lookups_of(delivery: Delivery) -> tuple[str, ...]:
    """The keys by which a delivery is looked up in the population."""
    numbers = () if delivery.spine or delivery.unit != "person" else _person_keys(delivery)
    addresses = ("address", "address_number") if not delivery.spine and "address" in delivery.kinds else ()
    return (*numbers, *addresses)


def lookup(persons: Frame, key: str) -> Frame:
    """A row for each value of a key that stands for a person, or for homes, in the population."""
    if key in PERSON_KEYS:
        return number_lookup(persons, key, repeated(persons, [key]))
    return {"address": _exact, "address_number": _coarse}[key](persons.filter(~nw.col(key).is_null()))


def number_lookup(persons: Frame, key: str, shared: Frame | None) -> Frame:
    """`of_KEY`, the person that a number stands for where it is exactly one, and what is known of that person.

    `shared` has the numbers that are of several persons; None where there are none.
    """
    known = persons.filter(~nw.col(key).is_null())
    # A person who has the first of the numbers is called by it, so that one is nobody else's.
    alone = known if shared is None or key == PERSON_KEYS[0] else known.join(shared, on=key, how="anti")
    about = (nw.col(name).alias(f"{name}_of_{key}") for name in MEMBER)
    return alone.select(key, nw.col("person").alias(f"of_{key}"), *about)


def _exact(known: Frame) -> Frame:
    household = nw.col("household")
    return known.group_by("address").agg(household.min().alias("exact_household"), household.max().alias("exact_last"))


def _coarse(known: Frame) -> Frame:
    household, address = nw.col("household"), nw.col("address")
    return (
        known.filter(~address.is_null())
        .group_by("address_number")
        .agg(
            household.min().alias("coarse_household"),
            household.max().alias("coarse_last"),
            address.min().alias("coarse_address"),
            address.max().alias("coarse_address_last"),
        )
    )


def _person_keys(delivery: Delivery) -> tuple[str, ...]:
    kinds = {"a_number": "a-number", "bsn": "bsn"}
    return tuple(key for key in PERSON_KEYS if kinds[key] in delivery.kinds)


def _with_persons(rows: Frame, delivery: Delivery, spine: Population) -> Frame:
    """`person`, the one that the first number stands for, or else the second, and what is known of that person."""
    keys = _person_keys(delivery)
    for key in keys:
        rows = rows.join(spine.of(key), on=key, how="left")
    members = (_first_known(keys, [f"{name}_of_{key}" for key in keys]).alias(f"member_{name}") for name in MEMBER)
    return rows.with_columns(nw.coalesce(*(f"of_{key}" for key in keys)).alias("person"), *members)


def _first_known(keys: tuple[str, ...], columns: list[str]) -> nw.Expr:
    """The column of the first key that stands for a person."""
    found = nw.col(columns[-1])
    for key, column in reversed(list(zip(keys[:-1], columns[:-1], strict=True))):
        found = nw.when(~nw.col(f"of_{key}").is_null()).then(nw.col(column)).otherwise(found)
    return found


def _way(delivery: Delivery) -> nw.Expr:
    """The way of linking; a person number decides before any address does."""
    keys = _person_keys(delivery)
    found = way("not-in-population")
    if "address" in delivery.kinds:
        # Only a row without any person number goes by its address: a stranger must not join the people who live there.
        has_no_number = all_of([~nw.col("address").is_null(), *(nw.col(key).is_null() for key in keys)])
        found = nw.when(has_no_number).then(_address_way()).otherwise(found)
    if keys:
        found = nw.when(~nw.col("person").is_null()).then(way("person")).otherwise(found)
    if len(keys) > 1:
        first, second = (nw.col(f"of_{key}") for key in keys)
        differ = ~first.is_null() & ~second.is_null() & (first != second)
        found = nw.when(differ).then(way("conflict")).otherwise(found)
    return found


def _address_way() -> nw.Expr:
    exact = ~nw.col("exact_household").is_null()
    exact_is_one = nw.col("exact_household") == nw.col("exact_last")
    bare = (nw.col("v_address_suffix") == 0) & ~nw.col("coarse_address").is_null()
    one_address = nw.col("coarse_address") == nw.col("coarse_address_last")
    bare_is_one = one_address & (nw.col("coarse_household") == nw.col("coarse_last"))
    by_number = nw.when(bare & bare_is_one).then(way("address-coarse")).otherwise(way("not-in-population"))
    unclear = (exact & ~exact_is_one) | (~exact & bare & ~bare_is_one)
    by_exact = nw.when(exact & exact_is_one).then(way("address-exact")).otherwise(by_number)
    return nw.when(unclear).then(way("ambiguous")).otherwise(by_exact)


def _placed(rows: Frame, delivery: Delivery) -> Frame:
    """`household`, `person`, `minor` and `is_reference`, null where the way does not give them."""
    by_person, nothing = went("person"), nw.lit(None, nw.Int64)
    if delivery.unit == "address":
        return rows.with_columns(
            _address_household().alias("household"), nothing.alias("minor"), nothing.alias("is_reference")
        )
    household = where(by_person, nw.col("member_household"))
    if "address" in delivery.kinds:
        household = nw.when(by_person).then(nw.col("member_household")).otherwise(_address_household())
    own_minor = nw.col("v_minor") if any(column.name == "minor" for column in delivery.columns) else nothing
    return rows.with_columns(
        household.alias("household"),
        where(by_person, nw.col("person")).alias("person"),
        nw.when(by_person).then(nw.col("member_minor")).otherwise(own_minor).alias("minor"),
        where(by_person, nw.col("member_is_reference")).alias("is_reference"),
    )


def _address_household() -> nw.Expr:
    exact = where(went("address-exact"), nw.col("exact_household"))
    coarse = where(went("address-coarse"), nw.col("coarse_household"))
    return nw.coalesce(exact, coarse)
