"""The researcher's look in a real browser: the released tables and the report of the demo, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from desk.browser import browsing, clerk_at, running
from desk.office import picture

from linkage.desk.released import HIDDEN, released
from linkage.errors import InputUnreadable

Demo = tuple[Path, str]


@pytest.fixture
def release(demo: Demo, tmp_path: Path) -> Path:
    return shutil.copytree(demo[0] / "openbaar", tmp_path / "Documenten" / "uitgifte")


def test_what_was_released(release: Path, demo: Demo) -> None:
    (release.parent / "onderzoek").mkdir()
    shutil.copy(demo[0] / "institute" / "research" / "linkage.json", release.parent / "onderzoek")
    with running(release.parent, "--role", "researcher") as desk, browsing() as browser:
        clerk = clerk_at(browser, desk)
        clerk.wait("/uitgifte")
        assert clerk.faults() == []
        # Another file than a release is a sentence.
        clerk.page.fill("#path", "onderzoek/linkage.json")
        clerk.press("Kies dit bestand")
        assert "release.json is niet te lezen" in clerk.text(".alert")
        clerk.pick("uitgifte", "release.json")
        assert clerk.step == "/tabellen"
        assert clerk.text(".numbers li:nth-child(3) strong") == "10"
        row = clerk.text("section:has(#table-tabel1) tbody tr:first-child")
        assert row.split("\t")[:3] == ["Almelo", "8555", "3719"]
        assert "Stadsbank" in clerk.text("section:has(#table-koppeling)")
        assert clerk.faults() == []
        assert clerk.complaints == []
        picture(clerk, "desk-31-tabellen")
        with clerk.page.expect_popup() as opened:
            clerk.page.locator("a", has_text="Open het verslag").click()
        opened.value.wait_for_load_state()
        assert "174" in opened.value.inner_text("body")
        assert opened.value.evaluate("origin") == "null"
        assert clerk.strangers(desk.origin) == []


def test_every_cell_of_a_release_is_shown_and_no_hidden_one(release: Path) -> None:
    found = released(release)
    about = json.loads((release / "release.json").read_bytes())
    coverage = ["dekking", "dekking-wijk", "dekking-leeftijd", "dekking-jaar"]
    quality = ["koppeling", "koppelfouten", *coverage, "gevoeligheid"]
    assert [table.name for table in found.quality] == quality
    assert [table.name for table in found.others] == [t["name"] for t in about["tables"] if t["name"] not in quality]
    named = {table.name: table for table in found.tables}
    for table in about["tables"]:
        assert len(named[table["name"]].rows) == len(table["rows"])
        hidden = [[cell == "*" for cell in row["cells"]] for row in table["rows"]]
        assert [[cell == HIDDEN for cell in cells] for _, cells in named[table["name"]].rows] == hidden


@pytest.mark.parametrize("name", ["release.json", "tabellen.csv"])
@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe", b"[" * 50_000, b"{}", b"tabel;rij\n1;2;3\n", b'{"format":1}']
)
def test_a_folder_that_is_no_release(release: Path, name: str, content: bytes | None) -> None:
    (release / name).unlink()
    if content is not None:
        (release / name).write_bytes(content)
    with pytest.raises(InputUnreadable, match=name):
        released(release)
