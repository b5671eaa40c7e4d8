"""All that the report says, from frames of re-keyed deliveries: one look at each delivery, and then the variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.engine.base import Engine, Frame
from linkage.linker.accept import Accepted
from linkage.linker.count import by_holder, doubles
from linkage.linker.evaluate import Wire, per_household, per_person
from linkage.linker.link import Population, Records, register
from linkage.linker.plan import spine_of
from linkage.linker.quality.agreement import agreement
from linkage.linker.quality.compare import compare
from linkage.linker.quality.coverage import coverage, people
from linkage.linker.quality.evidence import Evidence, evidence
from linkage.linker.quality.improbable import improbable
from linkage.linker.quality.improbable import register as register_counts
from linkage.linker.quality.overlap import overlap
from linkage.linker.quality.rates import rates
from linkage.linker.quality.reasons import reasons
from linkage.linker.quality.sensitivity import Parts, sensitivity
from linkage.linker.quality.steps import linked
from linkage.study import Study, wire_columns

Say = Callable[[str], None]


@dataclass(frozen=True)
class Gathered:
    """By number of the package what was seen of it, and what was seen of the whole."""

    packages: Mapping[int, dict[str, Any]]
    whole: dict[str, Any]


@dataclass(frozen=True)
class _Deliveries:
    """The deliveries as they came, and linked."""

    engine: Engine
    study: Study
    frames: Mapping[str, Frame]
    spine: Population
    records: Mapping[str, Records]
    expected_false: Mapping[int, float]


def gather(
    engine: Engine, frames: Mapping[str, Frame], study: Study, packages: Sequence[Accepted], say: Say
) -> Gathered:
    """Link every delivery as the linking does, and look at it. Raises SpineUnusable."""
    protocol = study.protocol
    rows = register(frames[protocol.spine.name], protocol)
    spine, homeless = spine_of(engine, rows, study)
    records: dict[str, Records] = {}
    expected_false: dict[int, float] = {}
    for delivery in (delivery for delivery in protocol.deliveries if delivery.name in frames):
        say(f"koppelen   {delivery.name}")
        made = linked(engine, frames[delivery.name], delivery, spine, protocol)
        records[delivery.name] = made.records
        expected_false |= made.expected_false
    came = _Deliveries(engine, study, {**frames, protocol.spine.name: rows}, spine, records, expected_false)
    found: dict[int, dict[str, Any]] = {}
    for name in records:
        say(f"nazien     {name}")
        found.update(_delivery(came, name))
    names = [f"{package.manifest.delivery}/{package.manifest.holder}" for package in packages]
    everyone = sum(people(engine, spine).areas.values())
    say("nazien     andere keuzes")
    whole = {
        "register": {**register_counts(engine, spine, protocol), "without_household": homeless},
        "households": everyone,
        "improbable": improbable(engine, spine, list(records.values()), protocol),
        "overlap": overlap(engine, list(records.values()), names, everyone),
        "sensitivity": sensitivity(_parts(came, packages), frames),
    }
    return Gathered(found, whole)


def _delivery(came: _Deliveries, name: str) -> dict[int, dict[str, Any]]:
    """By number of the package; of the register only its rows that are double."""
    records, engine = came.records[name], came.engine
    twice = doubles(engine, came.frames[name], records, by_holder(engine, came.frames[name]))
    if records.delivery.spine:
        return {holder: {"exact_doubles": exact, "contradicting": other} for holder, (exact, other) in twice.items()}
    columns = came.frames[name].collect_schema().names()
    seen = evidence(engine, records, columns, came.spine)
    everyone = people(engine, came.spine)
    reached = coverage(engine, records, came.spine, everyone, came.study.study.areas)
    differences = compare(engine, records, wire_columns(came.study, records.delivery))
    return {
        holder: {
            **_seen(of, came.expected_false.get(holder)),
            "exact_doubles": twice[holder][0] if holder in twice else None,
            "contradicting": twice[holder][1] if holder in twice else None,
            "coverage": reached.get(holder, {"areas": [], "ages": [], "years": []}),
            "differences": differences[holder],
        }
        for holder, of in seen.items()
    }


def _seen(of: Evidence, expected_false: float | None) -> dict[str, Any]:
    return {"reasons": reasons(of), "agreement": agreement(of), "rates": rates(of, expected_false).json()}


def _parts(came: _Deliveries, packages: Sequence[Accepted]) -> Parts:
    protocol = came.study.protocol
    wire: Wire = {d.name: {c.name: c for c in wire_columns(came.study, d)} for d in protocol.deliveries}
    per = {name: came.engine.materialise(per_household(r, protocol, wire)) for name, r in came.records.items()}
    persons = {n: per_person(r, protocol, wire) for n, r in came.records.items() if r.delivery.unit == "person"}
    numbered = {number: (p.manifest.delivery, p.manifest.holder) for number, p in enumerate(packages)}
    return Parts(came.engine, came.spine, protocol, wire, came.records, per, persons, numbered)
