"""The page of the linker, from what was measured on the household file and the packages."""

from __future__ import annotations

import dataclasses

from linkage.assess.drawing import Bar, percent
from linkage.assess.linker import LinkerFindings
from linkage.assess.page import Figure, Page, Section, Table, known_numbers
from linkage.assess.result import Known
from linkage.words import number

# Neighbours that are alike so much more often than by chance point at an order: a street, a family, a date.
ODD_FACTOR, ODD_SHARE = 1.5, 0.02


def page(found: LinkerFindings) -> Page:
    """What structure and order give away, without any key."""
    bad = orders(found)
    return Page(
        study=found.study,
        role="linker",
        tested=_tested(found),
        verdict="Een volgorde van rijen verraadt mogelijk iets." if bad else "De volgorde van de rijen verraadt niets.",
        good=not bad,
        reasons=(*bad, *_reasons(found)),
        sections=(_structure(found), _order(found)),
        not_shown=(
            (
                "De trefkansen nemen aan dat de aanvaller de genoemde kenmerken van elk huishouden precies kent, "
                "bijvoorbeeld uit een openbaar of eigen register van hetzelfde moment. Met oudere of minder gegevens "
                "is de kans kleiner."
            ),
            (
                "Voor deze trefkansen geldt geen grens: de indeling van het onderzoeksbestand volgt uit het protocol. "
                "Wie ze te hoog vindt, wijzigt het protocol, of beperkt wie bij het bestand kan."
            ),
            "Wat er gebeurt als partijen sleutels delen; dat toetst de functionaris op de verzonnen stad.",
        ),
        numbers={
            "file_sha256": found.digest,
            "households": found.households,
            "known": known_numbers(found.known),
            "addresses": known_numbers(found.addresses),
            **({"derived": known_numbers(found.derived)} if found.derived else {}),
            "order": {"sorted": found.ordered, "alike": found.alike, "by_chance": found.by_chance},
            "packages": [dataclasses.asdict(one) for one in found.bodies],
        },
    )


def orders(found: LinkerFindings) -> tuple[str, ...]:
    """Which files do not stand in the order in which they should, or have neighbours that are alike too often."""
    told = [] if found.ordered else ["Het onderzoeksbestand staat niet op volgorde van studienummer: maak het opnieuw."]
    if _odd(found.alike, found.by_chance):
        told.append("In het onderzoeksbestand lijken rijen die naast elkaar staan, te veel op elkaar.")
    told += [
        f"Het pakket {one.delivery} van {one.holder} staat niet op volgorde van zijn inhoud: laat de houder opnieuw "
        "coderen."
        for one in found.bodies
        if not one.ordered
    ]
    told += [
        f"In het pakket {one.delivery} van {one.holder} lijken rijen die naast elkaar staan, te veel op elkaar."
        for one in found.bodies
        if _odd(one.alike, one.by_chance)
    ]
    return tuple(told)


def _odd(alike: float, by_chance: float) -> bool:
    return alike > ODD_FACTOR * by_chance and alike - by_chance > ODD_SHARE


def _tested(found: LinkerFindings) -> tuple[tuple[str, str], ...]:
    inbox = (
        f"{len(found.bodies)} pakketten, {number(sum(one.rows for one in found.bodies))} rijen"
        if found.bodies
        else "niet meegenomen (geef --inbox en --identity)"
    )
    return (
        ("Bestand", f"{found.file}: {number(found.households)} huishoudens"),
        ("Controlegetal (SHA-256)", found.digest),
        ("Pakketten", inbox),
    )


def _reasons(found: LinkerFindings) -> tuple[str, ...]:
    first, whole = found.known[1], found.known[-1]
    return (
        (
            f"Wie van een huishouden {_facts_of(first)} kent, kiest in {percent(first.expected)} van de gevallen de "
            "goede rij."
        ),
        (
            f"Wie alles over een huishouden al weet, in {percent(whole.expected)}: het bestand is gepseudonimiseerd, "
            "niet anoniem."
        ),
        *_derived(found),
    )


def _derived(found: LinkerFindings) -> tuple[str, ...]:
    """What linking without a number costs, where the protocol asks for it."""
    if not found.derived:
        return ()
    return (
        (
            "Dit protocol koppelt ook op naam en geboortedatum. Wie zelf een bevolkingsregister met namen heeft, kiest "
            f"door alleen te tellen in {percent(found.derived[1].expected)} van de gevallen de goede persoon, en door "
            f"ook te volgen wie een waarde delen in {percent(found.derived[-1].expected)}, zonder sleutel: de "
            "koppelaar mag zo'n register niet hebben."
        ),
    )


def _facts_of(one: Known) -> str:
    return " + ".join(one.facts)


def _structure(found: LinkerFindings) -> Section:
    groups = (
        ("Rij in het onderzoeksbestand", found.known),
        ("Adres bij de koppelaar (pseudoniem)", found.addresses),
        ("Persoon bij de koppelaar (pseudoniemen van naam en geboorte)", found.derived),
    )
    made = [
        Bar(_facts_of(one), one.expected, heading=title if place == 0 else "")
        for title, known in groups
        for place, one in enumerate(known)
    ]
    rows = tuple(
        (f"{_facts_of(one)}", number(one.persons), percent(one.expected), percent(one.unique), percent(one.small))
        for one in (*found.known, *found.addresses, *found.derived)
    )
    best = max(found.known, key=lambda one: one.expected)
    return Section(
        "samenstelling",
        "Herkennen aan de samenstelling van het huishouden",
        (
            (
                "De koppelaar en de onderzoeker hebben geen namen of adressen, maar zien wel hoe een huishouden is "
                "samengesteld. Wie een register heeft met dezelfde kenmerken én adressen, kan die naast elkaar leggen."
            ),
        ),
        (
            Figure(
                "f-samenstelling",
                "Hoe vaak zo iemand het goede huishouden kiest",
                f"Van {percent(found.known[0].expected)} met alleen het aantal bewoners tot "
                f"{percent(best.expected)} met {_facts_of(best)}.",
                tuple(made),
                "t-samenstelling",
            ),
        ),
        (
            Table(
                "t-samenstelling",
                "Trefkans naar wat de aanvaller van een huishouden of adres kent",
                (
                    "bekend",
                    "aantal",
                    "trefkans",
                    "de enige",
                    f"met minder dan {found.study.protocol.release.threshold}",
                ),
                rows,
            ),
        ),
    )


def _order(found: LinkerFindings) -> Section:
    mine = ("onderzoeksbestand", "ja" if found.ordered else "nee", percent(found.alike), percent(found.by_chance))
    rows = [mine] + [
        (f"{one.delivery} van {one.holder}", "ja" if one.ordered else "nee", percent(one.alike), percent(one.by_chance))
        for one in found.bodies
    ]
    return Section(
        "volgorde",
        "Volgorde van de rijen",
        (
            (
                "Rijen die in de volgorde van adressen of van een register blijven staan, zijn met dat register erbij "
                "allemaal te herkennen. Daarom staan ze op volgorde van een versleuteld nummer. Als dat werkt, lijken "
                "buren in het bestand niet vaker op elkaar dan bij toeval."
            ),
        ),
        tables=(
            Table(
                "t-volgorde",
                "Staan rijen op volgorde van het pseudoniem, en lijken buren op elkaar?",
                ("bestand", "op volgorde van pseudoniem", "buren gelijk", "gelijk bij toeval"),
                tuple(rows),
            ),
        ),
    )
