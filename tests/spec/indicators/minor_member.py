"""Minor members."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Een minderjarig lid",
    text="""\
Met `who = "minor"` tellen alleen rijen van leden van 17 jaar en jonger op de peildatum (D3).
""",
    cases=(
        Case(
            title="Kinderen, of onbekend",
            protocol="""\
[[indicators]]
name = "jeugdhulp"
title = "Een kind heeft jeugdhulp"
population = "households"
sources = [{ delivery = "jeugdhulp", who = "minor", year = 2014, any_of = [{ column = "ambulant", at_least = 1 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | ja
2       | 2          | nee
3       | 3          | ?
4       | 4          | ?
5       | 4          | ja

jeugdhulp
persoon | year | ambulant
1       | 2014 | 1
2       | 2014 | 1
3       | 2014 | 1
4       | 2014 | 1
5       | 2014 | 2
""",
            expected="""\
huishouden | jeugdhulp
1          | ja
2          | nee
3          | ?
4          | ja
""",
        ),
        Case(
            title="Een rij op adres heeft alleen de leeftijd die de houder zelf geeft",
            protocol="""\
[[indicators]]
name = "verdacht"
title = "Een kind is verdachte"
population = "households"
sources = [{ delivery = "politie", who = "minor", any_of = [{ column = "vd1111", at_least = 1 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

politie
persoon | huishouden | minor | vd1111
        | 1          | ja    | 1
        | 2          | ?     | 1
""",
            expected="""\
huishouden | verdacht
1          | ja
2          | ?
""",
        ),
    ),
)
