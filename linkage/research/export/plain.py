"""CSV and Parquet (docs/spec/export-v1.md, sections 5 and 6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from linkage.errors import OutputError


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """`;`, UTF-8 with a byte order mark, 0 and 1 for no and yes, empty for unknown. Raises OutputError."""
    try:
        frame.write_csv(path, separator=";", include_bom=True, line_terminator="\n", null_value="")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise _failed(path) from None


def write_parquet(frame: pl.DataFrame, about: Mapping[str, Any], path: Path) -> None:
    """As the linker writes the household file: its metadata, no statistics. Raises OutputError."""
    metadata = {"household-linkage": json.dumps(about, sort_keys=True, ensure_ascii=False)}
    try:
        frame.write_parquet(path, compression="zstd", statistics=False, row_group_size=131_072, metadata=metadata)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise _failed(path) from None


def _failed(path: Path) -> OutputError:
    return OutputError(f"{path.name} kan niet worden geschreven; maak ruimte op de schijf of controleer de rechten")
