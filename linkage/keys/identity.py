"""The parties' own keys and the study's root (docs/spec/keys-v1.md, section 1). No secret has a repr."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from linkage.derive import HOLDER_LABEL, KEY_BYTES, LINKER_LABEL, field_key, pae
from linkage.keys.public import SIGNATURE_CONTEXT, SignerKeys, to_sign, xwing_line

HOLDER_BYTES = 3 * KEY_BYTES


def _xwing_parts(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """The two private keys of an X-Wing seed: SHAKE256(seed, 96)."""
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])


def _xwing_public(seed: bytes) -> bytes:
    mlkem, x25519 = _xwing_parts(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


@dataclass(frozen=True)
class HolderIdentity:
    """A holder's keys: 96 bytes, the seeds of Ed25519, ML-DSA-65 and X-Wing, each random by itself."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != HOLDER_BYTES:
            raise ValueError("a holder's seed is 96 bytes")

    @property
    def signer(self) -> SignerKeys:
        """The public keys that go with each signature."""
        ed25519, mldsa = self._signing()
        sealing = hashlib.sha256(self.sealing_key).digest()
        return SignerKeys(ed25519.public_key().public_bytes_raw(), mldsa.public_key().public_bytes_raw(), sealing)

    def sign(self, purpose: str, message: bytes) -> bytes:
        """5,389 bytes: the public keys, then the signatures of Ed25519 and ML-DSA-65 over the same bytes."""
        signer, (ed25519, mldsa) = self.signer, self._signing()
        signed = to_sign(signer.digest, purpose, message)
        return signer.encoded + ed25519.sign(signed) + mldsa.sign(signed, SIGNATURE_CONTEXT)

    def _signing(self) -> tuple[Ed25519PrivateKey, MLDSA65PrivateKey]:
        return (
            Ed25519PrivateKey.from_private_bytes(self.seed[:KEY_BYTES]),
            MLDSA65PrivateKey.from_seed_bytes(self.seed[KEY_BYTES : 2 * KEY_BYTES]),
        )

    @property
    def public(self) -> str:
        """The line for the study: `holder1:` and base64 of 32 bytes that bind all three public keys."""
        return self.signer.line

    @property
    def sealing_key(self) -> bytes:
        """1,216 bytes: the X-Wing public key to which other holders seal."""
        return _xwing_public(self.seed[2 * KEY_BYTES :])

    def private_key(self) -> MLKEM768X25519PrivateKey:
        """The key that opens what other holders sealed to this one."""
        return MLKEM768X25519PrivateKey(*_xwing_parts(self.seed[2 * KEY_BYTES :]))


@dataclass(frozen=True)
class LinkerIdentity:
    """The linker's opening key (X-Wing: ML-KEM-768 with X25519) and the secret under which it re-keys pseudonyms."""

    name: str
    seed: bytes = field(repr=False)
    rekey: bytes = field(repr=False)

    def private_key(self) -> MLKEM768X25519PrivateKey:
        """The decryption key, expanded from the 32-byte seed as X-Wing does: SHAKE256(seed, 96)."""
        return MLKEM768X25519PrivateKey(*_xwing_parts(self.seed))

    @property
    def public(self) -> str:
        """The line for the study: `xwing:` and base64 of the 1,216 bytes of the public key."""
        return xwing_line(_xwing_public(self.seed))

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


def new_holder(name: str) -> HolderIdentity:
    """A fresh holder identity."""
    return HolderIdentity(name, secrets.token_bytes(HOLDER_BYTES))


def new_linker(name: str) -> LinkerIdentity:
    """A fresh linker identity."""
    return LinkerIdentity(name, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))


def new_root(study: UUID) -> RootKey:
    """A fresh root key for that study."""
    return RootKey(study, secrets.token_bytes(KEY_BYTES))


def valid_name(name: str) -> bool:
    """Whether a party may be called so: lower-case letters, digits and hyphens, 2 to 48 characters."""
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{1,47}", name) is not None
