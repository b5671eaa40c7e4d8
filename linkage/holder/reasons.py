"""The reasons for not taking a row along, in the holder's own language; codes are in docs/spec/normalisation-v1.md."""

from __future__ import annotations

KINDS = {"a-number": "A-nummer", "bsn": "BSN", "address": "adres", "household-number": "huishoudnummer"}
ROWS = {
    "not-selected": "hoort niet bij de peildatum",
    "year-not-asked": "het jaar wordt niet gevraagd",
    "date-unreadable": "een datum is niet te lezen",
    "number-unreadable": "een bedrag of aantal is niet te lezen",
    "number-out-of-range": "een aantal is kleiner dan nul",
    "no-identifier": "er is geen nummer of adres om de rij aan te herkennen",
}
CLASSES = {
    "empty": "ontbreekt",
    "format": "heeft niet de goede vorm",
    "check-digit": "bestaat niet (het controlecijfer klopt niet)",
    "filler": "is een opvulnummer, zoals 999999990",
    "reserved": "is een proefnummer van dit programma",
    "no-postcode": "heeft geen postcode",
    "postcode-format": "heeft een postcode die niet bestaat",
    "no-number": "heeft geen huisnummer (bijvoorbeeld: ong. of t/o 12)",
    "range-or-addition": "kan een reeks zijn of een toevoeging (bijvoorbeeld: 12-14)",
    "date": "heeft een huisnummer dat in Excel een datum is geworden",
    "zero": "heeft huisnummer 0",
    "too-long": "heeft een te lang huisnummer of een te lange toevoeging",
}


def in_words(code: str) -> str:
    """A reason in words; a code that is not known, as another program may write, is shown as it is."""
    if code in ROWS:
        return ROWS[code]
    kind = next((kind for kind in KINDS if code.startswith(f"{kind}-")), "")
    outcome = CLASSES.get(code.removeprefix(f"{kind}-"))
    return f"{KINDS[kind]} {outcome}" if kind and outcome else code
