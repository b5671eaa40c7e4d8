"""Tariffs x use: what households cost in a year, per household and per group (docs/spec/costs-v1.md; Bijlage 3 and 4).

Inside, money is whole cents in Int64; at the face it is Decimal, in euros. Unknown use stays unknown: null for a
household, and set aside and counted for a group. Nothing here is released: every figure carries the number of
households behind it and the share of the largest one, by which the disclosure gate decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl

from linkage.errors import CostsIncomplete
from linkage.research.households import HouseholdFile
from protocols.model import CENT, CostGroup, Costs, StudyProtocol, Tariff

UNDETERMINED = "undetermined"
MOST_CENTS = 2**63 - 1  # Polars wraps silently beyond this

Kind = Literal["tariff", "section", "layer", "payer", "all"]


@dataclass(frozen=True)
class Figure:
    """One unreleased amount of a group: a tariff, a section of tariffs, a cost layer, a payer, or all together.

    `households` have such costs; `volume` is in the tariff's unit, None for sums of tariffs; `total` is in euros;
    `largest_share` is that of the household with the highest costs, rounded up.
    """

    kind: Kind
    name: str
    households: int
    volume: int | None
    total: Decimal
    largest_share: Decimal


@dataclass(frozen=True)
class GroupCosts:
    """The costs of one group in a year; `figures` are over the `households` without the `unknown` ones.

    `unknown` households have a use that is not known; their other costs are not counted either, so that the
    figures add up.
    """

    name: str
    title: str
    households: int
    unknown: int
    figures: tuple[Figure, ...]

    def figure(self, kind: Kind, name: str) -> Figure:
        """The figure of that kind and name; KeyError where there is none."""
        for figure in self.figures:
            if (figure.kind, figure.name) == (kind, name):
                return figure
        raise KeyError(name)

    @property
    def total(self) -> Decimal:
        """All costs in euros."""
        return self.figure("all", "all").total

    @property
    def mean(self) -> Decimal | None:
        """Euros per household whose use is known; None where there is no such household."""
        known = self.households - self.unknown
        return (self.total / known).quantize(CENT, "ROUND_HALF_UP") if known else None


@dataclass(frozen=True)
class YearCosts:
    """The costs of a year: groups that exclude each other, and unions of them.

    `undetermined` households may belong to more than one group, as far as is known, and are in none. `without` has the
    tariffs that the researcher left out, `not_counted` those that the protocol multiplies with nothing.
    """

    year: int
    groups: tuple[GroupCosts, ...]
    unions: tuple[GroupCosts, ...]
    undetermined: int
    without: tuple[str, ...]
    not_counted: tuple[str, ...]

    def group(self, name: str) -> GroupCosts:
        """The group or union of that name; KeyError where there is none."""
        for group in (*self.groups, *self.unions):
            if group.name == name:
                return group
        raise KeyError(name)

    def times(self, name: str, other: str) -> Decimal | None:
        """How many times another group's mean, to a tenth ("almost four times"); None where a mean is unknown or 0."""
        mean, compared = self.group(name).mean, self.group(other).mean
        return (mean / compared).quantize(Decimal("0.1"), "ROUND_HALF_UP") if mean is not None and compared else None


@dataclass(frozen=True)
class Usage:
    """What each household used: `frame` has study_number, group, and the volume (Int64) per tariff in `tariffs`."""

    protocol: StudyProtocol
    frame: pl.DataFrame
    tariffs: tuple[Tariff, ...]
    without: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The tariffs that are counted, in the protocol's order."""
        return [tariff.name for tariff in self.tariffs]

    def of(self, groups: Iterable[str]) -> pl.DataFrame:
        """The households of these groups."""
        return self.frame.filter(pl.col("group").is_in(list(groups)))


# --- the face ------------------------------------------------------------------------------------


def per_household(file: HouseholdFile, without: Collection[str] = ()) -> pl.DataFrame:
    """study_number, group, euros (Decimal) per tariff, and `total`; null where the use is unknown. For the room only.

    `without` names tariffs or whole sections to leave out. Raises CostsIncomplete.
    """
    used = usage(file, without)
    cents = [(pl.col(tariff.name) * cents_of(tariff)).alias(tariff.name) for tariff in used.tariffs]
    frame = used.frame.select("study_number", "group", *cents)
    frame = frame.with_columns(pl.sum_horizontal(used.names, ignore_nulls=False).alias("total"))
    euros = pl.col(*used.names, "total").cast(pl.Decimal(38, 0)) * pl.lit(CENT)
    return frame.with_columns(euros.cast(pl.Decimal(38, 2)))


def per_group(file: HouseholdFile, without: Collection[str] = ()) -> YearCosts:
    """The costs per group of the protocol. Unreleased: for the disclosure gate. Raises CostsIncomplete.

    `without` names tariffs or whole sections to leave out, such as those of a party that did not deliver.
    """
    used = usage(file, without)
    costs = costs_of(used.protocol)
    return YearCosts(
        year=file.study.study.reference_date.year,
        groups=tuple(_group_costs(used, group.name, group.title, (group.name,)) for group in costs.groups),
        unions=tuple(_group_costs(used, union.name, union.title, union.groups) for union in costs.unions),
        undetermined=used.of([UNDETERMINED]).height,
        without=used.without,
        not_counted=tuple(t.name for t in used.protocol.tariffs if t not in counted_tariffs(used.protocol)),
    )


def over_years(files: Iterable[HouseholdFile], without: Collection[str] = ()) -> tuple[YearCosts, ...]:
    """The costs of several waves, oldest first. Raises CostsIncomplete where prices or groups differ."""
    waves = list(files)
    if any(
        (f.protocol.tariffs, f.protocol.costs) != (waves[0].protocol.tariffs, waves[0].protocol.costs) for f in waves
    ):
        raise CostsIncomplete(
            "de jaren hebben niet dezelfde prijzen en groepen; geef de protocollen dezelfde tariffs.csv"
        )
    found = sorted((per_group(file, without) for file in waves), key=lambda costs: costs.year)
    if len({costs.year for costs in found}) != len(found):
        raise CostsIncomplete("hetzelfde jaar staat er twee keer; geef een onderzoeksbestand per jaar")
    return tuple(found)


def bill(prices: Mapping[str, Decimal], volumes: Mapping[str, int | Decimal]) -> dict[str, Decimal]:
    """Euros per tariff: volume x price, rounded half up to the cent. CostsIncomplete for a volume without price."""
    missing = sorted(set(volumes) - set(prices))
    if missing:
        raise CostsIncomplete(f"geen prijs voor {', '.join(missing)}; zet een regel in tariffs.csv")
    return {name: (prices[name] * volume).quantize(CENT, "ROUND_HALF_UP") for name, volume in volumes.items()}


# --- use per household ------------------------------------------------------------------------------


def costs_of(protocol: StudyProtocol) -> Costs:
    """The protocol's agreement on costs; CostsIncomplete where it has none."""
    if protocol.costs is None:
        raise CostsIncomplete(
            "het protocol zegt niets over kosten; voeg [costs] toe aan het protocol en prijzen aan tariffs.csv"
        )
    return protocol.costs


def counted_tariffs(protocol: StudyProtocol) -> tuple[Tariff, ...]:
    """The tariffs that are multiplied with something; threat delicts are paid in one cluster alone (D16)."""
    threat = costs_of(protocol).threat_measure
    elsewhere = threat if threat not in protocol.parameters.threat_delicts_counted_in else None
    return tuple(t for t in protocol.tariffs if t.use is not None and (elsewhere is None or t.use != elsewhere))


def usage(file: HouseholdFile, without: Collection[str] = ()) -> Usage:
    """The volume of each tariff for each household. Raises CostsIncomplete (docs/spec/costs-v1.md, section 3)."""
    protocol = file.protocol
    all_tariffs = counted_tariffs(protocol)
    unknown = set(without) - {name for tariff in protocol.tariffs for name in (tariff.name, tariff.group)}
    if unknown:
        raise CostsIncomplete(
            f"{len(unknown)} naam onder `without` is geen prijs of groep van tariffs.csv; verbeter de naam"
        )
    tariffs = tuple(t for t in all_tariffs if not {t.name, t.group} & set(without))
    if not tariffs:
        raise CostsIncomplete("er blijft geen prijs over om mee te rekenen; laat minder weg of vul tariffs.csv aan")
    _check_columns(file.frame, protocol, tariffs)
    volumes = [_volume(protocol, tariff).alias(tariff.name) for tariff in tariffs]
    frame = file.frame.select("study_number", _group(costs_of(protocol)).alias("group"), *volumes)
    _check_volumes(frame, tariffs)
    check_sums(frame, {tariff.name: cents_of(tariff) for tariff in tariffs})
    return Usage(protocol, frame, tariffs, tuple(t.name for t in all_tariffs if t not in tariffs))


def _volume(protocol: StudyProtocol, tariff: Tariff) -> pl.Expr:
    assert tariff.use is not None
    volume = pl.col(tariff.use).cast(pl.Int64)
    threat = costs_of(protocol).threat_measure
    if threat not in (None, tariff.use) and tariff.use in protocol.parameters.threat_delicts_counted_in:
        volume = volume + pl.col(str(threat)).cast(pl.Int64)
    return volume if tariff.at_most is None else volume.clip(upper_bound=tariff.at_most)


def _group(costs: Costs) -> pl.Expr:
    """The first group that the household is in; undetermined if an earlier one is unknown (Kleene logic)."""
    found = pl.lit(None, pl.String)
    for group in reversed(costs.groups):
        member = _member(group)
        found = (
            pl.when(member.is_null()).then(pl.lit(UNDETERMINED)).when(member).then(pl.lit(group.name)).otherwise(found)
        )
    return found


def _member(group: CostGroup) -> pl.Expr:
    """Definitions are null outside the families: `false and null` is false, so these are simply not in the group."""
    inside = pl.col("has_child_lt18") if group.population == "families" else pl.lit(True)
    return inside & pl.any_horizontal(*group.any_of) if group.any_of else inside


def _check_columns(frame: pl.DataFrame, protocol: StudyProtocol, tariffs: Iterable[Tariff]) -> None:
    names = list(dict.fromkeys(str(tariff.use) for tariff in tariffs))
    costs = costs_of(protocol)
    others = ["study_number", "has_child_lt18", *(name for group in costs.groups for name in group.any_of)]
    others += [costs.threat_measure] if costs.threat_measure else []
    missing = [name for name in dict.fromkeys((*names, *others)) if name not in frame.columns]
    if missing:
        raise CostsIncomplete(f"het onderzoeksbestand mist {', '.join(missing)}; laat de koppelaar het opnieuw maken")
    if not frame["study_number"].is_unique().all():
        raise CostsIncomplete(
            "een huishouden staat twee keer in het onderzoeksbestand; laat de koppelaar het opnieuw maken"
        )
    for name in names:
        if not (frame.schema[name].is_integer() or frame.schema[name] == pl.Boolean):
            raise CostsIncomplete(f"{name} is geen heel getal; laat de koppelaar het onderzoeksbestand opnieuw maken")
    unknown = [name for name in names if frame.height and frame[name].null_count() == frame.height]
    if unknown:
        left = sorted({tariff.name for tariff in tariffs if tariff.use in unknown})
        raise CostsIncomplete(
            f"van geen enkel huishouden is {', '.join(unknown)} bekend; "
            f"vraag de levering op, of laat deze prijzen weg: {', '.join(left)}"
        )


def _check_volumes(frame: pl.DataFrame, tariffs: Iterable[Tariff]) -> None:
    for tariff in tariffs:
        if _whole(frame[tariff.name].min()) < 0:
            raise CostsIncomplete(
                f"{tariff.use} is ergens kleiner dan nul; laat de koppelaar het onderzoeksbestand opnieuw maken"
            )


def check_sums(frame: pl.DataFrame, weights: Mapping[str, int]) -> None:
    """CostsIncomplete where a sum of volume x weight (cents) over all households could wrap."""
    most = sum(_whole(frame[name].max()) * max(abs(cents), 1) for name, cents in weights.items())
    if most * max(frame.height, 1) > MOST_CENTS:
        raise CostsIncomplete("het gebruik maal de prijzen is te groot om te kunnen kloppen; controleer tariffs.csv")


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def cents_of(tariff: Tariff) -> int:
    """The indexed price in cents."""
    return int(tariff.indexed.scaleb(2))


# --- figures of a group -------------------------------------------------------------------------------


def _group_costs(used: Usage, name: str, title: str, groups: Iterable[str]) -> GroupCosts:
    rows = used.of(groups)
    known = rows.drop_nulls(used.names)
    return GroupCosts(name, title, rows.height, rows.height - known.height, _figures(used, known))


def _figures(used: Usage, known: pl.DataFrame) -> tuple[Figure, ...]:
    volumes = counted_volumes(used, known)
    amounts = bill({tariff.name: tariff.indexed for tariff in used.tariffs}, volumes)
    figures = []
    for kind, name, tariffs in parts_of(used.tariffs):
        cents = pl.sum_horizontal(pl.col(t.name) * cents_of(t) for t in tariffs)
        households, largest_share = contributors(known, cents)
        total = sum((amounts[tariff.name] for tariff in tariffs), Decimal("0.00"))
        volume = volumes[name] if kind == "tariff" else None
        figures.append(Figure(kind, name, households, volume, total, largest_share))
    return tuple(figures)


def counted_volumes(used: Usage, known: pl.DataFrame) -> dict[str, int]:
    """The volume of each tariff; with `substitute` (D26) a number from 1 below the threshold becomes the report's 5."""
    release, rule = used.protocol.release, used.protocol.parameters.volume_of_suppressed_cells
    true = {name: _whole(known[name].sum()) for name in used.names}
    if rule == "true-count":
        return true
    return {name: release.percent_substitute if 0 < n < release.threshold else n for name, n in true.items()}


def contributors(known: pl.DataFrame, weight: pl.Expr) -> tuple[int, Decimal]:
    """How many households have any of it, and the share of the largest, in ten-thousandths rounded up; 0 if nobody."""
    weights = known.select(weight.abs().alias("weight"))["weight"]
    whole, largest = _whole(weights.sum()), _whole(weights.max())
    share = Decimal(-(-largest * 10_000 // whole)).scaleb(-4) if whole else Decimal("0.0000")
    return _whole((weights > 0).cast(pl.Int64).sum()), share


def parts_of(tariffs: tuple[Tariff, ...]) -> list[tuple[Kind, str, tuple[Tariff, ...]]]:
    """Every figure that is made: each tariff, then each section, layer and payer, then all of them."""
    of_tariff = ((tariff.name, (tariff,)) for tariff in tariffs)
    sums: tuple[tuple[Kind, Iterable[tuple[str, tuple[Tariff, ...]]]], ...] = (
        ("tariff", of_tariff),
        ("section", _by(tariffs, lambda tariff: tariff.group)),
        ("layer", _by(tariffs, lambda tariff: tariff.layer)),
        ("payer", _by(tariffs, lambda tariff: tariff.payer)),
        ("all", (("all", tariffs),)),
    )
    return [(kind, name, members) for kind, parts in sums for name, members in parts]


def _by(tariffs: tuple[Tariff, ...], key: Callable[[Tariff], str | None]) -> Iterable[tuple[str, tuple[Tariff, ...]]]:
    for value in dict.fromkeys(key(tariff) for tariff in tariffs):
        yield value or "unknown", tuple(tariff for tariff in tariffs if key(tariff) == value)
