"""A package of any parts, from docs/spec/package-v1.md and keys-v1.md alone; nothing of the project is imported.

All is deterministic: keys come from seeds, the encapsulation to each linker was made once and is kept
(`encapsulations.json`), and a signature by ML-DSA, which `cryptography` randomises, is taken from the committed vector
while it still holds for the message.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

HERE = Path(__file__).parent
MAGIC = b"household-linkage package\n"
FORMAT = "household-linkage/package/v1"
CONTEXT = b"household-linkage/holder-signature/v1"
CHUNK, TAG = 65_536, 16
SEALED = 1168
KEYS = 32 + 1952 + 32
SIGNATURE = KEYS + 64 + 3309


def seed(name: str, size: int = 32) -> bytes:
    """Bytes for a name; a test key, known to everybody."""
    return hashlib.shake_256(f"household-linkage test vectors: {name}".encode()).digest(size)


def pae(*parts: bytes) -> bytes:
    """pseudonym-v1, section 2."""
    return struct.pack("<Q", len(parts)) + b"".join(struct.pack("<Q", len(part)) + part for part in parts)


def canonical(value: Any) -> bytes:
    """package-v1, section 3.1."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- the parts, section 1 -------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """manifest, sealed, signature and all chunks."""

    manifest: bytes
    sealed: bytes
    signature: bytes
    body: bytes

    def encoded(self) -> bytes:
        """The package."""
        length = struct.pack(">I", len(self.manifest))
        return b"".join((MAGIC, length, self.manifest, self.sealed, self.signature, self.body))

    def message(self) -> bytes:
        """What the holder signs (section 4.1)."""
        return pae(self.manifest, self.sealed, hashlib.sha256(self.body).digest())

    def chunks(self) -> list[bytes]:
        """The chunks as they stand."""
        return [self.body[start : start + CHUNK + TAG] for start in range(0, len(self.body), CHUNK + TAG)]

    def signed(self, signer: Signer, purpose: str = FORMAT) -> Parts:
        """The same, signed anew."""
        return replace(self, signature=signer.sign(purpose, self.message()))


def parts_of(package: bytes) -> Parts:
    """The parts of a whole package."""
    (length,) = struct.unpack(">I", package[26:30])
    ends = (30, 30 + length, 30 + length + SEALED, 30 + length + SEALED + SIGNATURE, len(package))
    return Parts(*(package[start:end] for start, end in pairwise(ends)))


# --- keys and signatures (keys-v1; package-v1, section 4.1) ---------------------------------------


@dataclass(frozen=True)
class Linker:
    """An X-Wing key from a 32-byte seed, with the one encapsulation that the vectors use for it."""

    name: str

    @property
    def seed(self) -> bytes:
        """32 bytes."""
        return seed(f"linker {self.name}")

    @property
    def keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        """ML-KEM-768 and X25519."""
        expanded = hashlib.shake_256(self.seed).digest(96)
        return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])

    @property
    def public(self) -> bytes:
        """1,216 bytes."""
        mlkem, x25519 = self.keys
        return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits."""
        return hashlib.sha256(self.public).hexdigest()


@dataclass(frozen=True)
class Signer:
    """A holder's keys: 96 bytes of seeds; `kept` are signatures by ML-DSA that may be used again."""

    name: str
    kept: tuple[bytes, ...] = ()

    @property
    def seed(self) -> bytes:
        """Ed25519, ML-DSA-65, X-Wing: 32 bytes each."""
        return seed(f"holder {self.name}", 96)

    @property
    def keys(self) -> bytes:
        """What stands before the two signatures: 2,016 bytes."""
        sealing = _xwing_public(self.seed[64:])
        return self._ed25519.public_key().public_bytes_raw() + self._mldsa_public + hashlib.sha256(sealing).digest()

    @property
    def digest(self) -> bytes:
        """32 bytes, in a study as `holder1:` and base64."""
        return digest_of(self.keys)

    @property
    def _ed25519(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed[:32])

    @property
    def _mldsa(self) -> MLDSA65PrivateKey:
        return MLDSA65PrivateKey.from_seed_bytes(self.seed[32:64])

    @property
    def _mldsa_public(self) -> bytes:
        return self._mldsa.public_key().public_bytes_raw()

    def sign(self, purpose: str, message: bytes) -> bytes:
        """Keys and both signatures."""
        signed = pae(CONTEXT, self.digest, purpose.encode(), message)
        return self.keys + self._ed25519.sign(signed) + self.mldsa(signed)

    def mldsa(self, signed: bytes, context: bytes = CONTEXT) -> bytes:
        """A signature kept from before that holds, or else a fresh one."""
        for signature in self.kept:
            try:
                self._mldsa.public_key().verify(signature, signed, context)
            except InvalidSignature:
                continue
            return signature
        return self._mldsa.sign(signed, context)


def digest_of(keys: bytes) -> bytes:
    """The digest that a study holds of a holder's public keys."""
    return hashlib.sha256(pae(b"household-linkage/holder-key/v1", keys[:32], keys[32:1984], keys[1984:])).digest()


def _xwing_public(secret: bytes) -> bytes:
    expanded = hashlib.shake_256(secret).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return mlkem + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()


# --- the file key (section 4.2): X-Wing, then RFC 9180, base mode ---------------------------------

_SUITE = b"HPKE" + struct.pack(">HHH", 0x647A, 0x0001, 0x0003)
XWING_LABEL = bytes.fromhex("5c2e2f2f5e5c")


def seal_key(file_key: bytes, linker: Linker, info: bytes) -> bytes:
    """1,168 bytes."""
    encapsulated, shared = encapsulation(linker)
    key, nonce = _schedule(shared, info)
    return encapsulated + ChaCha20Poly1305(key).encrypt(nonce, file_key, b"")


def encapsulation(linker: Linker) -> tuple[bytes, bytes]:
    """The encapsulated key (1,120 bytes) and its shared secret."""
    mlkem, x25519 = linker.keys
    first = bytes.fromhex(json.loads((HERE / "encapsulations.json").read_text("ascii"))[linker.name])
    ephemeral = X25519PrivateKey.from_private_bytes(seed(f"encapsulation {linker.name}"))
    second = ephemeral.public_key().public_bytes_raw()
    public = x25519.public_key().public_bytes_raw()
    common = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    shared = hashlib.sha3_256(mlkem.decapsulate(first) + common + second + public + XWING_LABEL).digest()
    return first + second, shared


def _extract(salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + _SUITE + label + material, "sha256")


def _expand(secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labelled = struct.pack(">H", size) + b"HPKE-v1" + _SUITE + label + info
    return hmac.digest(secret, labelled + b"\x01", "sha256")[:size]


def _schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    context = b"\x00" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    secret = _extract(shared, b"secret", b"")
    return _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)


# --- the chunks (section 4.3) ---------------------------------------------------------------------


def nonce(counter: int, last: bool) -> bytes:
    """11 bytes of counter, one of flag."""
    return counter.to_bytes(11, "big") + bytes([last])


def chunk(file_key: bytes, counter: int, last: bool, plain: bytes) -> bytes:
    """One chunk."""
    return ChaCha20Poly1305(file_key).encrypt(nonce(counter, last), plain, None)


def chunks(file_key: bytes, body: bytes, size: int = CHUNK) -> list[bytes]:
    """A body in chunks."""
    plain = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    return [chunk(file_key, n, n == len(plain) - 1, part) for n, part in enumerate(plain)]
