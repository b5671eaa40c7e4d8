"""From cells to the rows that leave: reasons in their order, transforms on their edges, and what stops an encoding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import HOLDERS, Cast, a_number, bsn

from linkage.errors import ValueUnknown
from linkage.holder import encode as room
from linkage.holder.export import RawBatch
from linkage.holder.minimise import minimise
from linkage.holder.normalise import Job, normalise
from linkage.holder.validate import ValidBatch, validate
from protocols.model import AgeBand, AmountRounded

Cells = Mapping[str, str | None]


class Jobs(dict[str, Job]):
    """What each holder of the cast is about to do; hypothesis prints it, so it is short."""

    def __repr__(self) -> str:
        return "jobs"


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    study = Cast(tmp_path_factory.mktemp("rows")).study()
    return Jobs({name: room.job_of(study, name, delivery) for name, (delivery, _) in HOLDERS.items()})


def valid(job: Job, *rows: Cells) -> ValidBatch:
    columns = {key: [row.get(key) for row in rows] for key in job.holder.columns}
    frame = pl.DataFrame(columns, dict.fromkeys(columns, pl.String)).with_row_index("row", offset=2)
    return validate(normalise(RawBatch(frame), job), job)


def reason(job: Job, row: Cells) -> str | None:
    refused = valid(job, row).refused["reason"].to_list()
    return refused[0] if refused else None


def leaves(job: Job, row: Cells, column: str) -> object:
    """The value of that column as it leaves."""
    kept = valid(job, row)
    assert kept.kept.height == 1
    return minimise(kept, job).frame[column].to_list()[0]


# --- reasons ------------------------------------------------------------------------------------

GOOD_CARE = {"bsn": bsn(1), "year": "2014", "ambulant": "1"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"year": "2011", "ambulant": "x", "bsn": None}, "year-not-asked"),
        ({"year": None}, "year-not-asked"),
        ({"year": "dit jaar"}, "year-not-asked"),
        ({"ambulant": "x", "residential": "-1", "bsn": None}, "number-unreadable"),
        ({"ambulant": "-1", "bsn": None}, "number-out-of-range"),
        ({"bsn": None}, "no-identifier"),
        ({"bsn": "123456789"}, "bsn-check-digit"),
        ({"bsn": "999999990"}, "bsn-filler"),
        ({"bsn": "x", "a_number": "1"}, "a-number-format"),
        ({"bsn": "x", "a_number": a_number(1)}, None),
    ],
)
def test_the_first_reason_in_a_fixed_order(jobs: Jobs, change: Cells, expected: str | None) -> None:
    assert reason(jobs["jeugd"], {**GOOD_CARE, **change}) == expected


INHABITANT = {"a_number": a_number(1), "bsn": bsn(1), "minor": "01-01-1980", "wijk": "Noord", "place": "kind"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"registered_from": "31-12-2014"}, None),
        ({"registered_from": "01-01-2015", "minor": "x"}, "not-selected"),
        ({"registered_from": "00-00-2014"}, None),
        ({"registered_from": "00-00-2015"}, "not-selected"),
        ({"registered_from": "x"}, "date-unreadable"),
        ({"departed": "31-12-2014"}, "not-selected"),
        ({"departed": "01-01-2015"}, None),
        ({"departed": "00000000"}, None),
        ({"departed": "x"}, "date-unreadable"),
        ({"minor": "x", "moves": "y"}, "date-unreadable"),
        ({"minor": "00000000"}, None),
        ({"a_number": None}, "a-number-empty"),
        ({"a_number": "1234567890"}, "a-number-check-digit"),
        ({"a_number": None, "household_number": "12", "bsn": None}, "a-number-empty"),
        ({"bsn": "x", "postcode": "x", "household_number": "!"}, None),
    ],
)
def test_selection_and_required_identifiers(jobs: Jobs, change: Cells, expected: str | None) -> None:
    assert reason(jobs["gemeente"], {**INHABITANT, **change}) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"postcode": "7607AB", "house_number": "12"}, None),
        ({"postcode": "7607AB"}, "address-no-number"),
        ({"house_number": "12"}, "address-no-postcode"),
        ({}, "address-empty"),
        ({"postcode": "7607AB", "house_number": "12-14"}, "address-range-or-addition"),
        ({"postcode": "7607AB", "house_number": "2024-02-01 00:00:00"}, "address-date"),
        ({"postcode": "7607AB", "house_number": "12", "arrears": "n.v.t."}, "number-unreadable"),
    ],
)
def test_a_delivery_of_addresses(jobs: Jobs, change: Cells, expected: str | None) -> None:
    assert reason(jobs["corporatie-a"], change) == expected


def test_row_numbers_and_classes(jobs: Jobs) -> None:
    batch = valid(jobs["politie"], {"bsn": bsn(1)}, {"bsn": "x"}, {}, {"bsn": bsn(2), "minor": "x"})
    assert batch.refused.rows() == [(3, "bsn-format"), (4, "no-identifier"), (5, "date-unreadable")]
    assert batch.classes == {("bsn", "ok"): 2, ("bsn", "format"): 1, ("bsn", "empty"): 1, ("address", "empty"): 4}


def test_a_word_that_was_not_agreed_stops_with_rows_and_no_value(jobs: Jobs) -> None:
    rows: list[Cells] = [{"bsn": bsn(1), "debt_counselling": "ja"}]
    rows += [{"bsn": bsn(1), "debt_counselling": "geheim", "budget_management": "verklapt"}] * 7
    with pytest.raises(ValueUnknown) as caught:
        valid(jobs["stadsbank"], *rows)
    said = str(caught.value)
    assert "`debt_counselling`" in said
    assert "`budget_management`" in said, "both columns at once: the clerk mends the study in one go"
    assert "7 cellen" in said
    assert "rij 3, 4, 5, 6, 7, …" in said
    assert "geheim" not in said
    assert "verklapt" not in said


def test_an_unknown_category(jobs: Jobs) -> None:
    with pytest.raises(ValueUnknown, match=r"`wijk`.*1 cel .*\(rij 2\)"):
        valid(jobs["gemeente"], {**INHABITANT, "wijk": "Oost"})


def test_an_empty_category_is_unknown(jobs: Jobs) -> None:
    assert leaves(jobs["gemeente"], {**INHABITANT, "wijk": " "}, "wijk") is None


# --- transforms ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        ("31-12-1996", False),
        ("01-01-1997", True),
        ("30-12-1996", False),
        ("00-12-1996", False),
        ("00-01-1997", True),
        ("00-00-1996", False),
        ("00-00-1997", True),
        ("31-12-2014", True),
        ("01-06-2015", True),
        ("00000000", None),
        ("", None),
    ],
)
def test_minor_on_the_reference_date(jobs: Jobs, born: str, minor: bool | None) -> None:
    assert leaves(jobs["politie"], {"bsn": bsn(1), "minor": born}, "minor") is minor


def on(job: Job, day: dt.date) -> Job:
    """The same job for another reference date."""
    study = job.study.model_copy(update={"study": job.study.study.model_copy(update={"reference_date": day})})
    study.bound_to(job.study.protocol)
    return replace(job, study=study)


@pytest.mark.parametrize(
    ("born", "day", "minor"),
    [
        ("29-02-1996", dt.date(2014, 2, 28), True),
        ("29-02-1996", dt.date(2014, 3, 1), False),
        ("28-02-1996", dt.date(2014, 2, 28), False),
        ("29-02-1996", dt.date(2014, 2, 27), True),
        ("01-03-1996", dt.date(2014, 2, 28), True),
        ("28-02-1994", dt.date(2012, 2, 29), False),
        ("01-03-1994", dt.date(2012, 2, 29), True),
        ("00-00-1996", dt.date(2014, 6, 30), None),
        ("00-06-1996", dt.date(2014, 6, 29), None),
        ("00-05-1996", dt.date(2014, 6, 29), False),
    ],
)
def test_leap_days_and_unknown_days(jobs: Jobs, born: str, day: dt.date, minor: bool | None) -> None:
    assert leaves(on(jobs["politie"], day), {"bsn": bsn(1), "minor": born}, "minor") is minor


@settings(deadline=None)
@given(
    born=st.dates(dt.date(1900, 1, 1), dt.date(2014, 12, 31)), day=st.dates(dt.date(2014, 1, 1), dt.date(2016, 12, 31))
)
def test_minor_is_what_a_calendar_says(jobs: Jobs, born: dt.date, day: dt.date) -> None:
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    row = {"bsn": bsn(1), "minor": born.isoformat()}
    assert leaves(on(jobs["politie"], day), row, "minor") is (age < 18)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        *(("31-12-2014", 0), ("01-01-2003", 0), ("31-12-2002", 1), ("01-01-1950", 1), ("31-12-1949", 2)),
        *(("00-00-2002", 1), ("00-00-1949", 2), ("00000000", None)),
    ],
)
def test_age_bands(jobs: Jobs, born: str, band: int | None) -> None:
    column = AgeBand(name="minor", title="x", leaves_as="age-band", edges=(12, 65))
    job = replace(jobs["politie"], delivery=jobs["politie"].delivery.model_copy(update={"columns": (column,)}))
    assert leaves(job, {"bsn": bsn(1), "minor": born}, "minor") == band


@pytest.mark.parametrize(
    ("income", "low"),
    [
        ("9.249,99", True),
        ("9.250,00", False),
        ("9250", False),
        ("9249,999", True),
        ("-1", True),
        ("0", True),
        ("", None),
    ],
)
def test_below_the_limit_to_the_cent(jobs: Jobs, income: str, low: bool | None) -> None:
    assert leaves(jobs["inkomens"], {"bsn": bsn(1), "low_income": income}, "low_income") is low


@pytest.mark.parametrize(
    ("debt", "band"),
    [("-1", 0), ("0", 0), ("0,01", 1), ("4.999,99", 1), ("5.000,00", 2), ("50.000", 5), ("999999999", 5), ("", None)],
)
def test_amount_bands(jobs: Jobs, debt: str, band: int | None) -> None:
    assert leaves(jobs["stadsbank"], {"bsn": bsn(1), "debt": debt}, "debt") == band


@pytest.mark.parametrize(
    ("cost", "rounded"),
    [
        *(("0", 0), ("-75", 0), ("", 0), ("0,01", 50), ("24,99", 50), ("25,00", 50), ("74,99", 50), ("75,00", 100)),
        *(("124,99", 100), ("125", 150), ("100000", 100_000), ("100.025,00", 100_000), ("999999999", 100_000)),
    ],
)
def test_rounded_half_up_and_never_to_zero(jobs: Jobs, cost: str, rounded: int) -> None:
    row = {"bsn": bsn(1), "year": "2014", "basic_cost": cost}
    assert leaves(jobs["verzekeraar"], row, "basic_cost") == rounded


@settings(deadline=None)
@given(cents=st.integers(0, 20_000_000), step=st.sampled_from([10, 50, 1000]))
def test_rounding_by_plain_arithmetic(jobs: Jobs, cents: int, step: int) -> None:
    column = AmountRounded(name="debt", title="x", leaves_as="amount-rounded", step=step, at_most=100_000)
    job = replace(jobs["stadsbank"], delivery=jobs["stadsbank"].delivery.model_copy(update={"columns": (column,)}))
    found = leaves(job, {"bsn": bsn(1), "debt": f"{cents // 100},{cents % 100:02d}"}, "debt")
    near = next(n for n in range(0, 200_001, step) if n * 100 - step * 50 <= cents < n * 100 + step * 50)
    assert found == min(max(near, step if cents else 0), 100_000)


@pytest.mark.parametrize(("count", "capped"), [("0", 0), ("20", 20), ("21", 20), ("999999999999999", 20), ("", 0)])
def test_counts_are_capped(jobs: Jobs, count: str, capped: int) -> None:
    assert leaves(jobs["politie"], {"bsn": bsn(1), "vd1111": count}, "vd1111") == capped


def test_empty_is_none_or_unknown_as_the_protocol_says(jobs: Jobs) -> None:
    row = {"bsn": bsn(1)}
    assert leaves(jobs["stadsbank"], row, "debt_counselling") is False
    assert leaves(jobs["stadsbank"], row, "debt") is None


def test_a_column_that_the_holder_does_not_have_is_unknown_and_not_none(jobs: Jobs) -> None:
    job = jobs["corporatie-a"]
    columns = {key: name for key, name in job.holder.columns.items() if key != "nuisance"}
    without = replace(job, holder=job.holder.model_copy(update={"columns": columns, "not_available": ("nuisance",)}))
    row = {"postcode": "7607AB", "house_number": "1"}
    assert leaves(job, row, "nuisance") == 0
    assert leaves(without, row, "nuisance") is None


@pytest.mark.parametrize(
    ("parts", "suffix"),
    [(("12", None, None), False), (("12 A", None, None), True), (("12", "a", None), True), (("12", None, "2"), True)],
)
def test_whether_an_address_has_a_suffix(jobs: Jobs, parts: tuple[str | None, ...], suffix: bool) -> None:
    row = dict(zip(("house_number", "house_letter", "house_addition"), parts, strict=True)) | {"postcode": "7607 ab"}
    assert leaves(jobs["corporatie-a"], row, "address_suffix") is suffix


def test_no_identifier_no_suffix(jobs: Jobs) -> None:
    assert leaves(jobs["politie"], {"bsn": bsn(1)}, "address_suffix") is None


def test_exactly_the_agreed_columns_leave(jobs: Jobs) -> None:
    for name, job in jobs.items():
        frame = minimise(valid(job, {}), job).frame
        fields = [f"id:{kind}" for kind in job.delivery.kinds]
        fields = [f for kind in fields for f in ([kind, "id:address-number"] if kind == "id:address" else [kind])]
        assert frame.columns == fields + [wire.name for wire in job.wire], name
        assert set(frame.dtypes[len(fields) :]) <= {pl.Boolean, pl.Int32}
