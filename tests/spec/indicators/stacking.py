"""Stacking: how many indicators of a domain at once."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Stapeling",
    text="""\
`aantal D` is hoeveel indicatoren van domein D een gezin tegelijk heeft; vanaf `at_most` is het "zoveel of meer". Is
een van de indicatoren onbekend, dan is het aantal onbekend, ook als het domein ja is. Dit aantal staat niet in het
onderzoeksbestand: de tabellen maken het.
""",
    cases=(
        Case(
            title="0, 1, en 2 of meer",
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
name = "overig"
title = "Overige sociale voorziening"
population = "families"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "other", at_least = 1 }] }]

[[domains]]
name = "S"
title = "Sociaaleconomisch"
any_of = ["bijstand", "ww", "overig"]

[[tables]]
name = "stapeling"
title = "Aantal problemen tegelijk"
kind = "stacking"
population = "families"
domains = ["S"]
at_most = 2
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
8       | 4          | ja
9       | 5          | nee
10      | 5          | ja

uitkeringen
persoon | bijstand | ww | other
1       | 0        | 0  | 0
3       | 0        | 4  | 0
5       | 1        | 0  | 1
7       | 1        | 1  | 1
9       | 1        | ?  | 0
""",
            expected="""\
huishouden | S   | aantal S
1          | nee | 0
2          | ja  | 1
3          | ja  | 2+
4          | ja  | 2+
5          | ja  | ?
""",
        ),
    ),
)
