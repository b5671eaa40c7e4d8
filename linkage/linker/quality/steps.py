"""The rows of a delivery, linked by every way that the protocol has: numbers, addresses, and agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from linkage.engine.base import Engine, Frame
from linkage.linker.agree import agree, expected_false
from linkage.linker.link import Population, Records
from linkage.linker.plan import linked_records
from protocols.model import Delivery, StudyProtocol


@dataclass(frozen=True)
class Linked:
    """The records, and by number of the package how many rows linked by agreement are expected to be false."""

    records: Records
    expected_false: Mapping[int, float] = field(default_factory=dict)


def linked(engine: Engine, frame: Frame, delivery: Delivery, spine: Population, protocol: StudyProtocol) -> Linked:
    """The steps of the plan, for one delivery."""
    records = linked_records(engine, frame, delivery, spine)
    if protocol.numberless is None or delivery.spine or not delivery.derived:
        return Linked(records)
    made = agree(engine, records, spine, protocol.numberless)
    return Linked(made.records, {number: expected_false(made, number) for number in made.doubt})
