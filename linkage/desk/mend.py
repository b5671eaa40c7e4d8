"""How a clerk mends a refused row in the source, and why it was refused; closed tables, a line for every reason."""

from __future__ import annotations

from linkage.desk.page import LANGUAGES, Language
from linkage.holder import reasons
from linkage.holder.reasons import KINDS

Both = tuple[str, str]
_NUMBER = (
    "Zoek het goede nummer op in uw systeem. Weet u het niet, laat de rij dan zo. Verzin nooit een nummer.",
    "Look up the right number in your system. If you do not know it, leave the row. Never invent a number.",
)
_ROWS: dict[str, Both] = {
    "not-selected": ("Dit is geen fout. U hoeft niets te doen.", "This is no mistake. You need not do anything."),
    "year-not-asked": (
        "Dit is geen fout als uw export meer jaren heeft. De studie vraagt deze jaren niet.",
        "This is no mistake where your export has more years. The study does not ask these years.",
    ),
    "date-unreadable": (
        "Schrijf de datum als dag-maand-jaar, bijvoorbeeld 31-12-2014.",
        "Write the date as day-month-year, for example 31-12-2014.",
    ),
    "number-unreadable": (
        "Schrijf alleen cijfers, met een komma voor de centen. Haal woorden en tekens weg.",
        "Write digits alone, with a comma before the cents. Remove words and signs.",
    ),
    "number-out-of-range": (
        "Een aantal kan niet kleiner zijn dan nul. Verbeter het in uw systeem.",
        "A count cannot be less than zero. Correct it in your system.",
    ),
    "no-identifier": (
        "Vul in uw systeem het nummer of het adres in, en maak de export opnieuw.",
        "Fill in the number or the address in your system, and make the export again.",
    ),
}
_CLASSES: dict[str, Both] = {
    "empty": ("Vul het in uw systeem in, als u het weet.", "Fill it in in your system, if you know it."),
    "format": _NUMBER,
    "check-digit": (f"Vaak een typefout. {_NUMBER[0]}", f"Often a slip of the keyboard. {_NUMBER[1]}"),
    "filler": (
        f"Dit nummer is ooit ingevuld omdat het echte ontbrak. {_NUMBER[0]}",
        f"This number was once filled in because the real one was missing. {_NUMBER[1]}",
    ),
    "reserved": (
        "Dit is een nummer om het programma te proberen. Haal de proefrij uit uw export.",
        "This is a number for trying the program. Take the trial row out of your export.",
    ),
    "no-postcode": ("Vul de postcode in uw systeem in.", "Fill in the postcode in your system."),
    "postcode-format": (
        "Schrijf vier cijfers en twee letters, bijvoorbeeld 7607 AB.",
        "Write four digits and two letters, for example 7607 AB.",
    ),
    "no-number": (
        "Zet in de kolom van het huisnummer alleen het huisnummer.",
        "Put the house number alone in the column of the house number.",
    ),
    "range-or-addition": (
        "Zet een toevoeging in een eigen kolom. Is het een reeks huizen, kies dan het ene huis.",
        "Put an addition in a column of its own. If it is a range of houses, choose the one house.",
    ),
    "date": (
        "Excel maakte er een datum van. Maak de kolom in Excel op als Tekst, en maak de export opnieuw.",
        "Excel made a date of it. Format the column as Text in Excel, and make the export again.",
    ),
    "zero": ("Vul het echte huisnummer in uw systeem in.", "Fill in the real house number in your system."),
    "too-long": (
        "Controleer of er niet meer in de kolom staat dan het huisnummer of de toevoeging.",
        "Check that there is no more in the column than the house number or the addition.",
    ),
}
# Why, in English; in Dutch the encoder says it (linkage/holder/reasons.py).
_KINDS = {
    "bsn": "BSN",
    "a-number": "A-number",
    "household-number": "household number",
    "address": "address",
}
_WHY_ROWS = {
    "not-selected": "does not belong to the reference date",
    "year-not-asked": "the year is not asked",
    "date-unreadable": "a date cannot be read",
    "number-unreadable": "an amount or a count cannot be read",
    "number-out-of-range": "a count is below zero",
    "no-identifier": "there is no number or address to recognise the row by",
}
_WHY_CLASSES = {
    "empty": "is missing",
    "format": "does not have the right form",
    "check-digit": "does not exist (the check digit is wrong)",
    "filler": "is a filler, such as 999999990",
    "reserved": "is a trial number of this program",
    "no-postcode": "has no postcode",
    "postcode-format": "has a postcode that does not exist",
    "no-number": "has no house number (for example: ong. or t/o 12)",
    "range-or-addition": "may be a range or an addition (for example: 12-14)",
    "date": "has a house number that Excel made a date of",
    "zero": "has house number 0",
    "too-long": "has a house number or an addition that is too long",
}


def how_to_mend(code: str, language: Language = "nl") -> str:
    """What to do about a reason; nothing for a reason that this version does not know."""
    _, outcome = _parts(code)
    both = _ROWS.get(code) or _CLASSES.get(outcome, ("", ""))
    return both[LANGUAGES.index(language)]


def why(code: str, language: Language = "nl") -> str:
    """A reason in words; in Dutch, and where English has no words for it, those of the encoder."""
    kind, outcome = _parts(code)
    if language == "nl":
        return reasons.in_words(code)
    if code in _WHY_ROWS:
        return _WHY_ROWS[code]
    known = kind in _KINDS and outcome in _WHY_CLASSES
    return f"{_KINDS[kind]} {_WHY_CLASSES[outcome]}" if known else reasons.in_words(code)


def _parts(code: str) -> tuple[str, str]:
    """The identifier of a reason, and what is wrong with it."""
    kind = next((kind for kind in KINDS if code.startswith(f"{kind}-")), "")
    return kind, code.removeprefix(f"{kind}-")
