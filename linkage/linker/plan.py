"""The plan as a whole: frames of re-keyed deliveries -> one row per household, and what the linking did.

It does no I/O of its own and imports no engine: the engine computes, materialises and collects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import narwhals.stable.v2 as nw
import polars as pl

from linkage.codebook import fields
from linkage.engine.base import Engine, Frame, if_any
from linkage.engine.portable import one, repeated
from linkage.errors import SpineUnusable
from linkage.linker.agree import Agreement, agree
from linkage.linker.count import by_holder, doubles, ways
from linkage.linker.evaluate import Wire, asked_of, households, members_asked, per_household, per_person, same_person
from linkage.linker.link import (
    KEYS,
    PERSON_KEYS,
    Population,
    Records,
    coarse_of,
    homes,
    link,
    looked_up,
    lookup,
    lookups_of,
    number_lookup,
    one_row_each,
    placed,
    register,
    usable,
    with_reference,
)
from linkage.linker.rekey import key_column
from linkage.study import Study, wire_columns
from protocols.model import Delivery

COLUMNS = ("household", "size", "institution", "area", "area_last")


@dataclass(frozen=True)
class Planned:
    """The households (with `household`, `size`, `institution`, `area`), and counts by the number of the package."""

    table: pl.DataFrame
    without_household: int
    ways: dict[int, dict[str, int]] = field(default_factory=dict)
    doubles: dict[int, tuple[int, int]] = field(default_factory=dict)
    agreements: dict[str, Agreement] = field(default_factory=dict)
    people: pl.DataFrame | None = None


def plan(engine: Engine, frames: Mapping[str, Frame], study: Study, say: Callable[[str], None]) -> Planned:
    """Link every delivery to the spine and evaluate the protocol. Raises SpineUnusable."""
    protocol = study.protocol
    wire: Wire = {d.name: {column.name: column for column in wire_columns(study, d)} for d in protocol.deliveries}
    register_rows = register(frames[protocol.spine.name], protocol)
    spine, without = spine_of(engine, register_rows, study, keys=_keys(study))
    planned = Planned(pl.DataFrame(), without)
    per: dict[str, Frame] = {}
    persons: dict[str, Frame] = {}
    for delivery in (delivery for delivery in protocol.deliveries if delivery.name in frames):
        say(f"koppelen   {delivery.name}")
        by_agreement = protocol.numberless is not None and bool(delivery.derived) and not delivery.spine
        about = None if by_agreement else members_asked(protocol, delivery.name)
        records = linked_records(engine, frames[delivery.name], delivery, spine, about=about)
        if protocol.numberless is not None and by_agreement:
            planned.agreements[delivery.name] = agree(engine, records, spine, protocol.numberless)
            records = planned.agreements[delivery.name].records
        went = ways(engine, records)
        planned.ways.update(went)
        rows, shared = (register_rows, spine.shared) if delivery.spine else (frames[delivery.name], None)
        holders = by_holder(engine, rows) if delivery.spine else went
        twice = doubles(engine, rows, records, holders, shared)
        planned.doubles.update(twice)
        records = replace(records, one_holder=len(holders) == 1, no_doubles=_none(delivery, twice))
        per[delivery.name] = engine.materialise(per_household(records, protocol, wire))
        if delivery.unit == "person":
            persons[delivery.name] = per_person(records, protocol, wire)
    table = engine.collect(_leaving(households(spine.households, per, same_person(persons, protocol), protocol), study))
    return replace(planned, table=table, people=people_of(engine, spine) if protocol.follow is not None else None)


def _none(delivery: Delivery, twice: Mapping[int, tuple[int, int]]) -> bool:
    """Whether no person has two rows with a holder; told by the counts where rows are known by one number alone."""
    by_number = delivery.unit == "person" and len(delivery.kinds) == 1 and not delivery.derived
    return by_number and bool(twice) and not any(sum(both) for both in twice.values())


def _leaving(table: Frame, study: Study) -> Frame:
    """The columns of the household file and those that make them; not the steps in between. Keys are keys again."""
    table = table.with_columns(nw.col("key").alias("household"))
    wanted = {*COLUMNS, *(field.name for field in fields(study.protocol))}
    return table.select(*(name for name in table.collect_schema().names() if name in wanted))


def people_of(engine: Engine, spine: Population) -> pl.DataFrame:
    """Keys, household, minor and is_reference of everybody: what following households over waves needs."""
    there = spine.persons.collect_schema().names()
    named = spine.persons.join(spine.households.select("household", "key"), on="household", how="left")
    return engine.collect(
        named.with_columns(nw.col("key").alias("household")).select(
            *(key for key in PERSON_KEYS if key in there), "household", "minor", "is_reference"
        )
    )


def linked_records(
    engine: Engine, frame: Frame, delivery: Delivery, spine: Population, *, about: Collection[str] | None = None
) -> Records:
    """The rows of a delivery with their way, household and person, computed.

    With their keys and all that is known of the person; or instead with only these of the last. The register's own are
    the population, which is computed already.
    """
    records = link(frame, delivery, spine) if delivery.spine else _linked(engine, frame, delivery, spine)
    if delivery.spine:
        return records
    names = records.rows.collect_schema().names()
    if about is not None:
        asked = {"holder", "way", "person", "household", *about}
        names = [name for name in names if name.startswith("v_") or name in asked]
    return Records(delivery, engine.materialise(records.rows.select(*names)))


def _linked(engine: Engine, frame: Frame, delivery: Delivery, spine: Population) -> Records:
    """Where postcode and number were not looked up for everybody, they are for the rows that need it."""
    if "address" not in delivery.kinds or "address_number" in spine.lookups:
        return link(frame, delivery, spine)
    rows = engine.materialise(looked_up(frame, delivery, spine))
    coarse = engine.materialise(coarse_of(rows, delivery, spine))
    return placed(rows, frame.collect_schema().names(), delivery, coarse)


def _keys(study: Study) -> set[str]:
    """The keys of the population that are looked at again once everybody has a household."""
    protocol = study.protocol
    asked = {key for delivery in protocol.deliveries for key in lookups_of(delivery)}
    # Which addresses share a postcode and number is told by the addresses, and who is called by the first number by it.
    asked |= {"address"} if "address_number" in asked else set()
    asked |= set(PERSON_KEYS) if protocol.follow is not None else set()
    return asked | ({*map(key_column, protocol.spine.derived)} if protocol.numberless is not None else set())


def spine_of(
    engine: Engine, rows: Frame, study: Study, *, keys: Collection[str] | None = None
) -> tuple[Population, int]:
    """The population, with these of its keys (all of them by itself), and how many persons have no household.

    Raises SpineUnusable.
    """
    protocol = study.protocol
    shared = _repeated(engine, rows, "person")
    persons = _persons(engine, rows, shared, study)
    if keys is not None:
        persons = persons.select(*_without(persons, [key for key in KEYS if key not in keys]))
    households = engine.numbered(homes(persons, protocol).with_columns(nw.col("household").alias("key")), "household")
    if engine.collect(households.head(1)).is_empty():
        raise SpineUnusable("in het bevolkingsregister is geen enkel huishouden te vormen; controleer die levering")
    marked = with_reference(persons, households, protocol)
    everybody = engine.numbered(marked if keys is None else marked.select(*_without(marked, _unused(study))), "person")
    asked = dict.fromkeys(key for delivery in protocol.deliveries for key in lookups_of(delivery))
    # With only some keys, postcode and number are looked up for the rows that need it (`_linked`).
    made = [key for key in asked if keys is None or key != "address_number"]
    lookups = {key: _looked_up(engine, everybody, key) for key in made}
    population = Population(everybody, households.drop("best", "candidates"), lookups, shared)
    return population, _without_household(engine, rows)


def _without(frame: Frame, left_out: Collection[str]) -> list[str]:
    return [name for name in frame.collect_schema().names() if name not in left_out]


def _unused(study: Study) -> list[str]:
    """Attributes of the register of which nothing is asked once everybody has a household."""
    used = asked_of(study.protocol, study.protocol.spine.name)
    return [f"v_{column.name}" for column in wire_columns(study, study.protocol.spine) if column.name not in used]


def _without_household(engine: Engine, rows: Frame) -> int:
    """Persons of whom no row gives a household."""
    lacking = rows.filter(~nw.col("person").is_null(), nw.col("household").is_null()).select("person").unique()
    lacking = engine.materialise(lacking)
    if if_any(engine, lacking) is None:
        return 0
    elsewhere = usable(rows).select("person").join(lacking, on="person", how="semi").unique()  # another row places them
    return _rows(engine, lacking) - _rows(engine, elsewhere)


def _rows(engine: Engine, frame: Frame) -> int:
    counted = frame.with_columns(one().alias("rows")).select(nw.col("rows").sum())  # `select` of it alone is one row
    return int(engine.collect(counted)["rows"].sum())


def _looked_up(engine: Engine, everybody: Frame, key: str) -> Frame:
    """What a key stands for: of numbers only the few are computed that stand for nobody, of addresses all."""
    if key not in PERSON_KEYS:
        return engine.materialise(lookup(everybody, key))
    return number_lookup(everybody, key, if_any(engine, _repeated(engine, everybody, key)))


def _repeated(engine: Engine, rows: Frame, key: str) -> Frame:
    return engine.materialise(repeated(engine.suspects(rows, key), [key]))


def _persons(engine: Engine, rows: Frame, shared: Frame, study: Study) -> Frame:
    """One row for each person; only persons with more rows than one are sorted out."""
    if if_any(engine, shared) is None:
        return usable(rows)
    delivered = set(rows.collect_schema().names())
    content = [key for key in (*KEYS, *map(key_column, study.protocol.spine.derived)) if key in delivered]
    content += [f"v_{column.name}" for column in wire_columns(study, study.protocol.spine)]
    several = engine.materialise(rows.join(shared, on="person", how="semi").unique())
    chosen = engine.materialise(one_row_each(several, [*content, "holder"]))
    return nw.concat([usable(rows).join(shared, on="person", how="anti"), chosen], how="vertical")
