"""The columns of the household file: what the linker writes, and what the researcher's exports say of them.

Normative: docs/spec/household-file-v1.md, sections 1 and 4.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from linkage.files import harmless
from protocols.model import Indicator, StudyProtocol


@dataclass(frozen=True)
class Field:
    """One column of the household file, as the codebook says it."""

    name: str
    type: str
    title: str
    unit: str
    source: str
    population: str
    empty: str


UNKNOWN = "onbekend"
OUTSIDE = "onbekend, of geen gezin met een minderjarig kind en een volwassene"

_FOLLOWED = (
    Field(
        "followed",
        "boolean",
        "Zet een huishouden van een eerdere meting voort",
        "",
        "koppelaar",
        "households",
        "eerste meting",
    ),
    Field(
        "since_wave",
        "integer",
        "Meting waarin het studienummer voor het eerst werd gegeven",
        "",
        "koppelaar",
        "households",
        "",
    ),
)


def fields(protocol: StudyProtocol) -> tuple[Field, ...]:
    """The columns, in order: household, domains, support, definitions, indicators, selections, measures, coverage."""
    spine = protocol.spine.name
    support = [i for i in protocol.indicators if i.name.startswith("support_")]
    others = [i for i in protocol.indicators if i not in support]
    population = populations(protocol)
    return (
        Field("study_number", "text", "Studienummer van het huishouden", "", "koppelaar", "households", ""),
        Field("wijk", "text", "Wijk", "", spine, "households", UNKNOWN),
        Field("adults", "integer", "Volwassenen in het huishouden", "personen", spine, "households", ""),
        Field("minors", "integer", "Minderjarigen in het huishouden", "personen", spine, "households", ""),
        Field("has_child_lt18", "boolean", "Gezin: minderjarig kind en volwassene", "", spine, "households", UNKNOWN),
        *(_yes_no(d.name, d.title, " of ".join(d.any_of), population[d.name]) for d in protocol.domains),
        *(_yes_no(i.name, i.title, _deliveries(i), i.population) for i in support),
        *(_yes_no(d.name, d.title, " en ".join(d.all_of), population[d.name]) for d in protocol.definitions),
        *(_yes_no(i.name, i.title, _deliveries(i), i.population) for i in others),
        *(
            _yes_no(s.name, s.title, f"{s.at_least} van: {', '.join(s.provisions)}", "households")
            for s in protocol.selections
        ),
        *(Field(m.name, "integer", m.title, m.unit, m.delivery, "households", UNKNOWN) for m in protocol.measures),
        *(
            Field(
                f"coverage_{d.name}", "boolean", f"Komt voor in: {d.title}", "", d.name, "households", "niet geleverd"
            )
            for d in protocol.deliveries
        ),
        *(_FOLLOWED if protocol.follow is not None else ()),
    )


def populations(protocol: StudyProtocol) -> dict[str, str]:
    """`families` for whatever has a part that is known of families alone."""
    found: dict[str, str] = {indicator.name: indicator.population for indicator in protocol.indicators}
    groups = [(domain.name, domain.any_of) for domain in protocol.domains]
    groups += [(definition.name, definition.all_of) for definition in protocol.definitions]
    groups += [(selection.name, selection.provisions) for selection in protocol.selections]
    for name, parts in groups:
        found[name] = "families" if any(found[part] == "families" for part in parts) else "households"
    return found


def _deliveries(indicator: Indicator) -> str:
    return ", ".join(dict.fromkeys(source.delivery for source in indicator.sources))


def _yes_no(name: str, title: str, source: str, population: str) -> Field:
    return Field(name, "boolean", title, "", source, population, OUTSIDE if population == "families" else UNKNOWN)


def codebook(protocol: StudyProtocol) -> str:
    """codebook.csv, `;`-separated: one line per column of the household file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(["naam", "type", "omschrijving", "eenheid", "bron", "populatie", "leeg betekent"])
    for field in fields(protocol):
        cells = (field.name, field.type, field.title, field.unit, field.source, field.population, field.empty)
        writer.writerow(harmless(cell) for cell in cells)
    return text.getvalue()
