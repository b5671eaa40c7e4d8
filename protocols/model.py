"""The agreement as values: frozen, validated on construction, so that an invalid protocol cannot exist.

A privacy officer can read this file: it holds every word that a protocol may use. There are no
expressions, no plug-ins and no way to name a column that nobody delivers.
Source: NJi, "Aantal en kosten van multiprobleemgezinnen in Almelo" (2016), Bijlage 1 and 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,47}$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,47}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=600)]
Category = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9À-ÖØ-öø-ÿ'][A-Za-z0-9À-ÖØ-öø-ÿ .,'()&/<>=-]{0,47}$")]
Year = Annotated[int, Field(ge=1990, le=2100)]


DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)


def _as_decimal(value: object) -> object:
    """Read a decimal from text: a binary float must never become money."""
    if not isinstance(value, str):
        return value
    if not DECIMAL.fullmatch(value):  # no exponents: "1E999999999" is short, and a gigabyte when written out
        raise ValueError('write a number between quotes, with a point: "9250.00"')
    return Decimal(value)


Money = Annotated[Decimal, BeforeValidator(_as_decimal), Field(allow_inf_nan=False, ge=0)]
Share = Annotated[Decimal, BeforeValidator(_as_decimal), Field(allow_inf_nan=False, ge=0, le=1)]


class Frozen(BaseModel):
    """Base of every part of a protocol: closed, immutable, strict about types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


# --- what is delivered -------------------------------------------------------------------------


class _Column(Frozen):
    name: Name
    title: Text
    purpose: Text | None = None
    empty: Literal["unknown", "none"] = "unknown"


class YesNo(_Column):
    """A boolean that leaves as it is."""

    leaves_as: Literal["yes-no"]


class Minor(_Column):
    """A birth date that leaves only as "minor on the reference date: yes or no"."""

    leaves_as: Literal["minor"]


class AgeBand(_Column):
    """A birth date that leaves as an age band; `edges` are the first ages of bands 2, 3, ..."""

    leaves_as: Literal["age-band"]
    edges: tuple[Annotated[int, Field(ge=1, le=110)], ...] = Field(min_length=1, max_length=8)

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the bands, youngest first."""
        starts = (0, *self.edges)
        ends = (*(edge - 1 for edge in self.edges), None)
        return tuple(f"{a}-{b}" if b is not None else f"{a} en ouder" for a, b in zip(starts, ends, strict=True))


class Below(_Column):
    """An amount in euros that leaves only as "strictly below the limit: yes or no"."""

    leaves_as: Literal["below"]
    limit: Literal["income_limit"]


class AmountBand(_Column):
    """An amount in euros that leaves as a band; `edges` are the lower bounds of bands 2, 3, ..."""

    leaves_as: Literal["amount-band"]
    edges: tuple[Money, ...] = Field(min_length=1, max_length=8)
    categories: tuple[Category, ...]


class AmountRounded(_Column):
    """An amount in whole euros, rounded half up to `step` and capped; above zero never becomes zero."""

    leaves_as: Literal["amount-rounded"]
    step: Annotated[int, Field(ge=10, le=100_000)]
    at_most: Annotated[int, Field(ge=10, le=10_000_000)]


class Count(_Column):
    """A count from 0, capped at `at_most`."""

    leaves_as: Literal["count"]
    at_most: Annotated[int, Field(ge=1, le=1_000)]


class CategoryColumn(_Column):
    """One of a closed list; the list stands here or, for wijken, in the study (`areas`)."""

    leaves_as: Literal["category"]
    categories: tuple[Category, ...] = ()
    categories_from: Literal["areas"] | None = None


Column = Annotated[
    YesNo | Minor | AgeBand | Below | AmountBand | AmountRounded | Count | CategoryColumn,
    Field(discriminator="leaves_as"),
]

IdentifierKind = Literal["a-number", "bsn", "address", "household-number"]


class Identifier(Frozen):
    """A kind of identifier that a delivery may be recognised by; it leaves as a pseudonym only."""

    kind: IdentifierKind
    required: bool = False


class Select(Frozen):
    """Which rows of the export are meant at all; the date itself never leaves the holder."""

    name: Name
    title: Text
    rule: Literal["on-or-before-reference-date", "empty-or-after-reference-date"]


# --- records without a common number -------------------------------------------------------------

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
PersonPart = Literal[
    "surname", "surname-first", "surname-last", "surname-sound", "first-name", "first-name-sound", "initial",
    "birth-date", "birth-date-unordered", "birth-month-day", "birth-year-month", "birth-year", "sex",
    "postcode", "postcode4", "house-number", "street", "street-sound", "residence", "residence-sound",
    "address", "previous-address",
]  # fmt: skip
# What differs between the members of a household.
PERSONAL: frozenset[str] = frozenset(
    {"first-name", "first-name-sound", "initial"}
    | {"birth-date", "birth-date-unordered", "birth-month-day", "birth-year-month"}
)
NAME_LETTERS = 20  # a name is cut off behind so many
LONGEST_FIELD = 55  # what a field may be long, parts and the bars between them: two blocks of the hash
PART_LENGTHS: Mapping[PersonPart, int] = {
    **dict.fromkeys(("initial", "sex"), 1),
    **dict.fromkeys(("birth-year", "birth-month-day", "postcode4"), 4),
    **dict.fromkeys(("birth-date", "birth-date-unordered"), 8),
    **dict.fromkeys(("birth-year-month", "postcode"), 6),
    **dict.fromkeys(("address", "previous-address"), 18),
    "house-number": 5,
}
# The columns of the export that a part is read from; all may be missing at a holder.
PART_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("surname", "surname-first", "surname-last", "surname-sound"), ("surname",)),
    **dict.fromkeys(("first-name", "first-name-sound", "initial"), ("first_name",)),
    **dict.fromkeys(get_args(PersonPart)[7:12], ("birth_date",)),
    **dict.fromkeys(("postcode", "postcode4"), ("postcode",)),
    **dict.fromkeys(("street", "street-sound"), ("street",)),
    **dict.fromkeys(("residence", "residence-sound"), ("residence",)),
    "sex": ("sex",),
    "house-number": ("house_number",),
    "address": ("postcode", "house_number", "house_letter", "house_addition"),
    "previous-address": (
        "previous_postcode", "previous_house_number", "previous_house_letter", "previous_house_addition",
    ),
}  # fmt: skip


class Derived(Frozen):
    """A field that a holder derives from parts of a person; it leaves as a pseudonym under a key of its own."""

    name: FieldName
    of: tuple[PersonPart, ...] = Field(min_length=1, max_length=4)

    @model_validator(mode="after")
    def _check(self) -> Self:
        _no_doubles(self.of, f"part of field {self.name}")
        if self.name in get_args(IdentifierKind) or self.name == "address-number":
            raise ValueError(f"field {self.name}: that is the name of an identifier; choose another")
        if sum(PART_LENGTHS.get(part, NAME_LETTERS) + 1 for part in self.of) - 1 > LONGEST_FIELD:
            raise ValueError(f"field {self.name}: its parts can be longer than {LONGEST_FIELD} together; take fewer")
        return self


class Comparison(Frozen):
    """One way in which two records agree or not: the first of the fields that is equal says how well."""

    name: FieldName
    levels: tuple[FieldName, ...] = Field(min_length=1, max_length=4)


class Numberless(Frozen):
    """How records without a common number are linked, if at all (docs/spec/names-v1.md; linkage-v1, section 8)."""

    normalisation: Literal["names/1"]
    threshold: Annotated[Share, Field(gt=Decimal("0.5"), lt=1)]
    fields: tuple[Derived, ...] = Field(min_length=1, max_length=16)
    compare: tuple[Comparison, ...] = Field(min_length=3, max_length=10)
    blocks: tuple[Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=3)], ...] = Field(
        min_length=1, max_length=12
    )

    def version(self, field: str) -> str:
        """The version of a field: of the rules for names, and its parts; it is in the key of the field."""
        found = next(derived for derived in self.fields if derived.name == field)
        return f"{self.normalisation}/{'+'.join(found.of)}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [field.name for field in self.fields]
        _no_doubles(names, "field")
        _no_doubles((part.name for part in self.compare), "comparison")
        # A field in two comparisons would count twice for one and the same agreement.
        _no_doubles((field for part in self.compare for field in part.levels), "field of a comparison")
        for part in self.compare:
            _all_known(f"comparison {part.name}", part.levels, set(names))
        personal = {field.name for field in self.fields if set(field.of) & PERSONAL}
        for block in self.blocks:
            _all_known("a block", block, set(names))
            if not personal & set(block):
                raise ValueError(
                    f"a block of {' and '.join(block)} would compare all members of one household with each other; "
                    "add a field with a first name, an initial or a day of birth"
                )
        return self


class Follow(Frozen):
    """Which households of two waves are one and the same, if that is asked at all (docs/spec/follow-v1.md).

    `least_share`: at least this share of the members of then must be in the household of now. In `from_wave` nothing
    is followed yet; each later wave continues an earlier one.
    """

    same_when: Literal["most-members", "reference-person", "minors-stay-with"]
    least_share: Share
    from_wave: Annotated[int, Field(ge=1, le=1000)] = 1


class Delivery(Frozen):
    """One file that a role delivers: for whom, recognised by what, with which columns, and why."""

    name: Name
    title: Text
    role: RoleName
    unit: Literal["person", "address"]
    purpose: Text
    spine: bool = False
    required: bool = True
    completeness: Literal["complete", "partial"]
    rows: Literal["single", "several"]
    identifiers: tuple[Identifier, ...] = Field(min_length=1)
    derived: tuple[FieldName, ...] = Field(default=(), exclude_if=lambda names: not names)
    years: tuple[Year, ...] = ()
    select: tuple[Select, ...] = ()
    max_rejected_share: Share = Decimal("0.10")
    columns: tuple[Column, ...] = Field(min_length=1, max_length=120)

    @property
    def kinds(self) -> tuple[IdentifierKind, ...]:
        """The kinds of identifier, in the protocol's order."""
        return tuple(identifier.kind for identifier in self.identifiers)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where nobody delivers it."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @model_validator(mode="after")
    def _check(self) -> Self:
        _no_doubles((column.name for column in self.columns), f"column of delivery {self.name}")
        _no_doubles(self.kinds, f"identifier of delivery {self.name}")
        if self.unit == "address" and self.kinds != ("address",):
            raise ValueError(f"delivery {self.name}: a delivery of addresses is recognised by `address` alone")
        if self.unit == "person" and not {"a-number", "bsn"} & set(self.kinds):
            raise ValueError(f"delivery {self.name}: a delivery of persons needs `a-number` or `bsn`")
        _no_doubles(self.derived, f"derived field of delivery {self.name}")
        if self.unit == "address" and self.derived:
            raise ValueError(
                f"delivery {self.name}: a delivery of addresses has no `derived` fields; they are of persons"
            )
        if "household-number" in self.kinds and not self.spine:
            raise ValueError(f"delivery {self.name}: only the population register may deliver `household-number`")
        if {"year"} & {column.name for column in self.columns}:
            raise ValueError(f"delivery {self.name}: `year` is reserved; write `years = [...]` instead")
        for column in self.columns:
            _check_column(self.name, column)
        return self


def _check_column(delivery: str, column: Column) -> None:
    where = f"delivery {delivery}, column {column.name}"
    if isinstance(column, CategoryColumn):
        if bool(column.categories) == bool(column.categories_from):
            raise ValueError(f"{where}: give either `categories` or `categories_from`")
        _no_doubles((name.casefold() for name in column.categories), f"category of {where}")
    if column.empty == "none" and not isinstance(column, YesNo | Count | AmountRounded):
        raise ValueError(f'{where}: `empty = "none"` would be a guess here; only a yes-no, count or amount can be none')
    if isinstance(column, AmountBand) and len(column.categories) != len(column.edges) + 1:
        raise ValueError(f"{where}: {len(column.edges)} edges make {len(column.edges) + 1} bands; name each")
    edges: tuple[Decimal | int, ...] = column.edges if isinstance(column, AmountBand | AgeBand) else ()
    if list(edges) != sorted(set(edges)):
        raise ValueError(f"{where}: write the edges from low to high")
    if isinstance(column, AmountRounded) and column.at_most % column.step:
        raise ValueError(f"{where}: `at_most` must be a multiple of `step`")


# --- what counts as a problem ------------------------------------------------------------------

Who = Literal["all", "adult", "minor", "reference-person"]


class Condition(Frozen):
    """One closed test on one delivered column; exactly one of the four tests is given."""

    column: Name
    is_true: Literal[True] | None = None
    at_least: Annotated[int, Field(ge=1)] | Literal["benefit_months", "moves_threshold"] | None = None
    one_of: tuple[Category, ...] | Literal["awbz_grounds"] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [test for test in (self.is_true, self.at_least, self.one_of) if test is not None]
        if len(given) != 1:
            raise ValueError(f"condition on {self.column}: give exactly one of is_true, at_least, one_of")
        return self


class Source(Frozen):
    """Records of one delivery and year, of the members meant, that meet at least one condition."""

    delivery: Name
    who: Who = "all"
    year: Year | None = None
    any_of: tuple[Condition, ...] = Field(min_length=1)


class _Named(Frozen):
    name: Name
    title: Text


class Indicator(_Named):
    """A household has it when any record of any source meets it (Kleene logic: unknown stays unknown)."""

    population: Literal["families", "households"]
    sources: tuple[Source, ...] = Field(min_length=1)


Counted = Literal["records", "persons", "households"]


class Measure(_Named):
    """A whole number per household: the sum of columns, or how many meet a condition.

    `counts` says what is counted: records, the different persons whom they name, or the household itself (1 or 0).
    """

    unit: Text
    delivery: Name
    who: Who = "all"
    year: Year | None = None
    sum_of: tuple[Name, ...] = ()
    count_where: tuple[Condition, ...] = ()
    counts: Literal["records", "persons", "households", "youth_volume_unit"] = "records"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.sum_of) == bool(self.count_where):
            raise ValueError(f"measure {self.name}: give either `sum_of` or `count_where`")
        if self.sum_of and self.counts != "records":
            raise ValueError(f"measure {self.name}: `counts` goes with `count_where`")
        return self


class Domain(_Named):
    """At least one of the indicators (report, p. 15)."""

    any_of: tuple[Name, ...] = Field(min_length=1)


class Definition(_Named):
    """All of the parts; for those under `same_person`, one and the same member must meet them all."""

    all_of: tuple[Name, ...] = Field(min_length=1)
    same_person: tuple[Name, ...] = ()


class Selection(_Named):
    """At least so many different provisions at once (council letter 001), for all households."""

    provisions: tuple[Name, ...] = Field(min_length=1)
    at_least: Annotated[int, Field(ge=1)]


class AreaTable(_Named):
    """Per area and for the whole municipality: how many of the population have each indicator (report, tables 1-4).

    `any_problem` adds a first column: at least one indicator of the domain, also of those that are not columns.
    A `map` has the percentages of the report's maps: their base is `percent_base_maps`, else `percent_base_tables`.
    """

    kind: Literal["by-area"]
    population: Literal["families", "households"]
    columns: tuple[Name, ...] = Field(min_length=1)
    any_problem: Name | None = None
    map: bool = False


class OverlapTable(_Named):
    """For the municipality alone: each domain by itself, with each other, and with support (report, table 5)."""

    kind: Literal["overlap"]
    population: Literal["families", "households"]
    domains: tuple[Name, ...] = Field(min_length=2, max_length=4)
    definitions: tuple[Name, ...] = ()
    support: tuple[Name, ...] = ()


class StackingTable(_Named):
    """For the municipality alone: how many indicators of each domain at once (0, 1, 2, ...)."""

    kind: Literal["stacking"]
    population: Literal["families", "households"]
    domains: tuple[Name, ...] = Field(min_length=1)
    at_most: Annotated[int, Field(ge=2, le=12)]


class MunicipalityTable(_Named):
    """A definition per 100 households, beside figures of other municipalities that are given (report, table 5b)."""

    kind: Literal["municipalities"]
    definition: Name


Table = Annotated[AreaTable | OverlapTable | StackingTable | MunicipalityTable, Field(discriminator="kind")]


# --- how the household is made, and what may be published --------------------------------------


RESERVED = frozenset(
    {"study_number", "wijk", "adults", "minors", "has_child_lt18", "flag", "household", "size", "institution"}
    | {"area", "area_last", "unknown_age", "followed", "since_wave"}
)


class HouseholdRule(Frozen):
    """How persons become a household, and which households are left out of the tables."""

    by: Literal["register-number-else-address", "address"]
    max_size: Annotated[int, Field(ge=1, le=50)] = 10
    minor_column: Name
    area_column: Name
    place_column: Name
    institution_places: tuple[Category, ...]
    reference_person_order: tuple[Category, ...] = Field(min_length=1)


class ReleaseRule(Frozen):
    """What a reader may see (report, note under tables 1-4; CBS output rule)."""

    threshold: Annotated[int, Field(ge=3)]
    show_zero: bool
    star: Literal["*"]
    percent_substitute: Annotated[int, Field(ge=1)]
    interval_width: Annotated[int, Field(ge=1)]
    group_share: Share
    dominance_share: Share


class Parameters(Frozen):
    """The readings of the report that can be varied; each is named by an entry under `readings`."""

    benefit_months: Annotated[int, Field(ge=1, le=12)]
    income_limit: Money
    income_deflator: Money
    child_max_age: Annotated[int, Field(ge=0, le=30)]
    reference_day: Literal["12-31"]
    family_rule: Literal["minor-and-adult", "minor"]
    moves_threshold: Annotated[int, Field(ge=1)]
    awbz_grounds: tuple[Category, ...]
    members_of_earlier_years: Literal["household-at-reference-date"]
    foster_and_residential_children: Literal["where-registered"]
    threat_delicts_counted_in: tuple[Name, ...]
    percent_base_tables: Literal["families", "households"]
    percent_base_maps: Literal["families", "households"]
    published_mpg_percent: Share
    published_other_families: Annotated[int, Field(ge=0)]
    published_domain_s: Annotated[int, Field(ge=0)]
    published_other_benefits: Annotated[int, Field(ge=0)]
    comparison_groups: tuple[Literal["other-families-with-problems", "all-other-families"], ...]
    volume_of_suppressed_cells: Literal["true-count", "substitute"]
    youth_volume_unit: Literal["persons", "households"]


class Reading(Frozen):
    """One ambiguity of the report, the reading adopted, and the parameter that carries it."""

    id: Annotated[str, StringConstraints(pattern=r"^D[0-9]{1,2}$")]
    topic: Text
    adopted: Text
    parameter: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]{3,120}$")]
    value: object


class Role(Frozen):
    """A party to the protocol, in words."""

    name: RoleName
    title: Text


# --- what it costs -----------------------------------------------------------------------------

CENT = Decimal("0.01")

Per = Literal["benefit-year", "household-year", "person-year", "trajectory", "delict", "day", "family-day", "euro"]
UNITS_OF_MEASURES: dict[Per, tuple[str, ...]] = {
    "benefit-year": ("personen",),
    "person-year": ("personen", "maatregelen", "huishoudens"),
    # A price per trajectory of something of which persons or households were counted: one trajectory each (D27).
    "trajectory": ("trajecten", "maatregelen", "personen", "huishoudens"),
    "delict": ("delicten",),
    "day": ("dagen",),
    "family-day": ("dagen",),
    "euro": ("euro",),
}


class Tariff(Frozen):
    """One price: `indexed` is `price` x `factor`, rounded half up to the cent (report, Bijlage 3).

    `use` is the measure, or the indicator for `household-year`, that it is multiplied with; without one it is not
    counted (D16: nobody delivers economic delicts). `at_most` caps the family-days of a household.
    """

    name: Name
    group: Name
    item: Text
    detail: Text
    unit: Text
    year: Year
    price: Money
    factor: Money
    indexed: Money
    source: Text
    per: Per
    use: Name | None = None
    layer: Literal["provision", "provider", "execution", "society"] | None = None
    payer: Literal["gemeente", "provincie", "uwv", "zorgkantoor", "zorgverzekeraar"] | None = None
    at_most: Annotated[int, Field(ge=1, le=366)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if indexed(self.price, self.factor) != self.indexed:
            raise ValueError("the indexed price is not price x factor, rounded to the cent")
        if self.indexed.as_tuple().exponent != -2:
            raise ValueError("write the indexed price with two decimals")
        if (self.per == "family-day") != (self.at_most is not None):
            raise ValueError("give `at_most`, the days of a year, if and only if the price is per family-day")
        if self.per == "euro" and not self.price == self.factor == 1:
            raise ValueError("an observed amount in euros has price 1 and factor 1")
        return self


def indexed(price: Decimal, factor: Decimal) -> Decimal:
    """A price at the level of the reference year, in euros: price x factor, rounded half up to the cent."""
    return (price * factor).quantize(CENT, "ROUND_HALF_UP")


class CostGroup(_Named):
    """Households that have any of these domains or definitions (selections, for households) and are in no group above.

    Without `any_of`: all of the population that are left.
    """

    population: Literal["families", "households"]
    any_of: tuple[Name, ...] = ()


class CostUnion(Frozen):
    """Groups taken together, to compare with or to add up (D25)."""

    name: RoleName
    title: Text
    groups: tuple[Name, ...] = Field(min_length=1)


Part = Literal[
    "damage", "production_loss", "medical", "suffering", "detection", "prosecution", "trial", "enforcement", "support"
]


class CostParts(Frozen):
    """What the price of a tariff is made of, in its own year (report, Bijlage 4); `total` is all of it."""

    tariff: Name
    damage: Money | None = None
    production_loss: Money | None = None
    medical: Money | None = None
    suffering: Money | None = None
    detection: Money | None = None
    prosecution: Money | None = None
    trial: Money | None = None
    enforcement: Money | None = None
    support: Money | None = None
    total: Money

    def amount(self, part: Part) -> Decimal:
        """Euros of that part; 0 where it does not apply."""
        found: Decimal | None = getattr(self, part)
        return Decimal(0) if found is None else found

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum((self.amount(part) for part in get_args(Part)), Decimal(0)) != self.total:
            raise ValueError(f"parts of tariff {self.tariff}: they do not add up to `total`")
        return self


class CostSection(Frozen):
    """What readers call a section of tariffs.csv (its column `group`)."""

    name: Name
    title: Text


class SharedPrice(Frozen):
    """A whole programme's cost divided by its households, plus execution, in whole euros (report, poverty)."""

    tariff: Name
    total: Money
    households: Annotated[int, Field(ge=1)]
    per_household: Money
    execution: Money
    together: Money

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.total / self.households).quantize(Decimal(1), "ROUND_HALF_UP") != self.per_household:
            raise ValueError("shared price: `per_household` is not total / households in whole euros")
        if self.per_household + self.execution != self.together:
            raise ValueError("shared price: `together` is not per_household + execution")
        return self


class _Scenario(_Named):
    pass


class PriceScenario(_Scenario):
    """Another price, at the level of the reference year."""

    vary: Literal["price"]
    tariff: Name
    price: Annotated[Money, Field(decimal_places=2)]


class VolumeScenario(_Scenario):
    """The volume divided by a number, rounded half up to whole units."""

    vary: Literal["volume"]
    tariff: Name
    divisor: Annotated[Money, Field(gt=0)]


class PartScenario(_Scenario):
    """A part that is left out of the prices, put in."""

    vary: Literal["part"]
    part: Part


Scenario = Annotated[PriceScenario | VolumeScenario | PartScenario, Field(discriminator="vary")]


class BusinessCase(Frozen):
    """The parameters of council letter 001: who starts in which year, what that costs, and what it saves."""

    selection: Name
    first_year: Year
    inflow: tuple[Annotated[int, Field(ge=0, le=1_000_000)], ...] = Field(min_length=1, max_length=20)
    households: Annotated[int, Field(ge=0)]
    cost_per_household: Money
    interest: Share
    net_saving: Money

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(self.inflow) != self.households:
            raise ValueError("business case: the inflow does not add up to `households`")
        return self


class Costs(Frozen):
    """How prices and use become costs per group, and what is varied (report, Bijlage 3-5; docs/spec/costs-v1.md)."""

    threat_measure: Name | None = None
    left_out: tuple[Part, ...] = ()
    groups: tuple[CostGroup, ...] = Field(min_length=1)
    unions: tuple[CostUnion, ...] = ()
    sections: tuple[CostSection, ...] = ()
    shared_price: SharedPrice | None = None
    parts: tuple[CostParts, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    business_case: BusinessCase | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [group.name for group in self.groups]
        _no_doubles((*names, *(union.name for union in self.unions)), "cost group")
        _no_doubles((section.name for section in self.sections), "cost section")
        _no_doubles((parts.tariff for parts in self.parts), "parts of tariff")
        _no_doubles((scenario.name for scenario in self.scenarios), "cost scenario")
        for group in self.groups:
            everybody = group.population == "households" and not group.any_of
            if everybody != (group is self.groups[-1]):
                raise ValueError("the last cost group, and no other, is of all households and has no `any_of`")
        for union in self.unions:
            _all_known(f"cost union {union.name}", union.groups, set(names))
        for scenario in self.scenarios:
            if isinstance(scenario, PartScenario) and scenario.part not in self.left_out:
                raise ValueError(
                    f"cost scenario {scenario.name}: {scenario.part} is not `left_out`, so it is in already"
                )
        return self


Scheme = Literal["hmac-sha256-128/1"]


class Normalisation(Frozen):
    """The version of each normaliser: frozen once used, a correction is a new version."""

    bsn: Literal["bsn/1"]
    a_number: Literal["a-number/1"]
    address: Literal["address/1"]
    household_number: Literal["household-number/1"]

    def version(self, kind: str) -> str:
        """The version for a kind of identifier or pseudonym field."""
        return str(getattr(self, {"address-number": "address"}.get(kind, kind).replace("-", "_")))


class StudyProtocol(Frozen):
    """A whole method. Raises pydantic's ValidationError when its parts do not fit each other."""

    format: Literal["household-linkage/protocol/v1"]
    name: Name
    title: Text
    source: Text
    reference_year: Year
    scheme: Scheme
    normalisation: Normalisation
    package_days: Annotated[int, Field(ge=1, le=3660)]
    parameters: Parameters
    household: HouseholdRule
    release: ReleaseRule
    roles: tuple[Role, ...]
    deliveries: tuple[Delivery, ...]
    indicators: tuple[Indicator, ...]
    measures: tuple[Measure, ...] = ()
    domains: tuple[Domain, ...] = ()
    definitions: tuple[Definition, ...] = ()
    selections: tuple[Selection, ...] = ()
    tables: tuple[Table, ...] = ()
    readings: tuple[Reading, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    costs: Costs | None = None
    numberless: Numberless | None = Field(default=None, exclude_if=lambda numberless: numberless is None)
    follow: Follow | None = Field(default=None, exclude_if=lambda follow: follow is None)

    @property
    def spine(self) -> Delivery:
        """The population register: everything else is joined to it."""
        return next(delivery for delivery in self.deliveries if delivery.spine)

    def version(self, field: str) -> str:
        """The version of the rules for a kind of identifier, a pseudonym field or a derived field."""
        if self.numberless is not None and any(derived.name == field for derived in self.numberless.fields):
            return self.numberless.version(field)
        return self.normalisation.version(field)

    def derived(self, delivery: Delivery) -> tuple[Derived, ...]:
        """The derived fields of a delivery, in its order."""
        fields = {field.name: field for field in self.numberless.fields} if self.numberless is not None else {}
        return tuple(fields[name] for name in delivery.derived)

    def delivery(self, name: str) -> Delivery:
        """The delivery of that name; KeyError for an unknown one."""
        for delivery in self.deliveries:
            if delivery.name == name:
                return delivery
        raise KeyError(name)

    def months(self, condition: Condition) -> int:
        """The number under `at_least`, whether written there or as the name of a parameter."""
        if isinstance(condition.at_least, str):
            return int(getattr(self.parameters, condition.at_least))
        assert condition.at_least is not None
        return condition.at_least

    def options(self, condition: Condition) -> tuple[str, ...]:
        """The categories under `one_of`, whether written there or as the name of a parameter."""
        if isinstance(condition.one_of, str):
            return tuple(getattr(self.parameters, condition.one_of))
        assert condition.one_of is not None
        return condition.one_of

    def counted(self, measure: Measure) -> Counted:
        """What a measure counts, whether written there or under the parameter that it names."""
        return self.parameters.youth_volume_unit if measure.counts == "youth_volume_unit" else measure.counts

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_names(self)
        _check_spine(self)
        _check_numberless(self)
        _check_sources(self)
        _check_counted(self)
        _check_groups(self)
        _check_tables(self)
        _check_readings(self)
        _check_tariffs(self)
        _check_costs(self)
        return self


# --- the parts must fit ------------------------------------------------------------------------


def _no_doubles(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} stands twice: {name}")
        seen.add(name)


def _check_names(protocol: StudyProtocol) -> None:
    _no_doubles((role.name for role in protocol.roles), "role")
    _no_doubles((delivery.name for delivery in protocol.deliveries), "delivery")
    outputs: tuple[_Named, ...] = (
        *protocol.indicators,
        *protocol.measures,
        *protocol.domains,
        *protocol.definitions,
        *protocol.selections,
    )
    _no_doubles((output.name for output in outputs), "name of an indicator, measure, domain, definition or selection")
    for output in outputs:
        if output.name in RESERVED or output.name.startswith(("coverage_", "t_", "u_", "m_", "p_", "v_")):
            raise ValueError(f"{output.name} is a name of the household file itself; choose another")
    roles = {role.name for role in protocol.roles}
    for delivery in protocol.deliveries:
        if delivery.role not in roles:
            raise ValueError(f"delivery {delivery.name}: role {delivery.role} is not under `roles`")


def _check_spine(protocol: StudyProtocol) -> None:
    spines = [delivery for delivery in protocol.deliveries if delivery.spine]
    if len(spines) != 1:
        raise ValueError("exactly one delivery must have `spine = true`: the population register")
    spine, rule = spines[0], protocol.household
    for name, kind in (
        (rule.minor_column, Minor),
        (rule.area_column, CategoryColumn),
        (rule.place_column, CategoryColumn),
    ):
        if not isinstance(_delivered(spine, name, "household rule"), kind):
            raise ValueError(f"household rule: column {name} of {spine.name} does not leave in the form needed")  # noqa: TRY004 -- pydantic reports ValueError alone
    places = spine.column(rule.place_column)
    assert isinstance(places, CategoryColumn)
    for place in (*rule.institution_places, *rule.reference_person_order):
        if place not in places.categories:
            raise ValueError(f"household rule: {place} is not a category of {rule.place_column}")
    needed = {"address"} | ({"household-number"} if rule.by == "register-number-else-address" else set())
    if not needed <= set(spine.kinds):
        raise ValueError(f"delivery {spine.name}: the household rule needs the identifiers {', '.join(sorted(needed))}")


def _check_numberless(protocol: StudyProtocol) -> None:
    """Derived fields are known, are of the register too, and read no column that means something else."""
    numberless, spine = protocol.numberless, protocol.spine
    named = {field.name for field in numberless.fields} if numberless is not None else set()
    for delivery in protocol.deliveries:
        _all_known(f"delivery {delivery.name}, derived", delivery.derived, named)
        missing = [name for name in delivery.derived if name not in spine.derived]
        if missing:
            raise ValueError(f"delivery {delivery.name}: {missing[0]} is not delivered by {spine.name} too")
        read = {column for field in protocol.derived(delivery) for part in field.of for column in PART_COLUMNS[part]}
        for column in delivery.columns:
            if column.name in read:
                raise ValueError(f"delivery {delivery.name}: column {column.name} has the name of a column of persons")
    if numberless is not None and named != set(spine.derived):
        raise ValueError(f"delivery {spine.name}: write all fields of `numberless` under `derived`")


def _delivered(delivery: Delivery, column: str, who: str) -> Column:
    try:
        return delivery.column(column)
    except KeyError:
        raise ValueError(f"{who} reads column {column}, which nobody delivers under {delivery.name}") from None


def _sources(protocol: StudyProtocol) -> Iterator[tuple[str, Source]]:
    for indicator in protocol.indicators:
        for source in indicator.sources:
            yield f"indicator {indicator.name}", source
    for measure in protocol.measures:
        conditions = measure.count_where or tuple(Condition(column=c, at_least=1) for c in measure.sum_of)
        yield (
            f"measure {measure.name}",
            Source(delivery=measure.delivery, who=measure.who, year=measure.year, any_of=conditions),
        )


def _check_sources(protocol: StudyProtocol) -> None:
    for who, source in _sources(protocol):
        try:
            delivery = protocol.delivery(source.delivery)
        except KeyError:
            raise ValueError(f"{who} reads delivery {source.delivery}, which is not in the protocol") from None
        if (source.year is not None) != bool(delivery.years):
            raise ValueError(f"{who}: give a year if, and only if, {delivery.name} is delivered per year")
        if source.year is not None and source.year not in delivery.years:
            raise ValueError(f"{who} reads year {source.year}, which nobody delivers under {delivery.name}")
        if delivery.unit == "address" and source.who != "all":
            raise ValueError(f"{who}: {delivery.name} is about addresses; it knows no adults or minors")
        for condition in source.any_of:
            _check_condition(protocol, who, _delivered(delivery, condition.column, who), condition)


def _check_condition(protocol: StudyProtocol, who: str, column: Column, condition: Condition) -> None:
    fits = (
        (condition.is_true is not None and isinstance(column, YesNo | Minor | Below))
        or (condition.at_least is not None and isinstance(column, Count | AmountRounded))
        or (condition.one_of is not None and isinstance(column, CategoryColumn | AmountBand | AgeBand))
    )
    if not fits:
        raise ValueError(f"{who}: the test does not fit column {column.name}, which leaves as {column.leaves_as}")
    never = isinstance(column, Count | AmountRounded) and protocol.months(condition) > column.at_most
    if never:
        raise ValueError(f"{who}: {column.name} never reaches that number; it is capped")
    if condition.one_of is not None and isinstance(column, CategoryColumn | AmountBand | AgeBand):
        unknown = [option for option in protocol.options(condition) if option not in column.categories]
        if unknown:
            raise ValueError(f"{who}: {unknown[0]} is not a category of {column.name}")


UNITS_OF_COUNTS = {"persons": "personen", "households": "huishoudens"}


def _check_counted(protocol: StudyProtocol) -> None:
    """A measure is in the unit that it counts, and persons are counted where records name persons."""
    for measure in protocol.measures:
        counted = protocol.counted(measure)
        if counted == "persons" and protocol.delivery(measure.delivery).unit != "person":
            raise ValueError(f"measure {measure.name}: {measure.delivery} is about addresses; it knows no persons")
        if measure.unit != UNITS_OF_COUNTS.get(counted, measure.unit):
            raise ValueError(f"measure {measure.name}: it counts {counted}, so write unit {UNITS_OF_COUNTS[counted]}")


def _check_groups(protocol: StudyProtocol) -> None:
    known = {indicator.name for indicator in protocol.indicators}
    persons = {
        i.name for i in protocol.indicators if all(protocol.delivery(s.delivery).unit == "person" for s in i.sources)
    }
    for domain in protocol.domains:
        _all_known(f"domain {domain.name}", domain.any_of, known)
    for selection in protocol.selections:
        _all_known(f"selection {selection.name}", selection.provisions, known)
        if selection.at_least > len(selection.provisions):
            raise ValueError(f"selection {selection.name}: there are fewer provisions than it asks for")
    known |= {domain.name for domain in protocol.domains}
    for definition in protocol.definitions:
        _all_known(f"definition {definition.name}", definition.all_of, known)
        _all_known(f"definition {definition.name}, same_person", definition.same_person, persons)
        known.add(definition.name)


def _all_known(who: str, names: tuple[str, ...], known: set[str]) -> None:
    _no_doubles(names, f"part of {who}")
    for name in names:
        if name not in known:
            raise ValueError(f"{who} names {name}, which is not defined (or only further down)")


def _check_tables(protocol: StudyProtocol) -> None:
    _no_doubles((table.name for table in protocol.tables), "table")
    indicators = {indicator.name for indicator in protocol.indicators}
    domains = {domain.name for domain in protocol.domains}
    definitions = {definition.name for definition in protocol.definitions}
    for table in protocol.tables:
        who = f"table {table.name}"
        match table:
            case AreaTable():
                _all_known(who, table.columns, indicators | definitions)
                _all_known(who, (table.any_problem,) if table.any_problem else (), domains)
            case OverlapTable():
                _all_known(who, (*table.domains, *table.definitions), domains | definitions)
                _all_known(who, table.support, indicators)
            case StackingTable():
                _all_known(who, table.domains, domains)
            case MunicipalityTable():
                _all_known(who, (table.definition,), definitions)


def _check_tariffs(protocol: StudyProtocol) -> None:
    """Every price meets a measure of its unit, and no use is paid twice (docs/spec/costs-v1.md, section 2)."""
    _no_doubles((tariff.name for tariff in protocol.tariffs), "tariff")
    measures = {measure.name: measure for measure in protocol.measures}
    everyone = {indicator.name for indicator in protocol.indicators if indicator.population == "households"}
    used = [tariff for tariff in protocol.tariffs if tariff.use is not None]
    for tariff in used:
        if tariff.per == "household-year":
            if tariff.use not in everyone:
                raise ValueError(f"tariff {tariff.name}: {tariff.use} is not an indicator for all households")
        elif tariff.use not in measures:
            raise ValueError(f"tariff {tariff.name}: {tariff.use} is not a measure of this protocol")
        elif measures[tariff.use].unit not in UNITS_OF_MEASURES[tariff.per]:
            raise ValueError(f"tariff {tariff.name}: a price per {tariff.per} does not fit the unit of {tariff.use}")
    _no_doubles((f"{tariff.use}, layer {tariff.layer}" for tariff in used), "price of use")
    _check_counted_once([measures[name] for name in dict.fromkeys(t.use for t in used) if name in measures])


def _check_counted_once(priced: Iterable[Measure]) -> None:
    owner: dict[tuple[object, ...], str] = {}
    for measure in priced:
        for key in _counted(measure):
            if owner.setdefault(key, measure.name) != measure.name:
                raise ValueError(f"measure {measure.name} counts {key[2]} too, which {owner[key]} already pays for")


def _counted(measure: Measure) -> Iterator[tuple[object, ...]]:
    """Delivery, year, column and category of everything that a measure counts."""
    for column in measure.sum_of:
        yield measure.delivery, measure.year, column, None
    for condition in measure.count_where:
        options = condition.one_of if isinstance(condition.one_of, tuple) else (None,)
        for option in options:
            yield measure.delivery, measure.year, condition.column, option


def _check_costs(protocol: StudyProtocol) -> None:
    costs = protocol.costs
    if costs is None:
        return
    tariffs = {tariff.name: tariff for tariff in protocol.tariffs}
    _check_threat(protocol, costs)
    families = {part.name for part in (*protocol.domains, *protocol.definitions)}
    selections = {selection.name for selection in protocol.selections}
    for group in costs.groups:
        _all_known(f"cost group {group.name}", group.any_of, families if group.population == "families" else selections)
    missing = set(protocol.parameters.comparison_groups) - {union.name for union in costs.unions}
    if missing:
        raise ValueError(f"cost union {min(missing)} is missing; `comparison_groups` asks for it")
    _check_prices(costs, tariffs)
    if costs.business_case is not None:
        _all_known("business case", (costs.business_case.selection,), selections)


def _check_prices(costs: Costs, tariffs: Mapping[str, Tariff]) -> None:
    """Parts, scenarios and the shared price agree with tariffs.csv."""
    for parts in costs.parts:
        if parts.tariff not in tariffs or _priced(parts, costs) != tariffs[parts.tariff].price:
            raise ValueError(
                f"parts of tariff {parts.tariff}: without `left_out` they are not the price in tariffs.csv"
            )
    for scenario in costs.scenarios:
        if not isinstance(scenario, PartScenario):
            _all_known(f"cost scenario {scenario.name}", (scenario.tariff,), set(tariffs))
    shared = costs.shared_price
    if shared is not None:
        _all_known("shared price", (shared.tariff,), set(tariffs))
        if tariffs[shared.tariff].indexed.quantize(Decimal(1), "ROUND_HALF_UP") != shared.together:
            raise ValueError(f"shared price: `together` is not the indexed price of {shared.tariff} in whole euros")


def _check_threat(protocol: StudyProtocol, costs: Costs) -> None:
    """The delict that stands in two clusters is paid in one of them (D16)."""
    if costs.threat_measure is None:
        return
    priced = {tariff.use for tariff in protocol.tariffs if tariff.use is not None and tariff.per == "delict"}
    clusters = protocol.parameters.threat_delicts_counted_in
    _all_known("costs, threat_measure", (costs.threat_measure,), priced)
    _all_known("threat_delicts_counted_in", clusters, priced)
    if len(clusters) != 1:
        raise ValueError("threat_delicts_counted_in: name one measure, or the same delict is paid for twice")


def _priced(parts: CostParts, costs: Costs) -> Decimal:
    return parts.total - sum((parts.amount(part) for part in costs.left_out), Decimal(0))


def _check_readings(protocol: StudyProtocol) -> None:
    _no_doubles((reading.id for reading in protocol.readings), "reading")
    for reading in protocol.readings:
        found = _plain(at_path(protocol, reading.parameter))
        if found != _plain(reading.value):
            raise ValueError(f"reading {reading.id}: {reading.parameter} does not have the value that it states")


def at_path(protocol: StudyProtocol, path: str) -> object:
    """The value at a dotted path; members of a list are found by `name` or by position. ValueError if none."""
    value: object = protocol
    for step in path.split("."):
        try:
            value = _step(value, step)
        except (AttributeError, LookupError, StopIteration, ValueError):
            raise ValueError(f"there is no {path} in this protocol") from None
    return value


def _step(value: object, step: str) -> object:
    if isinstance(value, tuple):
        if step.isdigit():
            return value[int(step)]
        return next(item for item in value if getattr(item, "name", None) == step)
    if isinstance(value, Frozen) and step in type(value).model_fields:
        return getattr(value, step)
    raise LookupError(step)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
