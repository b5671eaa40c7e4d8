"""The lock file and the bill of materials agree with each other and with pyproject.toml (deploy/make.py)."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "deploy" / "requirements.lock").read_text("utf-8")
SBOM: dict[str, Any] = json.loads((ROOT / "deploy" / "sbom.cdx.json").read_text("utf-8"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Its wheel says nothing about a licence; that is what the bill of materials has to say too.
WITHOUT_LICENCE = {"polars-hash"}


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("deploy_make", ROOT / "deploy" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def locked() -> dict[str, tuple[str, set[str]]]:
    """Name to version and hashes; every line of the lock must be one or the other."""
    found: dict[str, tuple[str, set[str]]] = {}
    for line in LOCK.splitlines():
        if line.startswith("#"):
            continue
        if pin := re.fullmatch(r"([a-z0-9-]+)==([0-9.]+) \\", line):
            last = found[pin[1]] = (pin[2], set[str]())
        else:
            digest = re.fullmatch(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?", line)
            assert digest, "a line of another kind"
            last[1].add(digest[1])
    return found


def asked(make: ModuleType) -> list[Requirement]:
    return [Requirement(line) for line in make.asked(PROJECT)]


def test_every_line_of_the_lock_has_a_version_and_hashes() -> None:
    assert len(locked()) >= len(PROJECT["dependencies"])
    assert all(hashes for _, hashes in locked().values())


def test_every_dependency_is_locked_at_a_version_that_satisfies_it(make: ModuleType) -> None:
    assert set(PROJECT["dependencies"]) <= {str(line) for line in make.asked(PROJECT)}
    for one in asked(make):
        assert one.specifier.contains(locked()[canonicalize_name(one.name)][0]), f"run deploy/make.py: {one.name}"


def test_no_place_to_download_from_is_named() -> None:
    for text in (LOCK, json.dumps(SBOM["components"])):
        assert "://" not in text
    assert "index" not in LOCK


def test_the_bill_of_materials_has_exactly_what_is_locked() -> None:
    found = {one["name"]: (one["version"], hashes_of(one)) for one in SBOM["components"]}
    assert found == locked()
    assert len(found) == len(SBOM["components"])


def hashes_of(component: dict[str, Any]) -> set[str]:
    return {digest["content"] for file in component["externalReferences"] for digest in file["hashes"]}


def test_the_bill_of_materials_is_of_this_version_and_of_no_moment() -> None:
    about = SBOM["metadata"]["component"]
    assert (about["name"], about["version"]) == (PROJECT["name"], PROJECT["version"])
    assert about["licenses"] == [{"expression": PROJECT["license"]}]
    assert set(SBOM) == {"bomFormat", "specVersion", "version", "metadata", "components", "dependencies"}
    assert set(SBOM["metadata"]) == {"component"}


def test_every_component_is_needed_by_the_project_and_none_is_missing(make: ModuleType) -> None:
    edges = {one["ref"]: set(one["dependsOn"]) for one in SBOM["dependencies"]}
    own = SBOM["metadata"]["component"]["bom-ref"]
    assert len(edges[own]) == len({canonicalize_name(one.name) for one in asked(make)})
    reached, new = {own}, {own}
    while new:
        new = set().union(*(edges[ref] for ref in new)) - reached
        reached |= new
    assert reached == {own} | {one["bom-ref"] for one in SBOM["components"]}


def test_every_component_has_a_licence() -> None:
    assert {one["name"] for one in SBOM["components"] if not one["licenses"]} == WITHOUT_LICENCE


# --- the generator ---------------------------------------------------------------------------------------


def wheel(folder: Path, name: str, *lines: str, tag: str = "py3-none-any") -> Path:
    path = folder / f"{name}-1.0-{tag}.whl"
    with ZipFile(path, "w") as file:
        headers = ("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines)
        file.writestr(f"{name}-1.0.dist-info/METADATA", "\n".join(headers) + "\n\ntext: not a header\n")
    return path


NO_EXTRAS: dict[str, list[str]] = {"database": [], "desk": [], "excel": [], "spss": []}
ABOUT = {
    "name": "own",
    "version": "2",
    "license": "Apache-2.0",
    "dependencies": ["first_one>=1"],
    "optional-dependencies": NO_EXTRAS,
}


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    wheel(tmp_path, "second", "License: MIT")
    wheel(tmp_path, "first_one", "License-Expression: 0BSD", 'Requires-Dist: second; extra == "more"')
    wheel(tmp_path, "third", "License: a\n  whole text", "Classifier: License :: OSI Approved :: BSD License")
    return tmp_path


def test_the_lock_has_the_hash_of_every_file(make: ModuleType, wheels: Path) -> None:
    other = wheel(wheels, "second", "License: MIT", "Summary: another file", tag="cp311-cp311-manylinux_2_28_x86_64")
    text = make.lock(make.packages(wheels))
    assert re.findall(r"^(\S+)==", text, re.MULTILINE) == ["first-one", "second", "third"]
    assert text.count("--hash") == 4
    assert hashlib.sha256(other.read_bytes()).hexdigest() in text


def test_the_same_wheels_give_the_same_bill(make: ModuleType, wheels: Path) -> None:
    made = [json.dumps(make.sbom(ABOUT, make.packages(wheels))) for _ in range(2)]
    assert made[0] == made[1]


def test_licences_are_those_of_the_wheels(make: ModuleType, wheels: Path) -> None:
    found = [one["licenses"] for one in make.sbom(ABOUT, make.packages(wheels))["components"]]
    assert found == [[{"expression": "0BSD"}], [{"license": {"name": "MIT"}}], [{"license": {"name": "BSD License"}}]]


def test_an_extra_of_a_package_is_not_needed(make: ModuleType, wheels: Path) -> None:
    edges = {one["ref"]: one["dependsOn"] for one in make.sbom(ABOUT, make.packages(wheels))["dependencies"]}
    assert edges["pkg:pypi/own@2"] == ["pkg:pypi/first-one@1.0"]
    assert edges["pkg:pypi/first-one@1.0"] == []


def test_a_package_that_is_asked_and_was_not_downloaded_is_an_error(make: ModuleType, wheels: Path) -> None:
    wheel(wheels, "fourth", "License: MIT", "Requires-Dist: absent")
    with pytest.raises(KeyError, match="absent"):
        make.sbom(ABOUT, make.packages(wheels))


def test_a_folder_with_something_in_it_is_not_used(make: ModuleType, wheels: Path) -> None:
    with pytest.raises(SystemExit, match="not empty"):
        make.main(wheels)
