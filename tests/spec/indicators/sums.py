"""Sums of columns."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Sommen",
    text="""\
Een maat met `sum_of` telt kolommen van alle rijen op. Is een waarde onbekend, dan is de som onbekend; een rij van
een ander jaar of van anderen dan `who` telt voor 0. Is onbekend of een rij van die anderen is, dan is de som
onbekend, tenzij de rij hoe dan ook 0 is.
""",
    cases=(
        Case(
            title="Over kolommen, rijen en leden",
            protocol="""\
[[measures]]
name = "kosten"
title = "Kosten van de GGZ in 2014"
unit = "euro"
delivery = "ggz"
year = 2014
sum_of = ["basic_cost", "specialist_cost"]

[[measures]]
name = "kosten_kind"
title = "Kosten van de GGZ in 2014, kinderen"
unit = "euro"
delivery = "ggz"
who = "minor"
year = 2014
sum_of = ["basic_cost", "specialist_cost"]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 3          | nee
5       | 4          | ?
6       | 5          | ?

ggz
persoon | year | basic_cost | specialist_cost
1       | 2014 | 100        | 50
1       | 2014 | 200        | 0
1       | 2013 | 900        | ?
2       | 2014 | 0          | 1000
3       | 2014 | ?          | 50
5       | 2014 | 100        | 0
6       | 2014 | 0          | 0
""",
            expected="""\
huishouden | kosten | kosten_kind
1          | 1350   | 1000
2          | ?      | 0
3          | 0      | 0
4          | 100    | ?
5          | 0      | 0
""",
        ),
    ),
)
