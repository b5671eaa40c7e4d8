"""Package v1 (docs/spec/package-v1.md): header, signature, sealed file key, and the body in authenticated chunks.

    magic | u32 length | manifest | sealed file key (1168) | signature (5389) | chunks

The signature, by Ed25519 and ML-DSA-65 both, covers manifest, sealed key and the hash of the body, so it can be
checked before anything is decrypted. The file key is sealed to the linker by hybrid post-quantum HPKE with the
manifest's hash as `info`, so a key cannot be moved to another manifest. Chunk order and end are in the nonce (age's
STREAM), so chunks cannot be moved, doubled or dropped. Nothing is parsed here.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from linkage.derive import pae
from linkage.errors import PackageDamaged, RecipientWrong
from linkage.keys import SIGNATURE_BYTES, verify_signature
from linkage.transfer.manifest import FORMAT, MAX_MANIFEST_BYTES, Manifest, decode, encode

MAGIC = b"household-linkage package\n"
CHUNK = 64 * 1024
TAG = 16
KEY = 32
SEALED = 1120 + KEY + TAG
SIGNATURE = SIGNATURE_BYTES
MAX_PACKAGE_BYTES = 16 * 1024**3
DAMAGED = "het pakket is beschadigd of onderweg veranderd; vraag het opnieuw aan de houder"


def _suite() -> Suite:
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def _info(manifest: bytes) -> bytes:
    return hashlib.sha256(manifest).digest()


def signed_message(manifest: bytes, sealed: bytes, body_hash: bytes) -> bytes:
    """The message that a holder signs, for the purpose of a package of this format."""
    return pae(manifest, sealed, body_hash)


# --- sealing ------------------------------------------------------------------------------------


def seal(
    file: BinaryIO,
    manifest: Manifest,
    recipient: MLKEM768X25519PublicKey,
    sign: Callable[[str, bytes], bytes],
    write_body: Callable[[io.RawIOBase], None],
) -> str:
    """Write a package to an empty, seekable file and return its SHA-256; `write_body` writes the plain body."""
    encoded = encode(manifest)
    key = secrets.token_bytes(KEY)
    sealed = _suite().encrypt(key, recipient, info=_info(encoded))
    file.write(MAGIC + struct.pack(">I", len(encoded)) + encoded + sealed)
    place = file.tell()
    file.write(bytes(SIGNATURE))
    body = ChunkWriter(file, key)
    write_body(body)
    body.finish()
    file.seek(place)
    file.write(sign(FORMAT, signed_message(encoded, sealed, body.digest())))
    return package_digest(file)


class ChunkWriter(io.RawIOBase):
    """A write-only file that encrypts in chunks; call `finish` once, at the end."""

    def __init__(self, target: BinaryIO, key: bytes) -> None:
        self._target = target
        self._aead = ChaCha20Poly1305(key)
        self._buffer = bytearray()
        self._counter = 0
        self._hash = hashlib.sha256()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take bytes; a chunk is held back until it is known not to be the last."""
        self._buffer += data
        while len(self._buffer) > CHUNK:
            self._emit(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk."""
        self._emit(bytes(self._buffer), last=True)
        self._buffer.clear()

    def digest(self) -> bytes:
        """SHA-256 of the body as it stands in the file."""
        return self._hash.digest()

    def _emit(self, plain: bytes, *, last: bool) -> None:
        chunk = self._aead.encrypt(_nonce(self._counter, last), plain, None)
        self._counter += 1
        self._hash.update(chunk)
        self._target.write(chunk)


def _nonce(counter: int, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


# --- opening ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Header:
    """A strictly parsed header of which nothing is trusted yet."""

    manifest: Manifest
    encoded: bytes
    sealed: bytes
    signature: bytes
    body_start: int
    size: int


def read_header(file: BinaryIO) -> Header:
    """Size cap, then a strict header. Raises PackageDamaged, FormatUnknown."""
    size = os.fstat(file.fileno()).st_size
    if size > MAX_PACKAGE_BYTES:
        raise PackageDamaged("het pakket is groter dan 16 GiB; dat kan niet kloppen")
    file.seek(0)
    start = file.read(len(MAGIC) + 4)
    if start[: len(MAGIC)] != MAGIC or len(start) != len(MAGIC) + 4:
        raise PackageDamaged("dit is geen pakket van household-linkage; controleer het bestand")
    (length,) = struct.unpack(">I", start[len(MAGIC) :])
    if length > MAX_MANIFEST_BYTES:
        raise PackageDamaged(DAMAGED)
    encoded, sealed, signature = file.read(length), file.read(SEALED), file.read(SIGNATURE)
    body_start = file.tell()
    if len(signature) != SIGNATURE or size < body_start + TAG:
        raise PackageDamaged(DAMAGED)
    try:
        return Header(decode(encoded), encoded, sealed, signature, body_start, size)
    except RecursionError:  # deep nesting that JSON could still read
        raise PackageDamaged(DAMAGED) from None


def verify(file: BinaryIO, header: Header, holder: str) -> None:
    """Check both signatures over manifest, sealed key and body by the holder's line. Raises SignatureInvalid."""
    file.seek(header.body_start)
    body_hash = hashlib.sha256()
    while block := file.read(1024 * 1024):
        body_hash.update(block)
    message = signed_message(header.encoded, header.sealed, body_hash.digest())
    verify_signature(holder, FORMAT, message, header.signature)


def open_body(file: BinaryIO, header: Header, key: MLKEM768X25519PrivateKey) -> Iterator[bytes]:
    """The plain body, chunk by chunk; each chunk is authenticated before it is given.

    Raises RecipientWrong where the file key does not open, PackageDamaged where a chunk does not.
    """
    try:
        file_key = _suite().decrypt(header.sealed, key, info=_info(header.encoded))
    except (InvalidTag, ValueError):
        raise RecipientWrong(
            "het pakket is niet voor deze koppelaar verzegeld; controleer welke sleutel de studie noemt"
        ) from None
    return _chunks(file, header, ChaCha20Poly1305(file_key))


def _chunks(file: BinaryIO, header: Header, aead: ChaCha20Poly1305) -> Iterator[bytes]:
    file.seek(header.body_start)
    left, counter = header.size - header.body_start, 0
    while left > 0:
        chunk = file.read(min(left, CHUNK + TAG))
        left -= len(chunk)
        try:
            plain = aead.decrypt(_nonce(counter, last=left == 0), chunk, None)
        except (InvalidTag, ValueError):
            raise PackageDamaged(DAMAGED) from None
        if not plain and counter:  # else one body could be written in two ways
            raise PackageDamaged(DAMAGED)
        yield plain
        counter += 1


def package_digest(file: BinaryIO) -> str:
    """SHA-256 of the whole file, 64 hexadecimal digits."""
    file.seek(0)
    whole = hashlib.sha256()
    while block := file.read(1024 * 1024):
        whole.update(block)
    return whole.hexdigest()
