"""One and the same member."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Dezelfde persoon",
    text="""\
Zonder `same_person` mag het ene lid het ene deel hebben en een ander lid het andere (zo leest het protocol D12).
Wat onder `same_person` staat, moet een en hetzelfde lid alle hebben. Rijen die geen persoon noemen, tonen dat van
niemand.
""",
    cases=(
        Case(
            title="Het ene lid in 2012, het andere in 2013",
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
sources = [{ delivery = "awbz", year = 2013, any_of = [{ column = "ground", one_of = "awbz_grounds" }] }]

[[definitions]]
name = "langdurig"
title = "Ondersteuning in beide jaren"
all_of = ["hulp_2012", "hulp_2013"]

[[definitions]]
name = "zelfde_lid"
title = "Een lid met ondersteuning in beide jaren"
all_of = ["hulp_2012", "hulp_2013"]
same_person = ["hulp_2012", "hulp_2013"]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja
5       | 3          | nee
6       | 4          | nee

ggz
persoon | year | basic_cost
1       | 2012 | 100
3       | 2012 | 100
5       | 2012 | ?

awbz
persoon | year | ground
2       | 2013 | 1
3       | 2013 | 1
5       | 2013 | 1
""",
            expected="""\
huishouden | langdurig | zelfde_lid
1          | ja        | nee
2          | ja        | ja
3          | ?         | ?
4          | nee       | nee
""",
        ),
        Case(
            title="Wie niet in een gedeeltelijke levering staat, heeft het misschien",
            protocol="""\
[[deliveries]]
name = "awbz"
completeness = "partial"

[[indicators]]
name = "hulp_2012"
title = "Ondersteuning in 2012"
population = "households"
sources = [{ delivery = "ggz", year = 2012, any_of = [{ column = "basic_cost", at_least = 1 }] }]

[[indicators]]
name = "hulp_2013"
title = "Ondersteuning in 2013"
population = "households"
sources = [{ delivery = "awbz", year = 2013, any_of = [{ column = "ground", one_of = "awbz_grounds" }] }]

[[definitions]]
name = "langdurig"
title = "Ondersteuning in beide jaren"
all_of = ["hulp_2012", "hulp_2013"]

[[definitions]]
name = "zelfde_lid"
title = "Een lid met ondersteuning in beide jaren"
all_of = ["hulp_2012", "hulp_2013"]
same_person = ["hulp_2012", "hulp_2013"]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee

ggz
persoon | year | basic_cost
1       | 2012 | 100

awbz
persoon | year | ground
2       | 2013 | 1
""",
            expected="""\
huishouden | langdurig | zelfde_lid
1          | ja        | ?
2          | nee       | nee
""",
        ),
        Case(
            title="Een rij op adres noemt niemand",
            protocol="""\
[[indicators]]
name = "verdacht"
title = "Verdachte"
population = "households"
sources = [{ delivery = "politie", any_of = [{ column = "vd1111", at_least = 1 }] }]

[[indicators]]
name = "bijstand"
title = "Bijstand"
population = "households"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "bijstand", at_least = 1 }] }]

[[definitions]]
name = "beide"
title = "Verdachte met bijstand"
all_of = ["verdacht", "bijstand"]
same_person = ["verdacht", "bijstand"]
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
1       | 1
3       | 1

politie
persoon | huishouden | vd1111
1       |            | 1
        | 2          | 1
""",
            expected="""\
huishouden | verdacht | bijstand | beide
1          | ja       | ja       | ja
2          | ja       | ja       | nee
""",
        ),
    ),
)
