"""The review file: what is asked for, the rules, and how each table passed; after the example of ACRO."""

from __future__ import annotations

from collections.abc import Iterator

from linkage.research.disclosure import Release, Verdict


def review(release: Release) -> Iterator[str]:
    """What is asked for and which rule each table passed, after the example of ACRO."""
    about, rule = release.about, release.rule
    yield "# Uitvoercontrole"
    yield ""
    yield "Voor de controleur. Dit blad blijft in de beveiligde omgeving: het zegt welke sterren een klein aantal zijn."
    yield ""
    yield f"- studie {about.study}, meting {about.wave}, peildatum {about.reference_date}"
    yield f"- protocol {about.protocol_digest}"
    yield f"- uitgegeven {about.released}; regel in het logboek {release.ledger}"
    yield f"- gevraagd: {', '.join(table.name for table in release.tables)}"
    yield ""
    yield "## De regels"
    yield ""
    yield f"1. Een aantal van 1 tot en met {rule.threshold - 1} wordt `{rule.star}`, en ook het aantal van de overigen."
    yield f"2. Nul wordt {'getoond' if rule.show_zero else 'onderdrukt'}."
    yield "3. Andere aantallen worden onderdrukt voor zover dat nodig is om die van regel 1 niet te laten berekenen."
    yield f"4. Wie alles samenneemt wat ooit is uitgegeven, houdt per onderdrukt aantal {rule.interval_width} ruimte."
    yield f"5. Geen cel boven {100 * rule.group_share:.0f}% van haar rij; geen bedrag waarvan een huishouden meer dan "
    yield f"   {100 * rule.dominance_share:.0f}% brengt. Percentages en gemiddelden alleen uit getoonde aantallen."
    yield "6. Binnen een meting verandert geen getoond aantal; tussen metingen niet met minder dan de drempel."
    if release.waves_accepted:
        yield "   **Hiervan is afgeweken: kleine veranderingen tussen metingen zijn aanvaard. Beoordeel ze.**"
    yield ""
    yield f"Onafhankelijk nagerekend: {release.audited} aantallen; kleinste ruimte {_number(release.smallest_width)}."
    for verdict in release.verdicts:
        yield from _verdict(verdict)


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield ""
    yield f"## {verdict.table}: {verdict.title}"
    yield ""
    yield "Uitkomst: voldoet aan regel 1 tot en met 6."
    yield ""
    yield f"- getoond {verdict.shown}, waarvan nul {verdict.zero}"
    yield f"- onderdrukt om het eigen aantal {len(verdict.primary)}, om een ander {len(verdict.secondary)}, "
    yield f"  percentages en gemiddelden {verdict.shares_hidden}"
    yield f"- kleinste ruimte {_number(verdict.smallest_width)}"
    for title, places in (("eigen aantal", verdict.primary), ("bescherming van een ander", verdict.secondary)):
        for place in places:
            yield f"  - {place} ({title})"


def _number(width: float | None) -> str:
    return "niet van toepassing" if width is None else "onbegrensd" if width == float("inf") else f"{width:g}"
