"""Small random towns for hypothesis: clear records, and the same as holders would export them.

A clear record has the real identifiers (`a_number`, `bsn`, `address` as postcode, number, suffix) and typed values;
`export_row` writes it with one of the spellings that occur in exports.
"""

from __future__ import annotations

import random
from typing import Any

from simulator import AREAS, HOLDERS, a_number, bsn

from protocols import StudyProtocol
from protocols.model import (
    AmountBand,
    AmountRounded,
    Below,
    CategoryColumn,
    Column,
    Count,
    Delivery,
    Minor,
)

Clear = dict[str, Any]
POSTCODES = ("7607AB", "7607AC")
SUFFIXES = ("", "", "A", "B", "2")
STRANGER = 5_000


class Town:
    """A random town: `register` and per holder `records`, all clear; deterministic in its seed."""

    def __init__(self, protocol: StudyProtocol, seed: int, households: int = 14) -> None:
        self.protocol = protocol
        self.random = random.Random(seed)
        self.register: list[Clear] = []
        for home in range(households):
            self._household(home)
        self.records: dict[str, list[Clear]] = {
            holder: [self._record(protocol.delivery(name)) for _ in range(self.random.randrange(12, 40))]
            for holder, (name, _) in HOLDERS.items()
            if name != "bevolking"
        }

    def clear_records(self) -> dict[str, list[tuple[str, Clear]]]:
        """By delivery: (holder, record)."""
        found: dict[str, list[tuple[str, Clear]]] = {}
        for holder, rows in self.records.items():
            found.setdefault(HOLDERS[holder][0], []).extend((holder, row) for row in rows)
        return found

    def exports(self) -> dict[str, list[dict[str, object]]]:
        """By holder: the rows as exported, doubles of some of the register among them."""
        doubles = self.random.sample(self.register, k=min(2, len(self.register)))
        rows = {"gemeente": [self._export(row, self.protocol.spine) for row in (*self.register, *doubles)]}
        for holder, records in self.records.items():
            delivery = self.protocol.delivery(HOLDERS[holder][0])
            rows[holder] = [self._export(row, delivery) for row in records]
        for exported in rows.values():
            self.random.shuffle(exported)
        return rows

    # --- making

    def _address(self) -> tuple[str, str, str]:
        pick = self.random.choice
        return pick(POSTCODES), pick(("1", "2", "3", "14")), pick(SUFFIXES)

    def _household(self, home: int) -> None:
        address, number = self._address(), str(700 + home) if self.random.random() < 0.8 else ""
        size = self.random.choice((1, 1, 2, 3, 4, 12))
        institution = self.random.random() < 0.06
        for _ in range(size):
            identity = len(self.register)
            spine = self.protocol.spine
            values = {column.name: self._value(column) for column in spine.columns}
            values["wijk"] = AREAS.index("Noord") if address[0] == "7607AB" else 1
            if institution:
                values["place"] = _categories(spine, "place").index("institutioneel")
            self.register.append(
                {
                    "a_number": a_number(identity),
                    "bsn": bsn(identity) if self.random.random() < 0.9 else None,
                    "household": number,
                    "address": address,
                    "values": values,
                    "minor": values["minor"],
                    "place": _categories(spine, "place")[values["place"]],
                }
            )

    def _record(self, delivery: Delivery) -> Clear:
        person = self.random.choice(self.register)
        other = self.random.choice(self.register)
        stranger = self.random.random() < 0.1
        row: Clear = {"values": {column.name: self._value(column) for column in delivery.columns}}
        if delivery.years:
            row["values"]["year"] = self.random.choice(delivery.years)
        if "bsn" in delivery.kinds:
            row["bsn"] = bsn(STRANGER + self.random.randrange(9)) if stranger else person["bsn"]
        if "a-number" in delivery.kinds:
            row["a_number"] = person["a_number"] if self.random.random() < 0.6 else None
            if self.random.random() < 0.1:
                row["bsn"] = other["bsn"]
        if "address" in delivery.kinds:
            if delivery.unit == "person" and self.random.random() < 0.4:
                row["bsn"] = None
            row["address"] = other["address"] if self.random.random() < 0.7 else self._address()
        if not any(row.get(name) for name in ("a_number", "bsn", "address")):
            row["bsn"] = bsn(STRANGER)
        return row

    def _value(self, column: Column) -> Any:
        if self.random.random() < 0.15 and column.empty == "unknown" and column.name != "wijk":
            return None if column.name != "place" else 0
        if isinstance(column, Count):
            return self.random.choice((0, 0, 0, 1, 2, column.at_most))
        if isinstance(column, AmountRounded):
            return self.random.choice((0, 0, column.step, 7 * column.step, column.at_most))
        if isinstance(column, CategoryColumn):
            return self.random.randrange(len(column.categories or AREAS))
        if isinstance(column, AmountBand):
            return self.random.randrange(len(column.categories))
        return self.random.random() < 0.4

    # --- exporting

    def _export(self, row: Clear, delivery: Delivery) -> dict[str, object]:
        columns = {column.name: column for column in delivery.columns}
        cells: dict[str, object] = {
            name: self._cell(columns[name], value) if name in columns else value
            for name, value in row["values"].items()
        }
        cells["a_number"] = row.get("a_number")
        cells["bsn"] = self._bsn(row.get("bsn"))
        if delivery.spine:
            cells["household_number"] = row["household"]
        if row.get("address"):
            cells |= self._spelled(row["address"])
        return cells

    def _bsn(self, number: str | None) -> str | None:
        if number is None:
            return None
        return self.random.choice((number, f"{number}.0", f" {number} ", number.lstrip("0")))

    def _spelled(self, address: tuple[str, str, str]) -> dict[str, object]:
        postcode, number, suffix = address
        pick = self.random.choice
        code = pick((postcode, f"{postcode[:4]} {postcode[4:]}", postcode.lower(), f"NL-{postcode}"))
        if not suffix:
            return {"postcode": code, "house_number": pick((number, f"{number}.0", f"0{number}"))}
        if pick((True, False)):
            return {
                "postcode": code,
                "house_number": number,
                pick(("house_letter", "house_addition")): pick((suffix, suffix.lower())),
            }
        joined = (f"{number}-{suffix}",) if suffix.isdigit() and int(suffix) <= int(number) else ()
        if suffix.isalpha():
            joined = (f"{number}{suffix}", f"{number} {suffix.lower()}", f"{number}-{suffix}", f"{number} - {suffix}")
        if not joined:
            return {"postcode": code, "house_number": number, "house_addition": suffix}
        return {"postcode": code, "house_number": pick(joined)}

    def _cell(self, column: Column, value: Any) -> object:
        if value is None:
            return None
        pick = self.random.choice
        if isinstance(column, Minor):
            return pick(("1-2-2005", "20050201", "2005-02-01")) if value else pick(("03-04-1970", "19700403"))
        if isinstance(column, Below):
            return pick(("9.249,99", "0", "-12,00")) if value else pick(("9250", "9.250,00", "31000,5"))
        if isinstance(column, AmountBand):
            lowest = [0, *[float(edge) for edge in column.edges]][value]
            return f"{lowest:.2f}".replace(".", ",")
        if isinstance(column, CategoryColumn):
            return (column.categories or AREAS)[value]
        if isinstance(column, Count):
            return value if value < column.at_most else pick((value, value + 3))
        if isinstance(column, AmountRounded):
            return f"{value - 10},00" if value > column.step and pick((True, False)) else value
        return pick(("ja", "J", "1", "true")) if value else pick(("nee", "N", "0", "onwaar"))


def _categories(delivery: Delivery, name: str) -> tuple[str, ...]:
    column = delivery.column(name)
    assert isinstance(column, CategoryColumn)
    return column.categories or AREAS
