"""The reference person, rules (a) to (e)."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="De referentiepersoon",
    text="""\
Met `who = "reference-person"` telt een lid per huishouden, gekozen uit de plaats in het huishouden die het register
geeft (`reference_person_order`): (a) de alleenstaande; (b) van een paar degene die het register aanwijst; (c) de
ouder van een eenoudergezin; (d) de referentiepersoon van een overig huishouden; (e) zonder zo iemand: de enige
partner die er is. Zijn er twee van dezelfde rang, of is er niemand, dan is de referentiepersoon onbekend.
""",
    cases=(
        Case(
            title="(a) en (b)",
            protocol="""\
[[indicators]]
name = "verhuisd"
title = "De referentiepersoon is twee keer of vaker verhuisd"
population = "households"
sources = [
  { delivery = "bevolking", who = "reference-person", any_of = [{ column = "moves", at_least = "moves_threshold" }] },
]
""",
            given="""\
bevolking
persoon | huishouden | minor | place           | moves
1       | 1          | nee   | alleenstaand    | 2
2       | 2          | nee   | referentie-paar | 2
3       | 2          | nee   | partner         | 0
4       | 3          | nee   | referentie-paar | 0
5       | 3          | nee   | partner         | 2
6       | 3          | ja    | kind            | 2
""",
            expected="""\
huishouden | verhuisd
1          | ja
2          | ja
3          | nee
""",
        ),
        Case(
            title="(c), (d) en (e)",
            protocol="""\
[[indicators]]
name = "verhuisd"
title = "De referentiepersoon is twee keer of vaker verhuisd"
population = "households"
sources = [
  { delivery = "bevolking", who = "reference-person", any_of = [{ column = "moves", at_least = "moves_threshold" }] },
]
""",
            given="""\
bevolking
persoon | huishouden | minor | place              | moves
1       | 1          | nee   | ouder              | 3
2       | 1          | ja    | kind               | 0
3       | 2          | nee   | referentie-overig  | 2
4       | 2          | nee   | overig             | 0
5       | 3          | nee   | partner            | 2
6       | 3          | nee   | overig             | 0
""",
            expected="""\
huishouden | verhuisd
1          | ja
2          | ja
3          | ja
""",
        ),
        Case(
            title="Twee van dezelfde rang, of niemand",
            protocol="""\
[[indicators]]
name = "verhuisd"
title = "De referentiepersoon is twee keer of vaker verhuisd"
population = "households"
sources = [
  { delivery = "bevolking", who = "reference-person", any_of = [{ column = "moves", at_least = "moves_threshold" }] },
]
""",
            given="""\
bevolking
persoon | huishouden | minor | place   | moves
1       | 1          | nee   | partner | 2
2       | 1          | nee   | partner | 0
3       | 2          | nee   | partner | 1
4       | 2          | nee   | partner | 0
5       | 3          | nee   | overig  | 2
6       | 4          | nee   | ouder   | ?
""",
            expected="""\
huishouden | verhuisd
1          | ?
2          | nee
3          | ?
4          | ?
""",
        ),
    ),
)
