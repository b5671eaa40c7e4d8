"""The linker when the system fails it: every file whole or absent, nothing plain left behind, a rerun that heals."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import canaries
import pytest
from faults import CHANGES, KINDS, Case, Outcome, Server
from functional.test_taint import assert_clean

from linkage import errors

INPUTS = ("study.toml", "institute.identity")
OUTPUTS = ("codebook.csv", "flagged.parquet", "households.parquet", "ledger.jsonl", "linkage.json")
KNOWN = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}


class Institute:
    """The linker's folder, the server, what comes out without a fault, and the identifiers in every disguise."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.cast = canaries.town(folder / "cast")
        self.cast.encode_all()
        self.folder, self.server, self.secret = folder / "home", server, canaries.needles()
        self.fresh()
        outcome = self.link()
        assert outcome.code == 0, outcome.said
        self.calls = outcome.calls
        self.whole = self.outputs()

    def fresh(self) -> None:
        """A folder with the inputs and nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "tmp").mkdir(parents=True)
        shutil.copytree(self.cast.folder / "inbox", self.folder / "inbox")
        for name in INPUTS:
            shutil.copy(self.cast.folder / name, self.folder / name)

    def link(self, kind: str = "", at: int = 0) -> Outcome:
        """The command, with a fault."""
        arguments = (
            *("link", "--study", "study.toml", "--identity", "institute.identity", "--inbox", "inbox"),
            *("--output", "research"),
        )
        return self.server.run(Case(arguments, str(self.folder), kind, at))

    def everything(self) -> dict[str, bytes]:
        """Every file that is no input, also in temporary folders; of a Parquet file its values too."""
        files = [path for part in ("research", "tmp") for path in (self.folder / part).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def outputs(self) -> dict[str, bytes]:
        """What stands in the output folder itself."""
        folder = self.folder / "research"
        return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.glob("*")}


@pytest.fixture(scope="module")
def institute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Institute]:
    with Server() as server:
        yield Institute(tmp_path_factory.mktemp("faults"), server)


def attempt(institute: Institute, kind: str, at: int) -> Outcome:
    """One fault in a fresh folder, all that must hold after it, and the rerun."""
    institute.fresh()
    outcome, made = institute.link(kind, at), institute.outputs()
    place = f"{kind} at {at} ({', '.join(outcome.calls[at - 3 : at])}): {outcome.code}"
    canaries.clean(institute.everything() | {"said": outcome.said.encode()}, institute.secret)
    assert "Traceback" not in outcome.said, place
    assert "secret-path" not in outcome.said, place
    left = {name for name in made if name.startswith(".")}
    assert not left or kind in ("SIGKILL", "LOST"), place
    for name in set(made) - left:
        assert made[name] == institute.whole[name], f"{place}: {name}"
    if "households.parquet" in made:
        assert "codebook.csv" in made, place
    check_code(outcome, kind, place)
    if outcome.code == 0:
        assert set(made) == set(OUTPUTS), place
    again = institute.link()
    assert again.code == 0, place
    assert institute.outputs() == institute.whole, place
    return outcome


def check_code(outcome: Outcome, kind: str, place: str) -> None:
    """A refusal of the tree; only what nobody can foresee is called unforeseen."""
    some = {"SIGKILL": {-9}, "SIGTERM": {130}, "MEMORY": KNOWN, "EPIPE": KNOWN}
    assert outcome.code in {0, *some.get(kind, KNOWN - {1})}, f"{place} {outcome.said[-200:]}"
    if outcome.code not in (0, -9) and kind != "EPIPE":
        assert "Fout: " in outcome.said, place


def test_without_a_fault(institute: Institute) -> None:
    assert set(institute.whole) == set(OUTPUTS)
    assert len(institute.calls) > 60
    assert {"open", "write", "read", "fsync", "replace", "unlink", "mkdir", "rmdir", "child"} <= set(institute.calls)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_some_calls(institute: Institute, kind: str) -> None:
    """A sample of the calls, another for each kind; all of them in the slow test."""
    calls = len(institute.calls)
    first = calls // 4 + KINDS.index(kind) * calls // (2 * len(KINDS))
    for at in range(first, calls + 1, calls // 2):
        attempt(institute, kind, at)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_every_call(institute: Institute, kind: str) -> None:
    failed = sum(attempt(institute, kind, at).code != 0 for at in range(1, len(institute.calls) + 1))
    assert failed > len(institute.calls) / 2


@pytest.mark.parametrize("size", [0, 3000])
def test_a_disk_that_is_full_after_some_bytes(institute: Institute, size: int) -> None:
    """Whoever writes, Polars and the child too: no file can get larger than so many bytes."""
    assert attempt(institute, "FULL", size).code != 0


@pytest.mark.slow
@pytest.mark.parametrize("size", range(0, 16_000, 250))
def test_a_disk_that_is_full_after_any_number_of_bytes(institute: Institute, size: int) -> None:
    attempt(institute, "FULL", size)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_child_that_dies_hangs_or_has_no_memory(institute: Institute, kind: str) -> None:
    assert attempt(institute, kind, 0).code == errors.ContentWrong.exit_code


def test_a_temporary_folder_that_cannot_be_removed_is_told_and_nothing_is_written(institute: Institute) -> None:
    institute.fresh()
    calls = len(institute.calls)
    first = max(number for number, name in enumerate(institute.calls, 1) if name == "rmdir")
    opened = max(number for number, name in enumerate(institute.calls[:first], 1) if name == "scandir")
    assert opened < calls
    outcome = institute.link("LOST", opened)
    assert outcome.code == errors.OutputError.exit_code
    assert "tijdelijke map" in outcome.said
    assert "households.parquet" not in institute.outputs()
    assert institute.link().code == 0
    assert institute.outputs() == institute.whole


def test_the_folder_of_a_run_that_was_killed_goes_and_that_of_another_run_stays(institute: Institute) -> None:
    """Killed while plain bodies lie there: they hold no identifier, and the next run removes them."""
    institute.fresh()
    at = [number for number, name in enumerate(institute.calls, 1) if name == "child"][1]
    assert institute.link("SIGKILL", at).code == -9
    (left,) = (institute.folder / "research").glob(".linkage-*")
    bodies = {str(path): path.read_bytes() for path in left.iterdir()}
    assert any(raw[:4] == b"PAR1" for raw in bodies.values())
    plain = {f"{name}/values": canaries.unpacked(raw) for name, raw in bodies.items() if raw[:4] == b"PAR1"}
    assert_clean(bodies | plain, set(institute.secret))
    other = institute.folder / "research" / ".linkage-not-ours-by-name"
    other.mkdir()
    assert institute.link().code == 0
    assert not left.exists()
    assert other.exists()
