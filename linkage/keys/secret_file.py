"""Secret files: for their owner alone, with a passphrase sealed by Argon2id and ChaCha20-Poly1305 (keys-v1, 4 to 6).

ChaCha20-Poly1305 does not commit to its key: one file can be crafted that opens under two passphrases. The file
therefore holds a commitment to the stretched passphrase, compared before anything is opened.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from linkage.derive import KEY_BYTES
from linkage.errors import PassphraseNeeded, SecretDamaged, SecretExposed, WrongKey, WrongPassphrase
from linkage.files import write_text
from linkage.keys.contribution import CONTRIBUTION_BYTES, Contribution
from linkage.keys.identity import HOLDER_BYTES, HolderIdentity, LinkerIdentity, RootKey

FORMAT = "household-linkage/secret/v1"
Kind = Literal["holder-identity", "linker-identity", "root", "contribution"]
Key = HolderIdentity | LinkerIdentity | RootKey | Contribution
Ask = Callable[[str], str | None]
MIN_PASSPHRASE = 12
_SIZES: dict[str, int] = {
    "holder-identity": HOLDER_BYTES,
    "linker-identity": 2 * KEY_BYTES,
    "root": KEY_BYTES,
    "contribution": CONTRIBUTION_BYTES,
}
_OWN: dict[str, set[str]] = {
    "holder-identity": {"name", "public"},
    "linker-identity": {"name", "public", "rekey_id"},
    "root": {"study", "key_id"},
    "contribution": {"charter", "holder", "commitment"},
}
_ARGON = {"iterations": 3, "lanes": 4, "memory_kib": 262_144}
_SALT = 16
_ENCRYPT, _COMMIT = b"household-linkage/secret/v1 encryption", b"household-linkage/secret/v1 commitment"

Identity = TypeVar("Identity", HolderIdentity, LinkerIdentity)


def save(path: Path, key: Key, passphrase: str | None) -> None:
    """Write a secret file, 0600, never over an existing one. Raises OutputError; PassphraseNeeded for a short one."""
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE:
        raise PassphraseNeeded(f"een wachtwoord heeft ten minste {MIN_PASSPHRASE} tekens; neem liever een zin")
    header = _header(key)
    if passphrase is None:
        document = {**header, "protection": None, "secret": _b64(_secret(key))}
    else:
        document = _sealed(header, _secret(key), passphrase)
    write_text(path, json.dumps(document, indent=2, sort_keys=True) + "\n", exclusive=True)


def _sealed(header: dict[str, Any], secret: bytes, passphrase: str) -> dict[str, Any]:
    salt = secrets.token_bytes(_SALT)
    key, commitment = _stretch(passphrase, salt)
    protection = {"kdf": "argon2id", "salt": _b64(salt), "commitment": _b64(commitment), **_ARGON}
    header = {**header, "protection": protection}
    return {**header, "secret": _b64(ChaCha20Poly1305(key).encrypt(bytes(12), secret, _aad(header)))}


def _header(key: Key) -> dict[str, Any]:
    if isinstance(key, RootKey):
        return {"format": FORMAT, "kind": "root", "study": str(key.study), "key_id": key.key_id}
    if isinstance(key, Contribution):
        own = {"charter": key.charter, "holder": key.holder, "commitment": key.commitment}
        return {"format": FORMAT, "kind": "contribution", **own}
    named = {"format": FORMAT, "name": key.name, "public": key.public}
    if isinstance(key, LinkerIdentity):
        return {**named, "kind": "linker-identity", "rekey_id": key.rekey_id}
    return {**named, "kind": "holder-identity"}


def _secret(key: Key) -> bytes:
    if isinstance(key, LinkerIdentity):
        return key.seed + key.rekey
    return key.seed if isinstance(key, HolderIdentity) else key.secret


def load_contribution(path: Path, charter: str, holder: str, ask: Ask) -> Contribution:
    """A holder's own part of the root. Raises SecretError; WrongKey where it is of another charter or holder."""
    document, secret = _load(path, "contribution", ask)
    if (document["charter"], document["holder"]) != (charter, holder):
        raise WrongKey(f"{path.name} is een bijdrage voor een andere afspraak of houder; neem het goede bestand")
    made = Contribution(charter, holder, secret)
    if made.commitment != document["commitment"]:
        raise SecretDamaged(_damaged(path))
    return made


def load_holder(path: Path, ask: Ask) -> HolderIdentity:
    """A holder's identity from its file. Raises SecretError."""
    document, secret = _load(path, "holder-identity", ask)
    return _checked(HolderIdentity(document["name"], secret), document, path)


def load_linker(path: Path, ask: Ask) -> LinkerIdentity:
    """The linker's identity from its file. Raises SecretError."""
    document, secret = _load(path, "linker-identity", ask)
    linker = _checked(LinkerIdentity(document["name"], secret[:32], secret[32:]), document, path)
    if linker.rekey_id != document["rekey_id"]:
        raise SecretDamaged(_damaged(path))
    return linker


def load_root(path: Path, study: UUID, ask: Ask) -> RootKey:
    """The study's root from its file. Raises SecretError; WrongKey where it belongs to another study."""
    document, secret = _load(path, "root", ask)
    if document["study"] != str(study):
        raise WrongKey(f"{path.name} is de hoofdsleutel van een andere studie; neem die van deze studie")
    root = RootKey(study, secret)
    if root.key_id != document["key_id"]:
        raise SecretDamaged(_damaged(path))
    return root


def _checked(key: Identity, document: dict[str, Any], path: Path) -> Identity:
    if key.public != document["public"]:
        raise SecretDamaged(_damaged(path))
    return key


def _load(path: Path, kind: Kind, ask: Ask) -> tuple[dict[str, Any], bytes]:
    document = read_document(path, kind)
    try:
        stored = base64.b64decode(document["secret"], validate=True)
    except (ValueError, TypeError):
        raise SecretDamaged(_damaged(path)) from None
    secret = stored if document["protection"] is None else _unseal(path, document, stored, ask)
    if len(secret) != _SIZES[kind]:
        raise SecretDamaged(_damaged(path))
    return document, secret


def read_document(path: Path, kind: Kind | None = None) -> dict[str, Any]:
    """The fields of a secret file, of that kind or any, without opening it: `secret` is as it stands there.

    Raises SecretDamaged, SecretExposed; WrongKey for another kind.
    """
    try:
        document = json.loads(_read_private(path), object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        raise SecretDamaged(_damaged(path)) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SecretDamaged(_damaged(path))
    if kind is not None and document.get("kind") != kind:
        raise WrongKey(f"{path.name} is een ander soort sleutel; nodig is: {kind}")
    own = _OWN.get(str(document.get("kind")), {""})
    texts = {"format", "kind", "secret"} | own
    if set(document) != texts | {"protection"} or not all(isinstance(document[name], str) for name in texts):
        raise SecretDamaged(_damaged(path))
    return document


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("double key")
    return dict(pairs)


def _read_private(path: Path) -> bytes:
    """Read a secret file that its owner alone can read; checked on the open file, so it cannot be swapped."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise SecretExposed(f"anderen kunnen {path.name} lezen; voer uit: chmod 600 {path.name}")
            return file.read(65_536)
    except OSError:
        raise SecretDamaged(f"{path.name} is niet te lezen; controleer het pad en de rechten") from None


def _unseal(path: Path, document: dict[str, Any], stored: bytes, ask: Ask) -> bytes:
    salt, commitment = _protection(path, document["protection"])
    passphrase = ask(path.name)
    if passphrase is None:
        raise PassphraseNeeded(f"{path.name} heeft een wachtwoord; geef het bij de vraag of met --passphrase-file")
    key, expected = _stretch(passphrase, salt)
    if not hmac.compare_digest(expected, commitment):  # before opening: see the docstring of this module
        raise WrongPassphrase(f"het wachtwoord past niet op {path.name}; probeer het opnieuw")
    header = {name: value for name, value in document.items() if name != "secret"}
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), stored, _aad(header))
    except (InvalidTag, ValueError):  # the passphrase is right, so the file was altered
        raise SecretDamaged(_damaged(path)) from None


def _protection(path: Path, protection: Any) -> tuple[bytes, bytes]:
    """Salt and commitment. Raises SecretDamaged for any other parameter than those of the specification."""
    fixed = {"kdf": "argon2id", **_ARGON}
    try:
        salt, commitment = (base64.b64decode(protection[name], validate=True) for name in ("salt", "commitment"))
        known = set(protection) == {*fixed, "salt", "commitment"}
        same = all(type(protection[name]) is type(value) and protection[name] == value for name, value in fixed.items())
    except (ValueError, TypeError, KeyError):
        raise SecretDamaged(_damaged(path)) from None
    if not known or not same or len(salt) != _SALT or len(commitment) != KEY_BYTES:
        raise SecretDamaged(_damaged(path))
    return salt, commitment


def _stretch(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    """The encryption key and the commitment to it, from one slow derivation."""
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=_ARGON["iterations"],
        lanes=_ARGON["lanes"],
        memory_cost=_ARGON["memory_kib"],
    )
    stretched = kdf.derive(passphrase.encode("utf-8"))
    return _expand(stretched, _ENCRYPT), _expand(stretched, _COMMIT)


def _expand(stretched: bytes, label: bytes) -> bytes:
    return HKDFExpand(algorithm=hashes.SHA256(), length=KEY_BYTES, info=label).derive(stretched)


def _aad(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _damaged(path: Path) -> str:
    return f"{path.name} is geen heel sleutelbestand; zet de reservekopie terug"
