"""Every engine that must agree with a specification by example, and how an example is run on one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
from tables import AREAS, Answers, Given, Row

from linkage.engine.base import Engine, Frame
from linkage.engine.polars import PolarsEngine
from linkage.linker.plan import plan
from linkage.linker.rekey import KEY_COLUMNS
from linkage.linker.run import as_delivered
from linkage.research.cells import Counts, Key, stack_name, stack_values
from linkage.research.households import HouseholdFile
from linkage.study import pseudonym_fields, wire_columns
from protocols import StudyProtocol
from protocols.model import Delivery, StackingTable


class InMemory(PolarsEngine):
    """Polars with every step computed at once and kept in memory: an eager engine."""

    def materialise(self, frame: Frame) -> Frame:
        return nw.from_native(self._native(frame).collect(engine="in-memory").lazy())

    def collect(self, frame: Frame) -> pl.DataFrame:
        return self._native(frame).collect(engine="in-memory")


MakesEngine = Callable[[Path], Engine]
# Another engine is one more line. Spark takes seconds to start and is in generative/test_engines.py.
ENGINES: dict[str, MakesEngine] = {
    "polars, lazy": PolarsEngine,
    "polars, eager": InMemory,
}


@dataclass(frozen=True)
class Study:
    """As much of a study as the plan reads: the protocol, the wijken, and who should deliver what."""

    protocol: StudyProtocol
    holder: tuple[Any, ...] = ()
    study: Any = field(default_factory=lambda: SimpleNamespace(areas=AREAS))

    def model_copy(self) -> Study:
        return self

    def bound_to(self, protocol: StudyProtocol) -> Study:
        return replace(self, protocol=protocol)


def answers(engine: str | MakesEngine, protocol: StudyProtocol, given: Given, folder: Path) -> Answers:
    """By household, everything that the plan makes of it, and of its stacking of problems."""
    study = _delivered(protocol, given)
    made = (ENGINES[engine] if isinstance(engine, str) else engine)(folder)
    rows = {protocol.spine.name: given.members, **given.records}
    frames = {name: _frame(made, study, protocol.delivery(name), of) for name, of in rows.items()}
    table = plan(made, frames, study, lambda text: None).table
    found = {row["household"]: row for row in table.iter_rows(named=True)}
    return {home: row | _stacks(study, table.filter(pl.col("household") == home)) for home, row in found.items()}


def _delivered(protocol: StudyProtocol, given: Given) -> Any:
    """Two holders each, of which the second may be late."""
    there = [(name, holder) for name in given.records for holder in (1, 2) if (name, holder) not in _late(given)]
    holders = tuple(SimpleNamespace(id=number, delivery=name) for name in given.records for number in (1, 2))
    accepted: Any = [SimpleNamespace(manifest=SimpleNamespace(delivery=name, holder=holder)) for name, holder in there]
    study: Any = Study(protocol, holders)
    return as_delivered(study, accepted)


def _late(given: Given) -> set[tuple[str, int]]:
    return {(name, 2) for name in given.late}


# --- frames ---------------------------------------------------------------------------------------


def _frame(engine: Engine, study: Any, delivery: Delivery, rows: Sequence[Row]) -> Frame:
    """The delivery as the linker has it after re-keying; keys are the numbers of the example, in 16 bytes."""
    fields = pseudonym_fields(delivery)
    columns: dict[str, Any] = {KEY_COLUMNS[f]: [_key(f, row, delivery) for row in rows] for f in fields}
    schema: dict[str, Any] = dict.fromkeys(columns, pl.Binary)
    for wire in wire_columns(study, delivery):
        columns[f"v_{wire.name}"] = [0 if wire.name == "address_suffix" else row[wire.name] for row in rows]
    columns["holder"] = [row.get("houder", 1) for row in rows]
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64) | schema)
    return engine.scan(engine.save([frame], delivery.name))


def _key(field: str, row: Row, delivery: Delivery) -> bytes | None:
    """A row that names a person has no other key, so that the person alone decides; the register has all."""
    person, home = row["persoon"], row["huishouden"]
    by_person = field in ("a-number", "bsn")
    value = person if by_person else home if person is None or delivery.spine else None
    return None if value is None else int(value).to_bytes(16, "big")


# --- stacking -------------------------------------------------------------------------------------


def _stacks(study: Any, household: pl.DataFrame) -> Row:
    """`aantal D` of one family, as the tables count it."""
    protocol: StudyProtocol = study.protocol
    if household["has_child_lt18"].to_list() != [True]:
        return {}
    counts = Counts(HouseholdFile(household.with_columns(wijk=pl.lit("Noord")), study, {}))
    found: Row = {}
    for table in protocol.tables:
        if isinstance(table, StackingTable):
            members = {domain.name: len(domain.any_of) for domain in protocol.domains}
            for name in table.domains:
                found[stack_name(name)] = _stack(counts, name, stack_values(members[name], table.at_most))
    return found


def _stack(counts: Counts, domain: str, values: Iterable[str]) -> str | None:
    meets = [v for v in (*values, "?") if counts[Key("families", "", ((stack_name(domain), v),))].value]
    assert len(meets) == 1
    return None if meets == ["?"] else meets[0]
