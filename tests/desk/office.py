"""A clerk's own folder, with the files of one holder of the demo; and what is in a package, for comparing."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
import simulator
from click.testing import CliRunner
from desk.browser import Clerk

from linkage import keys
from linkage.cli import main
from linkage.study import load_study
from linkage.transfer.manifest import Manifest
from linkage.transfer.package import open_body, read_header

PASSPHRASE = "een zin van vier woorden"
ROOT_PASSPHRASE = "een heel andere zin hier"
FOLDER = "Onderzoek 2014"
PICTURES = os.environ.get("LINKAGE_PICTURES")


def no_one(_name: str) -> None:
    """No passphrase."""


@dataclass(frozen=True)
class Office:
    """The home folder of a clerk, and the folder of the study in it."""

    home: Path
    holder: str
    delivery: str

    @property
    def folder(self) -> Path:
        """Study, keys and export."""
        return self.home / FOLDER

    @property
    def package(self) -> Path:
        """Where the desk puts the package."""
        return self.folder / f"{self.holder}-{self.delivery}.package"

    def lock(self, both: bool = True) -> None:
        """Give both keys a passphrase, each its own; or the identity alone."""
        study = load_study(self.folder / "study.toml")
        identity, root = self.folder / f"{self.holder}.identity", self.folder / "study.root"
        own, shared = keys.load_holder(identity, no_one), keys.load_root(root, study.study.id, no_one)
        keyed = ((identity, own, PASSPHRASE), (root, shared, ROOT_PASSPHRASE))
        for path, key, passphrase in keyed if both else keyed[:1]:
            path.unlink()
            keys.save(path, key, passphrase)

    def command(self, export: Path, target: Path, changes: dict[str, str] | None = None) -> Path:
        """The same by the command line, with a study in which the columns were mended by hand."""
        text = (self.folder / "study.toml").read_text("utf-8")
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        target.mkdir()
        study, package, word = target / "study.toml", target / "own.package", target / "word"
        study.write_text(text, "utf-8")
        options = ["--delivery", self.delivery, "--holder", self.holder, "--input", export, "--output", package]
        for name, passphrase in (("", PASSPHRASE), ("root-", ROOT_PASSPHRASE)):
            file = target / f"{name}word"
            file.write_text(passphrase, "utf-8")
            options += [f"--{name}passphrase-file", file]
        options += ["--root", self.folder / "study.root", "--identity", self.folder / f"{self.holder}.identity"]
        done = CliRunner().invoke(main, list(map(str, ["encode", "--study", study, *options])))
        assert done.exit_code == 0, done.output
        assert word.exists()
        return package


@cache
def small_home() -> Path:
    """The stadsbank of the small cast at its desk, which nobody may change: made once, since its keys take seconds."""
    base = Path(tempfile.mkdtemp(prefix="linkage-small-"))
    atexit.register(shutil.rmtree, base)
    cast, folder = simulator.minimal(base / "cast"), base / "home"
    folder.mkdir()
    shutil.copy(cast.folder / "study.toml", folder)
    shutil.copy(cast.export("stadsbank"), folder / "klanten.csv")
    keys.save(folder / "study.root", cast.root, None)
    keys.save(folder / "stadsbank.identity", cast.holder_keys["stadsbank"], None)
    return folder


def office_of(demo: Path, home: Path, holder: str, delivery: str) -> Office:
    """A fresh office with that holder's study, keys and export, and no package yet."""
    office = Office(home / "Documenten", holder, delivery)
    shutil.copytree(demo / "holders" / holder, office.folder)
    for path in office.folder.glob("*.package*"):
        path.unlink()
    return office


def content(package: Path, demo: Path) -> tuple[Manifest, pl.DataFrame, bytes]:
    """What a package holds: its manifest, its rows, and the bytes of its body."""
    identity = keys.load_linker(demo / "institute" / "institute.identity", no_one)
    with package.open("rb") as file:
        header = read_header(file)
        body = b"".join(open_body(file, header, identity.private_key()))
    return header.manifest, pl.read_parquet(io.BytesIO(body)), body


def same(one: Path, other: Path, demo: Path) -> bool:
    """Whether two packages hold the same: all of the manifest, and every byte of the body."""
    (manifest, rows, body), (manifest_too, rows_too, body_too) = (content(path, demo) for path in (one, other))
    assert manifest == manifest_too
    assert rows.equals(rows_too)
    assert body == body_too
    return True


def picture(clerk: Clerk, name: str) -> None:
    """A picture of the step for the how-to, where LINKAGE_PICTURES says that they are to be made again."""
    clerk.page.evaluate("document.fonts.ready")
    made = clerk.page.screenshot()
    assert made.startswith(b"\x89PNG")
    if PICTURES:
        (Path(PICTURES) / f"{name}.png").write_bytes(made)
