"""Whom a package reaches: households by area, persons by age group, rows by year (quality-v1, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from linkage.engine.base import Engine, Frame
from linkage.engine.portable import as_flag, one
from linkage.linker.link import LINKED, Population, Records, went

AGES: Mapping[int | None, str] = {1: "minor", 0: "adult", None: "unknown"}
UNKNOWN = "unknown"


@dataclass(frozen=True)
class People:
    """What there is to reach: households by area position, persons by age group, both with None for unknown."""

    areas: Mapping[int | None, int]
    ages: Mapping[int | None, int]


def people(engine: Engine, spine: Population) -> People:
    """Count the population."""
    return People(
        _counts(engine, spine.households, "area"),
        _counts(engine, spine.persons, "minor"),
    )


def _counts(engine: Engine, frame: Frame, name: str) -> dict[int | None, int]:
    counted = frame.with_columns(one().alias("n")).group_by(name).agg(nw.col("n").sum())
    return dict(engine.collect(counted.select(name, "n")).iter_rows())


def coverage(
    engine: Engine, records: Records, spine: Population, everyone: People, areas: Sequence[str]
) -> dict[int, dict[str, Any]]:
    """By number of the package: `areas`, `ages` (not of a delivery of addresses) and `years`, each a list of groups."""
    linked = records.rows.filter(went(*LINKED))
    by_area = _reached(engine, linked, spine.households, "household", "area")
    by_age = _reached(engine, linked, spine.persons, "person", "minor") if records.delivery.unit == "person" else {}
    by_year = _years(engine, records) if records.delivery.years else {}
    names: dict[int | None, str] = {**dict(enumerate(areas)), None: UNKNOWN}
    holders = {*by_area, *by_age, *by_year}
    return {
        holder: {
            "areas": _groups(names, everyone.areas, by_area.get(holder, {}), "households"),
            "ages": _groups(AGES, everyone.ages, by_age.get(holder, {}), "persons") if by_age else [],
            "years": by_year.get(holder, []),
        }
        for holder in holders
    }


def _reached(engine: Engine, linked: Frame, units: Frame, unit: str, group: str) -> dict[int, dict[int | None, int]]:
    """By package and group: how many different households, or persons, have a row."""
    mentioned = linked.filter(~nw.col(unit).is_null()).select("holder", unit).unique()
    joined = mentioned.join(units.select(unit, group), on=unit, how="inner").with_columns(one().alias("n"))
    found: dict[int, dict[int | None, int]] = {}
    counted = joined.group_by("holder", group).agg(nw.col("n").sum())
    for holder, value, n in engine.collect(counted.select("holder", group, "n")).iter_rows():
        found.setdefault(holder, {})[value] = n
    return found


def _groups(
    names: Mapping[int | None, str], everyone: Mapping[int | None, int], reached: Mapping[int | None, int], what: str
) -> list[dict[str, Any]]:
    """One line per group; that of the unknown where there is anybody in it."""
    return [
        {"group": name, what: everyone.get(value, 0), "reached": reached.get(value, 0)}
        for value, name in names.items()
        if value is not None or everyone.get(value)
    ]


def _years(engine: Engine, records: Records) -> dict[int, list[dict[str, Any]]]:
    flagged = records.rows.with_columns(
        one().alias("rows"), as_flag(went(*LINKED)).alias("linked"), nw.col("v_year").alias("year")
    )
    counted = flagged.group_by("holder", "year").agg(nw.col("rows").sum(), nw.col("linked").sum())
    found: dict[int, list[dict[str, Any]]] = {}
    lines = engine.collect(counted.select("holder", "year", "rows", "linked")).sort("holder", "year", nulls_last=True)
    for holder, year, rows, linked in lines.iter_rows():
        found.setdefault(holder, []).append({"group": str(year or UNKNOWN), "rows": rows, "linked": linked})
    return found
