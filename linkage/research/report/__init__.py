"""The report: one HTML file for a council, made of released tables alone (docs/spec/report-v1.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linkage.errors import ResearchError
from linkage.files import write_text
from linkage.research.disclosure import Release, ReleasedTable
from linkage.research.report.answers import answers
from linkage.research.report.figures.base import Pen
from linkage.research.report.maps import load_areas
from linkage.research.report.numbers import Language, Numbers
from linkage.research.report.page import render
from linkage.research.report.pick import Facts
from linkage.research.report.texts import Words
from linkage.study import Study

__all__ = ["first_screen", "write"]


def first_screen(release: Release, study: Study) -> Iterator[tuple[str, str, str]]:
    """The four questions of the first screen, in Dutch: question, number or name, sentence."""
    pen = Pen(Words("nl"), Numbers("nl"))
    for answer in answers(Facts(release, study), pen):
        yield answer.question, str(answer.big.striptags()), str(answer.sentence.striptags())


def write(release: Release, study: Study, path: Path, *, language: Language = "nl", areas: Path | None = None) -> None:
    """Write the report of a release; `areas` is a GeoJSON or GeoPackage with their outlines.

    The same release, study, language and areas give the same bytes. Raises TypeError for anything that the gate did
    not make, ResearchError for tables of another study or areas that cannot be used, ExtraMissing, OutputError.
    """
    if not all(_from_the_gate(table) for table in release.tables):
        raise TypeError("a report takes released tables alone; see linkage.research.disclosure.release")
    if language not in ("nl", "en"):
        raise ResearchError("het verslag is er in het Nederlands (nl) en het Engels (en)")
    facts = Facts(release, study)
    shapes = None if areas is None else load_areas(areas, study.study.areas)
    write_text(path, render(facts, language, shapes))


def _from_the_gate(table: object) -> bool:
    """Whether it is a ReleasedTable, no look-alike, and nothing stands under its stars."""
    if type(table) is not ReleasedTable:
        return False
    return all(one.value is None for row in table.rows for one in row.cells if one.hidden)
