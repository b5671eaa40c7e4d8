"""Two million rows at the desk: it says how far it is, goes on answering, stops when told to, and has all rows."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from desk.browser import Running, browsing, clerk_at, running
from desk.office import FOLDER, Office, content, no_one, office_of, same
from desk.wire import Wire, admitted

from linkage.keys import load_linker
from linkage.linker import run as linker_room
from linkage.study import load_study

ROWS = 2_000_000
EXPORT = "Uitvoer bevolking 20150401.csv"
Demo = tuple[Path, str]


@pytest.fixture(scope="module")
def office(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The municipality with the demo's inhabitants again and again."""
    made = office_of(demo[0], tmp_path_factory.mktemp("large"), "gemeente-almelo", "bevolking")
    export = made.folder / EXPORT
    head, rest = export.read_bytes().split(b"\n", 1)
    lines = rest.splitlines(keepends=True)
    export.write_bytes(head + b"\n" + b"".join((lines * (ROWS // len(lines) + 1))[:ROWS]))
    return made


@pytest.fixture
def desk(office: Office) -> Iterator[Running]:
    """Open, and no package yet."""
    for path in office.folder.glob("*.package*"):
        path.unlink()
    with running(office.home) as made:
        yield made


@dataclass
class Watched:
    """What was seen while work went on: each state of the bar, and how long each other page took meanwhile."""

    percents: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    end: str = ""

    def __str__(self) -> str:
        """For who runs this with `-s`."""
        slowest = max(self.seconds)
        return f"{len(self.seconds)} pages meanwhile, the slowest in {slowest:.3f} s; {len(self.percents)} states"


def watched(wire: Wire, until: int = 101) -> Watched:
    """Ask how far it is, and a whole page, by turns, until it is that far or ready.

    A page counts only where the work was still going on after its answer.
    """
    seen = Watched()
    while True:
        started = time.monotonic()
        assert wire.get("/studie").status == 200
        took = time.monotonic() - started
        answer = wire.get("/voortgang", hx_request="true")
        seen.end = answer.headers.get("hx-redirect", "")
        if seen.end:
            return seen
        found = re.search(r'<progress id="bar" max="100" value="(\d+)">', answer.text)
        assert found
        seen.seconds.append(took)
        if int(found.group(1)) not in seen.percents:
            seen.percents.append(int(found.group(1)))
        if seen.percents[-1] >= until:
            return seen


def begin(wire: Wire, office: Office) -> None:
    """From the choice of the columns: what a clerk does first, and again after cancelling."""
    agreed = load_study(office.folder / "study.toml").holder_of(office.holder, office.delivery)
    assert agreed is not None
    form = {f"column.{key}": name for key, name in agreed.columns.items()}
    assert wire.post("/kolommen", form).headers["location"] == "/controle"


def to_columns(wire: Wire, office: Office, export: str = EXPORT) -> None:
    """Study, delivery, export."""
    wire.post("/studie", {"path": str(office.folder / "study.toml")})
    wire.post("/levering", {"delivery": office.delivery})
    started = time.monotonic()
    assert wire.post("/export", {"path": str(office.folder / export)}).headers["location"] == "/kolommen"
    sys.stdout.write(f"a first look at the export: {time.monotonic() - started:.1f} s\n")


def mebibytes(desk: Running, what: str) -> int:
    """Of the desk's process: RssAnon (its own memory now) or VmHWM (the most it ever had)."""
    text = Path(f"/proc/{desk.process.pid}/status").read_text("ascii")
    found = re.search(rf"{what}:\s+(\d+) kB", text)
    assert found
    return int(found.group(1)) // 1024


def held(desk: Running, office: Office) -> list[str]:
    """What the desk has open of the clerk's folder, the file without a name for the rows among it."""
    links = [str(path.readlink()) for path in Path(f"/proc/{desk.process.pid}/fd").iterdir()]
    return [link for link in links if link.startswith(str(office.home))]


@pytest.mark.slow
def test_two_million_rows_are_answered_cancelled_and_delivered(
    desk: Running, office: Office, demo: Demo, tmp_path: Path
) -> None:
    wire = admitted(desk.address)
    before, idle = sorted(office.folder.iterdir()), mebibytes(desk, "RssAnon")
    to_columns(wire, office)

    # Cancelled in the middle of looking.
    begin(wire, office)
    assert watched(wire, until=40).end == ""
    assert wire.post("/annuleer").headers["location"] == "/kolommen"
    assert "Er is niets geschreven" in wire.get("/kolommen").text
    left = mebibytes(desk, "RssAnon")
    assert (sorted(office.folder.iterdir()), held(desk, office)) == (before, [])
    assert left - idle < (office.folder / EXPORT).stat().st_size // 2**20  # nothing of the size of the export stays

    # And again, to the end: it goes to the overview, whatever other pages were asked meanwhile.
    begin(wire, office)
    started = time.monotonic()
    looked = going_on(watched(wire))
    sys.stdout.write(f"the overview took {time.monotonic() - started:.1f} s\n")
    assert looked.end == "/controle"
    assert f"{ROWS:,}".replace(",", ".") in wire.get("/controle").text
    assert wire.get("/verzegelen").headers["location"] == "/controle"
    assert wire.post("/akkoord").headers["location"] == "/verzegelen"

    # Cancelled in the middle of sealing.
    wire.post("/verzegelen")
    assert watched(wire, until=40).end == ""
    assert held(desk, office)
    assert wire.post("/annuleer").headers["location"] == "/verzegelen"
    assert (sorted(office.folder.iterdir()), held(desk, office)) == (before, [])

    started = time.monotonic()
    wire.post("/verzegelen")
    sealed = going_on(watched(wire))
    assert sealed.end == "/klaar"
    most = mebibytes(desk, "VmHWM")
    sys.stdout.write(
        f"overview: {looked}\npackage: {time.monotonic() - started:.1f} s; {sealed}\n"
        f"MiB: {idle} at the start, {left} after cancelling, {most} at most (VmHWM)\n"
    )

    manifest, _, _ = content(office.package, demo[0])
    assert manifest.source.rows == ROWS
    assert same(office.command(office.folder / EXPORT, tmp_path / "line"), office.package, demo[0])


def going_on(seen: Watched) -> Watched:
    """The bar moved forward only, and pages were answered between its states."""
    assert seen.percents == sorted(seen.percents)
    assert len(seen.percents) > 5
    assert len(seen.seconds) > 5
    return seen


@pytest.mark.slow
def test_the_linker_comes_to_the_same_households(demo: Demo, tmp_path: Path) -> None:
    """With the desk's package in the place of the command's, among those of all other holders."""
    office = office_of(demo[0], tmp_path, "inkomensregister", "inkomen")
    with running(office.home) as desk:
        wire = admitted(desk.address)
        to_columns(wire, office, "inkomen_2014.parquet")
        begin(wire, office)
        while not wire.get("/voortgang", hx_request="true").headers.get("hx-redirect"):
            time.sleep(0.05)
        wire.post("/akkoord")
        wire.post("/verzegelen")
        while not wire.get("/voortgang", hx_request="true").headers.get("hx-redirect"):
            time.sleep(0.05)
    inbox = shutil.copytree(demo[0] / "institute" / "inbox", tmp_path / "inbox")
    shutil.copy(office.package, inbox / "inkomensregister.package")
    identity = load_linker(demo[0] / "institute" / "institute.identity", no_one)
    today = dt.date.fromisoformat(content(office.package, demo[0])[0].created)
    study = load_study(demo[0] / "study.toml")
    made = linker_room.run(linker_room.Request(study, identity, inbox, tmp_path / "research", today))
    there = pl.read_parquet(demo[0] / "institute" / "research" / "households.parquet")
    assert pl.read_parquet(made.households).equals(there)


@pytest.mark.slow
def test_two_million_rows_in_a_browser(desk: Running, office: Office, demo: Demo) -> None:
    with browsing() as browser:
        clerk = clerk_at(browser, desk)
        clerk.wait("/studie")
        clerk.pick(FOLDER, "study.toml")
        clerk.page.check("input[name=compared]")
        clerk.press("Verder")
        clerk.pick(EXPORT)
        clerk.press("Bekijk wat er meegaat")
        clerk.page.locator("progress:not([value='0'])").wait_for()
        clerk.press("English")  # another page in the middle of it, and the bar goes on
        assert clerk.text("h1") == "Your export is being checked"
        clerk.page.evaluate(
            """() => {
                window.states = new Set();
                new MutationObserver(() => {
                    const bar = document.querySelector('progress');
                    if (bar) { window.states.add(bar.value); }
                }).observe(document.body, {childList: true, subtree: true});
            }"""
        )
        while clerk.page.evaluate("window.states.size") <= 5:  # an error where the work ends before that
            clerk.page.wait_for_timeout(50)
        clerk.press("Cancel")
        assert "Nothing was written" in clerk.text(".notice")
        clerk.press("See what leaves")
        clerk.page.locator(".sides").wait_for()
        assert clerk.step == "/controle"
        clerk.press("This is right, continue")
        clerk.press("Make the package")
        clerk.wait("/klaar")
        assert clerk.complaints == []
    assert content(office.package, demo[0])[0].source.rows == ROWS
