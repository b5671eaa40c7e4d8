"""Definitions: all of the parts."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Definities",
    text="""\
Een definitie vraagt alle delen (`all_of`): indicatoren, domeinen en definities die erboven staan.
""",
    cases=(
        Case(
            title="Problemen in beide domeinen, en ondersteuning",
            protocol="""\
[[indicators]]
name = "bijstand"
title = "Bijstand"
population = "families"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "bijstand", at_least = 1 }] }]

[[indicators]]
name = "ww"
title = "WW"
population = "families"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "ww", at_least = 1 }] }]

[[indicators]]
name = "hulp"
title = "Ondersteuning in 2013"
population = "families"
sources = [{ delivery = "ggz", year = 2013, any_of = [{ column = "basic_cost", at_least = 1 }] }]

[[domains]]
name = "B"
title = "Bijstand"
any_of = ["bijstand"]

[[domains]]
name = "W"
title = "WW"
any_of = ["ww"]

[[definitions]]
name = "beide"
title = "In beide domeinen"
all_of = ["B", "W"]

[[definitions]]
name = "beide_met_hulp"
title = "In beide domeinen, met ondersteuning"
all_of = ["beide", "hulp"]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja
5       | 3          | nee
6       | 3          | ja
7       | 4          | nee

uitkeringen
persoon | bijstand | ww
1       | 1        | 2
2       | 0        | 0
3       | 1        | ?
5       | 1        | 0

ggz
persoon | year | basic_cost
2       | 2013 | 100
""",
            expected="""\
huishouden | beide | beide_met_hulp
1          | ja    | ja
2          | ?     | nee
3          | nee   | nee
4          | ?     | ?
""",
        ),
    ),
)
