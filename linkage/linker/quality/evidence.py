"""Every row of a delivery with what each of its identifiers says by itself, counted (quality-v1, section 4).

A row that has a number and an address was recognised twice: where both say the same household, each bears out the
other. The rules are those of the linking; a row is linked anew with all identifiers but one taken away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from linkage.engine.base import Engine, Frame
from linkage.engine.portable import as_flag, one, where
from linkage.linker.link import EVERY_WAY, LINKED, Population, Records, link
from protocols.model import Delivery, IdentifierKind

COLUMNS: Mapping[IdentifierKind, str] = {"a-number": "a_number", "bsn": "bsn", "address": "address"}
NUMBERS = ("a_number", "bsn")
LACKING = "-"
SUFFIX = "v_address_suffix"


@dataclass(frozen=True)
class Seen:
    """Rows alike: their way, per identifier its own way (`-`: not there), whether it leads to the row's household.

    `exact` is the way of the address where no address may stand for another.
    """

    way: str
    alone: tuple[tuple[str, str, bool], ...]
    exact: str

    def own(self, key: str) -> str:
        """What that identifier says by itself."""
        return next((way for name, way, _ in self.alone if name == key), LACKING)

    def agrees(self, key: str) -> bool:
        """Whether that identifier by itself leads to the household of the row."""
        return any(same for name, _, same in self.alone if name == key)

    @property
    def has_number(self) -> bool:
        """Whether the row has a number of a person."""
        return any(self.own(key) != LACKING for key in NUMBERS)

    @property
    def linked(self) -> bool:
        """Whether the row was linked."""
        return self.way in LINKED

    @property
    def by_address(self) -> bool:
        """Whether the address alone would link it."""
        return self.own("address") in LINKED


Evidence = Mapping[Seen, int]


def count(evidence: Evidence, chosen: Callable[[Seen], bool]) -> int:
    """Rows of which this holds."""
    return sum(rows for seen, rows in evidence.items() if chosen(seen))


def evidence(engine: Engine, records: Records, names: Sequence[str], spine: Population) -> dict[int, Evidence]:
    """By number of the package: its rows, by what was seen of them; `names` are the columns as delivered."""
    delivery = records.delivery
    kinds = [COLUMNS[kind] for kind in delivery.kinds if kind in COLUMNS]
    rows = records.rows.select(*names, nw.col("way").alias("at_way"), nw.col("household").alias("at_household"))
    for kind in kinds:
        rows = _alone(rows, kind, kinds, delivery, spine)
    if "address" in kinds:
        rows = _alone(rows, "address", kinds, delivery, spine, exact=True)
    seen = [
        f"{what}_{kind}" for kind in (*kinds, *(["exact"] if "address" in kinds else [])) for what in ("way", "same")
    ]
    counted = rows.with_columns(one().alias("rows")).group_by("holder", "at_way", *seen).agg(nw.col("rows").sum())
    found: dict[int, Counter[Seen]] = {}
    for line in engine.collect(counted).iter_rows(named=True):
        alone = tuple((kind, _named(line[f"way_{kind}"]), line[f"same_{kind}"] == 1) for kind in kinds)
        made = Seen(EVERY_WAY[line["at_way"]], alone, _named(line.get("way_exact")))
        found.setdefault(line["holder"], Counter())[made] += line["rows"]
    return {holder: dict(rows) for holder, rows in found.items()}


def _named(code: int | None) -> str:
    return LACKING if code is None else EVERY_WAY[code]


def _alone(
    rows: Frame, kind: str, kinds: Sequence[str], delivery: Delivery, spine: Population, *, exact: bool = False
) -> Frame:
    """The rows with `way_KIND` and `same_KIND`: linked by that identifier, as if they had no other."""
    names, name = rows.collect_schema().names(), "exact" if exact else kind
    others = [other for other in kinds if other != kind]
    kept = [nw.col(other).alias(f"kept_{other}") for other in others]
    taken = [nw.when(nw.lit(False)).then(nw.col(other)).alias(other) for other in others]
    made = strict(rows) if exact else rows
    made = link(made.with_columns(*kept).with_columns(*taken) if others else made, delivery, spine).rows
    back = [nw.col(f"kept_{other}").alias(other) for other in others]
    way = where(~nw.col(kind).is_null(), nw.col("way")).alias(f"way_{name}")
    same = as_flag(nw.col("household") == nw.col("at_household")).alias(f"same_{name}")
    made = made.with_columns(*back, way, same) if back else made.with_columns(way, same)
    return made.select(*names, f"way_{name}", f"same_{name}")


def strict(rows: Frame) -> Frame:
    """Rows of which no address may stand for another: each as if it had a suffix."""
    return rows.with_columns(nw.lit(1).cast(nw.Int64).alias(SUFFIX))
