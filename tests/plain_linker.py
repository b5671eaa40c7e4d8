"""A slow, obvious linker on raw identifiers, written apart from the product: plain dictionaries, no cryptography.

It reads clear records (see `towns.py`) and says what the household file must hold. The product must give the same
from pseudonyms alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from protocols import StudyProtocol

Clear = dict[str, Any]
Kleene = bool | None


def kleene_or(values: Iterable[Kleene]) -> Kleene:
    found = list(values)
    return True if True in found else None if None in found else False


def kleene_and(values: Iterable[Kleene]) -> Kleene:
    found = list(values)
    return False if False in found else None if None in found else True


class PlainLinker:
    """One town, linked by its real identifiers."""

    def __init__(
        self, protocol: StudyProtocol, register: list[Clear], records: dict[str, list[tuple[str, Clear]]]
    ) -> None:
        self.protocol = protocol
        self.people: dict[str, Clear] = {}
        for row in register:
            person = dict(row)
            person["id"] = row["a_number"]
            person["home"] = ("number", row["household"]) if row["household"] else ("address", row["address"])
            self.people[person["id"]] = person
        self.homes: dict[Any, list[Clear]] = defaultdict(list)
        for person in self.people.values():
            self.homes[person["home"]].append(person)
        self.ways: Counter[tuple[str, str, str]] = Counter()
        self.linked: dict[str, list[Clear]] = {name: self._delivery(name, rows) for name, rows in records.items()}
        self.linked["bevolking"] = [self._own(person) for person in self.people.values()]
        self.delivered = set(records) | {"bevolking"}

    # --- linking

    def _own(self, person: Clear) -> Clear:
        return {
            **person["values"],
            "_home": person["home"],
            "_person": person["id"],
            "_minor": person["minor"],
            "_reference": self._is_reference(person),
        }

    def _is_reference(self, person: Clear) -> Kleene:
        order = self.protocol.household.reference_person_order
        home = self.homes[person["home"]]
        ranks = [order.index(p["place"]) for p in home if p["place"] in order]
        if not ranks or ranks.count(min(ranks)) > 1:
            return None
        return person["place"] in order and order.index(person["place"]) == min(ranks)

    def _delivery(self, name: str, rows: list[tuple[str, Clear]]) -> list[Clear]:
        delivery = self.protocol.delivery(name)
        found = []
        for holder, row in rows:
            way, home, person = self._place(delivery.unit, row)
            self.ways[(name, holder, way)] += 1
            if home is None:
                continue
            known = self.people[person] if person else None
            found.append(
                {
                    **row["values"],
                    "_holder": holder,
                    "_home": home,
                    "_person": person,
                    "_minor": known["minor"] if known else row["values"].get("minor"),
                    "_reference": self._is_reference(known) if known else None,
                }
            )
        return found if delivery.rows == "several" else self._merged(found, delivery.unit)

    def _place(self, unit: str, row: Clear) -> tuple[str, Any, str | None]:
        by_a = {row["a_number"]} & set(self.people) if row.get("a_number") else set()
        by_bsn = {p["id"] for p in self.people.values() if row.get("bsn") and p["bsn"] == row["bsn"]}
        if by_a and by_bsn and by_a != by_bsn:
            return "conflict", None, None
        for person in by_a | by_bsn:
            return "person", self.people[person]["home"], person
        if row.get("a_number") or row.get("bsn") or not row.get("address"):
            return "not-in-population", None, None
        return self._by_address(row["address"])

    def _by_address(self, address: tuple[str, str, str]) -> tuple[str, Any, None]:
        exact = {p["home"] for p in self.people.values() if p["address"] == address}
        if exact:
            return ("address-exact", exact.pop(), None) if len(exact) == 1 else ("ambiguous", None, None)
        there = [p for p in self.people.values() if p["address"][:2] == address[:2]]
        if address[2] or not there:
            return "not-in-population", None, None
        if len({p["address"] for p in there}) == 1 and len({p["home"] for p in there}) == 1:
            return "address-coarse", there[0]["home"], None
        return "ambiguous", None, None

    def _merged(self, rows: list[Clear], unit: str) -> list[Clear]:
        groups: dict[Any, list[Clear]] = defaultdict(list)
        for number, row in enumerate(rows):
            identity = row["_person"] if unit == "person" else row["_home"]
            groups[(row["_holder"], identity or number)].append(row)
        merged = []
        for group in groups.values():
            row = dict(group[0])
            for name in row:
                if not name.startswith("_"):
                    known = [other[name] for other in group if other[name] is not None]
                    row[name] = max(known) if known else None
            merged.append(row)
        return merged

    # --- evaluating

    def rows(self) -> Counter[tuple[Any, ...]]:
        """The household file as a multiset of (kept or flag, values by name in alphabetical order)."""
        return Counter(tuple(sorted(self.household(home).items(), key=lambda item: item[0])) for home in self.homes)

    def household(self, home: Any) -> Clear:
        people = self.homes[home]
        minors, adults = (sum(p["minor"] is flag for p in people) for flag in (True, False))
        unsure = any(p["minor"] is None for p in people)
        family = kleene_and(
            [True if minors else None if unsure else False, True if adults else None if unsure else False]
        )
        row: Clear = {"adults": adults, "minors": minors, "has_child_lt18": family}
        row["wijk"] = min(p["values"]["wijk"] for p in people)
        row["flag"] = self._flag(people)
        for indicator in self.protocol.indicators:
            value = kleene_or(self._source(home, source) for source in indicator.sources)
            row[indicator.name] = value if indicator.population == "households" or family else None
        for domain in self.protocol.domains:
            row[domain.name] = kleene_or(row[name] for name in domain.any_of)
        for definition in self.protocol.definitions:
            parts = [row[name] for name in definition.all_of]
            if definition.same_person:
                parts.append(kleene_or(self._one_member(p, definition.same_person) for p in people))
            row[definition.name] = kleene_and(parts)
        for selection in self.protocol.selections:
            values = [row[name] for name in selection.provisions]
            sure, possible = values.count(True), values.count(True) + values.count(None)
            row[selection.name] = (
                True if sure >= selection.at_least else False if possible < selection.at_least else None
            )
        for measure in self.protocol.measures:
            row[measure.name] = self._measure(home, measure)
        for delivery in self.protocol.deliveries:
            mentioned = any(r["_home"] == home for r in self.linked.get(delivery.name, []))
            row[f"coverage_{delivery.name}"] = mentioned if delivery.name in self.delivered else None
        return row

    def _flag(self, people: list[Clear]) -> str | None:
        rule = self.protocol.household
        if any(p["place"] in rule.institution_places for p in people):
            return "institution"
        return "too-many-persons" if len(people) > rule.max_size else None

    def _records(self, home: Any, delivery: str) -> list[Clear]:
        return [row for row in self.linked.get(delivery, []) if row["_home"] == home]

    def _source(self, home: Any, source: Any) -> Kleene:
        if source.delivery not in self.delivered:
            return None
        rows = self._records(home, source.delivery)
        if not rows:
            return False if self.protocol.delivery(source.delivery).completeness == "complete" else None
        return kleene_or(self._met(row, source) for row in rows)

    def _one_member(self, person: Clear, names: tuple[str, ...]) -> Kleene:
        return kleene_and(self._member_has(person, name) for name in names)

    def _member_has(self, person: Clear, name: str) -> Kleene:
        indicator = next(i for i in self.protocol.indicators if i.name == name)
        values: list[Kleene] = []
        for source in indicator.sources:
            if source.delivery not in self.delivered:
                values.append(None)
                continue
            rows = [row for row in self.linked[source.delivery] if row["_person"] == person["id"]]
            absent = False if self.protocol.delivery(source.delivery).completeness == "complete" else None
            values.append(kleene_or(self._met(row, source) for row in rows) if rows else absent)
        return kleene_or(values)

    def _met(self, row: Clear, source: Any) -> Kleene:
        parts = [kleene_or(self._test(row, condition) for condition in source.any_of), self._meant(row, source.who)]
        if source.year is not None:
            parts.append(row["year"] == source.year)
        return kleene_and(parts)

    def _meant(self, row: Clear, who: str) -> Kleene:
        if who == "all":
            return True
        if who == "reference-person":
            return row["_reference"]  # type: ignore[no-any-return]
        minor = row["_minor"]
        return None if minor is None else minor is (who == "minor")

    def _test(self, row: Clear, condition: Any) -> Kleene:
        value = row[condition.column]
        if value is None:
            return None
        if condition.is_true is not None:
            return bool(value)
        if condition.at_least is not None:
            return bool(value >= self.protocol.months(condition))
        options = self.protocol.options(condition)
        column = next(
            c for d in self.protocol.deliveries for c in d.columns if c is not None and c.name == condition.column
        )
        categories = column.categories  # type: ignore[union-attr]
        return categories[value] in options

    def _measure(self, home: Any, measure: Any) -> int | None:
        if measure.delivery not in self.delivered:
            return None
        rows = self._records(home, measure.delivery)
        if not rows:
            return 0 if self.protocol.delivery(measure.delivery).completeness == "complete" else None
        amounts = [(row["_person"], self._amount(row, measure)) for row in rows]
        match self.protocol.counted(measure):
            case "persons":
                return self._persons(amounts)
            case "households":
                found = [amount for _, amount in amounts]
                return 1 if 1 in found else None if None in found else 0
        return None if any(a is None for _, a in amounts) else sum(a for _, a in amounts if a is not None)

    def _persons(self, amounts: list[tuple[str | None, int | None]]) -> int | None:
        """How many persons; whoever may be one, and a record of nobody in particular, make it unknown."""
        sure = {person for person, amount in amounts if person and amount}
        if any(amount != 0 and person not in sure for person, amount in amounts):
            return None
        return len(sure)

    def _amount(self, row: Clear, measure: Any) -> int | None:
        meant = [self._meant(row, measure.who)]
        if measure.year is not None:
            meant.append(row["year"] == measure.year)
        if kleene_and(meant) is False:
            return 0
        if measure.sum_of:
            values = [row[name] for name in measure.sum_of]
            amount = None if None in values else sum(values)
        else:
            counted = kleene_or(self._test(row, condition) for condition in measure.count_where)
            amount = None if counted is None else int(counted)
        return amount if kleene_and(meant) or amount == 0 else None
