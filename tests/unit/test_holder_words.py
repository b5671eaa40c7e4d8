"""The summary as a clerk reads it: as wide as a terminal, in Dutch, complete, and without a cell of the export."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulator import Cast, Row, bsn, inhabitant

from linkage import words
from linkage.holder import encode as room
from linkage.holder import reasons
from linkage.words import shown, summarise


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(tmp_path_factory.mktemp("words"))


def told(cast: Cast, holder: str, rows: list[Row]) -> list[str]:
    cast.exports[holder] = rows
    return list(summarise(room.preview(cast.request(holder), lambda done, total: None)))


def suspects(count: int) -> list[Row]:
    return [{"bsn": bsn(n), "minor": "01-01-1980", "vd1111": 2} for n in range(count)]


def test_forty_five_delicts_fit_on_a_screen(cast: Cast) -> None:
    lines = told(cast, "politie", [*suspects(30), *[{"bsn": "x"}] * 3])
    assert len(lines) < 45
    assert max(map(len, lines)) <= words.WIDTH
    text = " ".join(" ".join(lines).split())
    assert "45 kolommen aantal, hoogstens 20: vd3400 vd3310" in text
    assert all(f"vd{number}" in text for number in (1101, 2120, 5400, 9999)), "each column is named"
    assert "minor minor: alleen minderjarig ja/nee (de geboortedatum blijft)" in text


def test_counts_reasons_and_rows(cast: Cast) -> None:
    text = "\n".join(told(cast, "politie", [*suspects(1000), *[{"bsn": "x"}] * 12, {"bsn": bsn(1), "minor": "x"}]))
    assert "rijen in de export         1.013" in text
    assert "gaan mee                   1.000" in text
    assert "afgewezen                     13  (1,3%; hoogstens 25% mag)" in text
    rows = "rij 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, …"
    assert f"    12 x BSN heeft niet de goede vorm\n        {rows}\n" in text
    assert "    1 x een datum is niet te lezen\n        rij 1014\n" in text


def test_too_many_rejects_are_said_in_a_preview_as_well(cast: Cast) -> None:
    text = "\n".join(told(cast, "politie", [*suspects(2), {"bsn": "x"}]))
    assert "(33,3%; te veel: hoogstens 25% mag)" in text


def test_no_rows_at_all(cast: Cast) -> None:
    text = "\n".join(told(cast, "politie", []))
    assert "gaan mee                       0  (zo komt er geen pakket)" in text
    assert "zoals ze meegaan" not in text


def test_unknowns_and_columns_that_the_holder_does_not_have(cast: Cast) -> None:
    cast.exports["stadsbank"] = [{"bsn": bsn(n), "debt": "1,00" if n else None} for n in range(3)]
    asked = cast.request("stadsbank")
    columns = {key: name for key, name in asked.job.holder.columns.items() if key != "budget_management"}
    job = replace(asked.job, holder=asked.job.holder.model_copy(update={"columns": columns}))
    text = " ".join("\n".join(summarise(room.preview(replace(asked, job=job), lambda *_: None))).split())
    assert "bij 1 rij onbekend" in text
    assert "- budget_management: onbekend, want u hebt deze kolom niet" in text
    assert "1 kolom die niet wordt gevraagd: budget_management" in text


def test_the_municipality(cast: Cast) -> None:
    rows = [inhabitant(n, n) | {"departed": "01-01-2010" if n == 0 else None} for n in range(4)]
    text = "\n".join(told(cast, "gemeente", rows))
    assert "niet gevraagd                  1  (hoort niet bij de peildatum)" in text
    assert "postcode, house_number, house_letter, house_addition" in text
    assert "wijk Noord" in text
    assert "place alleenstaand" in text


def test_no_cell_of_the_export_is_shown(cast: Cast) -> None:
    rows = [
        {"bsn": bsn(n), "postcode": f"7607 A{chr(65 + n)}", "house_number": 5170 + n, "debt": f"7{n}31,17"}
        for n in range(9)
    ]
    text = "\n".join(told(cast, "stadsbank", [*rows, {"bsn": "87654321X"}]))
    cells = [str(value) for row in rows for value in row.values()] + ["87654321X"]
    assert not [cell for cell in cells if cell in text]


def test_the_examples_are_the_rows_as_they_leave(cast: Cast) -> None:
    lines = told(cast, "politie", suspects(3))
    examples = [line for line in lines if line.startswith("  - ")]
    assert len(examples) == 3
    assert all("vd1111 2" in line and "bsn " in line and "vd1101" not in line for line in examples)


@pytest.mark.parametrize(
    ("name", "safe"),
    [("Naam", "Naam"), ("a\x1b[31m\nb", "a [31m b"), ("  ", ""), ("x" * 99, "x" * 39 + "…"), ("é\u202e", "é")],
)
def test_a_name_from_a_file_cannot_play_with_the_terminal(name: str, safe: str) -> None:
    assert shown(name) == safe


def test_many_columns_that_stay(cast: Cast) -> None:
    cast.exports["politie"] = suspects(1)
    asked = cast.request("politie")
    header, row = asked.export.read_text().splitlines()
    extra = [f"Eigen {n}" for n in range(200)]
    asked.export.write_text(f"{header};{';'.join(extra)}\n{row};{';' * 199}\n")
    text = "\n".join(summarise(room.preview(asked, lambda done, total: None)))
    assert "200 kolommen die niet worden gevraagd: Eigen 0, Eigen 1" in text
    assert "Eigen 29, …" in text
    assert "Eigen 30" not in text


def test_every_reason_has_words() -> None:
    codes = [*reasons.ROWS, *(f"{kind}-{outcome}" for kind in reasons.KINDS for outcome in reasons.CLASSES)]
    said = [reasons.in_words(code) for code in codes]
    assert not set(said) & set(codes)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("code", ["", "bsn-", "bsn-nieuw", "zelf-bedacht", "address-number-zero"])
def test_an_unknown_reason_is_shown_as_it_is(code: str) -> None:
    assert reasons.in_words(code) == code
