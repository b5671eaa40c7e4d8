"""Which households stand in which packages together: counts by set of packages (quality-v1, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from linkage.engine.base import Engine, Frame
from linkage.engine.portable import one
from linkage.linker.link import LINKED, Records, went

MOST_PACKAGES = 62  # a set of packages is one whole number of 64 bits


def overlap(engine: Engine, linked: Sequence[Records], names: Sequence[str], households: int) -> dict[str, Any]:
    """Households by the set of packages that mention them, the register left out; the empty set too.

    `names` are `delivery/holder` by the number of the package. More than 62 packages are not counted by set.
    """
    frames = [_mentioned(records) for records in linked if not records.delivery.spine]
    if not frames or len(names) > MOST_PACKAGES:
        return {"sets": []}
    sets = nw.concat(frames, how="vertical").group_by("household").agg(nw.col("bit").sum().alias("set"))
    counted = sets.with_columns(one().alias("n")).group_by("set").agg(nw.col("n").sum())
    found = dict(engine.collect(counted.select("set", "n")).iter_rows())
    found[0] = households - sum(found.values())
    lines = [{"packages": _members(bits, names), "households": n} for bits, n in found.items()]
    return {"sets": sorted(lines, key=lambda line: (-line["households"], line["packages"]))}


def _mentioned(records: Records) -> Frame:
    """household, and 2 to the power of the number of the package, once each."""
    rows = records.rows.filter(went(*LINKED), ~nw.col("household").is_null())
    pairs = rows.select("household", "holder").unique()
    return pairs.select("household", (nw.lit(2).cast(nw.Int64) ** nw.col("holder")).cast(nw.Int64).alias("bit"))


def _members(bits: int, names: Sequence[str]) -> list[str]:
    return [name for number, name in enumerate(names) if bits >> number & 1]
