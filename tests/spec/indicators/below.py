"""Below a limit; yes or no."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Onder een grens, ja of nee",
    text="""\
Een bedrag dat alleen als "onder de grens: ja of nee" het huis van de houder verlaat (`leaves_as = "below"`), wordt
getoetst met `is_true`. Zo ook een kolom met ja of nee. Het bedrag zelf is er niet meer.
""",
    cases=(
        Case(
            title="Laag inkomen",
            protocol="""\
[[indicators]]
name = "laag_inkomen"
title = "Het inkomen is onder de grens"
population = "households"
sources = [{ delivery = "inkomen", any_of = [{ column = "low_income", is_true = true }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

inkomen
persoon | low_income
1       | ja
3       | nee
4       | ?
""",
            expected="""\
huishouden | laag_inkomen
1          | ja
2          | ?
""",
        ),
    ),
)
