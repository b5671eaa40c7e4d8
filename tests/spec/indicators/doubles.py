"""Double rows of a holder."""

from __future__ import annotations

from tables import Case, Spec

SPEC = Spec(
    title="Dubbele rijen",
    text="""\
In een levering van een rij per persoon of adres (`rows = "single"`) worden dubbele rijen van een houder een rij:
per kolom de hoogste waarde, onbekend alleen als alle onbekend zijn. Rijen van twee houders blijven apart.
""",
    cases=(
        Case(
            title="Een houder, twee houders",
            protocol="""\
[[measures]]
name = "maanden"
title = "Maanden bijstand"
unit = "maanden"
delivery = "uitkeringen"
sum_of = ["bijstand"]
""",
            given="""\
bevolking
persoon | huishouden | minor
1       | 1          | nee
2       | 2          | nee
3       | 3          | nee

uitkeringen
persoon | houder | bijstand
1       | 1      | 3
1       | 1      | 5
2       | 1      | 3
2       | 2      | 5
3       | 1      | ?
3       | 1      | 4
""",
            expected="""\
huishouden | maanden
1          | 5
2          | 8
3          | 4
""",
        ),
    ),
)
