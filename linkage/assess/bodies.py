"""Packages as the linker opens them: the manifest and the rows, with the holders' pseudonyms."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import polars as pl
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from linkage.errors import DeliveryMissing, PackageDamaged
from linkage.files import cannot_write, replacing
from linkage.linker.accept import accept
from linkage.linker.checked import batches
from linkage.linker.parse import parse
from linkage.study import Study
from linkage.transfer.manifest import Manifest
from linkage.transfer.package import open_body, read_header


def packages(inbox: Path, study: Study, today: dt.date) -> list[tuple[Path, Manifest]]:
    """The packages of an inbox, each accepted as the linker would. Raises PackageError, DeliveryMissing."""
    try:
        paths = sorted(path for path in inbox.iterdir() if path.suffix == ".package" and path.is_file())
    except OSError:
        raise DeliveryMissing(f"de inbox {inbox.name} is niet te lezen; controleer het pad en de rechten") from None
    if not paths:
        raise DeliveryMissing(f"in {inbox.name} staat geen pakket (*.package); controleer het pad")
    return [(path, accept(path, study, (), today).manifest) for path in paths]


def opened(path: Path, key: MLKEM768X25519PrivateKey, beside: Path) -> pl.DataFrame:
    """The rows of a package under this key, parsed in a child process; what is decrypted is gone afterwards.

    Raises PackageError (RecipientWrong under another key), OutputError.
    """
    with tempfile.TemporaryDirectory(prefix=".linkage-", dir=beside) as folder:
        body, checked = Path(folder) / "body", Path(folder) / "checked"
        try:
            with path.open("rb") as file:
                header = read_header(file)
                with replacing(body) as plain:
                    for chunk in open_body(file, header, key):
                        plain.write(chunk)
        except FileNotFoundError:
            raise PackageDamaged(f"{path.name} is niet te openen; controleer het pad en de rechten") from None
        except OSError as error:
            raise cannot_write(body, error) from None
        parse(body, checked, header.manifest)
        return pl.concat(batches(checked, header.manifest))
