"""How a clerk mends a refused row in the source; a closed table, with a line for every reason of the encoder."""

from __future__ import annotations

from linkage.holder.reasons import KINDS

_NUMBER = "Zoek het goede nummer op in uw systeem. Weet u het niet, laat de rij dan zo. Verzin nooit een nummer."
_ROWS = {
    "not-selected": "Dit is geen fout. U hoeft niets te doen.",
    "year-not-asked": "Dit is geen fout als uw export meer jaren heeft. De studie vraagt deze jaren niet.",
    "date-unreadable": "Schrijf de datum als dag-maand-jaar, bijvoorbeeld 31-12-2014.",
    "number-unreadable": "Schrijf alleen cijfers, met een komma voor de centen. Haal woorden en tekens weg.",
    "number-out-of-range": "Een aantal kan niet kleiner zijn dan nul. Verbeter het in uw systeem.",
    "no-identifier": "Vul in uw systeem het nummer of het adres in, en maak de export opnieuw.",
}
_CLASSES = {
    "empty": "Vul het in uw systeem in, als u het weet.",
    "format": _NUMBER,
    "check-digit": f"Vaak een typefout. {_NUMBER}",
    "filler": f"Dit nummer is ooit ingevuld omdat het echte ontbrak. {_NUMBER}",
    "reserved": "Dit is een nummer om het programma te proberen. Haal de proefrij uit uw export.",
    "no-postcode": "Vul de postcode in uw systeem in.",
    "postcode-format": "Schrijf vier cijfers en twee letters, bijvoorbeeld 7607 AB.",
    "no-number": "Zet in de kolom van het huisnummer alleen het huisnummer.",
    "range-or-addition": "Zet een toevoeging in een eigen kolom. Is het een reeks huizen, kies dan het ene huis.",
    "date": "Excel maakte er een datum van. Maak de kolom in Excel op als Tekst, en maak de export opnieuw.",
    "zero": "Vul het echte huisnummer in uw systeem in.",
    "too-long": "Controleer of er niet meer in de kolom staat dan het huisnummer of de toevoeging.",
}


def how_to_mend(code: str) -> str:
    """What to do about a reason; nothing for a reason that this version does not know."""
    if code in _ROWS:
        return _ROWS[code]
    kind = next((kind for kind in KINDS if code.startswith(f"{kind}-")), "")
    return _CLASSES.get(code.removeprefix(f"{kind}-"), "")
