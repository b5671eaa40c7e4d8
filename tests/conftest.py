"""Fixtures for all tests."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import simulator
from hypothesis import HealthCheck, settings

# A loaded machine is slow, not wrong: no test may fail on time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


@pytest.fixture
def cast(tmp_path: Path) -> simulator.Cast:
    """A small study in which every required holder can deliver."""
    return simulator.minimal(tmp_path / "cast")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, str]:
    """One run of `linkage demo` for all workers: its folder, which no test may change, and what it printed."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "demo"
    shared.mkdir(exist_ok=True)
    said = shared / "said.txt"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            folder = shared / "linkage-demo"
            shutil.rmtree(folder, ignore_errors=True)
            command = [Path(sys.executable).with_name("linkage"), "demo", folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert done.stderr == ""
            said.write_text(done.stdout, encoding="utf-8")
    return shared / "linkage-demo", said.read_text(encoding="utf-8")
