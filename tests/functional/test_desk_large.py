"""Two million rows at the desk: the page goes on answering, shows how far it is, and the package has all of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from desk.browser import browsing, clerk_at, running
from desk.office import FOLDER, content, office_of
from playwright.sync_api import Page

TIMES = 28
MOST_SECONDS = 5.0  # on a busy machine; a page that waits for the export would take a minute


@pytest.mark.slow
def test_two_million_rows_without_freezing(demo: tuple[Path, str], tmp_path: Path) -> None:
    office = office_of(demo[0], tmp_path, "gemeente-almelo", "bevolking")
    export = office.folder / "Uitvoer bevolking 20150401.csv"
    head, rest = export.read_bytes().split(b"\n", 1)
    export.write_bytes(head + b"\n" + rest * TIMES)
    rows = rest.count(b"\n") * TIMES
    assert rows > 2_000_000
    with browsing() as browser, running(office.home) as desk:
        clerk = clerk_at(browser, desk)
        clerk.wait("/studie")
        clerk.pick(FOLDER, "study.toml")
        clerk.page.check("input[name=compared]")
        clerk.press("Verder")
        clerk.pick(export.name)
        clerk.press("Bekijk wat er meegaat")
        slowest, shown = watched(clerk.page, ".sides")
        assert slowest < MOST_SECONDS
        assert len(shown) > 5  # it moved
        clerk.press("Dit klopt, verder")
        clerk.press("Maak het pakket")
        slowest, _ = watched(clerk.page, ".digest")
        assert slowest < MOST_SECONDS
    manifest, frame, _ = content(office.package, demo[0])
    assert manifest.source.rows == rows
    assert frame.height == manifest.rows


def watched(page: Page, end: str) -> tuple[float, set[str]]:
    """The slowest answer until that is on the page, and the states of the bar that were seen."""
    slowest, shown = 0.0, set[str]()
    while not page.locator(f"{end}, .alert:not(.soft)").count():
        started = time.monotonic()
        assert page.evaluate("fetch('/studie').then(answer => answer.status)") == 200
        slowest = max(slowest, time.monotonic() - started)
        bar = page.locator("progress")
        if bar.count():
            shown.add(bar.first.get_attribute("value", timeout=1000) or "")
        page.wait_for_timeout(300)
    assert page.locator(end).count()
    return slowest, shown
