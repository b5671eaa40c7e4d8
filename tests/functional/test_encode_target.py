"""What an encoding may write over, and until when it may be made."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from simulator import Cast

from linkage import errors
from linkage.holder.encode import encode


@pytest.mark.parametrize("victim", ["export", "root", "identity", "study", "notes"])
def test_nothing_but_an_earlier_package_is_written_over(cast: Cast, victim: str) -> None:
    """A mistake in --output must not destroy the export or a key."""
    request = cast.request("politie")
    paths = {name: cast.folder / name for name in ("root", "identity", "study", "notes")} | {"export": request.export}
    for name, path in paths.items():
        if name != "export":
            path.write_bytes(b"mine")
    before = {name: path.read_bytes() for name, path in paths.items()}
    request = replace(request, keep=(paths["root"], paths["identity"], paths["study"]))
    with pytest.raises(errors.OutputError):
        encode(request, paths[victim], lambda *_: None, lambda *_: None)
    assert {name: path.read_bytes() for name, path in paths.items()} == before


def test_an_earlier_package_is_replaced(cast: Cast) -> None:
    first = cast.encode("politie").read_bytes()
    assert cast.encode("politie").read_bytes() != first


def test_after_the_retention_date_nothing_is_delivered(cast: Cast) -> None:
    request = replace(cast.request("politie"), today=dt.date(2031, 1, 1))
    with pytest.raises(errors.PackageExpired):
        encode(request, cast.folder / "late.package", lambda *_: None, lambda *_: None)
    assert not (cast.folder / "late.package").exists()
