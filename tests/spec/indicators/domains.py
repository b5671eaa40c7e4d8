"""Domains: any of the indicators."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Domeinen",
    text="""\
Een huishouden heeft problemen in een domein als het een of meer van de indicatoren heeft (`any_of`).
""",
    cases=(
        Case(
            title="Een van de indicatoren",
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

[[domains]]
name = "S"
title = "Sociaaleconomisch"
any_of = ["bijstand", "ww"]
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
1       | 0        | 2
3       | ?        | 0
5       | 0        | 0
7       | 1        | 0
""",
            expected="""\
huishouden | bijstand | ww  | S
1          | nee      | ja  | ja
2          | ?        | nee | ?
3          | nee      | nee | nee
4          | ?        | ?   | ?
""",
        ),
    ),
)
