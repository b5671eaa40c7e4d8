"""The page of the officer: every claim of SECURITY.md beside what happened when it was attacked."""

from __future__ import annotations

import dataclasses

from linkage.assess.drawing import Bar, percent
from linkage.assess.officer import ADDRESSES, NUMBERS, OfficerFindings
from linkage.assess.page import Figure, Page, Section, Table, attack_numbers, known_numbers
from linkage.assess.result import Attack
from linkage.words import number

CLAIMS = {"all": "alles", "none": "niets", "little": "hoogstens wat bij toeval goed ligt"}


def page(found: OfficerFindings) -> Page:
    """Coalitions, dictionaries, order, structure and speed."""
    wrong = [one for one in (*found.coalitions, *found.attacks) if not one.as_claimed]
    return Page(
        study=found.study,
        role="officer",
        tested=(
            (
                "Op wat",
                (
                    "de verzonnen stad van linkage demo: exports, pakketten, sleutels en onderzoeksbestand van alle "
                    "partijen"
                ),
            ),
            (
                "Hoe",
                (
                    "elke aanval is in deze uitvoering werkelijk gedaan, met de code van het programma zelf; niets is "
                    "aangenomen"
                ),
            ),
            ("Wat er te herkennen viel", f"per aanval hoogstens {number(_targets(found))} rijen en huishoudens"),
        ),
        verdict=(
            "Een bewering uit SECURITY.md klopt niet: meld dit voordat er een echte studie begint."
            if wrong
            else "Elke aanval liep af zoals SECURITY.md zegt."
        ),
        good=not wrong,
        reasons=_reasons(wrong),
        sections=(_coalitions(found), _dictionaries(found), _order(found), _structure(found)),
        not_shown=(
            (
                "De stad is verzonnen. Deze bladzijde toetst het programma, niet uw bestand; daarvoor zijn linkage "
                "assess voor de houder en voor de koppelaar."
            ),
            "Aanvallen op de computer van een partij, en partijen die liegen over wat ze leveren of bewaren.",
            "Nieuwe aanvallen op de gebruikte cryptografie: er zijn sleutels geraden, geen versleutelingen gekraakt.",
            "Wie sleutels deelt zonder dat iemand het merkt: het programma kan dat niet zien.",
        ),
        numbers={
            "attacks": attack_numbers(found.attacks),
            "coalitions": attack_numbers(found.coalitions),
            "order": [dataclasses.asdict(one) for one in found.orders],
            "known": known_numbers(found.structure),
            "tries_per_second": {"keyed": round(found.rate_keyed), "unkeyed": round(found.rate_unkeyed)},
        },
    )


def _reasons(wrong: list[Attack]) -> tuple[str, ...]:
    if wrong:
        return tuple(f"{one.title}: {_recovered(one)} herkend, verwacht was {CLAIMS[one.claim]}." for one in wrong)
    return (
        "Zonder de hoofdsleutel herkent geen partij iemand aan een nummer of adres; ook twee houders samen niet.",
        (
            "De koppelaar en één houder samen herkennen iedereen, zolang pakketten en de sleutels van de koppelaar "
            "bestaan. Daartegen beschermen alleen afspraken, en vernietigen op tijd."
        ),
    )


def _targets(found: OfficerFindings) -> int:
    return max(one.targets for one in found.coalitions)


def _recovered(one: Attack) -> str:
    return f"{number(round(one.recovered))} van {number(one.targets)} ({percent(one.share)})"


def _coalitions(found: OfficerFindings) -> Section:
    made = tuple(Bar(one.title, one.share) for one in found.coalitions)
    rows = tuple(
        (one.title, one.has, _recovered(one), CLAIMS[one.claim], "ja" if one.as_claimed else "NEE")
        for one in found.coalitions
    )
    return Section(
        "partijen",
        "Wie kan wat, alleen en samen?",
        (
            (
                "Elke partij kreeg precies wat ze in het echt heeft, en deed daarmee alles wat ze kan: pakketten "
                "openen, met alle bekende nummers en adressen pseudoniemen maken, die in verzegelde bytes zoeken, en "
                "studienummers namaken. Geteld zijn rijen van anderen en huishoudens die zo een nummer of adres "
                "terugkregen."
            ),
        ),
        (
            Figure(
                "f-partijen",
                "Welk deel wordt herkend",
                "Alleen de koppelaar samen met een houder herkent iets, en dan alles."
                if all(one.as_claimed for one in found.coalitions)
                else "Niet elke uitkomst is zoals beloofd; zie de tabel.",
                made,
                "t-partijen",
                "deel van de rijen en huishoudens dat wordt herkend",
            ),
        ),
        (
            Table(
                "t-partijen",
                "Herkend door elke partij of combinatie (van meer van hetzelfde: de ergste)",
                ("partij", "heeft", "herkend", "beloofd", "klopt"),
                rows,
                words=True,
            ),
        ),
    )


def _dictionaries(found: OfficerFindings) -> Section:
    rows = tuple(
        (
            one.title,
            one.has,
            number(one.tries) if one.tries else "–",
            _recovered(one),
            "ja" if one.as_claimed else "NEE",
        )
        for one in found.attacks
    )
    speed = (
        _duration("met sleutel, alle adressen van Nederland", ADDRESSES, found.rate_keyed),
        _duration("met sleutel, alle mogelijke BSN’s", NUMBERS, found.rate_keyed),
        _duration("gewone hash, alle adressen van Nederland", ADDRESSES, found.rate_unkeyed),
        _duration("gewone hash, alle mogelijke BSN’s", NUMBERS, found.rate_unkeyed),
    )
    return Section(
        "woordenboek",
        "Waarom alles aan de sleutel hangt",
        (
            (
                "Er zijn zo weinig adressen en nummers dat een computer ze allemaal probeert. Een hash zonder sleutel "
                "beschermt dus niets; een pseudoniem met sleutel alleen tegen wie de sleutel niet heeft."
            ),
        ),
        tables=(
            Table(
                "t-woordenboek",
                "Woordenboekaanvallen, en ter vergelijking wat er zonder een maatregel zou gebeuren",
                ("aanval", "heeft", "pogingen", "herkend", "zoals verwacht"),
                rows,
                words=True,
            ),
            Table(
                "t-snelheid",
                "Hoe lang het zou duren: een schatting uit de snelheid van deze uitvoering, op deze computer",
                ("wat", "pogingen", "per seconde", "geschatte tijd"),
                speed,
            ),
        ),
    )


def _duration(what: str, tries: int, rate: float) -> tuple[str, ...]:
    seconds = tries / rate
    told = f"{seconds:.0f} seconden" if seconds < 120 else f"{seconds / 60:.0f} minuten"
    return (what, number(tries), number(round(rate)), told)


def _order(found: OfficerFindings) -> Section:
    rows = tuple(
        (
            one.holder,
            number(one.rows),
            percent(one.sealed),
            percent(one.by_chance),
            percent(one.left_in_order),
            f"{one.correlation:.3f}".replace(".", ","),
        )
        for one in found.orders
    )
    return Section(
        "volgorde",
        "Volgorde van de rijen",
        (
            (
                "De aanvaller legt een lijst van dezelfde mensen of adressen, op volgorde, naast de rijen. In een "
                "pakket staan ze op volgorde van hun pseudoniem; er blijft over wat bij toeval goed ligt. Een "
                "samenhang bij nul betekent dat de volgorde niets meer met die van de lijst te "
                "maken heeft."
            ),
        ),
        tables=(
            Table(
                "t-volgorde",
                "Herkend aan de volgorde",
                (
                    "pakket van",
                    "rijen",
                    "zoals verzegeld",
                    "bij toeval",
                    "als ze op volgorde bleven",
                    "samenhang (Spearman)",
                ),
                rows,
            ),
        ),
    )


def _structure(found: OfficerFindings) -> Section:
    made = tuple(Bar(" + ".join(one.facts), one.expected) for one in found.structure)
    rows = tuple(
        (" + ".join(one.facts), number(one.persons), percent(one.expected), percent(one.unique))
        for one in found.structure
    )
    best = max(found.structure, key=lambda one: one.expected)
    return Section(
        "samenstelling",
        "Wat zonder sleutel overblijft: herkennen aan kenmerken",
        (
            (
                "Wie het huishouden kent, heeft geen sleutel nodig. Daarom blijven pakketten en onderzoeksbestand "
                "persoonsgegevens, en horen ze alleen in de beveiligde omgeving."
            ),
        ),
        (
            Figure(
                "f-samenstelling",
                "Hoe vaak wie de kenmerken kent, het goede adres of huishouden kiest",
                f"Hoogstens {percent(best.expected)}, voor wie {' + '.join(best.facts)} kent.",
                made,
                "t-samenstelling",
            ),
        ),
        (
            Table(
                "t-samenstelling", "Trefkans in de verzonnen stad", ("bekend", "aantal", "trefkans", "de enige"), rows
            ),
        ),
    )
