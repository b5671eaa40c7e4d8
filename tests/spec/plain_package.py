"""A package opened and sealed once more, from docs/spec/package-v1.md and keys-v1.md alone.

Nothing of the project is imported here: `cryptography`, `pyarrow` and the standard library do it.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import struct
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

MAGIC = b"household-linkage package\n"
FORMAT = "household-linkage/package/v1"
CHUNK = 65_536
CONTEXT = b"household-linkage/holder-signature/v1"
SIGNATURE = 32 + 1952 + 32 + 64 + 3309
SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class Refused(Exception):
    """The bytes are not a package for this reader."""


# --- pseudonym-v1, sections 2 and 3 --------------------------------------------------------------


def pae(*parts: bytes) -> bytes:
    return struct.pack("<Q", len(parts)) + b"".join(struct.pack("<Q", len(part)) + part for part in parts)


def field_key(secret: bytes, label: str, scheme: str, study: str, field: str, version: str) -> str:
    info = pae(*(text.encode() for text in (label, scheme, study, field, version)))
    return hmac.new(secret, info + b"\x01", hashlib.sha256).hexdigest()


def pseudonym(key: str, canonical: str) -> bytes:
    return hmac.new(key.encode(), canonical.encode(), hashlib.sha256).digest()[:16]


# --- keys -----------------------------------------------------------------------------------------


def linker_private(seed: bytes) -> MLKEM768X25519PrivateKey:
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )


def linker_public(seed: bytes) -> bytes:
    expanded = hashlib.shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return mlkem + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()


def holder_keys(seed: bytes) -> bytes:
    """The public keys of a holder's 96 bytes of seeds, as they stand before its signatures."""
    ed25519 = Ed25519PrivateKey.from_private_bytes(seed[:32]).public_key().public_bytes_raw()
    mldsa = MLDSA65PrivateKey.from_seed_bytes(seed[32:64]).public_key().public_bytes_raw()
    return ed25519 + mldsa + hashlib.sha256(linker_public(seed[64:])).digest()


def digest_of(keys: bytes) -> bytes:
    return hashlib.sha256(pae(b"household-linkage/holder-key/v1", keys[:32], keys[32:1984], keys[1984:])).digest()


def holder_public(seed: bytes) -> bytes:
    """The 32 bytes of the line `holder1:`."""
    return digest_of(holder_keys(seed))


def endorse(seed: bytes, purpose: str, message: bytes) -> bytes:
    keys = holder_keys(seed)
    signed = pae(CONTEXT, digest_of(keys), purpose.encode(), message)
    ed25519 = Ed25519PrivateKey.from_private_bytes(seed[:32]).sign(signed)
    return keys + ed25519 + MLDSA65PrivateKey.from_seed_bytes(seed[32:64]).sign(signed, CONTEXT)


def check_endorsement(public: bytes, purpose: str, message: bytes, signature: bytes) -> None:
    keys, ed25519, mldsa = signature[:2016], signature[2016:2080], signature[2080:]
    signed = pae(CONTEXT, public, purpose.encode(), message)
    if digest_of(keys) != public:
        raise Refused("another holder's keys")
    try:
        Ed25519PublicKey.from_public_bytes(keys[:32]).verify(ed25519, signed)
        MLDSA65PublicKey.from_public_bytes(keys[32:1984]).verify(mldsa, signed, CONTEXT)
    except (InvalidSignature, ValueError):
        raise Refused("signature") from None


# --- layout ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Package:
    """The parts of section 1."""

    manifest: bytes
    sealed: bytes
    signature: bytes
    body: bytes

    def encoded(self) -> bytes:
        return b"".join(
            [MAGIC, struct.pack(">I", len(self.manifest)), self.manifest, self.sealed, self.signature, self.body]
        )

    def to_sign(self) -> bytes:
        return pae(self.manifest, self.sealed, hashlib.sha256(self.body).digest())

    def signed(self, seed: bytes) -> Package:
        return replace(self, signature=endorse(seed, FORMAT, self.to_sign()))

    def chunks(self) -> list[bytes]:
        size = CHUNK + 16
        return [self.body[start : start + size] for start in range(0, len(self.body), size)]


def parse(package: bytes) -> Package:
    if package[:26] != MAGIC or len(package) < 30:
        raise Refused("no magic")
    (length,) = struct.unpack(">I", package[26:30])
    if length > 65_536 or len(package) < 30 + length + 1168 + SIGNATURE + 16:
        raise Refused("header")
    ends = [30, 30 + length, 30 + length + 1168, 30 + length + 1168 + SIGNATURE, len(package)]
    return Package(*(package[start:end] for start, end in pairwise(ends)))


def canonical(manifest: dict[str, Any]) -> bytes:
    return json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def manifest_of(encoded: bytes) -> dict[str, Any]:
    try:
        found = json.loads(encoded.decode())
        same = canonical(found) == encoded
    except (ValueError, RecursionError):
        raise Refused("no JSON") from None
    if not same or not isinstance(found, dict) or holds_fraction(found):
        raise Refused("not canonical")
    if found.get("format") != FORMAT:
        raise Refused("format")
    return found


def holds_fraction(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(holds_fraction(part) for part in (value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, float)


# --- opening and sealing --------------------------------------------------------------------------


def open_package(package: bytes, holder: bytes, linker_seed: bytes) -> tuple[dict[str, Any], bytes]:
    parts = parse(package)
    manifest = manifest_of(parts.manifest)
    check_endorsement(holder, FORMAT, parts.to_sign(), parts.signature)
    if manifest["linker"] != hashlib.sha256(linker_public(linker_seed)).hexdigest():
        raise Refused("recipient")
    try:
        info = hashlib.sha256(parts.manifest).digest()
        key = SUITE.decrypt(parts.sealed, linker_private(linker_seed), info=info)
        return manifest, decrypted(parts.chunks(), key)
    except (InvalidTag, ValueError):
        raise Refused("sealed") from None


def decrypted(chunks: list[bytes], key: bytes) -> bytes:
    last = len(chunks) - 1
    return b"".join(ChaCha20Poly1305(key).decrypt(nonce(n, n == last), chunk, None) for n, chunk in enumerate(chunks))


def nonce(counter: int, last: bool) -> bytes:
    return struct.pack(">3xQ", counter) + bytes([last])


def seal_bytes(
    manifest: bytes, body: bytes, linker: bytes, holder_seed: bytes, *, info: bytes | None = None, size: int = CHUNK
) -> bytes:
    """A package of any manifest and body; `info` and `size` are there to be wrong in tests."""
    key = os.urandom(32)
    public = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(linker[:1184]), X25519PublicKey.from_public_bytes(linker[1184:])
    )
    sealed = SUITE.encrypt(key, public, info=hashlib.sha256(manifest).digest() if info is None else info)
    plain = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    last = len(plain) - 1
    chunks = [ChaCha20Poly1305(key).encrypt(nonce(n, n == last), part, None) for n, part in enumerate(plain)]
    return Package(manifest, sealed, b"", b"".join(chunks)).signed(holder_seed).encoded()


def seal_package(manifest: dict[str, Any], body: bytes, linker: bytes, holder_seed: bytes) -> bytes:
    return seal_bytes(canonical(manifest), body, linker, holder_seed)


# --- body -----------------------------------------------------------------------------------------


def table_of(body: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(body))


def body_of(rows: list[dict[str, Any]], manifest: dict[str, Any], **changed: pa.DataType) -> bytes:
    """A body of these rows, in the order of their content."""
    types: dict[str, Any] = dict.fromkeys(manifest["pseudonyms"], pa.binary(16))
    types |= {c["name"]: pa.bool_() if c["type"] == "boolean" else pa.int32() for c in manifest["columns"]}
    columns = {name: [row[name] for row in in_order(rows, list(types))] for name in types}
    arrays = {name: pa.array(values, changed.get(name, types[name])) for name, values in columns.items()}
    target = io.BytesIO()
    pq.write_table(pa.table(arrays), target, compression="zstd", write_statistics=False, store_schema=False)
    return target.getvalue()


def in_order(rows: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """Section 5: column by column, null first."""
    return sorted(rows, key=lambda row: [(0, b"") if row[name] is None else (1, row[name]) for name in names])
