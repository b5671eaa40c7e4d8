"""The desk as a clerk meets it: the command in a process of its own, and Debian's Chromium without a screen."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, sync_playwright

HERE = Path(__file__).parent
SCREEN = {"width": 1366, "height": 768}
START = "from linkage.cli import main; from linkage.commands.desk import desk; main.add_command(desk, 'desk'); main()"
PATIENCE = 600_000  # a loaded machine is slow, not wrong
JUDGED: set[tuple[str, str, str]] = set()
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Desk(Protocol):
    """A desk that was started, in a process of its own or in this one."""

    @property
    def address(self) -> str:
        """What opens it, once."""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""


@dataclass
class Running:
    """A desk that was started: its process, and the address that it said."""

    process: subprocess.Popen[str]
    address: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def running(folder: Path, *options: str | Path) -> Iterator[Running]:
    """Start the command, and stop it afterwards."""
    command = [sys.executable, "-c", START, "desk", "--no-browser", "--folder", str(folder), *map(str, options)]
    # Only what it says on its own is read; an error would stand there too.
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline(), process.stdout.readline()]
        found = re.search(r"http://127\.0\.0\.1:\d+/open\?token=\S+", "".join(said))
        assert found, said
        yield Running(process, found.group())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def chromium() -> str:
    """Debian's browser; `.ci/test` installs it where it is missing."""
    found = shutil.which("chromium")
    assert found, "apt install chromium"
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser; as root it has no sandbox, as on a build machine."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*root, "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@dataclass
class Clerk:
    """Somebody at the desk: a page, and whatever it asked for."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen to the page."""
        self.page.context.on("request", self._asked)
        self.page.on("console", lambda said: self._said(said.type, f"{said.text} {said.location.get('url', '')}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _said(self, kind: str, text: str) -> None:
        """A complaint; an answer of 400 is a sentence for the clerk, which Chromium calls an error."""
        if kind in ("error", "warning") and "status of 400" not in text:
            self.complaints.append(text)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    @property
    def step(self) -> str:
        """The page where the clerk is."""
        return urlsplit(self.page.url).path

    def press(self, name: str) -> None:
        """Press a button or follow a link, and wait for the page."""
        target = self.page.locator(f'button:has-text("{name}"), a.button:has-text("{name}")').first
        with self.page.expect_navigation():
            target.click()

    def pick(self, *names: str) -> None:
        """Walk through the list of folders, and choose a file."""
        *folders, file = names
        for folder in folders:
            self.page.locator(".entry.folder", has_text=folder).click()
            self.page.locator(".crumb[aria-current]", has_text=folder).wait_for()
        with self.page.expect_navigation():
            self.page.locator(".entry", has_text=file).click()

    def drop(self, path: Path) -> None:
        """Give a file to the zone where one is dragged to."""
        self.page.set_input_files("#file", path)

    def wait(self, path: str) -> None:
        """Until the page is there."""
        self.page.wait_for_url(f"**{path}")

    def text(self, selector: str = "main") -> str:
        """What the clerk reads."""
        return self.page.inner_text(selector)

    def faults(self) -> list[str]:
        """What axe finds on this page, of every weight; in a world of its own, which the page's policy allows.

        A page that was judged before, letter for letter, is not judged again.
        """
        text = re.sub(r'(data-token|name="token" value)="[^"]*"', "", self.page.content())
        judged = (text, str(self.page.viewport_size), self.page.evaluate("document.activeElement.outerHTML"))
        if judged in JUDGED:
            return []
        found = self._axe()
        if not found:
            JUDGED.add(judged)
        return found

    def _axe(self) -> list[str]:
        session = self.page.context.new_cdp_session(self.page)
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
        found = "r => JSON.stringify(r.violations.map(v => [v.impact, v.id, v.nodes.map(n => n.html)]))"
        run = f"axe.run({{runOnly: {AXE_RULES}}}).then({found})"
        for expression in ((HERE / "axe.min.js").read_text(encoding="utf-8") + ";0", run):
            answer: dict[str, Any] = session.send(
                "Runtime.evaluate",
                {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True},
            )
            assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return [f"{impact} {rule}: {nodes}" for impact, rule, nodes in json.loads(answer["result"]["value"])]

    def strangers(self, origin: str) -> list[str]:
        """Requests that went elsewhere than to the desk; `data:` goes nowhere."""
        return [url for url in self.requests if not url.startswith((f"{origin}/", "data:"))]


def clerk_at(browser: Browser, desk: Desk) -> Clerk:
    """A new browser profile, at the page that the desk opened."""
    context = browser.new_context(viewport=SCREEN, locale="nl-NL")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    clerk = Clerk(context.new_page())
    clerk.page.goto(desk.address)
    return clerk
