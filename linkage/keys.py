"""Identities, the root, and the files they are kept in (docs/spec/keys-v1.md).

The root is 32 random bytes that every holder has and the linker never gets. A secret file is readable by its
owner alone; with a passphrase it is sealed by Argon2id and ChaCha20-Poly1305. No secret has a repr.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from linkage.derive import HOLDER_LABEL, KEY_BYTES, LINKER_LABEL, field_key, pae
from linkage.errors import PassphraseNeeded, SecretDamaged, SecretExposed, StudyFault, WrongKey, WrongPassphrase
from linkage.files import write_text

FORMAT = "household-linkage/secret/v1"
Kind = Literal["holder-identity", "linker-identity", "root"]
Ask = Callable[[str], str | None]
_SIZES: dict[str, int] = {"holder-identity": 32, "linker-identity": 64, "root": 32}
_OWN: dict[str, set[str]] = {
    "holder-identity": {"name", "public"},
    "linker-identity": {"name", "public", "rekey_id"},
    "root": {"study", "key_id"},
}
_ARGON = {"iterations": 3, "lanes": 4, "memory_kib": 262_144}
_MLKEM_PUBLIC = 1184
MIN_PASSPHRASE = 12


@dataclass(frozen=True)
class HolderIdentity:
    """A holder's signing key (Ed25519)."""

    name: str
    seed: bytes = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 signature (RFC 8032)."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    @property
    def public(self) -> str:
        """The line for the study: `ed25519:` and base64."""
        return "ed25519:" + _b64(Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())


@dataclass(frozen=True)
class LinkerIdentity:
    """The linker's opening key (X-Wing: ML-KEM-768 with X25519) and the secret under which it re-keys pseudonyms."""

    name: str
    seed: bytes = field(repr=False)
    rekey: bytes = field(repr=False)

    def private_key(self) -> MLKEM768X25519PrivateKey:
        """The decryption key, expanded from the 32-byte seed as X-Wing does: SHAKE256(seed, 96)."""
        mlkem, x25519 = self._parts()
        return MLKEM768X25519PrivateKey(mlkem, x25519)

    def _parts(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self.seed).digest(96)
        return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])

    @property
    def public(self) -> str:
        """The line for the study: `xwing:` and base64 of the 1,216 bytes of the public key."""
        mlkem, x25519 = self._parts()
        return "xwing:" + _b64(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    @property
    def rekey_id(self) -> str:
        """32 hexadecimal digits that tell re-keying secrets apart: a damaged one would change every study number."""
        return hashlib.sha256(pae(b"household-linkage/rekey-id/v1", self.rekey)).hexdigest()[:32]

    def field_key(self, scheme: str, study: UUID, name: str) -> str:
        """The linker's own key for a field; no holder can compute what it makes."""
        return field_key(self.rekey, LINKER_LABEL, scheme, study, name, "1")


@dataclass(frozen=True)
class RootKey:
    """The study's root key, for holders only."""

    study: UUID
    secret: bytes = field(repr=False)

    def field_key(self, scheme: str, name: str, version: str) -> str:
        """The key of one field under this root, 64 hexadecimal characters."""
        return field_key(self.secret, HOLDER_LABEL, scheme, self.study, name, version)

    @property
    def key_id(self) -> str:
        """32 hexadecimal digits that tell roots apart and give nothing away."""
        return field_key(self.secret, HOLDER_LABEL, "root-key-id", self.study, "", "1")[:32]


Identity = TypeVar("Identity", HolderIdentity, LinkerIdentity)


def holder_public_key(line: str) -> Ed25519PublicKey:
    """The key in a study's `ed25519:` line. Raises StudyFault."""
    return Ed25519PublicKey.from_public_bytes(public_bytes(line, "ed25519:", 32))


def linker_public_key(line: str) -> MLKEM768X25519PublicKey:
    """The key in a study's `xwing:` line. Raises StudyFault."""
    raw = public_bytes(line, "xwing:", _MLKEM_PUBLIC + 32)
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC]), X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:])
    )


def fingerprint(line: str) -> str:
    """SHA-256 of a public key's bytes: 64 hexadecimal digits. Raises StudyFault."""
    kind = line.partition(":")[0]
    size = {"ed25519": 32, "xwing": _MLKEM_PUBLIC + 32}.get(kind, 0)
    return hashlib.sha256(public_bytes(line, f"{kind}:", size)).hexdigest()


def public_bytes(line: str, prefix: str, size: int) -> bytes:
    """The bytes of a public key line. Raises StudyFault where they are not the right kind or number."""
    try:
        raw = base64.b64decode(line.removeprefix(prefix), validate=True)
    except ValueError:
        raw = b""
    if not line.startswith(prefix) or len(raw) != size or not size:
        raise StudyFault(f"een publieke sleutel ({prefix.rstrip(':')}) is niet heel; neem de regel opnieuw over")
    return raw


# --- making -------------------------------------------------------------------------------------


def new_holder(name: str) -> HolderIdentity:
    """A fresh holder identity."""
    return HolderIdentity(name, secrets.token_bytes(KEY_BYTES))


def new_linker(name: str) -> LinkerIdentity:
    """A fresh linker identity."""
    return LinkerIdentity(name, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))


def new_root(study: UUID) -> RootKey:
    """A fresh root key for that study."""
    return RootKey(study, secrets.token_bytes(KEY_BYTES))


# --- files --------------------------------------------------------------------------------------


def save(path: Path, key: HolderIdentity | LinkerIdentity | RootKey, passphrase: str | None) -> None:
    """Write a secret file, 0600, never over an existing one. Raises OutputError; PassphraseNeeded for a short one."""
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE:
        raise PassphraseNeeded(f"een wachtwoord heeft ten minste {MIN_PASSPHRASE} tekens; neem liever een zin")
    header = _header(key)
    if passphrase is None:
        document = {**header, "protection": None, "secret": _b64(_secret(key))}
    else:
        protection = {"kdf": "argon2id", "salt": _b64(secrets.token_bytes(16)), **_ARGON}
        header = {**header, "protection": protection}
        sealed = ChaCha20Poly1305(_stretch(passphrase, protection)).encrypt(bytes(12), _secret(key), _aad(header))
        document = {**header, "secret": _b64(sealed)}
    write_text(path, json.dumps(document, indent=2, sort_keys=True) + "\n", exclusive=True)


def _header(key: HolderIdentity | LinkerIdentity | RootKey) -> dict[str, Any]:
    if isinstance(key, RootKey):
        return {"format": FORMAT, "kind": "root", "study": str(key.study), "key_id": key.key_id}
    named = {"format": FORMAT, "name": key.name, "public": key.public}
    if isinstance(key, LinkerIdentity):
        return {**named, "kind": "linker-identity", "rekey_id": key.rekey_id}
    return {**named, "kind": "holder-identity"}


def _secret(key: HolderIdentity | LinkerIdentity | RootKey) -> bytes:
    if isinstance(key, LinkerIdentity):
        return key.seed + key.rekey
    return key.seed if isinstance(key, HolderIdentity) else key.secret


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
    document = _document(path, kind)
    try:
        stored = base64.b64decode(document["secret"], validate=True)
    except (ValueError, TypeError):
        raise SecretDamaged(_damaged(path)) from None
    secret = stored if document["protection"] is None else _unseal(path, document, stored, ask)
    if len(secret) != _SIZES[kind]:
        raise SecretDamaged(_damaged(path))
    return document, secret


def _document(path: Path, kind: Kind) -> dict[str, Any]:
    try:
        document = json.loads(_read_private(path))
    except (ValueError, RecursionError):
        raise SecretDamaged(_damaged(path)) from None
    wanted = {"format", "kind", "protection", "secret"} | _OWN[kind]
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SecretDamaged(_damaged(path))
    if document.get("kind") != kind:
        raise WrongKey(f"{path.name} is een ander soort sleutel; nodig is: {kind}")
    if set(document) != wanted or not all(isinstance(document[name], str) for name in wanted - {"protection"}):
        raise SecretDamaged(_damaged(path))
    return document


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
    protection = document["protection"]
    if not isinstance(protection, dict) or {**protection, "salt": ""} != {"kdf": "argon2id", "salt": "", **_ARGON}:
        raise SecretDamaged(_damaged(path))
    passphrase = ask(path.name)
    if passphrase is None:
        raise PassphraseNeeded(f"{path.name} heeft een wachtwoord; geef het bij de vraag of met --passphrase-file")
    header = {key: value for key, value in document.items() if key != "secret"}
    try:
        return ChaCha20Poly1305(_stretch(passphrase, protection)).decrypt(bytes(12), stored, _aad(header))
    except InvalidTag:
        raise WrongPassphrase(f"het wachtwoord past niet op {path.name}; probeer het opnieuw") from None
    except (ValueError, TypeError):
        raise SecretDamaged(_damaged(path)) from None


def _stretch(passphrase: str, protection: dict[str, Any]) -> bytes:
    salt = base64.b64decode(protection["salt"], validate=True)
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=_ARGON["iterations"],
        lanes=_ARGON["lanes"],
        memory_cost=_ARGON["memory_kib"],
    )
    return kdf.derive(passphrase.encode("utf-8"))


def _aad(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _damaged(path: Path) -> str:
    return f"{path.name} is geen heel sleutelbestand; zet de reservekopie terug"


def valid_name(name: str) -> bool:
    """Whether a party may be called so: lower-case letters, digits and hyphens, 2 to 48 characters."""
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{1,47}", name) is not None
