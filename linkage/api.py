"""The verbs of the command line as functions, for notebooks and other programs. Frames are Polars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from linkage.engine.cluster import Cluster
    from linkage.holder.encode import Sealed
    from linkage.linker.run import Result
    from linkage.transfer.manifest import Manifest

Ask = Callable[[str], str | None]


def _nothing(_name: str) -> None:
    """No passphrase."""


def encode(
    study: Path,
    *,
    delivery: str,
    holder: str,
    export: Path,
    root: Path,
    identity: Path,
    output: Path,
    sequence: int = 1,
    passphrase: Ask = _nothing,
) -> Sealed:
    """Encode an export into a sealed package; the same as `linkage encode`. `passphrase` gets the key file's name.

    Raises AgreementError, SecretError, InputError, OutputError; leaves no half package.
    """
    from linkage.holder import encode as room
    from linkage.keys import load_holder, load_root
    from linkage.study import load_study

    loaded = load_study(study)
    request = room.Request(
        job=room.job_of(loaded, holder, delivery),
        root=load_root(root, loaded.study.id, passphrase),
        identity=load_holder(identity, passphrase),
        export=export,
        today=dt.date.today(),
        sequence=sequence,
    )
    return room.encode(request, output, lambda *_: None, lambda *_: None)


def link(
    study: Path,
    *,
    identity: Path,
    inbox: Path,
    output: Path,
    passphrase: Ask = _nothing,
    cluster: Cluster | None = None,
) -> Result:
    """Open the packages of an inbox and link them; the same as `linkage link`. With a cluster, on Spark.

    Raises AgreementError, SecretError, PackageError, LinkError, ExtraMissing, OutputError; writes nothing then.
    """
    from linkage.keys import load_linker
    from linkage.linker import run as room
    from linkage.study import load_study

    loaded = load_study(study)
    known = load_linker(identity, passphrase)
    return room.run(room.Request(loaded, known, inbox, output, dt.date.today(), cluster=cluster))


def inspect(package: Path) -> Manifest:
    """What a package says of itself; nothing of it is verified. Raises PackageDamaged, FormatUnknown."""
    from linkage.transfer.package import read_header

    with package.open("rb") as file:
        return read_header(file).manifest


def read_households(path: Path) -> pl.DataFrame:
    """The household research file: one row per household, null where unknown (docs/spec/household-file-v1.md)."""
    import polars as pl

    return pl.read_parquet(path)
