"""`linkage link --engine spark`: the same files to the byte, nothing told, nothing left, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import canaries
import on_spark
import pytest
from functional.test_demo import Demo
from functional.test_taint import assert_clean
from simulator import TODAY, Cast, minimal
from standalone import Standalone, free_port

from linkage import errors
from linkage.engine import session
from linkage.engine.cluster import Cluster
from linkage.linker import run as room

LINKAGE = Path(sys.executable).with_name("linkage")
FILES = ("codebook.csv", "flagged.parquet", "households.parquet", "linkage.json")
# The command on the day of the packages, which expire.
ON_THAT_DAY = f"""
import datetime, types
from linkage.cli import main
from linkage.commands import linker
day = datetime.date({TODAY.year}, {TODAY.month}, {TODAY.day})
linker.dt = types.SimpleNamespace(date=types.SimpleNamespace(today=lambda: day))
main()
"""


@dataclass(frozen=True)
class Place:
    """A folder of the linker whose names no tool may read as a pattern, with all that a run may touch."""

    folder: Path

    def environment(self) -> dict[str, str]:
        for name in ("tmp", "work"):
            (self.folder / name).mkdir(exist_ok=True)
        short = {"JAVA_TOOL_OPTIONS": on_spark.SHORT_LIVED, "SPARK_DRIVER_MEMORY": "1g"}
        return os.environ | short | {"TMPDIR": str(self.folder / "tmp")}

    def start(self, *more: str | Path) -> subprocess.Popen[str]:
        """The command, in a working folder of its own."""
        inputs = ("--study", self.folder / "study.toml", "--identity", self.folder / "institute.identity")
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                ON_THAT_DAY,
                "link",
                *inputs,
                "--inbox",
                self.folder / "inbox",
                "--output",
                self.folder / "uit",
                *more,
            ],
            env=self.environment(),
            cwd=self.folder / "work",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def left(self) -> dict[str, bytes]:
        """What stands in temporary and working folders, and hidden in the output."""
        paths = [p for name in ("tmp", "work") for p in (self.folder / name).rglob("*")]
        paths += [p for p in (self.folder / "uit").rglob("*") if "/." in str(p.relative_to(self.folder))]
        return {str(path): path.read_bytes() if path.is_file() else b"" for path in paths}


def place(folder: Path) -> Place:
    cast = canaries.town(folder / "map [1] {a,b} 100% é")
    cast.encode_all()
    return Place(cast.folder)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def java_processes(folder: Path) -> list[str]:
    """Processes that were started with our settings in that folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in path.read_bytes() and b"SPARK_CONF_DIR" in path.read_bytes():
                found.append(path.parent.name)
        except OSError:  # it ended, or is another's
            continue
    return found


def test_the_command_on_spark(tmp_path: Path) -> None:
    here = place(tmp_path)
    plain = here.start("--ledger", here.folder / "ledger.jsonl")
    assert plain.communicate()[1] == ""
    wanted = bytes_of(here.folder / "uit")
    for name in FILES:
        (here.folder / "uit" / name).unlink()
    done = here.start("--ledger", here.folder / "ledger.jsonl", "--engine", "spark", "--master", "local[2]")
    said, complaint = done.communicate()
    assert done.returncode == 0, complaint
    assert complaint == ""
    assert bytes_of(here.folder / "uit") == wanted
    assert here.left() == {}
    assert java_processes(here.folder) == []
    assert_clean({"said": said.encode()}, set(canaries.needles()))
    assert [line for line in said.splitlines() if "Spark" in line] == ["starten    Spark"]


# --- however it ends ------------------------------------------------------------------------------


def until(process: subprocess.Popen[str], said: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(said):
            return
    pytest.fail(f"it ended before: {process.stderr.read() if process.stderr else ''}")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["starten", "openen", "koppelen"])
def test_a_signal_to_end(moment: str, tmp_path: Path) -> None:
    here = place(tmp_path)
    process = here.start("--engine", "spark", "--master", "local[2]")
    until(process, moment)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in complaint
    assert here.left() == {}
    assert not (here.folder / "uit" / "households.parquet").exists()
    end = time.monotonic() + 30
    while java_processes(here.folder) and time.monotonic() < end:
        time.sleep(0.2)
    assert java_processes(here.folder) == []


@pytest.mark.slow
def test_a_spark_that_dies(tmp_path: Path) -> None:
    here = place(tmp_path)
    process = here.start("--engine", "spark", "--master", "local[2]")
    until(process, "koppelen")
    for number in java_processes(here.folder):
        os.kill(int(number), signal.SIGKILL)
    said, complaint = process.communicate(timeout=120)
    assert process.returncode == errors.EngineUnusable.exit_code, complaint
    assert complaint.startswith("Fout: het koppelen met Spark is afgebroken")
    assert complaint.count("\n") == 1
    assert_clean({"said": (said + complaint).encode()}, set(canaries.needles()))
    assert here.left() == {}
    assert not (here.folder / "uit" / "households.parquet").exists()


# --- the demo and a cluster -----------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_town(demo: Demo, tmp_path: Path) -> None:
    """72,480 people, eleven packages: the files of the demo, to the byte."""
    folder = demo[0] / "institute"
    arguments = (
        "--study",
        folder / "study.toml",
        "--identity",
        folder / "institute.identity",
        "--inbox",
        folder / "inbox",
    )
    done = subprocess.run(
        [LINKAGE, "link", *arguments, "--output", tmp_path / "uit", "--engine", "spark", "--master", "local[2]"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert bytes_of(tmp_path / "uit") == bytes_of(folder / "research")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with Standalone(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def small(tmp_path: Path) -> Cast:
    cast = minimal(tmp_path / "cast")
    cast.encode_all()
    (tmp_path / "gedeeld").mkdir(mode=0o700)
    return cast


@pytest.mark.slow
def test_a_cluster_of_two_workers(small: Cast, cluster: Standalone, tmp_path: Path) -> None:
    wanted = small.link()
    told: list[str] = []
    request = replace(
        small.link_request(),
        output=tmp_path / "uit",
        cluster=Cluster(cluster.master, tmp_path / "gedeeld", cluster.secret),
        say=told.append,
    )
    room.run(request)
    assert bytes_of(tmp_path / "uit") == bytes_of(wanted.households.parent)
    assert list((tmp_path / "gedeeld").iterdir()) == []
    executors = list(cluster.folder.glob("work-*/app-*/*/stderr"))
    assert len(executors) == 2
    assert all("household" not in path.read_text("utf-8").split("====", 1)[1] for path in executors)


@pytest.mark.slow
def test_a_cluster_with_another_secret(small: Cast, cluster: Standalone, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("f" * 64, "ascii")
    other.chmod(0o600)
    with pytest.raises(errors.MasterUnusable, match="geheim"):
        small.link(cluster=Cluster(cluster.master, tmp_path / "gedeeld", other))
    assert list((tmp_path / "gedeeld").iterdir()) == []
    assert not (small.folder / "research" / "households.parquet").exists()


@pytest.mark.slow
def test_a_cluster_that_is_not_there(small: Cast, cluster: Standalone, tmp_path: Path) -> None:
    nobody = Cluster(f"spark://127.0.0.1:{free_port()}", tmp_path / "gedeeld", cluster.secret)
    with pytest.raises(errors.MasterUnusable, match="niet te bereiken"):
        small.link(cluster=nobody)
    assert list((tmp_path / "gedeeld").iterdir()) == []


@pytest.mark.slow
def test_a_cluster_without_a_worker(small: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = session._has_workers
    monkeypatch.setattr(session, "_has_workers", lambda made, cluster: waits(made, cluster, seconds=3))
    with Standalone(tmp_path / "cluster", workers=0) as empty, pytest.raises(errors.MasterUnusable, match="geen vrije"):
        small.link(cluster=Cluster(empty.master, tmp_path / "gedeeld", empty.secret))
    assert list((tmp_path / "gedeeld").iterdir()) == []
