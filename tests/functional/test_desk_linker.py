"""The linker's look in a real browser: the inbox of the demo, with a package cut off and one that is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk.browser import Clerk, Running, browsing, clerk_at, running
from desk.office import picture
from playwright.sync_api import Browser

Demo = tuple[Path, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as made:
        yield made


@pytest.fixture
def institute(demo: Demo, tmp_path: Path) -> Path:
    """The institute's folder: one package was cut off on the way, one is there twice, one never came."""
    home = tmp_path / "Documenten"
    folder = shutil.copytree(demo[0] / "institute", home / "Onderzoek")
    shutil.copytree(demo[0] / "openbaar", home / "openbaar")
    inbox = folder / "inbox"
    cut = inbox / "politie-twente.package"
    cut.write_bytes(cut.read_bytes()[:-1000])
    shutil.copy(inbox / "zorgverzekeraar.package", inbox / "zorgverzekeraar (1).package")
    (inbox / "corporatie-noord.package").unlink()
    return folder


def fine(clerk: Clerk, desk: Running, name: str) -> None:
    """Axe finds nothing, the browser complains of nothing, nobody else was asked; with a name, a picture."""
    assert clerk.faults() == []
    assert clerk.complaints == []
    assert clerk.strangers(desk.origin) == []
    if name:
        picture(clerk, name)


def test_the_inbox(institute: Path, browser: Browser) -> None:
    with running(institute.parent, "--role", "linker") as desk:
        clerk = clerk_at(browser, desk)
        clerk.wait("/mappen")
        clerk.pick("Onderzoek", "study.toml")
        assert clerk.page.input_value("#inbox") == "Onderzoek/inbox"
        fine(clerk, desk, "")
        clerk.press("Toon de inbox")
        assert clerk.step == "/inbox"
        numbers = [clerk.text(f".numbers li:nth-child({n}) strong") for n in (1, 2, 3)]
        assert numbers == ["9", "2", "2"]
        refused = clerk.page.locator("tr:has(.tag.bad)").all_inner_texts()
        assert len(refused) == 2
        assert "politie-twente.package" in refused[0]
        assert "handtekening" in refused[0]
        assert "zorgverzekeraar" in refused[1]
        lacking = clerk.text("section:has(#lacking)")
        assert "Politie, district Twente" in lacking
        assert lacking.count("verplicht") + lacking.count("zonder dit is het onbekend") == 2
        # What was linked before: eleven packages in the ledger, and how each was linked.
        assert clerk.page.locator("section:has(#ledger) tbody tr").count() == 11
        assert clerk.page.locator("section:has(#quality) tbody tr").count() == 11
        assert "Stadsbank Twente" in clerk.text("section:has(#quality)")
        assert "0,6–3,0 %" in clerk.text("section:has(#quality) tr:has-text('Politie')")
        fine(clerk, desk, "desk-21-inbox")
        with clerk.page.expect_popup() as opened:
            clerk.page.locator("a", has_text="Open het verslag").click()
        report = opened.value
        report.wait_for_load_state()
        assert "174" in report.inner_text("body")
        # In its box the report cannot ask the desk for anything.
        assert report.evaluate("origin") == "null"
        assert clerk.strangers(desk.origin) == []


def test_a_broken_ledger_and_no_study(institute: Path, browser: Browser) -> None:
    ledger = institute / "research" / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"rows":1', b'"rows":2', 1))
    (institute / "other.toml").write_text("format = 1\n", "utf-8")
    with running(institute.parent, "--role", "linker", "--study", institute / "study.toml", "--language", "en") as desk:
        clerk = clerk_at(browser, desk)
        clerk.wait("/inbox")
        assert "de ketting klopt niet" in clerk.text("section:has(#ledger)")
        fine(clerk, desk, "")
        clerk.page.goto(f"{desk.origin}/mappen")
        clerk.page.fill("#path", str(institute / "other.toml"))
        clerk.press("Choose this file")
        assert "other.toml" in clerk.text(".alert")
        assert clerk.step == "/mappen"
        clerk.page.goto(f"{desk.origin}/inbox")
        assert clerk.step == "/mappen"
