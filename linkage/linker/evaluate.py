"""Linked records to indicators and measures per household, as the protocol defines them; null stays unknown.

A household has an indicator when any record of any source meets it. Kleene logic throughout: a record that is true
of a member whose age group is unknown makes the indicator unknown, never no. A delivery that is complete says no
about households that it does not mention; a partial one, or one that was not delivered, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from linkage.engine.base import Frame
from linkage.engine.portable import all_of, any_of, as_flag, is_unknown, known, one, state, total, where
from linkage.linker.link import LINKED, Records, went
from linkage.study import WireColumn
from protocols.model import Condition, Definition, Indicator, Measure, Selection, Source, StudyProtocol

Wire = Mapping[str, Mapping[str, WireColumn]]


@dataclass(frozen=True)
class Term:
    """One source of one indicator: its column in the per-household frame of its delivery."""

    indicator: str
    name: str
    source: Source


def terms(protocol: StudyProtocol) -> tuple[Term, ...]:
    """Every source of every indicator, with a column name of its own."""
    return tuple(
        Term(indicator.name, f"t_{indicator.name}_{number}", source)
        for indicator in protocol.indicators
        for number, source in enumerate(indicator.sources)
    )


def asked_of(protocol: StudyProtocol, delivery: str) -> set[str]:
    """The columns of a delivery that an indicator or a measure looks at."""
    sources = [term.source for term in terms(protocol) if term.source.delivery == delivery]
    measures = [measure for measure in protocol.measures if measure.delivery == delivery]
    conditions = [condition for source in sources for condition in source.any_of]
    conditions += [condition for measure in measures for condition in measure.count_where]
    by_year = any(source.year is not None for source in sources) or any(m.year is not None for m in measures)
    summed = {name for measure in measures for name in measure.sum_of}
    return {condition.column for condition in conditions} | summed | ({"year"} if by_year else set())


def members_asked(protocol: StudyProtocol, delivery: str) -> set[str]:
    """What must be known of the members whom the records of a delivery are of: `minor`, `is_reference`."""
    sources = {term.source.who for term in terms(protocol) if term.source.delivery == delivery}
    who = sources | {measure.who for measure in protocol.measures if measure.delivery == delivery}
    return {name for name, those in _ASKS.items() if who & those}


_ASKS = {"minor": {"adult", "minor"}, "is_reference": {"reference-person"}}


def _with(frame: Frame, columns: Iterable[nw.Expr]) -> Frame:
    """More columns, if there are any: a protocol may define nothing of some kind, or nothing on some delivery."""
    found = list(columns)
    return frame.with_columns(*found) if found else frame


# --- merging double rows ------------------------------------------------------------------------


def merged(records: Records) -> Frame:
    """Linked rows; in a delivery of one row per person (or address), doubles of a holder become their maximum."""
    rows = records.rows.filter(went(*LINKED))
    unit = "person" if records.delivery.unit == "person" else "household"
    if records.delivery.rows == "several" or records.delivery.spine or records.no_doubles:
        return rows
    # A person has one household, and a delivery often one holder: one key is half the work of three.
    keys = [*([] if records.one_holder else ["holder"]), unit, *(["v_year"] if records.delivery.years else [])]
    values = [f"v_{column.name}" for column in records.delivery.columns]
    there = set(rows.collect_schema().names())
    kept = [*([] if unit == "household" else ["household"]), *values, *(name for name in _ASKS if name in there)]
    singles = rows.filter(~nw.col(unit).is_null()).group_by(keys).agg(*(nw.col(name).max() for name in kept))
    nameless = rows.filter(nw.col(unit).is_null())
    return nw.concat([singles, nameless.select(*keys, *kept)], how="diagonal")


# --- per delivery -------------------------------------------------------------------------------


def per_household(records: Records, protocol: StudyProtocol, wire: Wire) -> Frame:
    """household, for each term and measure of this delivery its state or its sum, and `u_*`: whether a sum is unknown.

    The first column is never null (`_mention`).
    """
    delivery = records.delivery
    columns = wire[delivery.name]
    sums = {f"m_{m.name}": _amount(protocol, m, columns) for m in protocol.measures if m.delivery == delivery.name}
    counted = {f"m_{m.name}": protocol.counted(m) for m in protocol.measures if m.delivery == delivery.name}
    added = {name: amount for name, amount in sums.items() if counted[name] == "records"}
    made = _states(delivery.name, protocol, columns)
    made |= {name: state(amount == 1) for name, amount in sums.items() if name not in added}
    made |= {f"u_{name}": is_unknown(amount) for name, amount in added.items()} | added
    rows = _with(merged(records), (expression.alias(name) for name, expression in made.items()))
    persons = [name for name in sums if counted[name] == "persons"]
    highest = [name for name in made if name not in added and name not in persons]
    there = f"p_{delivery.name}"
    per = (
        _with(rows, [] if highest else [one().alias(there)])
        .group_by("household")
        .agg(*(nw.col(name).max() for name in highest or [there]), *(nw.col(name).sum() for name in added))
    )
    return per.join(_persons(rows, persons), on="household", how="left") if persons else per


def _states(delivery: str, protocol: StudyProtocol, columns: Mapping[str, WireColumn]) -> dict[str, nw.Expr]:
    """By term of a delivery, whether a record meets it, as a state."""
    here = (term for term in terms(protocol) if term.source.delivery == delivery)
    return {term.name: state(_met(protocol, term.source, columns)) for term in here}


def _mention(per: Frame) -> str:
    """The first column beside the household: a state, whether a sum is unknown, or `p_DELIVERY`."""
    return next(name for name in per.collect_schema().names() if name != "household")


def _persons(rows: Frame, names: list[str]) -> Frame:
    """household, and per measure how many persons meet it; unknown where one may, or where a record names nobody."""
    units = rows.group_by("household", "person").agg(*(nw.col(name).max() for name in names))
    nobody = nw.col("person").is_null()
    met = {name: known(nw.col(name)) for name in names}
    units = units.with_columns(as_flag(where(~(nobody & flag), flag)).alias(name) for name, flag in met.items())
    units = units.with_columns(is_unknown(nw.col(name)).alias(f"u_{name}") for name in names)
    return units.group_by("household").agg(
        *(nw.col(name).sum() for name in names), *(nw.col(f"u_{name}").max() for name in names)
    )


def _met(protocol: StudyProtocol, source: Source, columns: Mapping[str, WireColumn]) -> nw.Expr:
    conditions = [any_of(_test(protocol, condition, columns) for condition in source.any_of)]
    return all_of([*conditions, *_members(source.who), *_year(source.year)])


def _test(protocol: StudyProtocol, condition: Condition, columns: Mapping[str, WireColumn]) -> nw.Expr:
    value = nw.col(f"v_{condition.column}")
    if condition.is_true is not None:
        return value == 1
    if condition.at_least is not None:
        return value >= protocol.months(condition)
    categories = columns[condition.column].categories
    return any_of(value == categories.index(option) for option in protocol.options(condition))


def _members(who: str) -> list[nw.Expr]:
    tests = {
        "all": [],
        "adult": [nw.col("minor") == 0],
        "minor": [nw.col("minor") == 1],
        "reference-person": [nw.col("is_reference") == 1],
    }
    return tests[who]


def _year(year: int | None) -> list[nw.Expr]:
    return [] if year is None else [nw.col("v_year") == year]


def _amount(protocol: StudyProtocol, measure: Measure, columns: Mapping[str, WireColumn]) -> nw.Expr:
    """What one record adds: 0 for a record of others or of another year, null where that cannot be known."""
    if measure.sum_of:
        amount = total([nw.col(f"v_{name}") for name in measure.sum_of])
    else:
        amount = as_flag(any_of(_test(protocol, condition, columns) for condition in measure.count_where))
    meant = [*_members(measure.who), *_year(measure.year)]
    if not meant:
        return amount
    return _only(meant, amount)


def _only(meant: list[nw.Expr], amount: nw.Expr) -> nw.Expr:
    """A record that may be of others is unknown, unless it adds 0 whoever it is of."""
    zero = nw.lit(0).cast(nw.Int64)
    return nw.when(all_of(meant)).then(amount).otherwise(where(~all_of(meant) | (amount == 0), zero))


# --- one and the same person ---------------------------------------------------------------------


def same_person(parts: Mapping[str, Frame], protocol: StudyProtocol) -> Frame | None:
    """household, and per definition with `same_person` whether one member meets all of it; None where none asks.

    `parts` has, per delivery, the frame of `per_person`. Records that name no person cannot show it.
    """
    asked = [definition for definition in protocol.definitions if definition.same_person]
    if not asked:
        return None
    wanted = [term for term in terms(protocol) if any(term.indicator in d.same_person for d in asked)]
    persons = nw.concat(list(parts.values()), how="diagonal").group_by("household", "person")
    states = persons.agg(*(nw.col(term.name).max() for term in wanted if term.source.delivery in parts))
    met = [
        state(all_of(_of_person(name, wanted, parts, protocol) for name in d.same_person)).alias(f"t_{d.name}")
        for d in asked
    ]
    return states.with_columns(*met).group_by("household").agg(*(nw.col(f"t_{d.name}").max() for d in asked))


def _of_person(indicator: str, wanted: Iterable[Term], parts: Mapping[str, Frame], protocol: StudyProtocol) -> nw.Expr:
    """Whether one person has an indicator; a person whom a delivery does not mention is absent from it."""
    values = []
    for term in wanted:
        if term.indicator == indicator:
            absent = nw.lit(False) if _absent_is_no(protocol, term.source.delivery) else nw.lit(None, nw.Boolean)
            if term.source.delivery in parts:
                mentioned = ~nw.col(term.name).is_null()
                values.append(nw.when(mentioned).then(known(nw.col(term.name))).otherwise(absent))
            else:
                values.append(nw.lit(None, nw.Boolean))
    return any_of(values)


def per_person(records: Records, protocol: StudyProtocol, wire: Wire) -> Frame:
    """household, person, and each term of this delivery as a state; rows that name a person only."""
    states = _states(records.delivery.name, protocol, wire[records.delivery.name])
    rows = merged(records).filter(~nw.col("person").is_null())
    rows = _with(rows, (expression.alias(name) for name, expression in states.items()))
    return rows.select("household", "person", *states)


# --- the household ------------------------------------------------------------------------------


def households(base: Frame, deliveries: Mapping[str, Frame], same: Frame | None, protocol: StudyProtocol) -> Frame:
    """One row per household with every indicator, measure, domain, definition and selection of the protocol."""
    frame = base if same is None else base.join(same, on="household", how="left")
    for per in deliveries.values():
        frame = frame.join(per, on="household", how="left")
    mentioned = {name: ~nw.col(_mention(per)).is_null() for name, per in deliveries.items()}
    frame = frame.with_columns(_population(protocol).alias("has_child_lt18"))
    frame = frame.with_columns(*_coverage(protocol, mentioned), *_measures(protocol, mentioned))
    frame = _with(frame, (_indicator(i, protocol, mentioned).alias(i.name) for i in protocol.indicators))
    frame = _with(frame, (any_of(nw.col(part) for part in d.any_of).alias(d.name) for d in protocol.domains))
    for definition in protocol.definitions:
        parts = [nw.col(part) for part in definition.all_of]
        if definition.same_person:
            parts.append(_by_one_member(definition))
        frame = frame.with_columns(all_of(parts).alias(definition.name))
    return _with(frame, (_selected(s).alias(s.name) for s in protocol.selections))


def _by_one_member(definition: Definition) -> nw.Expr:
    """A household of which no record names a person has no member of whom it is known."""
    found = nw.col(f"t_{definition.name}")
    return nw.when(~found.is_null()).then(known(found)).otherwise(nw.lit(False))


def _population(protocol: StudyProtocol) -> nw.Expr:
    """A family: a minor and an adult; null where an unknown age decides it (D5, D6)."""
    unsure = nw.col("unknown_age") > 0
    minor = nw.when(nw.col("minors") > 0).then(nw.lit(True)).otherwise(where(~unsure, nw.lit(False)))
    adult = nw.when(nw.col("adults") > 0).then(nw.lit(True)).otherwise(where(~unsure, nw.lit(False)))
    return minor & adult if protocol.parameters.family_rule == "minor-and-adult" else minor


def _coverage(protocol: StudyProtocol, mentioned: Mapping[str, nw.Expr]) -> list[nw.Expr]:
    return [
        (mentioned[d.name] if d.name in mentioned else nw.lit(None, nw.Boolean)).alias(f"coverage_{d.name}")
        for d in protocol.deliveries
    ]


def _absent_is_no(protocol: StudyProtocol, delivery: str) -> bool:
    return protocol.delivery(delivery).completeness == "complete"


def _measures(protocol: StudyProtocol, mentioned: Mapping[str, nw.Expr]) -> Iterable[nw.Expr]:
    for measure in protocol.measures:
        name = f"m_{measure.name}"
        if measure.delivery not in mentioned:
            yield nw.lit(None, nw.Int64).alias(measure.name)
            continue
        if protocol.counted(measure) == "households":
            value = as_flag(known(nw.col(name)))
        else:
            value = where(nw.col(f"u_{name}") == 0, nw.col(name))
        absent = nw.lit(0) if _absent_is_no(protocol, measure.delivery) else nw.lit(None, nw.Int64)
        yield nw.when(mentioned[measure.delivery]).then(value).otherwise(absent.cast(nw.Int64)).alias(measure.name)


def _indicator(indicator: Indicator, protocol: StudyProtocol, mentioned: Mapping[str, nw.Expr]) -> nw.Expr:
    value = any_of(_source(term, protocol, mentioned) for term in terms(protocol) if term.indicator == indicator.name)
    return where(nw.col("has_child_lt18"), value) if indicator.population == "families" else value


def _source(term: Term, protocol: StudyProtocol, mentioned: Mapping[str, nw.Expr]) -> nw.Expr:
    delivery = term.source.delivery
    if delivery not in mentioned:
        return nw.lit(None, nw.Boolean)
    absent = nw.lit(False) if _absent_is_no(protocol, delivery) else nw.lit(None, nw.Boolean)
    return nw.when(mentioned[delivery]).then(known(nw.col(term.name))).otherwise(absent)


def _selected(selection: Selection) -> nw.Expr:
    """At least so many provisions; null where the unknown ones decide it."""
    flags = [as_flag(nw.col(name)) for name in selection.provisions]
    sure = total([flag.fill_null(0) for flag in flags])
    possible = total([flag.fill_null(1) for flag in flags])
    unsure = where(possible < selection.at_least, nw.lit(False))
    return nw.when(sure >= selection.at_least).then(nw.lit(True)).otherwise(unsure)
