"""The study and its variables as DDI-Codebook 2.5 (docs/spec/export-v1.md, section 7).

Children stand in the order of the schema's sequences. No number of households is in it: no frequency has been released.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from linkage.research.export.labels import Variable
from linkage.study import About, Study

NAMESPACE = "ddi:codebook:2_5"
SCHEMA = "http://www.ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"
POPULATIONS = {
    "households": "alle huishoudens",
    "families": "gezinnen met een minderjarig kind en een volwassene",
}
MISSING = "Leeg is onbekend, of buiten de populatie van de variabele; leeg is nooit nee of nul."
FILE_ID = "F1"


def document(study: Study, made: Iterable[Variable], code: str, today: dt.date) -> bytes:
    """A codeBook of docDscr, stdyDscr, fileDscr and dataDscr, in UTF-8; `code` is program and version."""
    root = Element("codeBook", {"xmlns": NAMESPACE, "version": "2.5", "xml:lang": "nl"})
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:schemaLocation", f"{NAMESPACE} {SCHEMA}")
    made = tuple(made)
    _document(root, study, code, today)
    _study(root, study)
    _file(root, len(made))
    data = SubElement(root, "dataDscr")
    for number, variable in enumerate(made, start=1):
        _variable(data, variable, number)
    ElementTree.indent(root)
    encoded: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return encoded + b"\n"


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    element = SubElement(parent, tag, {name: _plain(value) for name, value in attributes.items()})
    if text:
        element.text = _plain(text)
    return element


def _plain(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", " ", text)


def _citation(parent: Element, title: str, identity: str) -> Element:
    citation = _add(parent, "citation")
    statement = _add(citation, "titlStmt")
    _add(statement, "titl", title)
    _add(statement, "IDNo", identity, agency="household-linkage")
    return citation


def _document(root: Element, study: Study, code: str, today: dt.date) -> None:
    about = study.study
    citation = _citation(_add(root, "docDscr"), f"Codeboek van {about.title}", _identity(about))
    production = _add(citation, "prodStmt")
    _add(production, "producer", study.linker.organisation)
    _add(production, "prodDate", today.isoformat(), date=today.isoformat())
    _add(production, "software", code)


def _identity(about: About) -> str:
    return f"{about.id}/{about.wave}"


def _study(root: Element, study: Study) -> None:
    about = study.study
    described = _add(root, "stdyDscr")
    citation = _citation(described, about.title, _identity(about))
    _add(_add(citation, "rspStmt"), "AuthEnty", study.linker.organisation)
    information = _add(described, "stdyInfo")
    _add(information, "abstract", about.purpose, contentType="purpose")
    _summary(_add(information, "sumDscr"), study)
    _add(information, "notes", f"Protocol {study.protocol.title}, {about.protocol_digest}.")
    use = _add(_add(described, "dataAccs"), "useStmt")
    threshold = study.protocol.release.threshold
    _add(
        use,
        "restrctn",
        "Gepseudonimiseerd, niet anoniem: het bestand blijft in de beveiligde omgeving. Tabellen verlaten haar na "
        f"uitvoercontrole; aantallen van 1 tot en met {threshold - 1} worden niet getoond.",
    )
    _add(
        use,
        "conditions",
        f"Grondslag: {about.legal_basis.rstrip('.')}. Bewaren tot {about.retention_until.isoformat()}.",
    )


def _summary(summary: Element, study: Study) -> None:
    about, most = study.study, study.protocol.household.max_size
    day = about.reference_date.isoformat()
    _add(summary, "timePrd", day, date=day, event="single")
    _add(summary, "nation", "Nederland", abbr="NLD")
    _add(summary, "geogCover", f"{about.municipality} ({about.municipality_code})")
    _add(summary, "geogUnit", "wijk")
    _add(summary, "anlyUnit", "huishouden")
    universe = f"Huishoudens in het bevolkingsregister op de peildatum, van hoogstens {most} personen, geen instelling"
    _add(summary, "universe", universe)
    _add(summary, "dataKind", "administratieve gegevens, gekoppeld per huishouden")


def _file(root: Element, count: int) -> None:
    text = _add(_add(root, "fileDscr", ID=FILE_ID), "fileTxt")
    _add(text, "fileName", "Onderzoeksbestand: een rij per huishouden")
    _add(_add(text, "dimensns"), "varQnty", str(count))
    _add(text, "dataMsng", MISSING)


def _variable(data: Element, variable: Variable, number: int) -> None:
    """labl, universe, txt, catgry, varFormat, notes: a subset of the schema's sequence, in its order."""
    column = variable.field
    interval = "contin" if column.type == "integer" else "discrete"
    attributes = {"ID": f"V{number}", "name": variable.name, "files": FILE_ID, "intrvl": interval}
    if column.unit:
        attributes["measUnit"] = column.unit
    element = _add(data, "var", **attributes)
    _add(element, "labl", column.title, level="variable")
    _add(element, "universe", POPULATIONS[column.population])
    if column.empty:
        _add(element, "txt", f"Leeg betekent: {column.empty}.")
    for code, meaning in variable.values:
        category = _add(element, "catgry")
        _add(category, "catValu", str(code))
        _add(category, "labl", meaning, level="category")
    _add(element, "varFormat", type="character" if column.name == "study_number" else "numeric")
    _add(element, "notes", f"Bron: {column.source}")
