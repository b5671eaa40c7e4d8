"""Families and households."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Gezinnen en huishoudens",
    text="""\
Een gezin is een huishouden met een minderjarige en een volwassene (D5, D6). Een indicator van gezinnen (`population
= "families"`) is leeg bij een huishouden dat geen gezin is, of waarvan dat onbekend is.
""",
    cases=(
        Case(
            title="Leeg buiten de gezinnen",
            protocol="""\
[[indicators]]
name = "armoede"
title = "Armoede (gezinnen)"
population = "families"
sources = [{ delivery = "inkomen", any_of = [{ column = "low_income", is_true = true }] }]

[[indicators]]
name = "laag_inkomen"
title = "Laag inkomen (alle huishoudens)"
population = "households"
sources = [{ delivery = "inkomen", any_of = [{ column = "low_income", is_true = true }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 3          | ja
5       | 4          | nee
6       | 4          | ?
7       | 5          | nee
8       | 5          | ja
9       | 5          | ?

inkomen
persoon | low_income
1       | ja
3       | ja
4       | ja
5       | ja
7       | ja
""",
            expected="""\
huishouden | has_child_lt18 | armoede | laag_inkomen
1          | ja             | ja      | ja
2          | nee            | ?       | ja
3          | nee            | ?       | ja
4          | ?              | ?       | ja
5          | ja             | ja      | ja
""",
        ),
        Case(
            title='Met `family_rule = "minor"` is een minderjarige genoeg',
            protocol="""\
[parameters]
family_rule = "minor"
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | ja
2       | 2          | nee
3       | 3          | ?
""",
            expected="""\
huishouden | has_child_lt18
1          | ja
2          | nee
3          | ?
""",
        ),
    ),
)
