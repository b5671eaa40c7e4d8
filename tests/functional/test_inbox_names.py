"""The courier chooses the names of the files in the inbox: none may pose as a line of the linker."""

from __future__ import annotations

from dataclasses import replace

import pytest
import simulator

from linkage.errors import PackageError
from linkage.linker import run as room


def test_a_name_cannot_forge_a_line(cast: simulator.Cast) -> None:
    said: list[str] = []
    inbox = cast.folder / "inbox"
    inbox.mkdir(exist_ok=True)
    for name in ("x\naanvaard   politie.package", "\u202egakcap.package", "\x1b[2Jpolitie.package"):
        (inbox / name).write_bytes(b"no package")
    request = replace(cast.link_request(), say=said.append)
    with pytest.raises(PackageError) as refused:
        room.run(request)
    assert len(said) == 3
    for line in (*said, str(refused.value)):
        assert line.isprintable()
        assert not line.startswith("aanvaard")
