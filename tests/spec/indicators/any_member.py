"""Any member counts."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Een lid is genoeg",
    text="""\
Een huishouden heeft een indicator als een rij van een van zijn leden eraan voldoet. Wie dat is en hoe oud, doet er
niet toe (`who = "all"`, dat ook geldt als er niets staat).
""",
    cases=(
        Case(
            title="Een van de leden",
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

uitkeringen
persoon | bijstand
1       | 0
2       | 3
3       | 0
""",
            expected="""\
huishouden | bijstand
1          | ja
2          | nee
""",
        ),
        Case(
            title="Twee leveringen: een van de twee is genoeg",
            protocol="""\
[[indicators]]
name = "hulp"
title = "GGZ of verslavingszorg"
population = "households"
sources = [
  { delivery = "ggz", year = 2014, any_of = [{ column = "basic_cost", at_least = 1 }] },
  { delivery = "verslavingszorg_bemoeizorg", year = 2014, any_of = [{ column = "addiction_care", is_true = true }] },
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
1       | 2014 | 350

verslavingszorg_bemoeizorg
persoon | year | addiction_care
1       | 2014 | nee
3       | 2014 | nee
""",
            expected="""\
huishouden | hulp
1          | ja
2          | nee
""",
        ),
        Case(
            title="Wie niet in de gemeente woont, telt nergens",
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

uitkeringen
persoon | bijstand
99      | 12
""",
            expected="""\
huishouden | bijstand
1          | nee
2          | nee
""",
        ),
    ),
)
