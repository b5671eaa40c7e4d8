"""Adult members."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Een volwassen lid",
    text="""\
Met `who = "adult"` tellen alleen rijen van leden van 18 jaar en ouder op de peildatum. Het bevolkingsregister
beslist over de leeftijd; is die onbekend, dan is ook onbekend of de rij telt.
""",
    cases=(
        Case(
            title="Ook een oudere zoon of dochter is een volwassene",
            protocol="""\
[[indicators]]
name = "ggz"
title = "Een volwassene heeft GGZ"
population = "households"
sources = [{ delivery = "ggz", who = "adult", year = 2014, any_of = [{ column = "basic_cost", at_least = 1 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor | place
1       | 1          | nee   | ouder
2       | 1          | nee   | kind
3       | 2          | nee   | ouder
4       | 2          | ja    | kind
5       | 3          | ?     | alleenstaand

ggz
persoon | year | basic_cost
2       | 2014 | 350
4       | 2014 | 350
5       | 2014 | 350
""",
            expected="""\
huishouden | ggz
1          | ja
2          | nee
3          | ?
""",
        ),
        Case(
            title="Het register gaat voor de levering",
            protocol="""\
[[indicators]]
name = "verdacht"
title = "Een volwassene is verdachte"
population = "households"
sources = [{ delivery = "politie", who = "adult", any_of = [{ column = "vd1111", at_least = 1 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

politie
persoon | huishouden | minor | vd1111
2       |            | nee   | 1
        | 2          | nee   | 1
""",
            expected="""\
huishouden | verdacht
1          | nee
2          | ja
""",
        ),
    ),
)
