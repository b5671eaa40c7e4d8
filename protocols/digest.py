"""The canonical form of an agreement and its SHA-256: bound into every package, household file and report."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel


def canonical(agreement: BaseModel) -> bytes:
    """Canonical JSON: sorted keys, no white space, UTF-8, decimals in plain notation, dates and UUIDs as text."""
    return json.dumps(
        agreement.model_dump(mode="python"),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_text,
    ).encode("utf-8")


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date | UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def digest(agreement: BaseModel) -> str:
    """SHA-256 of the canonical form, as `sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(canonical(agreement)).hexdigest()
