"""The catalogue's description: order and words of DDI-Codebook 2.5, and no number of households."""

from __future__ import annotations

import datetime as dt
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import simulator

from linkage.codebook import fields
from linkage.research.export import ddi
from linkage.research.export.labels import Limits, variables
from linkage.study import Study

TODAY = dt.date(2016, 3, 1)
PREFIX = "{ddi:codebook:2_5}"

# Sequences of codebook.xsd, DDI 2.5 of 2012-01-17: `*` any number, `?` at most one, `+` at least one, bare exactly one.
SEQUENCES = {
    "codeBook": "docDscr* stdyDscr+ fileDscr* dataDscr* otherMat*",
    "docDscr": "citation? guide? docStatus? docSrc* controlledVocabUsed* notes*",
    "citation": "titlStmt rspStmt? prodStmt? distStmt? serStmt* verStmt* biblCit? holdings* notes*",
    "titlStmt": "titl subTitl* altTitl* parTitl* IDNo*",
    "rspStmt": "AuthEnty* othId*",
    "prodStmt": "producer* copyright? prodDate* prodPlac* software* fundAg* grantNo*",
    "stdyDscr": "citation+ studyAuthorization* stdyInfo* studyDevelopment* method* dataAccs* othrStdyMat* notes*",
    "stdyInfo": "studyBudget* subject* abstract* sumDscr* qualityStatement? notes* exPostEvaluation*",
    "sumDscr": "timePrd* collDate* nation* geogCover* geogUnit* geoBndBox? boundPoly? anlyUnit* universe* dataKind*",
    "dataAccs": "setAvail* useStmt* notes*",
    "useStmt": "confDec? specPerm? restrctn? contact* citReq? deposReq? conditions? disclaimer?",
    "fileDscr": "fileTxt* locMap? notes*",
    "fileTxt": "fileName? fileCitation? fileCont? fileStrc? dimensns? fileType? format? filePlac? dataChck* ProcStat? "
    "dataMsng? software* verStmt?",
    "dimensns": "caseQnty* varQnty* logRecL* recPrCas* recNumTot*",
    "dataDscr": "varGrp* nCubeGrp* var* nCube* notes*",
    "var": "location* labl* imputation? security? embargo? respUnit? anlysUnit? qstn* valrng* invalrng* undocCod* "
    "universe* TotlResp? sumStat* txt* stdCatgry* catgryGrp* catgry* codInstr* verStmt* concept* derivation? "
    "varFormat? geoMap* catLevel* notes*",
    "catgry": "catValu? labl* txt* catStat* mrow?",
}
ATTRIBUTES = {
    "codeBook": {"version", "xml:lang", "xsi:schemaLocation"},
    "IDNo": {"agency"},
    "prodDate": {"date"},
    "abstract": {"contentType"},
    "timePrd": {"date", "event"},
    "nation": {"abbr"},
    "fileDscr": {"ID"},
    "var": {"ID", "name", "files", "intrvl", "measUnit"},
    "labl": {"level"},
    "varFormat": {"type"},
}
COUNTS = {"caseQnty", "sumStat", "catStat", "TotlResp", "recNumTot", "valrng"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return simulator.minimal(tmp_path_factory.mktemp("cast")).study()


@pytest.fixture(scope="module")
def book(study: Study) -> Element:
    return read(study)


def read(study: Study) -> Element:
    text = ddi.document(study, variables(study, Limits()), "household-linkage 0.1.0", TODAY)
    return ElementTree.fromstring(text)  # noqa: S314  -- our own text


def name_of(element: Element) -> str:
    assert element.tag.startswith(PREFIX)
    return element.tag.removeprefix(PREFIX)


def fits(element: Element) -> bool:
    """Whether the children stand as the schema's sequence says."""
    sequence = SEQUENCES.get(name_of(element))
    if sequence is None:
        return len(element) == 0
    parts = (re.fullmatch(r"(\w+)([*?+]?)", part) for part in sequence.split())
    pattern = "".join(f"(?:{part[1]} ){part[2]}" for part in parts if part)
    return bool(re.fullmatch(pattern, "".join(f"{name_of(child)} " for child in element)))


def all_of(book: Element, name: str) -> list[Element]:
    return list(book.iter(f"{PREFIX}{name}"))


def test_children_stand_in_the_schemas_order(book: Element) -> None:
    assert name_of(book) == "codeBook"
    assert [name_of(element) for element in book.iter() if not fits(element)] == []
    assert {name_of(element) for element in book} == {"docDscr", "stdyDscr", "fileDscr", "dataDscr"}


def test_the_check_of_the_order_notices_a_swap(study: Study) -> None:
    book = read(study)
    variable = all_of(book, "var")[1]
    variable[:] = [*variable][::-1]
    assert [name_of(element) for element in book.iter() if not fits(element)] == ["var"]


def test_attributes_are_those_of_the_schema(book: Element) -> None:
    short = {"http://www.w3.org/XML/1998/namespace": "xml", "http://www.w3.org/2001/XMLSchema-instance": "xsi"}
    for element in book.iter():
        names = {re.sub(r"^\{(.*)\}", lambda found: f"{short[found[1]]}:", name) for name in element.attrib}
        assert names <= ATTRIBUTES.get(name_of(element), set()), name_of(element)
    assert {variable.get("intrvl") for variable in all_of(book, "var")} == {"contin", "discrete"}
    assert {form.get("type") for form in all_of(book, "varFormat")} == {"character", "numeric"}


def test_identities_are_different_and_referred_to(book: Element) -> None:
    ids = [element.get("ID") for element in book.iter() if element.get("ID")]
    assert len(set(ids)) == len(ids)
    assert {variable.get("files") for variable in all_of(book, "var")} <= set(ids)


def test_every_column_is_a_variable(study: Study, book: Element) -> None:
    described = all_of(book, "var")
    columns = fields(study.protocol)
    assert [variable.get("name") for variable in described] == [column.name for column in columns]
    for variable, column in zip(described, columns, strict=True):
        assert variable.findtext(f"{PREFIX}labl") == column.title
        assert variable.get("measUnit", "") == column.unit
        assert column.source in str(variable.findtext(f"{PREFIX}notes"))
        assert (column.empty or "") in (variable.findtext(f"{PREFIX}txt") or "")
        assert "gezinnen" in str(variable.findtext(f"{PREFIX}universe")) or column.population == "households"


def test_categories_have_codes_and_meanings(book: Element) -> None:
    found = {
        variable.get("name"): [
            (category.findtext(f"{PREFIX}catValu"), category.findtext(f"{PREFIX}labl"))
            for category in variable.iter(f"{PREFIX}catgry")
        ]
        for variable in all_of(book, "var")
    }
    assert found["wijk"] == [("1", "Noord"), ("2", "Zuid")]
    assert found["mpg"] == [("0", "nee"), ("1", "ja")]
    assert found["n_ww"] == found["study_number"] == []


def test_no_count_is_in_it(book: Element) -> None:
    """No frequency has been released, not even how many households there are."""
    assert not {name_of(element) for element in book.iter()} & COUNTS


def test_ground_and_retention_are_said(book: Element) -> None:
    (conditions,) = all_of(book, "conditions")
    assert conditions.text == "Grondslag: AVG art. 6 lid 1 onder e. Bewaren tot 2030-12-31."


@pytest.mark.parametrize("title", ['Wonen & <zorg> in "\'t Veld"', "regel\x00een\x1b", "één ☃ \ufffe", "]]>"])
def test_any_title_gives_a_document_that_can_be_read(study: Study, title: str) -> None:
    about = study.study.model_copy(update={"title": title})
    book = read(study.model_copy(update={"study": about}).bound_to(study.protocol))
    titles = [str(element.text) for element in all_of(book, "titl")]
    assert titles[1] == re.sub("[\x00\x1b\ufffe]", " ", title)
