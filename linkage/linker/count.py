"""What the linking did, in numbers per delivery and holder: the content of `linkage.json`."""

from __future__ import annotations

from typing import Any, Protocol

import narwhals.stable.v2 as nw

from linkage.engine.base import Engine, Frame
from linkage.engine.portable import one
from linkage.linker.accept import Accepted
from linkage.linker.agree import WAY, Agreement, expected_false
from linkage.linker.link import WAYS, Records


class Counted(Protocol):
    """What a plan counted, by the number of the package."""

    @property
    def ways(self) -> dict[int, dict[str, int]]:
        """Rows by way."""

    @property
    def doubles(self) -> dict[int, tuple[int, int]]:
        """Exact doubles and contradicting rows."""

    @property
    def agreements(self) -> dict[str, Agreement]:
        """By delivery: what linking by agreement did."""


def ways(engine: Engine, records: Records) -> dict[int, dict[str, int]]:
    """Rows by holder and way."""
    counted = records.rows.with_columns(one().alias("rows")).group_by("holder", "way").agg(nw.col("rows").sum())
    found: dict[int, dict[str, int]] = {}
    for holder, way, count in engine.collect(counted.select("holder", "way", "rows")).iter_rows():
        found.setdefault(holder, {})[way] = count
    return found


def doubles(engine: Engine, frame: Frame, records: Records) -> dict[int, tuple[int, int]]:
    """By holder, for a delivery of one row per person or address: (exact doubles, contradicting rows)."""
    if records.delivery.rows == "several":
        return {}
    names = frame.collect_schema().names()
    identity = ("person",) if records.delivery.spine else ("a_number", "bsn", "address", "persona")
    keys = [name for name in (*identity, "v_year") if name in names]
    content = [name for name in names if name != "holder"]
    counts: dict[int, list[int]] = {}
    for subset in ([], content, keys):
        rows = frame.unique(subset=["holder", *subset]) if subset else frame
        summed = rows.with_columns(one().alias("rows")).group_by("holder").agg(nw.col("rows").sum())
        for holder, count in engine.collect(summed.select("holder", "rows")).iter_rows():
            counts.setdefault(holder, []).append(count)
    return {holder: (total - distinct, distinct - units) for holder, (total, distinct, units) in counts.items()}


def report(package: Accepted, planned: Counted, number: int) -> dict[str, Any]:
    """The lines of one package."""
    manifest, by_way = package.manifest, planned.ways.get(number, {})
    doubled, agreed = planned.doubles.get(number), planned.agreements.get(package.manifest.delivery)
    return {
        "delivery": manifest.delivery,
        "holder": manifest.holder,
        "package": package.digest,
        "sequence": manifest.sequence,
        "export_rows": manifest.source.rows,
        "not_selected": manifest.source.not_selected,
        "rejected": dict(manifest.source.rejected),
        "rows": manifest.rows,
        "linked": {way: by_way.get(way, 0) for way in (*WAYS, *([] if agreed is None else [WAY]))},
        "exact_doubles": doubled[0] if doubled else None,
        "contradicting": doubled[1] if doubled else None,
        **({} if agreed is None else {"expected_false": expected_false(agreed, number)}),
    }
