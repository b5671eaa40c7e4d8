"""What each household has, slowly and obviously: from records of members straight to yes, no or unknown.

Plain dictionaries, no data frame, nothing of the linker: written from docs/spec/protocol-v1.md and linkage-v1.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from tables import Answers, Given, Row, Value

from protocols import StudyProtocol
from protocols.model import (
    AgeBand,
    AmountBand,
    CategoryColumn,
    Column,
    Condition,
    Definition,
    Indicator,
    Measure,
    Source,
    StackingTable,
)

Kleene = bool | None


def some(values: Iterable[Kleene]) -> Kleene:
    """Protocol-v1, section 3: or."""
    found = list(values)
    if any(value is True for value in found):
        return True
    return None if any(value is None for value in found) else False


def every(values: Iterable[Kleene]) -> Kleene:
    """Protocol-v1, section 3: and."""
    found = list(values)
    if any(value is False for value in found):
        return False
    return None if any(value is None for value in found) else True


class Slow:
    """One example, evaluated."""

    def __init__(self, protocol: StudyProtocol, given: Given) -> None:
        self.protocol = protocol
        self.given = given
        self.home = {member["persoon"]: member["huishouden"] for member in given.members}
        self.records = {name: self._once(name, rows) for name, rows in given.records.items()}
        self.records[protocol.spine.name] = [dict(member) for member in given.members]

    def answers(self) -> Answers:
        """By household, everything that the protocol makes of it."""
        return {int(str(home)): self._household(home) for home in dict.fromkeys(self.home.values())}

    # --- records ------------------------------------------------------------------------------------

    def _once(self, name: str, rows: Iterable[Row]) -> list[Row]:
        """Linked records; of a holder's double rows (linkage-v1, section 6) each column's highest value."""
        delivery = self.protocol.delivery(name)
        by_address = "address" in delivery.kinds
        linked = [row for row in (self._linked(row, by_address) for row in rows) if row["huishouden"] is not None]
        if delivery.rows == "several":
            return linked
        unit = "persoon" if delivery.unit == "person" else "huishouden"
        merged: list[Row] = [row for row in linked if row[unit] is None]
        seen: list[tuple[Value, ...]] = []
        for row in linked:
            key = (row["houder"], row[unit], row.get("year"))
            if row[unit] is None or key in seen:
                continue
            seen.append(key)
            merged.append(_highest([r for r in linked if (r["houder"], r[unit], r.get("year")) == key]))
        return merged

    def _linked(self, row: Row, by_address: bool) -> Row:
        """A person decides; only a row without one goes by its address (linkage-v1, section 3)."""
        if row["persoon"] is not None:
            return {**row, "huishouden": self.home.get(row["persoon"])}
        known = by_address and row["huishouden"] in self.home.values()
        return {**row, "huishouden": row["huishouden"] if known else None}

    def _members(self, home: Value) -> list[Row]:
        return [member for member in self.given.members if member["huishouden"] == home]

    def _is_minor(self, row: Row) -> Kleene:
        """The register's word for its persons; else the delivery's own, if it has one."""
        for member in self.given.members:
            if row.get("persoon") is not None and member["persoon"] == row["persoon"]:
                return _truth(member["minor"])
        return _truth(row.get("minor"))

    def _is_reference(self, row: Row) -> Kleene:
        person = row.get("persoon")
        if person not in self.home:
            return None
        places = _categories(self.protocol.spine.column(self.protocol.household.place_column))
        order = [places.index(name) for name in self.protocol.household.reference_person_order]
        ranks = {
            m["persoon"]: order.index(int(str(m["place"])))
            for m in self._members(self.home[person])
            if m["place"] in order
        }
        first = [p for p, rank in ranks.items() if rank == min(ranks.values())]
        return None if len(first) != 1 else person == first[0]

    # --- records to answers -------------------------------------------------------------------------

    def _test(self, delivery: str, row: Row, condition: Condition) -> Kleene:
        value = row[condition.column]
        if value is None:
            return None
        number = int(value)
        if condition.is_true:
            return number == 1
        if condition.at_least is not None:
            return number >= self.protocol.months(condition)
        categories = _categories(self.protocol.delivery(delivery).column(condition.column))
        return categories[number] in self.protocol.options(condition)

    def _meant(self, row: Row, who: str, year: int | None) -> Kleene:
        right_year = year is None or row["year"] == year
        minor = self._is_minor(row)
        member: Kleene = {
            "all": True,
            "minor": minor,
            "adult": None if minor is None else not minor,
            "reference-person": self._is_reference(row),
        }[who]
        return every([right_year, member])

    def _meets(self, row: Row, source: Source) -> Kleene:
        tests = some(self._test(source.delivery, row, condition) for condition in source.any_of)
        return every([tests, self._meant(row, source.who, source.year)])

    def _among(self, rows: list[Row], source: Source) -> Kleene:
        """Whether any of these records meets a source; without any, it is the protocol that says."""
        if source.delivery not in self.records:
            return None
        return some(self._meets(row, source) for row in rows) if rows else self._absent(source.delivery)

    def _absent(self, delivery: str) -> Kleene:
        complete = self.protocol.delivery(delivery).completeness == "complete"
        return False if complete and delivery not in self.given.late else None

    def _rows(self, home: Value, delivery: str) -> list[Row]:
        return [row for row in self.records.get(delivery, []) if row["huishouden"] == home]

    # --- households ---------------------------------------------------------------------------------

    def _household(self, home: Value) -> Row:
        row: Row = {"has_child_lt18": self._is_family(home)}
        for indicator in self.protocol.indicators:
            row[indicator.name] = self._indicator(home, indicator, row["has_child_lt18"])
        for measure in self.protocol.measures:
            row[measure.name] = self._measure(home, measure)
        for domain in self.protocol.domains:
            row[domain.name] = some(_truth(row[name]) for name in domain.any_of)
        for definition in self.protocol.definitions:
            parts = [_truth(row[name]) for name in definition.all_of]
            row[definition.name] = every([*parts, self._same(home, definition)])
        for selection in self.protocol.selections:
            values = [row[name] for name in selection.provisions]
            possible = {values.count(True) + more >= selection.at_least for more in range(values.count(None) + 1)}
            row[selection.name] = possible.pop() if len(possible) == 1 else None
        for delivery in self.protocol.deliveries:
            mentioned = bool(self._rows(home, delivery.name))
            row[f"coverage_{delivery.name}"] = mentioned if delivery.name in self.records else None
        return row | self._stacks(row)

    def _is_family(self, home: Value) -> Kleene:
        ages = [_truth(member["minor"]) for member in self._members(home)]
        minor, adult = some(ages), some(None if age is None else not age for age in ages)
        return every([minor, adult]) if self.protocol.parameters.family_rule == "minor-and-adult" else minor

    def _indicator(self, home: Value, indicator: Indicator, family: Value) -> Kleene:
        if indicator.population == "families" and family is not True:
            return None
        return some(self._among(self._rows(home, source.delivery), source) for source in indicator.sources)

    def _same(self, home: Value, definition: Definition) -> Kleene:
        """Whether one member has all of the indicators that one and the same member must have."""
        if not definition.same_person:
            return True
        chosen = [i for i in self.protocol.indicators if i.name in definition.same_person]
        return some(every(self._has(member, i) for i in chosen) for member in self._members(home))

    def _has(self, member: Row, indicator: Indicator) -> Kleene:
        own = {
            source.delivery: [r for r in self.records.get(source.delivery, []) if r["persoon"] == member["persoon"]]
            for source in indicator.sources
        }
        return some(self._among(own[source.delivery], source) for source in indicator.sources)

    # --- numbers ------------------------------------------------------------------------------------

    def _measure(self, home: Value, measure: Measure) -> int | None:
        if measure.delivery not in self.records:
            return None
        rows = self._rows(home, measure.delivery)
        if not rows:
            return 0 if self._absent(measure.delivery) is False else None
        if measure.sum_of:
            return _added([self._amount(row, measure) for row in rows])
        source = Source(delivery=measure.delivery, who=measure.who, year=measure.year, any_of=measure.count_where)
        met = [(row.get("persoon"), self._meets(row, source)) for row in rows]
        counted = self.protocol.counted(measure)
        if counted == "records":
            return _added([None if flag is None else int(flag) for _, flag in met])
        if counted == "households":
            flag = some(flag for _, flag in met)
            return None if flag is None else int(flag)
        if any(person is None and flag is not False for person, flag in met):
            return None
        flags = [some(f for p, f in met if p == person) for person in {person for person, _ in met}]
        return _added([None if flag is None else int(flag) for flag in flags])

    def _amount(self, row: Row, measure: Measure) -> int | None:
        meant = self._meant(row, measure.who, measure.year)
        if meant is False:
            return 0
        amount = _added([None if row[name] is None else int(str(row[name])) for name in measure.sum_of])
        return amount if meant or amount == 0 else None

    def _stacks(self, row: Row) -> Row:
        """How many indicators of a domain a family has; from a table's last number on, "so many or more"."""
        if row["has_child_lt18"] is not True:
            return {}
        found: Row = {}
        for table in self.protocol.tables:
            for domain in self.protocol.domains:
                if isinstance(table, StackingTable) and domain.name in table.domains:
                    values = [row[name] for name in domain.any_of]
                    number = values.count(True)
                    open_ended = len(values) > table.at_most and number >= table.at_most
                    text = f"{table.at_most}+" if open_ended else str(number)
                    found[f"aantal {domain.name}"] = None if None in values else text
        return found


def answers(protocol: StudyProtocol, given: Given) -> Answers:
    """By household, everything that the protocol makes of it."""
    return Slow(protocol, given).answers()


def _categories(column: Column) -> tuple[str, ...]:
    assert isinstance(column, CategoryColumn | AmountBand | AgeBand)
    return column.categories


def _truth(value: Value) -> Kleene:
    return None if value is None else bool(value)


def _added(amounts: list[int | None]) -> int | None:
    return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def _highest(rows: list[Row]) -> Row:
    return {
        name: max((row[name] for row in rows if row[name] is not None), key=lambda v: int(str(v)), default=None)
        for name in rows[0]
    }
