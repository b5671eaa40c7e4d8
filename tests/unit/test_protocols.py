"""The agreement: what is accepted, and how each mistake is said (file, line, remedy)."""

from __future__ import annotations

import csv
import json
import re
import shutil
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import FaultyAgreement, canonical, digest, load_protocol
from protocols.lines import line_map
from protocols.model import AgeBand, at_path

NJI = resources.files("protocols") / "nji_2016"
S_POVERTY = 'name = "S_poverty"'
SOURCE = (NJI / "protocol.toml").read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Load the NJi protocol with some text replaced."""

    def change(*replacements: tuple[str, str]) -> Path:
        text = SOURCE
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "protocol.toml").write_text(text, encoding="utf-8")
        shutil.copy(str(NJI / "tariffs.csv"), tmp_path)
        return tmp_path

    return change


def faults(folder: Path) -> list[str]:
    with pytest.raises(FaultyAgreement) as caught:
        load_protocol("protocol.toml", folder)
    return [str(fault) for fault in caught.value.faults]


def line_of(text: str, after: str = "") -> int:
    """The line of the first occurrence behind `after`."""
    start = SOURCE.index(after) if after else 0
    return SOURCE.count("\n", 0, SOURCE.index(text, start)) + 1


# --- the NJi protocol --------------------------------------------------------------------------------


def test_it_holds_what_the_report_holds() -> None:
    protocol = load_protocol("nji_2016")
    assert [d.name for d in protocol.deliveries] == [
        "bevolking", "uitkeringen", "inkomen", "ggz", "awbz", "jeugdhulp", "verslavingszorg_bemoeizorg", "politie",
        "stadsbank", "woningcorporatie",
    ]  # fmt: skip
    assert {d.name: d.completeness for d in protocol.deliveries}["woningcorporatie"] == "partial"
    assert [d.name for d in protocol.domains] == ["S", "A", "C"]
    assert len(protocol.readings) == 27
    assert len([c for c in protocol.delivery("politie").columns if c.name.startswith("vd")]) == 45


def test_every_name_of_the_patterns_is_defined() -> None:
    from linkage.almelo import truth

    from linkage.codebook import fields

    names = {field.name for field in fields(load_protocol("nji_2016"))}
    assert set(truth.patterns()[0]) - {"n_households"} <= names


def test_tariffs_are_exact() -> None:
    tariffs = load_protocol("nji_2016").tariffs
    assert len(tariffs) >= 30
    assert all((t.price * t.factor).quantize(Decimal("0.01"), "ROUND_HALF_UP") == t.indexed for t in tariffs)
    assert {t.indexed for t in tariffs} >= {
        Decimal("24700.90"),
        Decimal("993293.44"),
        Decimal("255.16"),
        Decimal("998.80"),
    }


def test_the_officers_readme_names_every_column() -> None:
    """The Dutch README for the privacy officer lists what the protocol asks, column by column, and no other."""
    protocol = load_protocol("nji_2016")
    readme = (NJI / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z][a-z0-9_]*)`", readme))
    for delivery in protocol.deliveries:
        assert delivery.name in named
        for column in delivery.columns:
            assert column.name in named or re.fullmatch(r"vd\d{4}", column.name), column.name


# --- the closed vocabulary ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("scheme = \"hmac", "shceme = \"hmac", "bedoelt u `scheme`"),
        ('name = "nji_2016"', 'name = "nji 2016"', "name"),
        ('bsn = "bsn/1"', 'bsn = "bsn/9"', "'bsn/1'"),
        ('unit = "address"', 'unit = "street"', "'person' or 'address'"),
        ('leaves_as = "minor"', 'leaves_as = "age"', "'minor'"),
        ('completeness = "partial"', 'completeness = "most"', "'complete' or 'partial'"),
        ("max_size = 10", "max_size = 0", "greater than or equal to 1"),
        ("threshold = 10", "threshold = \"10\"", "integer"),
        ('income_limit = "9250.00"', "income_limit = 9250.00", "income_limit"),
        ('star = "*"', 'star = "-"', "'*'"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_named_with_its_line(write, old: str, new: str, says: str) -> None:  # type: ignore[no-untyped-def]
    found = faults(write((old, new)))
    assert any(says in fault and fault.startswith(f"protocol.toml, regel {line_of(old)}:") for fault in found), found


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('delivery = "inkomen"', 'delivery = "income"', "income, which is not in the protocol"),
        ('column = "low_income"', 'column = "poor"', "reads column poor, which nobody delivers"),
        ('{ column = "low_income", is_true = true }', '{ column = "low_income", at_least = 1 }', "does not fit"),
        ('{ column = "low_income", is_true = true }', '{ column = "low_income" }', "exactly one"),
        ('any_of = ["S_bijstand",', 'any_of = ["S_beistand",', "S_beistand, which is not defined"),
        ('all_of = ["S", "A", "C"]', 'all_of = ["S", "A", "C", "C"]', "twice"),
        ('all_of = ["S", "A", "C"]', 'all_of = ["S", "A", "mpg"]', "only further down"),
        ("at_least = 3", "at_least = 9", "fewer provisions"),
        ("same_person = []", 'same_person = ["rent_arrears"]', "same_person"),
        ('"adult", any_of = [{ column = "vd3', '"adult", year = 2014, any_of = [{ column = "vd3', "give a year"),
        ("year = 2012, any_of", "year = 2011, any_of", "2011, which nobody delivers"),
        ('institution_places = ["institutioneel"]', 'institution_places = ["tehuis"]', "tehuis is not a category"),
        ("spine = true", "spine = false", "population register"),
        ('role = "stadsbank"', 'role = "bank"', "bank is not under `roles`"),
        ('benefit_months = 1 ', "benefit_months = 12 ", "reading D1"),
        ('awbz_grounds = ["1",', 'awbz_grounds = ["0",', "0 is not a category"),
        ("[[domains]]\nname = \"A\"", "[[domains]]\nname = \"S\"", "twice"),
        ('{ name = "nuisance"', '{ name = "arrears"', "twice"),
        ('["0.01", "500.00", "1000.00", "2500.00"]', '["500.00", "0.01", "1000.00", "2500.00"]', "low to high"),
        ('["0.01", "500.00", "1000.00", "2500.00"]', '["500.00", "1000.00", "2500.00"]', "make 4 bands"),
        ('"parameters.benefit_months"', '"parameters.nothing"', "there is no parameters.nothing"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(write, old: str, new: str, says: str) -> None:  # type: ignore[no-untyped-def]
    found = faults(write((old, new)))
    assert any(says in fault for fault in found), found
    assert all(re.match(r"protocol\.toml, regel \d+: ", fault) for fault in found)


def test_a_fault_of_an_indicator_names_the_line_of_the_indicator(write) -> None:  # type: ignore[no-untyped-def]
    found = faults(write(('column = "low_income", is_true', 'column = "poor", is_true')))
    assert found[0].startswith(f"protocol.toml, regel {line_of(S_POVERTY) - 1}:")


@pytest.mark.parametrize(
    "source",
    [b"x = [", b"\xff\xfe", b"a = 1\na = 2", b"x = " + b"[" * 5000 + b"]" * 5000, b"", b"\0", b"[deliveries]\n" * 3],
)
def test_what_is_no_protocol(tmp_path: Path, source: bytes) -> None:
    (tmp_path / "protocol.toml").write_bytes(source)
    assert faults(tmp_path)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, len(SOURCE)), junk=st.text(max_size=20))
def test_a_broken_text_is_a_fault_never_another_error(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: str
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "protocol.toml").write_text(SOURCE[:cut] + junk + SOURCE[cut + 40 :], encoding="utf-8", errors="replace")
    try:
        load_protocol("protocol.toml", folder)
    except FaultyAgreement as error:
        assert all(fault.line >= 1 for fault in error.faults)


def test_only_a_file_beside_the_study_can_be_named(tmp_path: Path) -> None:
    for name in ("../protocol.toml", "/etc/passwd", "nji_2015", "sub/protocol.toml"):
        with pytest.raises(FaultyAgreement):
            load_protocol(name, tmp_path)


def test_a_tariff_that_does_not_multiply_is_refused(write) -> None:  # type: ignore[no-untyped-def]
    folder = write()
    tariffs = folder / "tariffs.csv"
    tariffs.write_text(tariffs.read_text(encoding="utf-8").replace("24700.90", "24700.91"), encoding="utf-8")
    with pytest.raises(FaultyAgreement, match=r"tariffs\.csv, regel 2: "):
        load_protocol("protocol.toml", folder)


# --- digest and lines --------------------------------------------------------------------------------


def test_the_digest_is_of_the_content_not_of_the_text(write) -> None:  # type: ignore[no-untyped-def]
    folder = write(("# Source: Nederlands", "# Bron: Nederlands"), ("max_size = 10", "max_size    =   10"))
    assert digest(load_protocol("protocol.toml", folder)) == digest(load_protocol("nji_2016"))


@pytest.mark.parametrize(
    ("old", "new"),
    [("max_size = 10", "max_size = 11"), ("at_most = 9,", "at_most = 8,"), ('title = "Wijk"', 'title = "Buurt"')],
)
def test_the_digest_notices_any_change(write, old: str, new: str) -> None:  # type: ignore[no-untyped-def]
    assert digest(load_protocol("protocol.toml", write((old, new)))) != digest(load_protocol("nji_2016"))


def test_canonical_form_is_sorted_and_plain() -> None:
    text = canonical(load_protocol("nji_2016")).decode("utf-8")
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert ": " not in text.split('"title"')[0]
    assert '"income_limit":"9250.00"' in text


def test_lines_of_every_kind_of_value() -> None:
    source = b'a = 1\n[t]\n"b c" = [\n  1,\n  { d = 2 },\n]\n[[x]]\ne.f = 3\n[[x]]\n[x.y]\ng = 4\n[[x.z]]\nh = 5\n'
    lines = line_map(source)
    wanted = {("a",): 1, ("t", "b c", 0): 4, ("t", "b c", 1, "d"): 5, ("x", 0, "e", "f"): 8, ("x", 1): 9}
    wanted |= {("x", 1, "y", "g"): 11, ("x", 1, "z", 0, "h"): 13}
    assert {path: lines[path] for path in wanted} == wanted


def test_paths_and_bands() -> None:
    protocol = load_protocol("nji_2016")
    assert at_path(protocol, "indicators.A_crime.sources.0.who") == "adult"
    with pytest.raises(ValueError, match="there is no"):
        at_path(protocol, "indicators.A_crime.__class__")
    bands = AgeBand(name="age", title="x", leaves_as="age-band", edges=(18, 65)).categories
    assert bands == ("0-17", "18-64", "65 en ouder")


def test_tariffs_file_is_plain_csv() -> None:
    rows = list(csv.DictReader((NJI / "tariffs.csv").read_text(encoding="utf-8").splitlines()))
    assert all(row["source"] for row in rows)
