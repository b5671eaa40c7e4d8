"""The page of a holder, from what was measured on its own export."""

from __future__ import annotations

from linkage.assess.drawing import Bar, percent
from linkage.assess.holder import MOST_TRIPLES, HolderFindings
from linkage.assess.page import Figure, Page, Section, Table, known_numbers
from linkage.assess.result import Known
from linkage.holder.fingerprint import COARSE_ANSWERS
from linkage.words import form, number

TOLD = 5
BARS = {1: 12, 2: 8, 3: 5}
GROUPS = {1: "Wie één kenmerk kent", 2: "Wie twee kenmerken kent", 3: "Wie drie kenmerken kent"}
SMALL_FILE = 400


def page(found: HolderFindings) -> Page:
    """Singles, pairs, triples and everything, with the limits of the study."""
    numbers = {
        "delivery": found.job.delivery.name,
        "holder": found.job.holder.id,
        "export_sha256": found.digest,
        "rows": found.rows,
        "persons": found.persons,
        "limits": {"one": float(found.limits.one), "two": float(found.limits.two)},
        "tried": {str(size): count for size, count in found.tried.items()},
        "known": known_numbers(found.known),
        "exceeded": known_numbers(found.exceeded),
        "population": known_numbers(found.population),
    }
    return Page(
        study=found.job.study,
        role="holder",
        tested=_tested(found),
        verdict=_verdict(found),
        good=not found.exceeded,
        reasons=tuple(_reasons(found)),
        sections=(_facts(found), *_population(found), _columns(found)),
        not_shown=_not_shown(found),
        numbers=numbers,
    )


def _unit(found: HolderFindings) -> str:
    return "personen" if found.job.delivery.unit == "person" else "adressen"


def _tested(found: HolderFindings) -> tuple[tuple[str, str], ...]:
    job = found.job
    return (
        ("Levering", f"{job.delivery.title} ({job.delivery.name}), van {job.holder.organisation}"),
        (
            "Bestand",
            f"{found.export}, zoals het na de afgesproken bewerking het huis zou verlaten; nog niets is verzegeld",
        ),
        ("Controlegetal (SHA-256)", found.digest),
        ("Omvang", f"{number(found.rows)} rijen over {number(found.persons)} {_unit(found)}"),
        (
            "Grens van de studie",
            (
                f"wie één kenmerk kent, kiest gemiddeld hoogstens {percent(float(found.limits.one))} van de keren de "
                f"goede; wie er twee kent, hoogstens {percent(float(found.limits.two))}. {_whose(found)}"
            ),
        ),
    )


def _whose(found: HolderFindings) -> str:
    about = found.job.study.study
    if about.max_success_one is None and about.max_success_two is None:
        return "De studie noemt zelf geen grens; dit zijn de grenzen van het programma."
    return "De grens staat in de studie (max_success_one, max_success_two)."


def _verdict(found: HolderFindings) -> str:
    if found.exceeded:
        return "Deze levering gaat niet door: een of twee kenmerken wijzen mensen te precies aan."
    return "Deze levering blijft binnen de grens van de studie."


def _reasons(found: HolderFindings) -> list[str]:
    whole = found.known[-1]
    told = [
        f"{_facts_of(one)}: {percent(one.expected)} (grens {percent(one.limit or 0)})" for one in found.exceeded[:TOLD]
    ]
    if found.exceeded:
        more = len(found.exceeded) - TOLD
        told += [f"en nog {more} andere"] if more > 0 else []
        told.append(
            "Wat te doen: spreek voor deze kolommen bredere klassen, een grotere stap of een lager maximum af, of "
            "laat ze weg. linkage encode weigert tot dan."
        )
    told.append(
        f"Wie álles weet wat over iemand wordt meegestuurd, kiest in {percent(whole.expected)} van de gevallen de "
        f"goede; {percent(whole.unique)} van de {_unit(found)} is dan de enige. Daarvoor geldt geen grens: wie dat "
        "al weet, leert uit deze levering zelf niets, maar kan wel zien wat anderen over dezelfde mensen leverden."
    )
    if found.persons < SMALL_FILE:
        told.append(
            f"Het bestand is klein. Met hoogstens {COARSE_ANSWERS} verschillende antwoorden telt een kenmerk niet "
            "als te precies, maar wie weet dat iemand in een klein bestand zit, weet al veel."
        )
    return told


def _facts_of(one: Known) -> str:
    return " + ".join(one.facts)


def _facts(found: HolderFindings) -> Section:
    whole = found.known[-1]
    heading = {id(group[0]): GROUPS[size] for size in GROUPS if (group := _of(found, size))}
    shown = [one for size, most in BARS.items() for one in _of(found, size)[:most]]
    made = [Bar(_facts_of(one), one.expected, one.limit, one.over, heading.get(id(one), "")) for one in shown]
    made.append(Bar("alle kolommen samen", whole.expected, heading="Wie alles weet"))
    rows = [_row(_facts_of(one), one) for one in found.known[:-1]] + [_row("alle kolommen samen", whole)]
    tried = ", ".join(f"{number(count)} van {size}" for size, count in found.tried.items())
    return Section(
        "kenmerken",
        "Hoe precies wijzen de kenmerken iemand aan?",
        (
            (
                "Een kenmerk is wat één kolom over iemand zegt (per jaar, als er jaren worden geleverd). De toets "
                "neemt aan dat een aanvaller weet dát iemand in dit bestand zit, en de kenmerken precies kent. Hij "
                "kiest dan een van de rijen die erbij passen: bij één rij altijd goed, bij tien gemiddeld een op de "
                "tien keer."
            ),
            (
                f"Geprobeerde combinaties: {tried} kenmerken, en alle samen. Van drie worden er hoogstens "
                f"{number(MOST_TRIPLES)} geprobeerd, de meest zeggende eerst. De grootste staan hieronder."
            ),
        ),
        (
            Figure(
                "f-kenmerken",
                "Hoe vaak de aanvaller de goede kiest",
                _alt(found),
                tuple(made),
                "t-kenmerken",
            ),
        ),
        (
            Table(
                "t-kenmerken",
                "Per kenmerk en combinatie: gemiddelde trefkans en wie opvalt",
                (
                    "bekend kenmerk",
                    "trefkans",
                    "grens",
                    "de enige",
                    f"met minder dan {_threshold(found)}",
                    "wie afwijkt",
                ),
                tuple(rows),
            ),
        ),
    )


def _threshold(found: HolderFindings) -> int:
    return found.job.study.protocol.release.threshold


def _of(found: HolderFindings, size: int) -> list[Known]:
    return [one for one in found.known[:-1] if len(one.facts) == size]


def _row(title: str, one: Known) -> tuple[str, ...]:
    limit = "" if one.limit is None else percent(one.limit) + (" – te veel" if one.over else "")
    other = "–" if one.deviating is None else percent(one.deviating)
    return (title, percent(one.expected), limit, percent(one.unique), percent(one.small), other)


def _alt(found: HolderFindings) -> str:
    singles, pairs, whole = _of(found, 1), _of(found, 2), found.known[-1]
    parts = []
    if singles:
        parts.append(f"Met één kenmerk is dat hoogstens {percent(singles[0].expected)} ({_facts_of(singles[0])})")
    if pairs:
        parts.append(f"met twee hoogstens {percent(pairs[0].expected)} ({_facts_of(pairs[0])})")
    parts.append(f"met alle kolommen samen {percent(whole.expected)}")
    return "; ".join(parts) + ". De streepjeslijn is de grens van de studie; wat erboven komt, is gearceerd."


def _population(found: HolderFindings) -> list[Section]:
    if not found.population:
        return []
    rows = tuple(
        (_facts_of(one), percent(one.expected), percent(one.unique), percent(one.small)) for one in found.population
    )
    return [
        Section(
            "bevolking",
            "Tegen de hele bevolking (k-map)",
            (
                (
                    "Hier weet de aanvaller niet dat iemand in het bestand zit: hij kiest uit alle inwoners met "
                    "dezelfde kenmerken, volgens de opgegeven bevolkingsaantallen. Een rij waarvan niemand in die "
                    "tabel de kenmerken heeft, telt als geheel herleidbaar."
                ),
            ),
            tables=(
                Table(
                    "t-bevolking",
                    "Trefkans in de bevolking",
                    ("bekend kenmerk", "trefkans", "de enige", f"met minder dan {_threshold(found)}"),
                    rows,
                ),
            ),
        )
    ]


def _columns(found: HolderFindings) -> Section:
    """What the names of the columns mean, and in which form each leaves."""
    job, protocol = found.job, found.job.study.protocol
    rows = [(column.name, column.title, form(column, protocol)) for column in job.delivery.columns]
    if "address" in job.delivery.kinds:
        rows.insert(0, ("address_suffix", "Het adres heeft een toevoeging", "ja/nee"))
    heads = ("kolom", "betekenis", "gaat mee als")
    table = Table("t-kolommen", "Kolommen van deze levering", heads, tuple(rows), words=True)
    return Section("kolommen", "Wat de kolommen betekenen", tables=(table,))


def _not_shown(found: HolderFindings) -> tuple[str, ...]:
    alone = (
        "Er is geen bevolkingstabel opgegeven (--population). Er is dus alleen binnen het bestand geteld. Dat is "
        "te somber voor wie niet weet dat iemand erin zit (in de stad kunnen er meer zijn die op hem lijken), en "
        "te mild voor zover een kenmerk elders met naam bekend is."
    )
    return (
        *(() if found.population else (alone,)),
        (
            "De trefkans is een gemiddelde. Wie een zeldzaam kenmerk heeft, loopt meer risico: dat staat onder “wie "
            "afwijkt”, de trefkans van wie niet het meest voorkomende antwoord heeft (leeg bij minder dan tien van "
            "hen). Daarvoor geldt geen grens."
        ),
        (
            "Wat een aanvaller werkelijk weet, is niet te meten. Ook wie drie of meer kenmerken kent, valt buiten de "
            "grens."
        ),
        (
            "Na de koppeling staan meer kolommen naast elkaar dan in deze levering. Dat toetst de koppelaar: linkage "
            "assess --role linker."
        ),
        (
            "Pseudoniemen, verzegeling en sleutels: die toetst de functionaris op de verzonnen stad: linkage assess "
            "--role officer."
        ),
    )
