"""Absent: no, or unknown."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Wie niet in een levering staat",
    text="""\
Staat niemand van het huishouden in een levering, dan is het antwoord nee als de levering volledig is (`complete`)
en onbekend als zij dat niet is (`partial`). Leverde niemand haar, of doet de studie haar niet (`without`), dan is
het voor iedereen onbekend. Heeft een volledige levering meer houders en leverde een daarvan niet, dan is wie
ontbreekt ook onbekend.
""",
    cases=(
        Case(
            title="Volledig, gedeeltelijk, of niet geleverd",
            protocol="""\
[[indicators]]
name = "bijstand"
title = "Bijstand (volledige levering)"
population = "households"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "bijstand", at_least = 1 }] }]

[[indicators]]
name = "overlast"
title = "Overlast (gedeeltelijke levering)"
population = "households"
sources = [{ delivery = "woningcorporatie", any_of = [{ column = "nuisance", at_least = 1 }] }]

[[indicators]]
name = "schulden"
title = "Schuldhulp (niet geleverd)"
population = "households"
sources = [{ delivery = "stadsbank", any_of = [{ column = "debt_counselling", is_true = true }] }]
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

woningcorporatie
huishouden | nuisance
1          | 0

stadsbank, niet geleverd
""",
            expected="""\
huishouden | bijstand | overlast | schulden | coverage_uitkeringen | coverage_stadsbank
1          | ja       | nee      | ?        | ja                   | ?
2          | nee      | ?        | ?        | nee                  | ?
""",
        ),
        Case(
            title="Een van twee houders leverde niet",
            protocol="""\
[[indicators]]
name = "bijstand"
title = "Iemand heeft bijstand"
population = "households"
sources = [{ delivery = "uitkeringen", any_of = [{ column = "bijstand", at_least = 1 }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

uitkeringen, houder 2 leverde niet
persoon | bijstand
1       | 1
""",
            expected="""\
huishouden | bijstand
1          | ja
2          | ?
""",
        ),
        Case(
            title="Twee leveringen, waarvan een niet is geleverd: ja blijft ja, nee wordt onbekend",
            protocol="""\
[[indicators]]
name = "hulp"
title = "GGZ of AWBZ"
population = "households"
sources = [
  { delivery = "ggz", year = 2014, any_of = [{ column = "basic_cost", at_least = 1 }] },
  { delivery = "awbz", year = 2014, any_of = [{ column = "ground", one_of = "awbz_grounds" }] },
]
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
1       | 2014 | 100

awbz, niet geleverd
""",
            expected="""\
huishouden | hulp
1          | ja
2          | ?
""",
        ),
        Case(
            title="Ook een aantal is 0 of onbekend",
            protocol="""\
[[measures]]
name = "maanden"
title = "Maanden bijstand"
unit = "maanden"
delivery = "uitkeringen"
sum_of = ["bijstand"]

[[measures]]
name = "meldingen"
title = "Overlastmeldingen"
unit = "meldingen"
delivery = "woningcorporatie"
sum_of = ["nuisance"]

[[measures]]
name = "gemeld"
title = "Huishouden met een overlastmelding"
unit = "huishoudens"
delivery = "woningcorporatie"
count_where = [{ column = "nuisance", at_least = 1 }]
counts = "households"
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
1       | 4
2       | 8

woningcorporatie
huishouden | nuisance
1          | 3
""",
            expected="""\
huishouden | maanden | meldingen | gemeld
1          | 12      | 3         | 1
2          | 0       | ?         | ?
""",
        ),
    ),
)
