"""The encoder when the system fails it: a whole package or none, no identifier anywhere, and a rerun that heals."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import canaries
import pytest
from faults import ERRORS, KINDS, Case, Outcome, Server

from linkage import errors

INPUTS = ("study.toml", "study.root", "politie.identity", "politie.csv")
TARGET = "politie.package"
REJECTS = "politie.package.afgewezen.csv"
KNOWN = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}


class Holder:
    """A holder's folder, the server, and what the export holds in every disguise."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.cast = canaries.town(folder / "cast")
        self.cast.export("politie").rename(self.cast.folder / "politie.csv")
        self.folder, self.server, self.secret = folder / "home", server, canaries.needles()

    def fresh(self) -> None:
        """A folder with the inputs and nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "tmp").mkdir(parents=True)
        for name in INPUTS:
            shutil.copy(self.cast.folder / name, self.folder / name)

    def encode(self, kind: str = "", at: int = 0) -> Outcome:
        """The command, with a fault."""
        arguments = (
            *("encode", "--study", "study.toml", "--delivery", "politie", "--holder", "politie"),
            *("--input", "politie.csv", "--root", "study.root", "--identity", "politie.identity", "--output", TARGET),
        )
        return self.server.run(Case(arguments, str(self.folder), kind, at))

    def made(self) -> dict[str, bytes]:
        """Every file that is no input."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and path.name not in INPUTS)
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def check_whole(self) -> None:
        """The package opens, has its rows, and its values are clean too."""
        body = canaries.body_of(self.folder / TARGET, self.cast, "politie")
        canaries.clean({"body": body, "values": canaries.unpacked(body)}, self.secret)


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    with Server() as server:
        yield Holder(tmp_path_factory.mktemp("faults"), server)


def attempt(holder: Holder, kind: str, at: int) -> Outcome:
    """One fault in a fresh folder, all that must hold after it, and the rerun."""
    holder.fresh()
    outcome, made = holder.encode(kind, at), holder.made()
    place = f"{kind} at {at} ({', '.join(outcome.calls[at - 3 : at])}): {outcome.code}"
    canaries.clean(made | {"said": outcome.said.encode()}, holder.secret)
    assert "Traceback" not in outcome.said, place
    assert "secret-path" not in outcome.said, place
    left = {name for name in made if name.endswith(".part")}
    assert set(made) <= {TARGET, REJECTS} | left, place
    assert not left or kind in ("SIGKILL", "LOST"), place
    check_code(outcome, kind, place)
    if TARGET in made:
        holder.check_whole()
    if outcome.code == 0:
        assert {TARGET, REJECTS} <= set(made), place
    again = holder.encode()
    assert again.code == 0, place
    assert set(holder.made()) == {TARGET, REJECTS}, place
    holder.check_whole()
    return outcome


def check_code(outcome: Outcome, kind: str, place: str) -> None:
    """A refusal of the tree; only what nobody can foresee is called unforeseen."""
    some = {"SIGKILL": {-9}, "SIGTERM": {130}, "MEMORY": KNOWN, "EPIPE": KNOWN}
    assert outcome.code in {0, *some.get(kind, KNOWN - {1})}, f"{place} {outcome.said[-200:]}"
    # A broken pipe ends without a word: whoever read the screen, as `head` does, has gone.
    if outcome.code not in (0, -9) and kind != "EPIPE":
        assert outcome.said.splitlines()[-1].startswith("Fout: "), place


def test_without_a_fault_there_are_calls_to_fail(holder: Holder) -> None:
    holder.fresh()
    calls = holder.encode().calls
    assert len(calls) > 30
    assert {"open", "write", "read", "fsync", "replace", "unlink", "stat"} <= set(calls)
    holder.check_whole()
    assert REJECTS in holder.made()


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_some_calls(holder: Holder, kind: str) -> None:
    """A sample of the calls, another for each kind; all of them in the slow test."""
    holder.fresh()
    calls = len(holder.encode().calls)
    first = 1 + KINDS.index(kind)
    for at in range(first, calls + 1, len(KINDS)):
        attempt(holder, kind, at)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_every_call(holder: Holder, kind: str) -> None:
    holder.fresh()
    calls = len(holder.encode().calls)
    failed = sum(attempt(holder, kind, at).code != 0 for at in range(1, calls + 1))
    assert failed > calls / 2


@pytest.mark.parametrize("size", [0, 1, 100, 1000, 6000, 8000, 10_000])
def test_a_disk_that_is_full_after_some_bytes(holder: Holder, size: int) -> None:
    """Whoever writes, Polars too: no file can get larger than so many bytes."""
    outcome = attempt(holder, "FULL", size)
    assert outcome.code == (errors.OutputError.exit_code if size < 8000 else outcome.code)


@pytest.mark.parametrize("kind", [*ERRORS, "SIGKILL"])
def test_an_earlier_package_stays_or_is_replaced_whole(holder: Holder, kind: str) -> None:
    holder.fresh()
    calls = holder.encode().calls
    before = (holder.folder / TARGET).read_bytes()
    for at in [number for number, name in enumerate(calls, 1) if name in ("replace", "fsync", "write")][::3]:
        holder.encode(kind, at)
        now = (holder.folder / TARGET).read_bytes()
        if now != before:
            holder.check_whole()
        before = now


def test_the_test_would_notice(holder: Holder) -> None:
    with pytest.raises(AssertionError):
        canaries.clean({"export": (holder.cast.folder / "politie.csv").read_bytes()}, holder.secret)
