"""The plan as a whole: frames of re-keyed deliveries -> one row per household, and what the linking did.

It does no I/O of its own and imports no engine: the engine computes, materialises and collects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import narwhals.stable.v2 as nw
import polars as pl

from linkage.engine.base import Engine, Frame
from linkage.errors import SpineUnusable
from linkage.linker.agree import Agreement, agree
from linkage.linker.count import doubles, ways
from linkage.linker.evaluate import Wire, households, per_household, per_person, same_person
from linkage.linker.link import KEYS, PERSON_KEYS, Population, Records, link, one_row_each, population, register
from linkage.linker.rekey import key_column
from linkage.study import Study, wire_columns
from protocols.model import Delivery


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
    spine, without = spine_of(engine, register_rows, study)
    planned = Planned(pl.DataFrame(), without)
    per: dict[str, Frame] = {}
    persons: dict[str, Frame] = {}
    for delivery in (delivery for delivery in protocol.deliveries if delivery.name in frames):
        say(f"koppelen   {delivery.name}")
        records = linked_records(engine, frames[delivery.name], delivery, spine)
        if protocol.numberless is not None and delivery.derived and not delivery.spine:
            planned.agreements[delivery.name] = agree(engine, records, spine, protocol.numberless)
            records = planned.agreements[delivery.name].records
        planned.ways.update(ways(engine, records))
        planned.doubles.update(doubles(engine, register_rows if delivery.spine else frames[delivery.name], records))
        per[delivery.name] = engine.materialise(per_household(records, protocol, wire))
        if delivery.unit == "person":
            persons[delivery.name] = per_person(records, protocol, wire)
    table = engine.collect(households(spine.households, per, same_person(persons, protocol), protocol))
    return replace(planned, table=table, people=people_of(engine, spine) if protocol.follow is not None else None)


def people_of(engine: Engine, spine: Population) -> pl.DataFrame:
    """Keys, household, minor and is_reference of everybody: what following households over waves needs."""
    there = spine.persons.collect_schema().names()
    return engine.collect(
        spine.persons.select(*(key for key in PERSON_KEYS if key in there), "household", "minor", "is_reference")
    )


def linked_records(engine: Engine, frame: Frame, delivery: Delivery, spine: Population) -> Records:
    """The rows of a delivery with their way, household and person, computed."""
    return Records(delivery, engine.materialise(link(frame, delivery, spine).rows))


def spine_of(engine: Engine, rows: Frame, study: Study) -> tuple[Population, int]:
    """The population, and how many persons have no household. Raises SpineUnusable."""
    delivered = set(rows.collect_schema().names())
    content = [key for key in (*KEYS, *map(key_column, study.protocol.spine.derived)) if key in delivered]
    content += [f"v_{column.name}" for column in wire_columns(study, study.protocol.spine)]
    distinct = engine.materialise(rows.unique())
    homeless = distinct.filter(~nw.col("person").is_null(), nw.col("household").is_null()).select("person").unique()
    people = population(engine.materialise(one_row_each(distinct, content)), study.protocol)
    spine = Population(engine.materialise(people.persons), engine.materialise(people.households))
    if engine.collect(spine.households.head(1)).is_empty():
        raise SpineUnusable("in het bevolkingsregister is geen enkel huishouden te vormen; controleer die levering")
    return spine, engine.collect(homeless).height
