"""What must come out: 31,392 households by wijk and pattern, as packaged in patterns.csv."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

HOUSEHOLDS = 31_392
FAMILIES = 8_555
THREE_OR_MORE_PROVISIONS = 375
TOWN = "Almelo"
NOT_COUNTED = ("wijk", "n_households", "has_child_lt18")


def patterns() -> list[dict[str, str]]:
    """The rows of patterns.csv; a row of childless households has blanks, for nothing is prescribed there."""
    return [dict(row) for row in _rows()]


@cache
def _rows() -> tuple[dict[str, str], ...]:
    file = resources.files(__name__.rpartition(".")[0]) / "patterns.csv"
    return tuple(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def bits() -> tuple[str, ...]:
    """The columns of a pattern, in order: S, A, C, support, mvp, mpg and the 21 problems."""
    return tuple(name for name in _rows()[0] if name not in NOT_COUNTED)


def wijken() -> tuple[str, ...]:
    """The twelve wijken, in the order of patterns.csv."""
    return tuple(dict.fromkeys(row["wijk"] for row in _rows()))


def expected_counts() -> dict[str, dict[str, int]]:
    """Per wijk, and for the town as a whole: households, families, and families with each problem or definition."""
    columns = ("households", "families", *bits())
    counts = {area: dict.fromkeys(columns, 0) for area in (*wijken(), TOWN)}
    for row in _rows():
        for area in (row["wijk"], TOWN):
            _add(counts[area], row)
    return counts


def _add(counts: dict[str, int], row: dict[str, str]) -> None:
    size = int(row["n_households"])
    counts["households"] += size
    counts["families"] += size * int(row["has_child_lt18"])
    for name in bits():
        counts[name] += size * int(row[name] or 0)
