"""Fixtures for all tests."""

from __future__ import annotations

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
