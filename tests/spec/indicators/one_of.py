"""In a set of categories."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Een van een lijst",
    text="""\
`one_of` geldt voor keuzes uit een vaste lijst en voor klassen van een bedrag of leeftijd. In plaats van een lijst
mag er de naam van een parameter staan: `awbz_grounds` (D17).
""",
    cases=(
        Case(
            title="Een klasse van een bedrag",
            protocol="""\
[[indicators]]
name = "schuld"
title = "Schuld van 25.000 euro of meer"
population = "households"
sources = [{ delivery = "stadsbank", any_of = [{ column = "debt", one_of = ["25000 tot 50000", "50000 en meer"] }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

stadsbank
persoon | huishouden | debt
1       |            | 50000 en meer
        | 2          | 10000 tot 25000
""",
            expected="""\
huishouden | schuld
1          | ja
2          | nee
""",
        ),
        Case(
            title="Een lijst die een parameter is",
            protocol="""\
[[indicators]]
name = "awbz"
title = "AWBZ-indicatie"
population = "households"
sources = [{ delivery = "awbz", year = 2014, any_of = [{ column = "ground", one_of = "awbz_grounds" }] }]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 1          | ja
3       | 2          | nee
4       | 2          | ja

awbz
persoon | year | ground
1       | 2014 | 9
2       | 2014 | 7
3       | 2014 | 8
4       | 2014 | 9
""",
            expected="""\
huishouden | awbz
1          | ja
2          | nee
""",
        ),
    ),
)
