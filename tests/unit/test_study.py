"""study.toml: every fault has a file, a line and a remedy in Dutch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from simulator import HOLDERS, Cast

from linkage.errors import StudyFault
from linkage.holder.encode import root_block
from linkage.study import load_study, pseudonym_fields, wire_columns
from linkage.words import explain


def fault(cast: Cast, old: str, new: str) -> str:
    block = "[root]" + (cast.folder / "study.toml").read_text(encoding="utf-8").partition("[root]")[2]
    cast.write_study(block, {old: new})
    with pytest.raises(StudyFault) as caught:
        cast.study()
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('-linkage/study/v1"', '-linkage/study/v2"', "'household-linkage/study/v1'"),
        ("municipality_code", "gemeente_code", "gemeente_code"),
        ("reference_date = 2014-12-31", "reference_date = 2014-12-30", "12-31"),
        ("reference_date = 2014-12-31", "reference_date = 2015-12-31", "2014"),
        ("reference_date = 2014-12-31", 'reference_date = "2014-12-31"', "reference_date"),
        ("retention_until = 2030-12-31", "retention_until = 2010-12-31", "peildatum"),
        ("wave = 1", "wave = 0", "wave"),
        ('areas = ["Noord", "Zuid"]', 'areas = ["Noord", "Noord"]', "areas"),
        ('protocol_digest = "sha256:', 'protocol_digest = "sha256:0000', "protocol_digest"),
        ('protocol = "nji_2016"', 'protocol = "nji_2017"', "nji_2016"),
        ('delivery = "politie"', 'delivery = "police"', "kies een van bevolking"),
        ('delivery = "politie"', 'delivery = "inkomen"', "politie, dat verplicht is"),
        ('delivery = "uitkeringen"', 'delivery = "bevolking"', "maar een houder"),
        ('vd3400 = "vd3400"', "", "`vd3400`"),
        ('vd3400 = "vd3400"', 'vd3401 = "vd3400"', "`vd3401` wordt niet gevraagd"),
        ('vd3400 = "vd3400"', 'vd3400 = "vd3500"', "dezelfde bronkolom"),
        ('id = "politie"', 'id = "stadsbank"', "publieke sleutels"),
        ('id = "politie"', 'id = "institute"', "koppelaar is ook houder"),
        ('public_key = "xwing:', 'public_key = "holder1:', "xwing:"),
        ('[holder.columns]\nbijstand = "bijstand"', '[holder.columns]\nbijstand = 1', "bijstand"),
        ('organisation = "politie"', 'organisation = "politie"\nremarks = "x"', "`remarks` is hier geen bekend woord"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_line_and_remedy(cast: Cast, old: str, new: str, says: str) -> None:
    text = (cast.folder / "study.toml").read_text(encoding="utf-8")
    found = fault(cast, old, new)
    assert says in found, found
    lines = [int(number) for number in re.findall(r"^study\.toml, regel (\d+): |$", found) if number]
    assert all(1 <= number <= text.count("\n") + 2 for number in lines)


def test_the_line_is_that_of_the_fault(cast: Cast) -> None:
    found = fault(cast, 'vd3400 = "vd3400"', 'vd3401 = "vd3400"')
    line = int(re.findall(r"regel (\d+): holder politie, levering politie: `vd3401`", found)[0])
    assert (cast.folder / "study.toml").read_text(encoding="utf-8").splitlines()[line - 1] == 'vd3401 = "vd3400"'


def test_values_must_map_to_agreed_ones(cast: Cast) -> None:
    bank = 'organisation = "stadsbank"'
    found = fault(cast, bank, bank + '\nvalues.budget_management = { Y = "yes" }')
    assert "schrijf rechts een van ja, nee" in found
    found = fault(cast, 'organisation = "stadsbank"', 'organisation = "stadsbank"\nvalues.debt = { Y = "veel" }')
    assert "schrijf rechts een van geen, tot 5000" in found


def test_a_half_address_is_no_address(cast: Cast) -> None:
    assert "house_number, postcode" in fault(cast, 'house_number = "house_number"', "")


def test_a_column_can_be_said_to_be_absent(cast: Cast) -> None:
    block = root_block(cast.study(), cast.root)
    text = {'organisation = "politie"': 'organisation = "politie"\nnot_available = ["vd3400"]', 'vd3400 = "vd3400"': ""}
    cast.write_study(block, text)
    assert cast.study().holder_of("politie", "politie")


def test_a_study_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyFault, match=r"none\.toml, regel 1"):
        load_study(tmp_path / "none.toml")


def test_an_explanation_says_who_delivers_what_and_how_it_leaves(cast: Cast) -> None:
    text = "\n".join(explain(cast.study()))
    for holder in HOLDERS:
        assert holder in text
    for phrase in (
        "de geboortedatum blijft",
        "het bedrag blijft",
        "1 tot en met 9 wordt niet getoond",
        "wie ontbreekt     is onbekend",
    ):
        assert phrase in text


def test_what_leaves_has_no_text(cast: Cast) -> None:
    study = cast.study()
    for delivery in study.protocol.deliveries:
        assert {column.type for column in wire_columns(study, delivery)} <= {"boolean", "integer", "category"}
        assert set(pseudonym_fields(delivery)) <= {"a-number", "bsn", "address", "address-number", "household-number"}


def test_a_study_can_do_without_a_delivery_but_must_say_so(cast: Cast) -> None:
    text = (cast.folder / "study.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition('[[holder]]\nid = "politie"')
    without = head + "[[holder]]" + rest.partition("[[holder]]")[2]
    (cast.folder / "study.toml").write_text(without, encoding="utf-8")
    with pytest.raises(StudyFault, match="niemand levert politie"):
        cast.study()
    said = without.replace('areas = ["Noord", "Zuid"]', 'areas = ["Noord", "Zuid"]\nwithout = ["politie"]')
    (cast.folder / "study.toml").write_text(said, encoding="utf-8")
    assert cast.study().study.without == ("politie",)
    (cast.folder / "study.toml").write_text(said.replace('["politie"]', '["bevolking"]'), encoding="utf-8")
    with pytest.raises(StudyFault, match="bevolking staat in `without`"):
        cast.study()
    (cast.folder / "study.toml").write_text(said.replace('["politie"]', '["politie", "police"]'), encoding="utf-8")
    with pytest.raises(StudyFault, match="kent die levering niet"):
        cast.study()


def test_an_own_protocol_cannot_pass_for_the_built_in_one(cast: Cast) -> None:
    from importlib import resources

    from protocols import digest, load_protocol

    nji = resources.files("protocols") / "nji_2016"
    text = (nji / "protocol.toml").read_text(encoding="utf-8")
    (cast.folder / "tariffs.csv").write_bytes((nji / "tariffs.csv").read_bytes())
    own = cast.folder / "own.toml"
    study = cast.folder / "study.toml"
    agreed = study.read_text(encoding="utf-8").replace('protocol = "nji_2016"', 'protocol = "own.toml"')
    own.write_text(text, encoding="utf-8")
    study.write_text(agreed, encoding="utf-8")
    assert "eigen bestand own.toml" in "\n".join(explain(cast.study()))
    own.write_text(text.replace("at_most = 20", "at_most = 99"), encoding="utf-8")
    changed = digest(load_protocol("own.toml", cast.folder))
    study.write_text(agreed.replace(digest(load_protocol("nji_2016")), changed), encoding="utf-8")
    with pytest.raises(StudyFault, match="niet het ingebouwde nji_2016"):
        cast.study()
    own.write_text(own.read_text(encoding="utf-8").replace('name = "nji_2016"', 'name = "own"', 1), encoding="utf-8")
    renamed = digest(load_protocol("own.toml", cast.folder))
    study.write_text(agreed.replace(digest(load_protocol("nji_2016")), renamed), encoding="utf-8")
    assert cast.study().protocol.name == "own"


def test_an_explanation_says_what_each_holder_lacks(cast: Cast) -> None:
    path = cast.folder / "study.toml"
    lacking = 'organisation = "politie"\nnot_available = ["vd3400"]'
    text = path.read_text(encoding="utf-8").replace('organisation = "politie"', lacking)
    path.write_text(text.replace('vd3400 = "vd3400"\n', ""), encoding="utf-8")
    lines = "\n".join(explain(cast.study())).splitlines()
    assert not [line for line in lines if line.startswith("  vd3400 ")]
    assert [line for line in lines if line.startswith("  vd3500 ")]
