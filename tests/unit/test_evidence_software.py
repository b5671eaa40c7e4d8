"""`software.json`: what is installed, and digests that two parties can compare."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from linkage.evidence import software as room
from linkage.evidence.software import own_digest, own_files, software


def test_every_dependency_is_there_with_its_version() -> None:
    found = {one.name: one for one in software().installed}
    assert {"polars", "cryptography", "pydantic", "pydantic-core", "click", "jinja2", "markupsafe"} <= set(found)
    assert "household-linkage" not in found
    assert not {"pytest", "ruff", "mypy"} & set(found)
    assert all(one.version == metadata.version(one.name) for one in found.values())
    assert list(found) == sorted(found)
    assert found["cryptography"].record is not None


def test_own_files_are_those_of_the_program() -> None:
    files = own_files()
    assert {"linkage/cli.py", "linkage/almelo/patterns.csv", "protocols/nji_2016/requirements.csv"} <= set(files)
    assert not [name for name in files if name.endswith(".pyc") or "__pycache__" in name]
    assert software().own_files == len(files)
    lines = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in files.items())
    assert software().own_digest == hashlib.sha256(lines.encode()).hexdigest()


def test_a_changed_added_or_renamed_file_shows(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    files = {"linkage/a.py": tmp_path / "a.py"}
    first = own_digest(files)
    assert own_digest({"linkage/b.py": tmp_path / "a.py"}) != first
    assert own_digest({**files, "linkage/b.py": tmp_path / "a.py"}) != first
    (tmp_path / "a.py").write_text("2")
    assert own_digest(files) != first


RECORD = """polars/__init__.py,sha256=abc,10
polars/a.py,sha256=def,20
polars/__pycache__/a.cpython-311.pyc,,
polars-2.dist-info/INSTALLER,sha256=pip,4
../../../bin/polars,sha256=ghi,200
polars-2.dist-info/RECORD,,
"""


def test_a_record_digest_is_of_the_wheels_content() -> None:
    """Installer, scripts and compiled files differ per machine; the content does not."""
    digest = room._record(RECORD)
    elsewhere = RECORD.replace("=pip", "=uv").replace("=ghi", "=xyz").replace("311", "312").splitlines()
    assert room._record("\n".join(reversed(elsewhere))) == digest
    assert room._record(RECORD.replace("=def", "=dee")) != digest
    assert room._record(None) is None
    assert room._record("") is None
