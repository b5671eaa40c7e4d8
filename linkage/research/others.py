"""Figures of other municipalities, as those published them, from a file (report, table 5b)."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal, get_args

from linkage.errors import ResearchError
from linkage.research.tables import Municipality

HEADER = ["niveau", "naam", "gezinnen", "huishoudens"]
MOST_BYTES = 1_000_000
Level = Literal["gemeente", "provincie", "land"]


def read_others(path: Path) -> tuple[Municipality, ...]:
    """`;`-separated UTF-8: niveau (gemeente, provincie or land), naam, gezinnen, huishoudens. Raises ResearchError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ResearchError(f"{path.name} is te groot voor een lijst van gemeenten; geef een regel per gemeente")
        lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";", strict=True))
    except (OSError, ValueError, csv.Error):
        raise ResearchError(f"{path.name} is niet te lezen; maak er CSV van, in UTF-8, met puntkomma's") from None
    if not lines or lines[0] != HEADER:
        raise ResearchError(f"{path.name}, regel 1: de kop moet zijn: {';'.join(HEADER)}")
    found = tuple(_municipality(path.name, number, line) for number, line in enumerate(lines[1:], start=2) if line)
    if len({(one.level, one.name) for one in found}) != len(found):
        raise ResearchError(f"{path.name}: een gemeente staat er twee keer; houd een regel over")
    return found


def _municipality(name: str, number: int, line: list[str]) -> Municipality:
    where = f"{name}, regel {number}"
    if len(line) != len(HEADER):
        raise ResearchError(f"{where}: er moeten {len(HEADER)} kolommen zijn")
    level, title, *counts = line
    if not title or len(title) > 60 or not title.isprintable():
        raise ResearchError(f"{where}: geef de gemeente een naam van hoogstens 60 tekens")
    if not all(count.isascii() and count.isdigit() and len(count) <= 9 for count in counts):
        raise ResearchError(f"{where}: gezinnen en huishoudens zijn hele getallen zonder punten")
    mine, all_of_them = (int(count) for count in counts)
    if mine > all_of_them:
        raise ResearchError(f"{where}: er zijn meer gezinnen dan huishoudens")
    return Municipality(title, mine, all_of_them, _level(where, level))


def _level(where: str, text: str) -> Level:
    for level in get_args(Level):
        if text == level:
            found: Level = level
            return found
    raise ResearchError(f"{where}: het niveau is gemeente, provincie of land")
