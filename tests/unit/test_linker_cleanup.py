"""The linker's folder goes, also where memory is short for a moment; where it stays short, that is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from linkage.linker import run as room


@pytest.mark.parametrize(("times", "gone"), [(0, True), (1, True), (2, True), (3, False)])
def test_too_little_memory_while_cleaning_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, gone: bool
) -> None:
    folder, left, real = tmp_path / ".linkage-x", [times], shutil.rmtree
    folder.mkdir()

    def short(path: Path, **how: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise MemoryError
        real(path, **how)

    monkeypatch.setattr(shutil, "rmtree", short)
    assert room._removed(folder) is gone
    assert folder.exists() is not gone
