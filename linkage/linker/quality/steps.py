"""The rows of a delivery, linked by every way that the protocol has: numbers, addresses, and agreement."""

from __future__ import annotations

from linkage.engine.base import Engine, Frame
from linkage.linker.agree import agree
from linkage.linker.link import Population, Records
from linkage.linker.plan import linked_records
from protocols.model import Delivery, StudyProtocol


def linked(engine: Engine, frame: Frame, delivery: Delivery, spine: Population, protocol: StudyProtocol) -> Records:
    """The steps of the plan, for one delivery."""
    records = linked_records(engine, frame, delivery, spine)
    if protocol.numberless is None or delivery.spine or not delivery.derived:
        return records
    return agree(engine, records, spine, protocol.numberless).records
