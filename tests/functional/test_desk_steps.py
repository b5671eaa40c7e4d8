"""The order of the steps while work goes on: what was seen comes before a key, and a second window changes nothing."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from desk.office import small_home
from desk.wire import Wire, admitted, served

from linkage.desk import draft, holder
from linkage.desk.web import Desk


@dataclass
class Gate:
    """Holds work at its first step until it may go on; a cancelled one does not wait."""

    open: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def before(self, work: Callable[..., object]) -> Callable[..., object]:
        """The same work behind the gate; the last argument is how it says how far it is, and is told to stop."""

        def held(*arguments: object) -> object:
            progress = arguments[-1]
            while not self.open.wait(0.01):
                progress(1, 4)  # type: ignore[operator]
                self.reached.set()
            return work(*arguments)

        return held


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    for name in ("rehearse", "seal"):
        monkeypatch.setattr(draft, name, made.before(getattr(draft, name)))
    # The small study's retention is long past by now.
    monkeypatch.setattr("linkage.holder.encode._check_keys", lambda _request: None)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return shutil.copytree(small_home(), tmp_path / "home")


@pytest.fixture
def at_work(home: Path, gate: Gate) -> Iterator[tuple[Wire, Desk]]:
    """Looking at the export, and held there."""
    with served(home) as (address, desk, _thread):
        wire = admitted(address)
        wire.post("/studie", {"path": "study.toml"})
        wire.post("/levering", {"delivery": "stadsbank"})
        assert look(wire) == "/controle"
        gate.reached.wait()
        yield wire, desk


def look(wire: Wire) -> str:
    """Choose the export and its columns: where the clerk goes."""
    wire.post("/export", {"path": "klanten.csv"})
    agreed = ("bsn", "postcode", "house_number", "debt", "debt_counselling", "budget_management")
    return wire.post("/kolommen", {f"column.{key}": key for key in agreed}).headers["location"]


def finish(desk: Desk, gate: Gate) -> None:
    """Let the work go on to its end."""
    work = desk.work
    assert work is not None
    gate.open.set()
    while work.state == "running":
        threading.Event().wait(0.01)
    gate.open.clear()
    gate.reached.clear()


def test_the_overview_comes_before_a_key_whatever_else_is_asked(
    at_work: tuple[Wire, Desk], gate: Gate, home: Path
) -> None:
    """Another window takes over what the work made; the one that waits goes to the overview all the same."""
    wire, desk = at_work
    assert 'value="25"' in wire.get("/voortgang").text
    finish(desk, gate)
    assert wire.get("/studie").status == 200
    assert desk.work is None
    assert wire.get("/voortgang", hx_request="true").headers["hx-redirect"] == "/controle"
    # Not one step further before the clerk said that it is right.
    assert wire.get("/verzegelen").headers["location"] == "/controle"
    assert wire.post("/verzegelen").headers["location"] == "/controle"
    assert desk.work is None
    assert wire.post("/akkoord").headers["location"] == "/verzegelen"
    assert wire.post("/verzegelen").headers["location"] == "/verzegelen"
    gate.reached.wait()
    assert wire.get("/controle").headers["location"] == "/verzegelen"
    assert "Het pakket wordt gemaakt" in wire.get("/verzegelen").text
    finish(desk, gate)
    assert wire.get("/studie").status == 200
    assert wire.get("/voortgang").headers["location"] == "/klaar"
    assert (home / "stadsbank-stadsbank.package").exists()


def test_while_it_is_busy_nothing_else_is_begun(at_work: tuple[Wire, Desk], home: Path) -> None:
    wire, desk = at_work
    work = desk.work
    raw = (home / "klanten.csv").read_bytes()
    assert look(wire) == "/controle"
    assert "de balie is nog bezig met uw export" in wire.get("/controle").text
    assert "de balie is nog bezig" in wire.drop(raw).text
    assert wire.post("/akkoord").headers["location"] == "/controle"
    assert wire.get("/").headers["location"] == "/controle"
    assert desk.work is work
    assert desk.busy


def test_what_is_cancelled_can_be_begun_again(at_work: tuple[Wire, Desk], gate: Gate, home: Path) -> None:
    wire, desk = at_work
    before = sorted(home.iterdir())
    assert wire.post("/annuleer").headers["location"] == "/kolommen"
    assert desk.work is None
    assert "Er is niets geschreven" in wire.get("/kolommen").text
    gate.reached.clear()
    assert look(wire) == "/controle"
    gate.reached.wait()
    finish(desk, gate)
    wire.post("/akkoord")
    wire.post("/verzegelen")
    gate.reached.wait()
    assert wire.post("/annuleer").headers["location"] == "/verzegelen"
    assert sorted(home.iterdir()) == before
    gate.open.set()
    wire.post("/verzegelen")
    while desk.busy:
        threading.Event().wait(0.01)
    assert wire.get("/voortgang").headers["location"] == "/klaar"


def test_work_that_waits_for_somebody_else_is_let_go(
    at_work: tuple[Wire, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that does not answer: the clerk goes on, and whatever it still makes is taken by nobody."""
    wire, desk = at_work
    monkeypatch.setattr(holder, "CANCEL_SECONDS", 0.01)
    wire.post("/annuleer")
    go_on = threading.Event()

    def deaf(_plan: object, _today: object, progress: Callable[[int, int], None]) -> object:
        progress(2_000, 0)
        go_on.wait()
        return progress

    monkeypatch.setattr(draft, "rehearse", deaf)
    assert look(wire) == "/controle"
    while "2.000 rijen gelezen" not in wire.get("/voortgang").text:
        threading.Event().wait(0.01)
    work = desk.work
    assert wire.post("/annuleer").headers["location"] == "/kolommen"
    assert "Er is niets geschreven" in wire.get("/kolommen").text
    go_on.set()
    assert work is not None
    while work.state == "running":
        threading.Event().wait(0.01)
    assert isinstance(desk.stage, draft.Mapped)
