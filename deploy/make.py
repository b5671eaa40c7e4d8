"""Make `requirements.lock` and `sbom.cdx.json` of this folder from pyproject.toml. Usage: python make.py WHEELS

Needs a network, Python 3.11 and `packaging`. WHEELS is an empty folder, which gets the wheels for Linux on x86-64 and
each Python of PYTHONS. The lock has their SHA-256 and no other file's, so pip takes nothing that was not here; where
a wheel comes from is not in it. The same wheels give the same two files: there is no time or random number in them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

HERE = Path(__file__).resolve().parent
EXTRAS: tuple[str, ...] = ("database", "desk", "excel", "spss")
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
LOCKED = {"python_version": "3.11", "python_full_version": "3.11.0", "sys_platform": "linux", "extra": ""}
ONLY_WHEELS = ("--only-binary", ":all:")
LOCK_HEAD = """\
# All packages that household-linkage needs to run, on Linux x86-64 with Python 3.11, 3.12 or 3.13.
# Made by deploy/make.py. To install: docs/how-to/holder.md. Only wheels; every file by its SHA-256.
"""


@dataclass(frozen=True)
class Package:
    """One locked package: canonical name, version, metadata of a wheel, and the SHA-256 of each file."""

    name: str
    version: str
    metadata: Message
    files: dict[str, str]

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pip(*arguments: str) -> str:
    """The output of pip; subprocess.CalledProcessError where it fails."""
    return subprocess.run(
        [sys.executable, "-m", "pip", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def asked(found: dict[str, Any]) -> list[str]:
    """What the project asks for, with EXTRAS."""
    optional = [line for extra in EXTRAS for line in found["optional-dependencies"][extra]]
    return sorted([*found["dependencies"], *optional])


def resolve(wanted: list[str]) -> list[str]:
    """Every package that is needed, `name==version`."""
    arguments = ("--dry-run", "--ignore-installed", "--quiet", *ONLY_WHEELS, "--report", "-")
    found = [entry["metadata"] for entry in json.loads(pip("install", *arguments, *wanted))["install"]]
    return sorted(f"{canonicalize_name(entry['name'])}=={entry['version']}" for entry in found)


def download(pins: list[str], python: str, folder: Path) -> None:
    """The wheels for one Python, into the folder."""
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    target = ("--implementation", "cp", "--python-version", python, *platforms)
    pip("download", "--quiet", "--no-deps", *ONLY_WHEELS, *target, "--dest", str(folder), *pins)


def packages(folder: Path) -> list[Package]:
    """The packages of a folder of wheels, by name."""
    found: dict[tuple[str, str], Package] = {}
    for path in sorted(folder.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(path.name)
        package = found.setdefault((name, str(version)), Package(name, str(version), metadata(path), {}))
        package.files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return [found[key] for key in sorted(found)]


def metadata(path: Path) -> Message:
    """The METADATA of a wheel."""
    with ZipFile(path) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1)
        return HeaderParser().parsestr(wheel.read(name).decode("utf-8"))


def lock(found: list[Package]) -> str:
    """The text of requirements.lock."""
    blocks = []
    for package in found:
        hashes = sorted(f"    --hash=sha256:{digest}" for digest in package.files.values())
        blocks.append(" \\\n".join([f"{package.name}=={package.version}", *hashes]))
    return LOCK_HEAD + "\n".join(blocks) + "\n"


def licences(headers: Message) -> list[dict[str, Any]]:
    """CycloneDX's `licenses`: the SPDX expression, else the short name that the package gives, else its classifiers."""
    expression, name = headers["License-Expression"], headers["License"]
    if expression:
        return [{"expression": expression}]
    if name and "\n" not in name and len(name) < 100:
        return [{"license": {"name": name}}]
    kinds = [
        value.rpartition(" :: ")[2] for value in headers.get_all("Classifier", []) if value.startswith("License ::")
    ]
    return [{"license": {"name": kind}} for kind in kinds]


def component(package: Package) -> dict[str, Any]:
    """A package in the SBOM; each of its files is a distribution with a hash."""
    distributions = [
        {
            "type": "distribution",
            "url": f"{package.purl}?file_name={name}",
            "hashes": [{"alg": "SHA-256", "content": digest}],
        }
        for name, digest in sorted(package.files.items())
    ]
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "description": package.metadata["Summary"],
        "licenses": licences(package.metadata),
        "purl": package.purl,
        "externalReferences": distributions,
    }


def needs(lines: list[str], known: dict[str, str]) -> list[str]:
    """The purls of what these requirements ask on the locked platform, without extras."""
    wanted = [Requirement(line) for line in lines]
    named = [canonicalize_name(one.name) for one in wanted if one.marker is None or one.marker.evaluate(LOCKED)]
    return sorted({known[name] for name in named})


def sbom(about: dict[str, Any], found: list[Package]) -> dict[str, Any]:
    """The bill of materials, CycloneDX 1.6."""
    known = {package.name: package.purl for package in found}
    own = f"pkg:pypi/{about['name']}@{about['version']}"
    edges = {own: needs(asked(about), known)}
    edges |= {package.purl: needs(package.metadata.get_all("Requires-Dist", []), known) for package in found}
    itself = {
        "type": "application",
        "bom-ref": own,
        "name": about["name"],
        "version": about["version"],
        "licenses": [{"expression": about["license"]}],
        "purl": own,
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": itself},
        "components": [component(package) for package in found],
        "dependencies": [{"ref": ref, "dependsOn": targets} for ref, targets in sorted(edges.items())],
    }


def main(folder: Path) -> None:
    """Resolve, download, and write both files."""
    about = project()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit("the folder of wheels is not empty; give an empty one")
    pins = resolve(asked(about))
    for python in PYTHONS:
        download(pins, python, folder)
    found = packages(folder)
    (HERE / "requirements.lock").write_text(lock(found), "utf-8", newline="\n")
    text = json.dumps(sbom(about, found), indent=1, ensure_ascii=False)
    (HERE / "sbom.cdx.json").write_text(text + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
