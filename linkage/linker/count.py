"""What the linking did, in numbers per delivery and holder: the content of `linkage.json`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import narwhals.stable.v2 as nw

from linkage.engine.base import Engine, Frame, if_any
from linkage.engine.portable import one, repeated
from linkage.linker.accept import Accepted
from linkage.linker.agree import WAY, Agreement, expected_false
from linkage.linker.link import EVERY_WAY, WAYS, Records


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
    both = nw.col("holder") * len(EVERY_WAY) + nw.col("way").cast(nw.Int64)  # one key is counted quicker than two
    counted = records.rows.select(both.alias("both"), one().alias("rows")).group_by("both").agg(nw.col("rows").sum())
    found: dict[int, dict[str, int]] = {}
    for key, count in engine.collect(counted.select("both", "rows")).iter_rows():
        holder, way = divmod(key, len(EVERY_WAY))
        found.setdefault(holder, {})[EVERY_WAY[way]] = count
    return found


def doubles(
    engine: Engine, frame: Frame, records: Records, holders: Collection[int], shared: Frame | None = None
) -> dict[int, tuple[int, int]]:
    """By holder, for a delivery of one row per person or address: (exact doubles, contradicting rows).

    `shared` has, in `person`, at least the units that have more rows than one with a holder; None is looked up.
    """
    if records.delivery.rows == "several":
        return {}
    names = frame.collect_schema().names()
    identity = ("person",) if records.delivery.spine else ("a_number", "bsn", "address", "persona")
    keys = [name for name in identity if name in names]
    year = ["v_year"] if "v_year" in names else []
    rows = frame.with_columns(nw.coalesce(*keys).alias("unit"))
    if shared is None:
        together = ["unit", *(["holder"] if len(holders) > 1 else []), *year]
        shared = engine.materialise(repeated(engine.suspects(rows, "unit"), together))
    else:
        shared = shared.rename({"person": "unit"})
    rows = _several(engine, rows, shared)
    content = [name for name in names if name != "holder"]
    total, distinct, units = (
        by_holder(engine, rows.unique(subset=["holder", *subset]) if subset else rows)
        for subset in ([], content, [*keys, *year])
    )
    return {h: (total.get(h, 0) - distinct.get(h, 0), distinct.get(h, 0) - units.get(h, 0)) for h in holders}


def _several(engine: Engine, rows: Frame, shared: Frame) -> Frame:
    """The rows that are not alone with their unit, or have none: among others there are no doubles."""
    found = [rows.filter(nw.col("unit").is_null())]
    if if_any(engine, shared) is not None:
        found.append(rows.join(shared, on="unit", how="semi"))
    return engine.materialise(nw.concat(found, how="vertical"))


def by_holder(engine: Engine, rows: Frame) -> dict[int, int]:
    """Rows by the number of the package."""
    summed = rows.select("holder", one().alias("rows")).group_by("holder").agg(nw.col("rows").sum())
    return dict(engine.collect(summed.select("holder", "rows")).iter_rows())


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
