"""The study of the vectors: its facts, its holders, its bodies, and a package that a vector changes in one place."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vectors.packages.maker import FORMAT, Linker, Parts, Signer, canonical, chunks, pae, seal_key, seed

HERE = Path(__file__).parent
TODAY = "2016-03-01"
STUDY = "0f1e2d3c-4b5a-4978-8c6d-102132435465"
LINKER, STRANGER = Linker("institute"), Linker("stranger")
HOLDERS = {"houder-a": "hulp", "houder-b": "hulp", "gemeente": "meldingen"}
SCHEME = "hmac-sha256-128/1"
VERSIONS = {"bsn": "bsn/1", "address": "address/1", "address-number": "address/1"}
CANARIES = {"bsn": "000000012", "address": "1234AB|1|", "address-number": "1234AB|1|"}
COLUMNS = [
    {"categories": [], "maximum": 1, "minimum": 0, "name": "address_suffix", "type": "boolean"},
    {"categories": [], "maximum": 1, "minimum": 0, "name": "hulp", "type": "boolean"},
    {"categories": [], "maximum": 12, "minimum": 0, "name": "maanden", "type": "integer"},
    {"categories": ["Noord", "Zuid"], "maximum": 1, "minimum": 0, "name": "wijk", "type": "category"},
]


def _field_key(label: str, scheme: str, name: str, version: str) -> bytes:
    """pseudonym-v1, section 3, under the root of this study."""
    info = pae(*(text.encode() for text in (label, scheme, STUDY, name, version)))
    return hmac.digest(seed("root"), info + b"\x01", "sha256").hex().encode()


def pseudonym(name: str, value: str) -> bytes:
    """16 bytes."""
    key = _field_key("household-linkage/v1", SCHEME, name, VERSIONS[name])
    return hmac.digest(key, value.encode(), "sha256")[:16]


def _line(prefix: str, raw: bytes) -> str:
    return prefix + base64.b64encode(raw).decode("ascii")


def facts() -> dict[str, Any]:
    """`study.json`: all that decides whether a package of this study is accepted, and the keys that open it."""
    about = {
        "areas": ["Noord", "Zuid"],
        "id": STUDY,
        "legal_basis": "AVG art. 6 lid 1 onder e",
        "municipality": "Proefstad",
        "municipality_code": "GM9999",
        "protocol": "nji_2016",
        "protocol_digest": "sha256:" + seed("protocol").hex(),
        "purpose": "Proefpakketten",
        "reference_date": "2014-12-31",
        "retention_until": "2030-12-31",
        "title": "Proefpakketten",
        "wave": 1,
        "without": [],
    }
    linker = {"id": "institute", "organisation": "Instituut", "public_key": _line("xwing:", LINKER.public)}
    return {
        "agreement": "sha256:" + seed("agreement").hex(),
        "canaries": {name: pseudonym(name, value).hex() for name, value in CANARIES.items()},
        "columns": COLUMNS,
        "holders": [
            {"delivery": delivery, "id": name, "public_key": _line("holder1:", Signer(name).digest)}
            for name, delivery in HOLDERS.items()
        ],
        "linker": linker,
        "normalisation": VERSIONS,
        "package_days": 90,
        "pseudonyms": list(VERSIONS),
        "root_key_id": _field_key("household-linkage/v1", "root-key-id", "", "1").decode()[:32],
        "scheme": SCHEME,
        "study": about,
        "test_keys": {
            "linker_seed": LINKER.seed.hex(),
            "stranger_seed": STRANGER.seed.hex(),
            "root": seed("root").hex(),
            "holder_seeds": {name: Signer(name).seed.hex() for name in HOLDERS},
        },
    }


@dataclass(frozen=True)
class Scene:
    """A package of `houder-a`, before a vector changes something; `kept` are signatures to be used again."""

    kept: tuple[bytes, ...] = ()
    facts: dict[str, Any] = field(default_factory=facts)
    file_key: bytes = field(default_factory=lambda: seed("file key"))

    def signer(self, name: str = "houder-a") -> Signer:
        """A holder's keys."""
        return Signer(name, self.kept)

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the package that is accepted."""
        known, about = self.facts, self.facts["study"]
        return {
            "format": FORMAT,
            "study": STUDY,
            "protocol_digest": about["protocol_digest"],
            "agreement": known["agreement"],
            "reference_date": about["reference_date"],
            "delivery": "hulp",
            "holder": "houder-a",
            "wave": 1,
            "sequence": 3,
            "scheme": SCHEME,
            "normalisation": VERSIONS,
            "root_key_id": known["root_key_id"],
            "canaries": known["canaries"],
            "linker": LINKER.fingerprint,
            "created": TODAY,
            "expires": "2016-05-30",
            "pseudonyms": list(VERSIONS),
            "columns": COLUMNS,
            "rows": 3,
            "source": {"rows": 5, "not_selected": 1, "rejected": {"bsn-missing": 1}},
            "encoder": "vectors 1.0",
        }

    @property
    def encoded(self) -> bytes:
        """The manifest as it is written."""
        return canonical(self.manifest)

    def body(self, name: str = "good") -> bytes:
        """A body that `bodies.py` made."""
        return (HERE / "bodies" / f"{name}.parquet").read_bytes()

    def said(self, **change: Any) -> bytes:
        """The package with other words in its manifest, properly signed."""
        before = self.manifest
        assert all(name in before and before[name] != value for name, value in change.items())
        return self.sealed(canonical(before | change)).encoded()

    def sealed(
        self,
        manifest: bytes | None = None,
        body: bytes | list[bytes] | None = None,
        *,
        linker: Linker = LINKER,
        signer: str = "houder-a",
        info: bytes | None = None,
    ) -> Parts:
        """A signed package; `body` is plain, or the chunks themselves."""
        encoded = self.encoded if manifest is None else manifest
        bound = hashlib.sha256(encoded).digest() if info is None else info
        plain = self.body() if body is None else body
        pieces = plain if isinstance(plain, list) else chunks(self.file_key, plain)
        key = seal_key(self.file_key, linker, bound)
        return Parts(encoded, key, b"", b"".join(pieces)).signed(self.signer(signer))


def replaced(encoded: bytes, old: bytes, new: bytes) -> bytes:
    """The manifest with one piece of its text changed; the piece must stand there once."""
    assert encoded.count(old) == 1, old
    return encoded.replace(old, new)
