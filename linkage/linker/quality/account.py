"""The report in a few Dutch lines for the screen; all of it is in quality.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from linkage.linker.quality.sensitivity import AS_AGREED
from protocols.model import Delivery, StudyProtocol

REMARKABLE = 0.1  # a standardised difference below it is held to be small (Austin, 2009)
ERRORS = 3  # so many standard errors from none: of the hundred values of a delivery, hardly one by chance
MOST_DIFFERENCES = 3
VALUES = {"yes": "ja", "mean": "gemiddeld", "unknown": "onbekend"}
OWN_COLUMNS = {"year": "Jaar", "address_suffix": "Adres met toevoeging"}
LINKED = (
    *("number", "number-and-address-agree", "number-and-address-differ", "number-and-address-unclear"),
    *("number-and-address-of-nobody", "address-exact", "address-coarse", "agreement"),
)
ODD = {
    "institution": "instelling",
    "too_many_persons": "te veel personen",
    "minors_alone": "alleen minderjarigen",
    "two_areas": "leden in twee wijken",
    "age_unknown": "leeftijd van een lid onbekend",
    "many_rows": "zeer veel rijen van een houder",
}
VARIANTS = {"addresses:exact": "alleen precies hetzelfde adres", "addresses:number": "toevoeging telt niet mee"}


def account(report: Mapping[str, Any], protocol: StudyProtocol) -> Iterator[str]:
    """What the linker reads first: per package how it was linked, what may be wrong, and what that does."""
    yield "Hoe goed is er gekoppeld?"
    for line in report["deliveries"]:
        if "reasons" in line:
            yield from _package(line, protocol)
    yield ""
    yield "Huishoudens die niet kunnen kloppen, of bijna niet:"
    odd = report["improbable"]
    yield "  " + "; ".join(f"{words} {_number(odd[name])}" for name, words in ODD.items())
    yield ""
    yield from _choices(report["sensitivity"], protocol)


def _package(line: Mapping[str, Any], protocol: StudyProtocol) -> Iterator[str]:
    reasons, rows = line["reasons"], line["rows"]
    linked = sum(reasons[reason] for reason in LINKED)
    share = f"{100 * linked / rows:.1f}".replace(".", ",") if rows else "0,0"
    yield f"  {line['delivery']} van {line['holder']}: {_number(rows)} rijen, {share} % gekoppeld"
    missed, rates = line["rates"]["missed"], line["rates"]
    yield f"    gemist van rijen van inwoners: {_range(missed)}"
    if rates["false_address"] is not None:
        yield f"    onjuist van wat alleen op adres is gekoppeld: {_range(rates['false_address'])}"
    if rates["false_agreement"] is not None:
        yield f"    op overeenkomst, zonder nummer: {_number(reasons['agreement'])} rijen"
        yield f"    onjuist van wat op overeenkomst is gekoppeld, naar verwachting: {_range(rates['false_agreement'])}"
    if rates["false_number"] is not None:
        yield f"    onjuist van wat op één nummer is gekoppeld: {_range(rates['false_number'])}"
    different = list(_different(line["differences"], protocol.delivery(line["delivery"])))
    if different:
        yield f"    niet gekoppelde rijen zijn anders: {'; '.join(different[:MOST_DIFFERENCES])}"


def _range(found: Mapping[str, Any]) -> str:
    low, high = (f"{100 * found[name]:.1f}".replace(".", ",") for name in ("low", "high"))
    if (found["low"], found["high"]) == (0.0, 1.0):
        return "niet te schatten: geen enkele rij is op twee manieren herkend"
    if found["estimate"] is None:
        return f"tussen {low} en {high} %"
    value = f"{100 * found['estimate']:.1f}".replace(".", ",")
    return f"{value} % (95 %-interval {low} tot {high})"


def _different(columns: list[Mapping[str, Any]], delivery: Delivery) -> Iterator[str]:
    """Values that differ by more than little, and by more than chance; the largest difference first."""
    found = [
        (
            abs(value["difference"]),
            f"{_title(column['column'], delivery)}, {VALUES.get(value['value'], value['value'])}",
        )
        for column in columns
        for value in column["differences"]
        if value["difference"] is not None and abs(value["difference"]) >= max(REMARKABLE, ERRORS * value["error"])
    ]
    for size, name in sorted(found, key=lambda pair: (-pair[0], pair[1])):
        yield f"{name} ({size:.2f})".replace(".", ",")


def _title(column: str, delivery: Delivery) -> str:
    return OWN_COLUMNS[column] if column in OWN_COLUMNS else delivery.column(column).title


def _choices(variants: list[Mapping[str, Any]], protocol: StudyProtocol) -> Iterator[str]:
    """The definitions under other choices: sure ones, and where some are unknown the most that it can be."""
    names = [definition.name for definition in protocol.definitions] or [domain.name for domain in protocol.domains]
    if not names:
        return
    yield f"Met andere keuzes ({', '.join(names)}; 'tot': als alles wat onbekend is, ja zou zijn):"
    for variant in variants:
        counts = ", ".join(_bounds(*variant["outputs"][name]) for name in names)
        yield f"  {_variant(variant['variant']):<58} {counts}"


def _variant(name: str) -> str:
    kind, _, value = name.partition(":")
    if name == AS_AGREED:
        return "zoals afgesproken"
    if kind == "max-size":
        return "zonder grens aan het aantal personen" if value == "none" else f"hoogstens {value} personen"
    if kind == "without":
        return f"zonder {value}"
    return VARIANTS[name]


def _bounds(yes: int, unknown: int) -> str:
    return f"{_number(yes)} tot {_number(yes + unknown)}" if unknown else _number(yes)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
