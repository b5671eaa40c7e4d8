"""The messages of the encoder and of the desk in English, for the switch; the rooms themselves speak Dutch.

A message is recognised as a whole, by the words around its names and numbers. One that is not known stays Dutch: a
wrong sentence is worse than one in another language. `tests/functional/test_desk_english.py` reads the rooms for what
is lacking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from linkage.desk.english_table import MESSAGES, PHRASES
from linkage.desk.mend import why
from linkage.holder import reasons

Table = tuple[tuple[re.Pattern[str], str], ...]
HOLE = "{}"


def in_english(message: str) -> str | None:
    """A message in English, with its names and numbers as they were; None where it is not known."""
    return _found(message, _messages())


def _found(text: str, table: Table) -> str | None:
    for pattern, english in table:
        match = pattern.fullmatch(text)
        if match is not None:
            return english.format(*(_part(part) for part in match.groups()))
    return None


def _part(text: str) -> str:
    """What stood in a hole: a phrase, a list of phrases, or a name that stays as it is."""
    # Between brackets a list is one phrase, whose own hole is the list.
    parts = [text] if text.startswith(" (") else text.split("; ")
    return "; ".join(_found(part, _phrases()) or part for part in parts)


@cache
def _messages() -> Table:
    return _table(MESSAGES.items())


@cache
def _phrases() -> Table:
    codes = (*reasons.ROWS, *(f"{kind}-{outcome}" for kind in reasons.KINDS for outcome in reasons.CLASSES))
    return _table([*PHRASES.items(), *((reasons.in_words(code), why(code, "en")) for code in codes)])


def _table(pairs: Iterable[tuple[str, str]]) -> Table:
    """Patterns, the one with most words first: of two that fit, it says more."""
    ordered = sorted(pairs, key=lambda pair: -len(pair[0].replace(HOLE, "")))
    return tuple((_pattern(dutch), english) for dutch, english in ordered)


def _pattern(dutch: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(re.escape(part) for part in dutch.split(HOLE)), re.DOTALL)
