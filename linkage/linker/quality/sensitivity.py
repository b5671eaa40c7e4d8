"""What the results would be under other choices: each variant counts every output anew (quality-v1, section 6).

A variant changes what goes into the steps of the linking, never the steps: rows of which no address may stand for
another, addresses cut off behind the number, another limit of size, a package left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals.stable.v2 as nw

from linkage.codebook import populations
from linkage.engine.base import Engine, Frame
from linkage.engine.portable import all_of, as_flag
from linkage.linker.evaluate import Wire, households, per_household, per_person, same_person
from linkage.linker.link import Population, Records
from linkage.linker.quality.evidence import strict
from linkage.linker.quality.steps import linked
from protocols.model import Delivery, StudyProtocol

SIZES = (6, 8, 10, 15, None)
AS_AGREED = "as-agreed"


@dataclass(frozen=True)
class Parts:
    """All that the evaluation needs: the spine, and per delivery its linked records and what came of them."""

    engine: Engine
    spine: Population
    protocol: StudyProtocol
    wire: Wire
    records: Mapping[str, Records]
    per: Mapping[str, Frame]
    persons: Mapping[str, Frame]
    packages: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def with_records(self, changed: Mapping[str, Records], protocol: StudyProtocol | None = None) -> Parts:
        """The same, with the records of some deliveries changed."""
        made = replace(self, protocol=protocol or self.protocol, records={**self.records, **changed})
        return replace(
            made,
            per={**self.per, **{name: made.per_household(name) for name in changed}},
            persons={
                **self.persons,
                **{
                    name: per_person(records, made.protocol, self.wire)
                    for name, records in changed.items()
                    if _named(records.delivery)
                },
            },
        )

    def per_household(self, name: str) -> Frame:
        """One delivery, per household."""
        return self.engine.materialise(per_household(self.records[name], self.protocol, self.wire))

    def without(self, name: str) -> Parts:
        """The same without a delivery: what it would have told is unknown."""
        return replace(
            self,
            records={key: value for key, value in self.records.items() if key != name},
            per={key: value for key, value in self.per.items() if key != name},
            persons={key: value for key, value in self.persons.items() if key != name},
        )

    def table(self) -> Frame:
        """One row per household, with all that the protocol defines."""
        same = same_person(self.persons, self.protocol)
        return households(self.spine.households, self.per, same, self.protocol)


def _named(delivery: Delivery) -> bool:
    return delivery.unit == "person"


# --- the variants -------------------------------------------------------------------------------


def sensitivity(parts: Parts, frames: Mapping[str, Frame]) -> list[dict[str, Any]]:
    """Every variant with, per output, how many households have it and of how many it is unknown.

    The first is as agreed. `frames` are the deliveries as they came.
    """
    most = parts.protocol.household.max_size
    found = [_counted(AS_AGREED, parts, most)]
    found += [_counted(f"addresses:{name}", made, most) for name, made in _levels(parts, frames)]
    found += [_counted(f"max-size:{size or 'none'}", parts, size) for size in SIZES]
    found += [_counted(f"without:{name}", made, most) for name, made in _left_out(parts)]
    return found


def _levels(parts: Parts, frames: Mapping[str, Frame]) -> Iterator[tuple[str, Parts]]:
    """Addresses that must be the same to the letter; and addresses that are the same where their number is."""
    deliveries = [d for d in parts.protocol.deliveries if not d.spine and "address" in d.kinds and d.name in frames]
    cut = Population(_cut(parts.spine.persons), parts.spine.households)
    for name, change, spine in (("exact", strict, parts.spine), ("number", _without_suffix, cut)):
        made = (linked(parts.engine, change(frames[d.name]), d, spine, parts.protocol).records for d in deliveries)
        yield name, parts.with_records({records.delivery.name: records for records in made})


def _cut(frame: Frame) -> Frame:
    return frame.with_columns(nw.col("address_number").alias("address"))


def _without_suffix(frame: Frame) -> Frame:
    return strict(_cut(frame))


def _left_out(parts: Parts) -> Iterator[tuple[str, Parts]]:
    """Each package left out, the register excepted; what is left of its delivery then is no longer complete."""
    for number, (name, holder) in parts.packages.items():
        records = parts.records[name]
        if records.delivery.spine:
            continue
        others = [other for other, (delivery, _) in parts.packages.items() if delivery == name and other != number]
        if not others:
            yield f"{name}/{holder}", parts.without(name)
            continue
        rows = records.rows.filter(nw.col("holder") != number)
        yield (
            f"{name}/{holder}",
            parts.with_records({name: Records(records.delivery, rows)}, _partial(parts.protocol, name)),
        )


def _partial(protocol: StudyProtocol, name: str) -> StudyProtocol:
    deliveries = tuple(
        delivery.model_copy(update={"completeness": "partial"}) if delivery.name == name else delivery
        for delivery in protocol.deliveries
    )
    return protocol.model_copy(update={"deliveries": deliveries})


# --- counting -----------------------------------------------------------------------------------


def outputs(protocol: StudyProtocol) -> tuple[str, ...]:
    """Everything that is yes, no or unknown of a household."""
    groups = (protocol.domains, protocol.definitions, protocol.indicators, protocol.selections)
    return tuple(part.name for group in groups for part in group)


def _counted(name: str, parts: Parts, most: int | None) -> dict[str, Any]:
    """Households, families, and per output [has it, unknown], of the households that stand in the tables."""
    names, population = outputs(parts.protocol), populations(parts.protocol)
    kept = [nw.col("institution") != 1, *([nw.col("size") <= most] if most else [])]
    may_be_family = nw.col("has_child_lt18").fill_null(True)
    columns = [
        as_flag(nw.col("size") > 0).alias("households"),
        as_flag(nw.col("has_child_lt18")).fill_null(0).alias("families"),
    ]
    for output in names:
        unknown = nw.col(output).is_null()
        asked = unknown & may_be_family if population[output] == "families" else unknown
        columns += [
            as_flag(nw.col(output)).fill_null(0).alias(f"yes_{output}"),
            as_flag(asked).alias(f"unknown_{output}"),
        ]
    chosen = parts.table().filter(all_of(kept)).select(*columns)
    labels = ["households", "families", *(f"{what}_{output}" for output in names for what in ("yes", "unknown"))]
    sums = parts.engine.collect(chosen.select(*(nw.col(label).sum() for label in labels))).row(0, named=True)
    return {
        "variant": name,
        "households": int(sums["households"] or 0),
        "families": int(sums["families"] or 0),
        "outputs": {output: [int(sums[f"yes_{output}"] or 0), int(sums[f"unknown_{output}"] or 0)] for output in names},
    }
