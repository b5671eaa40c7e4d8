"""The protocol's indicators, measures, domains, definitions and selections in Dutch words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from protocols import StudyProtocol
from protocols.model import (
    AmountRounded,
    Below,
    Condition,
    Definition,
    Delivery,
    Domain,
    Indicator,
    Measure,
    Selection,
    Source,
)

WHO = {
    "all": "een lid",
    "adult": "een volwassen lid",
    "minor": "een minderjarig lid",
    "reference-person": "de referentiepersoon",
}
WHOSE = {
    "all": "alle leden",
    "adult": "volwassen leden",
    "minor": "minderjarige leden",
    "reference-person": "de referentiepersoon",
}
COUNTED = {"records": "rijen", "persons": "verschillende personen", "households": "het huishouden, 1 of 0"}
AGE_OR_PLACE = {
    "adult": "de leeftijd",
    "minor": "de leeftijd",
    "reference-person": "wie de referentiepersoon is",
}
MOST_TITLES = 8
FAMILIES = "gezinnen; leeg bij andere huishoudens"


def euros(amount: object) -> str:
    """An amount in Dutch notation."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".").removesuffix(",00")


def listed(words: Iterable[str], last: str) -> str:
    """a, b or c."""
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end


def read_under(protocol: StudyProtocol, *paths: str) -> str:
    """The readings that decide about one of these places in the protocol, between brackets."""
    found = [
        r.id
        for r in protocol.readings
        if any(r.parameter == path or r.parameter.startswith(f"{path}.") for path in paths)
    ]
    return f" ({', '.join(dict.fromkeys(found))})" if found else ""


# --- conditions and sources -------------------------------------------------------------------------


def test_of(protocol: StudyProtocol, delivery: Delivery, condition: Condition) -> str:
    """What a column must be."""
    if condition.is_true:
        if isinstance(delivery.column(condition.column), Below):
            limit = euros(protocol.parameters.income_limit)
            return f"is onder {limit} euro{read_under(protocol, 'parameters.income_limit')}"
        return "is ja"
    if condition.at_least is not None:
        euro = " euro" if isinstance(delivery.column(condition.column), AmountRounded) else ""
        return f"is {protocol.months(condition)}{euro} of meer{_parameter(protocol, condition.at_least)}"
    return f"is {listed(protocol.options(condition), 'of')}{_parameter(protocol, condition.one_of)}"


def _parameter(protocol: StudyProtocol, value: object) -> str:
    if not isinstance(value, str):
        return ""
    return f" (`{value}`{read_under(protocol, f'parameters.{value}').replace(' (', ', ').rstrip(')')})"


def conditions_of(protocol: StudyProtocol, delivery: Delivery, conditions: Iterable[Condition]) -> str:
    """Any of the conditions; columns with the same test stand together."""
    parts = []
    for test, alike in groupby(conditions, lambda condition: test_of(protocol, delivery, condition)):
        columns = list(alike)
        if len(columns) > MOST_TITLES:
            names = ", ".join(f"`{c.column}`" for c in columns)
            parts.append(f"een van deze {len(columns)} kolommen {test}: {names}")
            continue
        names = listed((f"`{c.column}` ({delivery.column(c.column).title})" for c in columns), "of")
        parts.append(f"{names} {test}")
    return "; of ".join(parts)


def source_of(protocol: StudyProtocol, source: Source) -> str:
    """Who, in which delivery and year, and what must be so."""
    delivery = protocol.delivery(source.delivery)
    who = WHO[source.who] if delivery.unit == "person" else "het adres"
    year = f" in {source.year}" if source.year else ""
    return f"{who}, volgens `{delivery.name}`{year}: {conditions_of(protocol, delivery, source.any_of)}"


# --- indicators ---------------------------------------------------------------------------------------


def indicator(protocol: StudyProtocol, indicator: Indicator) -> Iterator[str]:
    """One indicator as a section."""
    yield f"### `{indicator.name}`: {indicator.title}"
    yield ""
    yield f"- **Voor wie:** {_population(indicator.population)}."
    sources = [source_of(protocol, source) for source in indicator.sources]
    if len(sources) == 1:
        yield f"- **Ja als:** {sources[0]}."
    else:
        yield "- **Ja als** een van deze klopt:"
        yield from (f"  - {text}." for text in sources)
    yield f"- **Wie er niet in staat:** {_absent(protocol, indicator)}."
    yield f"- **Leeg als:** {_empty(indicator)}."
    readings = read_under(protocol, f"indicators.{indicator.name}")
    yield f"- **Hoort bij:** {listed(_used_by(protocol, indicator.name), 'en')}{readings}."
    yield ""


def _population(name: str) -> str:
    return FAMILIES if name == "families" else "alle huishoudens"


def _absent(protocol: StudyProtocol, indicator: Indicator) -> str:
    words = {
        (source.delivery, protocol.delivery(source.delivery).completeness == "complete") for source in indicator.sources
    }
    if words == {(protocol.spine.name, True)}:
        return "doet niet mee in het onderzoek"
    if all(complete for _, complete in words):
        return "nee"
    if not any(complete for _, complete in words):
        return "onbekend"
    return listed((f"in `{name}` {'nee' if complete else 'onbekend'}" for name, complete in sorted(words)), "en")


def _empty(indicator: Indicator) -> str:
    names = list(dict.fromkeys(source.delivery for source in indicator.sources))
    unsure = [AGE_OR_PLACE[source.who] for source in indicator.sources if source.who in AGE_OR_PLACE]
    what = listed(dict.fromkeys(["een waarde", *unsure]), "of")
    some = "" if len(names) == 1 else "een van "
    why = [f"{some}{listed((f'`{name}`' for name in names), 'en')} niet is geleverd", f"{what} onbekend is"]
    outside = "het huishouden geen gezin is of dat onbekend is; of als " if indicator.population == "families" else ""
    return f"{outside}{listed(why, 'of')}, en niets anders het al ja maakt"


def _used_by(protocol: StudyProtocol, name: str) -> list[str]:
    groups = [f"domein `{d.name}`" for d in protocol.domains if name in d.any_of]
    groups += [f"definitie `{d.name}`" for d in protocol.definitions if name in (*d.all_of, *d.same_person)]
    groups += [f"selectie `{s.name}`" for s in protocol.selections if name in s.provisions]
    groups += [
        f"`{t.name}`" for t in protocol.tables if name in (*getattr(t, "columns", ()), *getattr(t, "support", ()))
    ]
    groups += [f"de prijs `{t.name}`" for t in protocol.tariffs if t.use == name]
    return groups or ["niets; alleen in het onderzoeksbestand"]


# --- what is made of them -----------------------------------------------------------------------------


def measure(protocol: StudyProtocol, measure: Measure) -> str:
    """One measure as a line of a table."""
    delivery = protocol.delivery(measure.delivery)
    columns = ", ".join(f"`{name}`" for name in measure.sum_of)
    if measure.sum_of:
        what = f"som van {columns}"
    else:
        counted = protocol.counted(measure)
        read = _parameter(protocol, measure.counts) if measure.counts != counted else ""
        what = f"{COUNTED[counted]}{read}: {conditions_of(protocol, delivery, measure.count_where)}"
    source = f"`{measure.delivery}`{f' {measure.year}' if measure.year else ''}"
    prices = ", ".join(f"`{tariff.name}`" for tariff in protocol.tariffs if tariff.use == measure.name) or "–"
    cells = (f"`{measure.name}`", measure.title, measure.unit, WHOSE[measure.who], source, what, prices)
    return f"| {' | '.join(cells)} |"


def domain(protocol: StudyProtocol, domain: Domain) -> Iterator[str]:
    """One domain."""
    yield f"### `{domain.name}`: {domain.title}"
    yield ""
    names = listed((f"`{name}`" for name in domain.any_of), "of")
    yield f"Een of meer van {names}{read_under(protocol, f'domains.{domain.name}')}."
    yield ""


def definition(protocol: StudyProtocol, definition: Definition) -> Iterator[str]:
    """One definition."""
    yield f"### `{definition.name}`: {definition.title}"
    yield ""
    parts = listed((f"`{name}`" for name in definition.all_of), "en")
    yield f"Alle van {parts}{read_under(protocol, f'definitions.{definition.name}')}. {_same(definition)}"
    yield ""


def _same(definition: Definition) -> str:
    if not definition.same_person:
        return "Het hoeft niet hetzelfde lid te zijn."
    return f"Een en hetzelfde lid moet {listed((f'`{name}`' for name in definition.same_person), 'en')} hebben."


def selection(selection: Selection) -> Iterator[str]:
    """One selection."""
    yield f"### `{selection.name}`: {selection.title}"
    yield ""
    yield f"{selection.at_least} of meer van {listed((f'`{name}`' for name in selection.provisions), 'en')}."
    yield ""
