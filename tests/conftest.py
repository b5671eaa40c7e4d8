"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import simulator


@pytest.fixture
def cast(tmp_path: Path) -> simulator.Cast:
    """A small study in which every required holder can deliver."""
    return simulator.minimal(tmp_path / "cast")
