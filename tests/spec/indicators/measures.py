"""Counting records, persons or households."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Aantallen: rijen, personen of huishoudens",
    text="""\
Een maat met `count_where` telt wat aan een voorwaarde voldoet. `counts` zegt wat: rijen (`records`), verschillende
personen (`persons`) of het huishouden zelf (`households`, 1 of 0). Met `counts = "youth_volume_unit"` zegt de
parameter van die naam het (D27).
""",
    cases=(
        Case(
            title="Drie trajecten van twee kinderen in een gezin",
            protocol="""\
[[measures]]
name = "trajecten"
title = "Trajecten"
unit = "trajecten"
delivery = "jeugdhulp"
year = 2014
sum_of = ["ambulant"]

[[measures]]
name = "rijen"
title = "Rijen met een traject"
unit = "rijen"
delivery = "jeugdhulp"
year = 2014
count_where = [{ column = "ambulant", at_least = 1 }]

[[measures]]
name = "kinderen"
title = "Kinderen met een traject"
unit = "personen"
delivery = "jeugdhulp"
year = 2014
count_where = [{ column = "ambulant", at_least = 1 }]
counts = "persons"

[[measures]]
name = "gezin"
title = "Gezin met een traject"
unit = "huishoudens"
delivery = "jeugdhulp"
year = 2014
count_where = [{ column = "ambulant", at_least = 1 }]
counts = "households"
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | ja
2       | 1          | ja
3       | 2          | ja
4       | 3          | ja
5       | 4          | ja
6       | 4          | ja
7       | 5          | nee

jeugdhulp
persoon | year | ambulant
1       | 2014 | 3
1       | 2014 | 1
2       | 2014 | 1
2       | 2013 | 1
3       | 2014 | 1
3       | 2014 | ?
4       | 2014 | 0
5       | 2014 | 1
6       | 2014 | ?
""",
            expected="""\
huishouden | trajecten | rijen | kinderen | gezin
1          | 5         | 3     | 2        | 1
2          | ?         | ?     | 1        | 1
3          | 0         | 0     | 0        | 0
4          | ?         | ?     | ?        | 1
5          | 0         | 0     | 0        | 0
""",
        ),
        Case(
            title="Een rij op adres kan van iedereen zijn",
            protocol="""\
[[measures]]
name = "verdachten"
title = "Verdachten van winkeldiefstal"
unit = "personen"
delivery = "politie"
count_where = [{ column = "vd1111", at_least = 1 }]
counts = "persons"
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

politie
persoon | huishouden | vd1111
1       |            | 2
2       |            | 1
        | 1          | 0
3       |            | 1
        | 2          | 1
""",
            expected="""\
huishouden | verdachten
1          | 2
2          | ?
""",
        ),
        Case(
            title="Alleen van wie gevraagd is: kinderen",
            protocol="""\
[parameters]
youth_volume_unit = "persons"

[[measures]]
name = "kinderen"
title = "Kinderen met een traject"
unit = "personen"
delivery = "jeugdhulp"
who = "minor"
year = 2014
count_where = [{ column = "ambulant", at_least = 1 }]
counts = "youth_volume_unit"
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | ja
2       | 1          | nee
3       | 2          | ?

jeugdhulp
persoon | year | ambulant
1       | 2014 | 2
2       | 2014 | 1
3       | 2014 | 1
""",
            expected="""\
huishouden | kinderen
1          | 1
2          | ?
""",
        ),
        Case(
            title="D27 anders gelezen: huishoudens",
            protocol="""\
[parameters]
youth_volume_unit = "households"

[[measures]]
name = "jeugdhulp"
title = "Gezinnen met een traject"
unit = "huishoudens"
delivery = "jeugdhulp"
who = "minor"
year = 2014
count_where = [{ column = "ambulant", at_least = 1 }]
counts = "youth_volume_unit"
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | ja
2       | 1          | ja
3       | 2          | nee

jeugdhulp
persoon | year | ambulant
1       | 2014 | 2
2       | 2014 | 1
3       | 2014 | 1
""",
            expected="""\
huishouden | jeugdhulp
1          | 1
2          | 0
""",
        ),
    ),
)
