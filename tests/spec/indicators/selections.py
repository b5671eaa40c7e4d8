"""Selections: at least so many provisions."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Selecties",
    text="""\
Een selectie telt hoeveel voorzieningen een huishouden tegelijk heeft. Beslissen de onbekende erover, dan is zij
onbekend.
""",
    cases=(
        Case(
            title="Twee of meer van drie",
            protocol="""\
[[indicators]]
name = "bijstand"
title = "Bijstand"
population = "households"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "bijstand", at_least = 1 }] }]

[[indicators]]
name = "schuldhulp"
title = "Schuldhulp"
population = "households"
sources = [{ delivery = "stadsbank", any_of = [{ column = "debt_counselling", is_true = true }] }]

[[indicators]]
name = "budgetbeheer"
title = "Budgetbeheer"
population = "households"
sources = [{ delivery = "stadsbank", any_of = [{ column = "budget_management", is_true = true }] }]

[[selections]]
name = "twee_of_meer"
title = "Twee of meer voorzieningen"
provisions = ["bijstand", "schuldhulp", "budgetbeheer"]
at_least = 2
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 2          | nee
3       | 3          | nee
4       | 4          | nee
5       | 5          | nee

uitkeringen
persoon | bijstand
1       | 1
2       | 1
3       | 1
5       | ?

stadsbank
persoon | debt_counselling | budget_management
1       | ja               | ?
2       | nee              | ?
3       | nee              | nee
4       | ja               | nee
5       | ?                | nee
""",
            expected="""\
huishouden | twee_of_meer
1          | ja
2          | ?
3          | nee
4          | nee
5          | ?
""",
        ),
    ),
)
