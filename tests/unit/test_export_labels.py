"""Names, labels, codes and the codebook of an export (docs/spec/export-v1.md, sections 2 to 4)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import polars as pl
import pytest
import simulator
from household_rows import household_file, with_areas

from linkage.codebook import Field, fields
from linkage.errors import HouseholdFileWrong, ResearchError
from linkage.research.export.labels import (
    Limits,
    Variable,
    _label,
    _names,
    as_doubles,
    checked,
    codebook,
    coded,
    in_bytes,
    shorten,
    variables,
)
from linkage.research.export.readstat import SPSS, STATA
from linkage.study import Study

LONG = "coverage_verslavingszorg_bemoeizorg"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return simulator.minimal(tmp_path_factory.mktemp("cast")).study()


# --- names --------------------------------------------------------------------------------------------------


def test_spss_and_plain_files_keep_every_name(study: Study) -> None:
    for limits in (SPSS, Limits()):
        assert not [variable for variable in variables(study, limits) if variable.renamed]


def test_stata_shortens_one_name_and_says_which_it_was(study: Study) -> None:
    (variable,) = [variable for variable in variables(study, STATA) if variable.renamed]
    assert variable.field.name == LONG
    assert variable.name == "coverage_verslavingszo_a0187f"
    assert variable.label.endswith(f"[{LONG}]")
    assert len(variable.label) <= 80


@pytest.mark.parametrize(
    ("names", "limits", "wanted"),
    [
        (["a", "b"], STATA, ["a", "b"]),
        (["if", "If"], STATA, ["if_935f68", "If"]),
        (["not", "Not_"], SPSS, ["not_254bb9", "Not_"]),
        (["aa", "AA"], SPSS, ["aa", "AA_58bb11"]),
        (["aa", "AA"], STATA, ["aa", "AA"]),
        (["x" * 29], STATA, ["x" * 29]),
        (["x" * 30], STATA, ["x" * 22 + "_666a59"]),
        (["a-b"], STATA, ["a_b_d44362"]),
    ],
)
def test_a_name_that_cannot_be_gets_a_mark(names: list[str], limits: Limits, wanted: list[str]) -> None:
    """The marks are the first digits of `printf NAME | sha256sum`."""
    assert _names(names, limits) == wanted


def test_two_columns_never_share_a_name() -> None:
    (mark,) = _names(["y" * 30], STATA)
    with pytest.raises(ResearchError, match="dezelfde naam"):
        _names([mark, "y" * 30], STATA)


# --- labels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limits", "size"), [(SPSS, in_bytes), (STATA, len)])
def test_a_label_has_title_and_unit_and_fits(limits: Limits, size: object) -> None:
    assert callable(size)
    column = Field("n", "integer", "é" * 600, "dagen", "jeugdhulp", "households", "onbekend")
    label = _label(column, "n", limits)
    assert label.endswith("... (dagen)")
    assert limits.label - 1 <= size(label) <= limits.label
    assert _label(replace(column, title="Dagen"), "n", limits) == "Dagen (dagen)"


def test_a_text_that_fits_is_not_cut() -> None:
    assert shorten("abcdef", 6, len) == "abcdef"
    assert shorten("abcdefg", 6, len) == "abc..."
    assert shorten("éééé", 7, in_bytes) == "éé..."


def test_codes_of_wijken_follow_the_study(study: Study) -> None:
    made = {variable.name: variable for variable in variables(with_areas(study, "Zuid", "Noord"), SPSS)}
    assert made["wijk"].values == ((1, "Zuid"), (2, "Noord"))
    assert made["S"].values == ((0, "nee"), (1, "ja"))
    assert made["study_number"].values == made["adults"].values == ()


# --- values -------------------------------------------------------------------------------------------------


def test_unknown_stays_unknown(study: Study) -> None:
    file = household_file(study, [{"S": None, "wijk": None, "n_ww": None}, {"S": True, "wijk": "Zuid", "n_ww": 3}])
    frame = as_doubles(coded(checked(file), study), variables(study, SPSS))
    assert [frame[name].to_list() for name in ("S", "wijk", "n_ww")] == [[None, 1.0], [None, 2.0], [None, 3.0]]
    assert set(frame.dtypes) == {pl.String, pl.Float64}
    assert frame["study_number"].to_list() == ["0000000000000001", "0000000000000002"]


@pytest.mark.parametrize(("value", "exact"), [(2**53, True), (-(2**53), True), (2**53 + 1, False), (-(2**62), False)])
def test_a_number_that_a_double_cannot_hold_is_refused(study: Study, value: int, exact: bool) -> None:
    frame = coded(checked(household_file(study, [{"n_ww": value}, {"n_ww": None}])), study)
    if exact:
        assert as_doubles(frame, variables(study, SPSS))["n_ww"].to_list() == [float(value), None]
        return
    with pytest.raises(ResearchError, match="kolom n_ww") as caught:
        as_doubles(frame, variables(study, SPSS))
    assert str(value) not in str(caught.value)


WRONG = {
    "a column less": lambda frame: frame.drop("S"),
    "a column more": lambda frame: frame.with_columns(bsn=pl.lit("x")),
    "another order": lambda frame: frame.select(reversed(frame.columns)),
    "another type": lambda frame: frame.with_columns(pl.col("S").cast(pl.Int64)),
    "another wijk": lambda frame: frame.with_columns(wijk=pl.lit("=cmd|'/C calc'!A0")),
    "no study number": lambda frame: frame.with_columns(study_number=pl.lit(None, pl.String)),
    "a formula for a study number": lambda frame: frame.with_columns(study_number=pl.lit("=2+5")),
    "a line after the study number": lambda frame: frame.with_columns(pl.col("study_number") + "\n"),
    "one study number twice": lambda frame: frame.with_columns(study_number=pl.lit("0" * 16)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_frame_that_is_not_a_household_file_is_refused(study: Study, name: str) -> None:
    file = household_file(study, [{}, {}])
    assert checked(file) is file.frame
    with pytest.raises(HouseholdFileWrong) as caught:
        checked(replace(file, frame=WRONG[name](file.frame)))
    assert "calc" not in str(caught.value)


# --- the codebook -------------------------------------------------------------------------------------------


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_line_per_column_with_codes_and_meanings(study: Study) -> None:
    made = rows_of(codebook(variables(study, STATA), codes=True))
    assert [row["kolom"] for row in made] == [column.name for column in fields(study.protocol)]
    by_column = {row["kolom"]: row for row in made}
    assert by_column["wijk"]["waarden"] == "1 = Noord, 2 = Zuid"
    assert by_column["S"]["waarden"] == "0 = nee, 1 = ja"
    assert by_column[LONG]["naam"] != LONG
    plain = {row["kolom"]: row for row in rows_of(codebook(variables(study, Limits()), codes=False))}
    assert (plain["wijk"]["waarden"], plain["S"]["waarden"]) == ("", "0 = nee, 1 = ja")


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1"])
def test_no_cell_of_the_codebook_is_a_formula(title: str) -> None:
    column = Field("n", "integer", title, "", "bron", "households", "")
    (row,) = rows_of(codebook([Variable(column, "n", title, ())], codes=True))
    assert row["omschrijving"] == f"'{title.strip()}"


def test_columns_and_codebook_are_those_of_a_linked_file(cast: simulator.Cast) -> None:
    """The rows of these tests have the very columns of a linked file, and the codebooks say the same of them."""
    cast.encode_all()
    linked = cast.link().households
    assert pl.read_parquet(linked).schema == household_file(cast.study(), [{}]).frame.schema
    text = linked.with_name("codebook.csv").read_text("utf-8")
    linkers = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    own = rows_of(codebook(variables(cast.study(), STATA), codes=True))
    assert [row["kolom"] for row in own] == [row["naam"] for row in linkers]
    for mine, theirs in zip(own, linkers, strict=True):
        assert all(mine[name] == theirs[name] for name in theirs if name != "naam")
