"""Kleene's logic: unknown stays unknown."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Onbekend blijft onbekend",
    text="""\
Elke toets is ja, nee of onbekend. "Of" is ja zodra een deel ja is; anders onbekend als een deel onbekend is. "En"
is nee zodra een deel nee is; anders onbekend als een deel onbekend is. Onbekend wordt nooit nee.
""",
    cases=(
        Case(
            title="Of: een ja is genoeg, en een onbekende houdt het nee tegen",
            protocol="""\
[[indicators]]
name = "uitkering"
title = "Bijstand of WW"
population = "households"
sources = [
  { delivery = "uitkeringen", any_of = [{ column = "bijstand", at_least = 1 }, { column = "ww", at_least = 1 }] },
]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 2          | nee
3       | 3          | nee
4       | 4          | nee
5       | 5          | nee
6       | 5          | nee

uitkeringen
persoon | bijstand | ww
1       | ?        | 3
2       | ?        | 0
3       | 0        | 0
4       | ?        | ?
5       | ?        | 0
6       | 0        | 1
""",
            expected="""\
huishouden | uitkering
1          | ja
2          | ?
3          | nee
4          | ?
5          | ja
""",
        ),
        Case(
            title="En: een nee is genoeg",
            protocol="""\
[[indicators]]
name = "ggz_volwassene"
title = "Een volwassene heeft GGZ in 2014"
population = "households"
sources = [{ delivery = "ggz", who = "adult", year = 2014, any_of = [{ column = "basic_cost", at_least = 1 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | ?
2       | 2          | ?
3       | 3          | ja
4       | 4          | nee

ggz
persoon | year | basic_cost
1       | 2014 | 100
2       | 2014 | 0
3       | 2014 | ?
4       | 2013 | ?
""",
            expected="""\
huishouden | ggz_volwassene
1          | ?
2          | nee
3          | nee
4          | nee
""",
        ),
    ),
)
