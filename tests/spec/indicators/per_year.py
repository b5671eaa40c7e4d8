"""Per year."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Per jaar",
    text="""\
Een levering per jaar heeft rijen van meer jaren; een indicator noemt het jaar dat telt. Wie in een ander jaar
voorkomt, komt in de levering voor en heeft de indicator niet. Ook voor eerdere jaren gaat het om de leden van het
huishouden op de peildatum (D13).
""",
    cases=(
        Case(
            title="Alleen het jaar dat telt",
            protocol="""\
[[indicators]]
name = "hulp_2012"
title = "Ondersteuning in 2012"
population = "households"
sources = [{ delivery = "ggz", year = 2012, any_of = [{ column = "basic_cost", at_least = 1 }] }]

[[indicators]]
name = "hulp_2013"
title = "Ondersteuning in 2013"
population = "households"
sources = [{ delivery = "ggz", year = 2013, any_of = [{ column = "basic_cost", at_least = 1 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

ggz
persoon | year | basic_cost
1       | 2012 | 100
2       | 2013 | 100
3       | 2013 | 100
3       | 2012 | 0
""",
            expected="""\
huishouden | hulp_2012 | hulp_2013
1          | ja        | ja
2          | nee       | ja
""",
        ),
    ),
)
