"""Write docs/reference/indicators.md from the protocol and from the examples that are tests.

python tests/spec/reference_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import reference_words as words
from indicators import SPECS
from tables import Case

from linkage.files import write_text
from protocols import StudyProtocol, load_protocol

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "indicators.md"

HEAD = """\
# Indicatoren, maten en definities

Dit blad wordt gemaakt uit het protocol `nji_2016` en uit de voorbeelden in `tests/spec/indicators/`, die ook tests
zijn. Verander het niet met de hand, maar maak het opnieuw: `python tests/spec/reference_page.py`. Wat de woorden
precies betekenen, staat in [protocol-v1](../spec/protocol-v1.md); hoe rijen bij een huishouden komen, in
[linkage-v1](../spec/linkage-v1.md).

Elk huishouden heeft een indicator (ja), of niet (nee), of het is onbekend (leeg). **Leeg is nooit nee.** Een gezin
is een huishouden met een minderjarige en een volwassene op de peildatum. "Wie er niet in staat" geldt als alle
houders van de levering leverden; leverde er een niet, dan is wie er niet in staat onbekend. `D1` tot en met `D27`
zijn lezingen van het rapport; zie [het protocol in gewone taal](../../protocols/nji_2016/README.md#de-27-lezingen).

- [Indicatoren](#indicatoren), [domeinen](#domeinen), [definities](#definities), [selecties](#selecties)
- [Maten](#maten)
- [De woorden, met voorbeelden](#de-woorden-met-voorbeelden)
"""

MEASURES = """\
Een maat is een heel getal per huishouden, over alle gezinsleden die meetellen. Staat niemand van het huishouden in
de levering, dan is de maat 0 als de levering volledig is, en anders leeg. Is niet bekend wat een rij bijdraagt, dan
is de maat leeg, tenzij zij dat niet kan veranderen.

| maat | wat het is | eenheid | van wie | levering | telt | prijs |
|---|---|---|---|---|---|---|"""

EXAMPLES = """\
## De woorden, met voorbeelden

Elk voorbeeld heeft een stuk protocol, wat er werd geleverd, en wat er van elk huishouden bekend wordt. De
leveringen zijn die van `nji_2016`, met alleen de kolommen die ertoe doen; een kolom die er niet staat, is leeg (en
"leeg telt als 0 of nee" waar het protocol dat zegt). `persoon` en `huishouden` zijn hier nummers: een rij noemt een
persoon, of wordt herkend aan het adres van een huishouden. `?` is onbekend. Elk voorbeeld is ook een test: op elke
rekenkern van het programma, en op een langzame vergelijking die los ervan is geschreven.
"""


def page() -> str:
    """The whole page."""
    protocol = load_protocol("nji_2016")
    return "\n".join([HEAD, *_agreed(protocol), EXAMPLES, *_examples()]).rstrip() + "\n"


def _agreed(protocol: StudyProtocol) -> Iterator[str]:
    yield "## Indicatoren\n"
    for indicator in protocol.indicators:
        yield from words.indicator(protocol, indicator)
    yield "## Domeinen\n"
    for domain in protocol.domains:
        yield from words.domain(protocol, domain)
    yield "## Definities\n"
    for definition in protocol.definitions:
        yield from words.definition(protocol, definition)
    yield "## Selecties\n"
    for selection in protocol.selections:
        yield from words.selection(selection)
    yield "## Maten\n"
    yield MEASURES
    yield from (words.measure(protocol, measure) for measure in protocol.measures)
    yield ""


def _examples() -> Iterator[str]:
    for spec in SPECS.values():
        yield f"### {spec.title}\n\n{spec.text}"
        for case in spec.cases:
            yield from _case(case)


def _case(case: Case) -> Iterator[str]:
    yield f"#### {case.title}\n"
    yield f"```toml\n{case.protocol.strip()}\n```\n"
    yield f"Geleverd:\n\n```text\n{case.given.strip()}\n```\n"
    yield f"Wat eruit komt:\n\n```text\n{case.expected.strip()}\n```\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    write_text(PAGE, page())
