"""How well the deliveries could be joined, as a table for readers: numbers of rows, rounded (docs/spec/release-v1.md).

The linker's `linkage.json` counts rows, not households, and cannot be counted again from the household file. So a
number is printed only to the nearest threshold, and a share only in whole percents of such numbers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from linkage.errors import HouseholdFileWrong
from linkage.research.households import HouseholdFile
from linkage.research.tables import Cell, Column, Row, Table

NAME = "koppeling"
FORMAT = "household-linkage/linkage/v1"
WAYS = ("person", "address-exact", "address-coarse", "ambiguous", "conflict", "not-in-population")
COLUMNS = (
    Column("delivered", "Rijen geleverd"),
    Column("rejected_pct", "Afgewezen bij de houder (%)"),
    Column("person_pct", "Gekoppeld op persoon (%)"),
    Column("address_pct", "Gekoppeld op adres (%)"),
    Column("unclear_pct", "Niet eenduidig (%)"),
    Column("outside_pct", "Niet in de bevolking (%)"),
)
AGREEMENT = "agreement"  # a way that only a delivery linked so has
BY_AGREEMENT = Column("agreement_pct", "Gekoppeld op overeenkomst, zonder nummer (%)")
BEHIND = 4  # the column stands behind those of the other ways


def read(path: Path, file: HouseholdFile) -> dict[str, Any]:
    """The linker's account of the run that made the household file. Raises HouseholdFileWrong for any other."""
    try:
        data = json.loads(path.read_bytes())
        own = {f"{entry['delivery']}/{entry['holder']}": entry["package"] for entry in data["deliveries"]}
        same = (data["format"], data["study"], data["protocol_digest"], data["wave"]) == (
            FORMAT,
            *(file.about[name] for name in ("study", "protocol_digest", "wave")),
        )
        for entry in data["deliveries"]:
            linked = entry["linked"]
            _counts(
                entry["rows"], *entry["rejected"].values(), *(linked[way] for way in WAYS), linked.get(AGREEMENT, 0)
            )
        found: dict[str, Any] = data
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise HouseholdFileWrong(f"{path.name} is niet te lezen; neem het bestand dat bij de koppeling hoort") from None
    if not same or own != file.about["packages"]:
        raise HouseholdFileWrong(f"{path.name} hoort bij een andere koppeling; neem het bestand ernaast")
    return found


def _counts(*numbers: object) -> None:
    if not all(type(number) is int and 0 <= number < 2**31 for number in numbers):
        raise ValueError("no count")


def quality_table(file: HouseholdFile) -> Table:
    """A row per delivery and holder. Raises HouseholdFileWrong where the linker's account is not there."""
    if file.linkage is None:
        raise HouseholdFileWrong("linkage.json ontbreekt naast het onderzoeksbestand; zet het er weer bij")
    rounding = file.protocol.release.threshold
    entries = _sorted(file.linkage["deliveries"])
    agreed = any(AGREEMENT in entry["linked"] for entry in entries)
    columns = (*COLUMNS[:BEHIND], *((BY_AGREEMENT,) if agreed else ()), *COLUMNS[BEHIND:])
    rows = [_row(file, entry, rounding, agreed=agreed) for entry in entries]
    return Table(NAME, "Hoe goed de leveringen konden worden gekoppeld", "quality", columns, tuple(rows))


def _sorted(deliveries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(deliveries, key=lambda entry: (str(entry["delivery"]), str(entry["holder"])))


def _row(file: HouseholdFile, entry: dict[str, Any], rounding: int, *, agreed: bool) -> Row:
    linked = entry["linked"]
    rows, rejected = int(entry["rows"]), sum(entry["rejected"].values())
    ways = (
        linked["person"],
        linked["address-exact"] + linked["address-coarse"],
        *((linked.get(AGREEMENT, 0),) if agreed else ()),
        linked["ambiguous"] + linked["conflict"],
        linked["not-in-population"],
    )
    shares = (share(rejected, rows + rejected, rounding), *(share(way, rows, rounding) for way in ways))
    cells = (_given(rounded(rows, rounding)), *(_given(share) for share in shares))
    name = f"{entry['delivery']}/{entry['holder']}"
    return Row(name, holder_title(file, entry["delivery"], entry["holder"]), cells)


def holder_title(file: HouseholdFile, delivery: str, holder: str) -> str:
    """A delivery and who made it, for readers."""
    return f"{_title(file, delivery)} ({_organisation(file, holder)})"


def _given(value: int | None) -> Cell:
    return Cell("empty") if value is None else Cell("given", value=value)


def rounded(rows: int, to: int) -> int:
    """To the nearest multiple, halves up."""
    return (rows + to // 2) // to * to


def share(part: int, whole: int, to: int) -> int | None:
    """Whole percents of rounded numbers; None of nothing."""
    base = rounded(whole, to)
    return (200 * rounded(part, to) + base) // (2 * base) if base else None


def _title(file: HouseholdFile, delivery: str) -> str:
    return next((own.title for own in file.protocol.deliveries if own.name == delivery), delivery)


def _organisation(file: HouseholdFile, holder: str) -> str:
    return next((own.organisation for own in file.study.holder if own.id == holder), holder)
