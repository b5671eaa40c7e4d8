"""`tests/vectors/packages/`: the linker's own way accepts or refuses every package as its header says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from vectors.packages import generate, reader
from vectors.packages.case import Case

from linkage import errors
from linkage.engine.polars import PolarsEngine
from linkage.linker import ledger
from linkage.linker import run as linker_room
from linkage.linker.accept import accept
from linkage.transfer.package import open_body, read_header

NAMES = reader.names()
REFUSALS = {kind.__name__: kind for kind in errors.PackageError.__subclasses__()}


def entries(vector: reader.Vector) -> tuple[ledger.Entry, ...]:
    """The ledger of a vector: one package accepted before, in the same place."""
    if "ledger" not in vector.said:
        return ()
    sequence, package = vector.said["ledger"].split()
    where = {"study": reader.facts()["study"]["id"], "wave": 1, "delivery": "hulp", "holder": "houder-a"}
    return (ledger.Entry("0" * 64, **where, sequence=int(sequence), package=package, rows=3, accepted="2016-02-01"),)


def opened(vector: reader.Vector, folder: Path, said: list[str]) -> Path:
    """The linker's way with one package: accept, decrypt, parse in a child, re-key."""
    path, work = folder / "inbox" / f"{vector.name}.package", folder / "work"
    path.parent.mkdir()
    work.mkdir()
    path.write_bytes(vector.package)
    request = linker_room.Request(
        reader.study(), reader.linker_identity(), path.parent, work, vector.today, say=said.append
    )
    package = accept(path, request.study, entries(vector), request.today)
    [made] = linker_room._opened(request, package, work, 0, PolarsEngine(work))
    return made


def inside(vector: reader.Vector, folder: Path) -> str:
    """SHA-256 of the plain body."""
    path = folder / "again.package"
    path.write_bytes(vector.package)
    with path.open("rb") as file:
        body = b"".join(open_body(file, read_header(file), reader.linker_identity().private_key()))
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_vector(name: str, tmp_path: Path) -> None:
    vector = reader.read(name)
    said: list[str] = []
    if vector.said["expect"] == "ok":
        assert opened(vector, tmp_path, said).exists()
    else:
        with pytest.raises(errors.LinkageError) as caught:
            opened(vector, tmp_path, said)
        assert type(caught.value) is REFUSALS[vector.said["expect"]]
        assert caught.value.exit_code == int(vector.said["exit"])
        assert list((tmp_path / "work").iterdir()) == []
        assert all(line.isprintable() for line in [*said, str(caught.value)])
    if "body" in vector.said:
        assert inside(vector, tmp_path) == vector.said["body"]


def test_enough_of_every_refusal() -> None:
    said = [reader.read(name).said["expect"] for name in NAMES]
    assert len(NAMES) >= 120
    assert set(said) == {"ok", *REFUSALS}


# --- the generator ----------------------------------------------------------------------------------


def test_the_committed_vectors_are_those_of_the_generator() -> None:
    assert sorted(case.name for case in generate.CASES) == NAMES
    assert (reader.HERE / "study.json").read_text(encoding="utf-8") == generate.study_text()


@pytest.mark.parametrize("case", generate.CASES, ids=lambda case: case.name)
def test_the_generator_makes_the_same_bytes_again(case: Case) -> None:
    assert generate.made(case) == generate.path_of(case).read_bytes()


def test_a_reader_of_the_readme_finds_every_word_of_a_header() -> None:
    readme = (reader.HERE / "README.md").read_text(encoding="utf-8")
    words = {word for name in NAMES for word in reader.read(name).said}
    assert all(f"`{word}`" in readme for word in words)
