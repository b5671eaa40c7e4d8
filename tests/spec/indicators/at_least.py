"""At least n."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Ten minste",
    text="""\
`at_least` geldt voor aantallen en afgeronde bedragen. In plaats van een getal mag er de naam van een parameter
staan: `benefit_months` (D1) of `moves_threshold`.
""",
    cases=(
        Case(
            title="Op de grens",
            protocol="""\
[[indicators]]
name = "twee_verhuizingen"
title = "Een lid is twee keer of vaker verhuisd"
population = "households"
sources = [{ delivery = "bevolking", any_of = [{ column = "moves", at_least = 2 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor | moves
1       | 1          | nee   | 1
2       | 2          | nee   | 2
3       | 3          | nee   | 9
4       | 4          | nee   | 1
5       | 4          | nee   | 1
""",
            expected="""\
huishouden | twee_verhuizingen
1          | nee
2          | ja
3          | ja
4          | nee
""",
        ),
        Case(
            title="Met een parameter: heel het jaar bijstand",
            protocol="""\
[parameters]
benefit_months = 12

[[indicators]]
name = "bijstand"
title = "Iemand heeft het hele jaar bijstand"
population = "households"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "bijstand", at_least = "benefit_months" }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

uitkeringen
persoon | bijstand
1       | 11
3       | 12
""",
            expected="""\
huishouden | bijstand
1          | nee
2          | ja
""",
        ),
    ),
)
