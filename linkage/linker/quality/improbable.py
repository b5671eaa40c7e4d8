"""Households that can hardly be right, and what is odd about the register (quality-v1, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from linkage.engine.base import Engine, Frame
from linkage.engine.portable import as_flag, is_unknown, one
from linkage.linker.link import LINKED, Population, Records, went
from protocols.model import StudyProtocol

MANY_ROWS = 25
KEYS: Mapping[str, str] = {"a_number": "a-number", "bsn": "bsn", "address": "address"}


def improbable(engine: Engine, spine: Population, linked: Sequence[Records], protocol: StudyProtocol) -> dict[str, Any]:
    """Counts of households by what is odd about them (one may be odd in several ways), and `sizes`."""
    homes = spine.households
    odd = {
        "institution": nw.col("institution") == 1,
        "too_many_persons": nw.col("size") > protocol.household.max_size,
        "minors_alone": (nw.col("adults") == 0) & (nw.col("unknown_age") == 0) & (nw.col("minors") > 0),
        "two_areas": nw.col("area") != nw.col("area_last"),
        "age_unknown": nw.col("unknown_age") > 0,
    }
    flags = [as_flag(test).fill_null(0).alias(name) for name, test in odd.items()]
    counted = engine.collect(homes.select(*flags).select(*(nw.col(name).sum() for name in odd)))
    found = {name: int(counted[name].sum()) for name in odd}
    sizes = homes.with_columns(one().alias("n")).group_by("size").agg(nw.col("n").sum())
    by_size = sorted(engine.collect(sizes.select("size", "n")).iter_rows())
    return {
        **found,
        "many_rows": _many(engine, linked),
        "more_rows_than": MANY_ROWS,
        "sizes": [{"persons": size, "households": n} for size, n in by_size],
    }


def _many(engine: Engine, linked: Sequence[Records]) -> int:
    """Households of which one package has more rows than MANY_ROWS."""
    frames = [
        records.rows.filter(went(*LINKED))
        .with_columns(one().alias("n"))
        .group_by("holder", "household")
        .agg(nw.col("n").sum())
        .filter(nw.col("n") > MANY_ROWS)
        .select("household")
        for records in linked
        if not records.delivery.spine
    ]
    return engine.collect(nw.concat(frames, how="vertical").unique()).height if frames else 0


def register(engine: Engine, spine: Population, protocol: StudyProtocol) -> dict[str, int]:
    """Persons of the population, and of how many the register does not have an identifier or an attribute."""
    keys = {key: kind for key, kind in KEYS.items() if kind in protocol.spine.kinds}
    rule = protocol.household
    columns = {
        **{f"without_{key}": key for key in keys},
        "without_age": "minor",
        "without_area": f"v_{rule.area_column}",
        "without_place": f"v_{rule.place_column}",
    }
    flags = [is_unknown(nw.col(column)).alias(name) for name, column in columns.items()]
    counted = engine.collect(_sum(spine.persons.select(one().alias("persons"), *flags), ["persons", *columns]))
    return {name: int(counted[name].sum()) for name in ("persons", *columns)}


def _sum(frame: Frame, names: Sequence[str]) -> Frame:
    return frame.select(*(nw.col(name).sum() for name in names))
