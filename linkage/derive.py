"""Key derivation and the unambiguous encoding under it (docs/spec/pseudonym-v1.md, sections 2 and 3)."""

from __future__ import annotations

from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

HOLDER_LABEL = "household-linkage/v1"
LINKER_LABEL = "household-linkage/v1/linker"
KEY_BYTES = 32


def pae(*parts: bytes) -> bytes:
    """Pre-authentication encoding of DSSE/PASETO: count, then length and bytes of each part, little-endian 64-bit."""
    encoded = [len(parts).to_bytes(8, "little")]
    for part in parts:
        encoded += [len(part).to_bytes(8, "little"), part]
    return b"".join(encoded)


def field_key(secret: bytes, label: str, scheme: str, study: UUID, field: str, version: str) -> str:
    """The key of one field: 64 lowercase hexadecimal characters, exactly one block of HMAC-SHA256.

    Text, so that every implementation can take it; ValueError for a secret that is not 32 bytes.
    """
    if len(secret) != KEY_BYTES:
        raise ValueError("a secret is 32 bytes")
    parts = (label, scheme, str(study), field, version)
    info = pae(*(part.encode("utf-8") for part in parts))
    return HKDFExpand(algorithm=hashes.SHA256(), length=KEY_BYTES, info=info).derive(secret).hex()
