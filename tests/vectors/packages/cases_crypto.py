"""Vectors of package-v1, sections 4, 6.5 and 6.12: signatures, the sealed key and the chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from vectors.packages.case import Case, Make
from vectors.packages.maker import CHUNK, CONTEXT, FORMAT, KEYS, Parts, chunk, nonce, pae, seal_key, seed
from vectors.packages.maker import chunks as in_chunks
from vectors.packages.scene import LINKER, STRANGER, Scene

ORDER_OF_ED25519 = 2**252 + 27742317777372353535851937790883648493
ED, ML = KEYS, KEYS + 64


def flipped(data: bytes, place: int, bit: int = 0) -> bytes:
    """One bit of one byte another."""
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


# --- signatures -----------------------------------------------------------------------------------


def _signature(change: Callable[[bytes], bytes]) -> Make:
    """The good package with another signature."""

    def make(scene: Scene) -> bytes:
        good = scene.sealed()
        return replace(good, signature=change(good.signature)).encoded()

    return make


def _signed(message: Callable[[Parts], bytes], purpose: str = FORMAT) -> Make:
    """A signature of the right holder over something else."""

    def make(scene: Scene) -> bytes:
        good = scene.sealed()
        return replace(good, signature=scene.signer().sign(purpose, message(good))).encoded()

    return make


def _part_by(start: int, end: int, holder: str) -> Make:
    """One part of the signature is that of another holder, made in earnest over this package."""

    def make(scene: Scene) -> bytes:
        good = scene.sealed()
        other = good.signed(scene.signer(holder)).signature
        mixed = good.signature[:start] + other[start:end] + good.signature[end:]
        return replace(good, signature=mixed).encoded()

    return make


def _malleable(signature: bytes) -> bytes:
    """S + L, which is the same point."""
    scalar = int.from_bytes(signature[ED + 32 : ML], "little") + ORDER_OF_ED25519
    return signature[: ED + 32] + scalar.to_bytes(32, "little") + signature[ML:]


def _without_context(scene: Scene) -> bytes:
    good, signer = scene.sealed(), scene.signer()
    signed = pae(CONTEXT, signer.digest, FORMAT.encode(), good.message())
    return replace(good, signature=good.signature[:ML] + signer.mldsa(signed, b"")).encoded()


def _bare(scene: Scene) -> bytes:
    """Both signatures over the bare parts, without the purpose and the signer's digest."""
    good, signer = scene.sealed(), scene.signer()
    signature = signer.keys + signer.sign(FORMAT, good.message())[ED:ML] + signer.mldsa(good.message())
    return replace(good, signature=signature).encoded()


def _other_body(scene: Scene) -> bytes:
    """A header with the chunks of another package of the same holder, under the same file key."""
    return replace(scene.sealed(), body=scene.sealed(body=scene.body("all-null")).body).encoded()


def _other_key(scene: Scene) -> bytes:
    return replace(scene.sealed(), sealed=seal_key(seed("x"), LINKER, hashlib.sha256(scene.encoded).digest())).encoded()


def _other_manifest(scene: Scene) -> bytes:
    return replace(scene.sealed(), manifest=scene.encoded.replace(b'"sequence":3', b'"sequence":4')).encoded()


_IDENTITY = bytes([1]) + bytes(31)

SIGNATURES: list[tuple[str, str, Make]] = [
    ("ed25519-flipped", "Ed25519 is wrong, ML-DSA-65 is right", _signature(lambda s: flipped(s, ED + 5))),
    ("mldsa-flipped", "ML-DSA-65 is wrong, Ed25519 is right", _signature(lambda s: flipped(s, ML + 5))),
    (
        "mldsa-last-byte",
        "the last byte of ML-DSA-65, which is a count in its hint",
        _signature(lambda s: flipped(s, len(s) - 1)),
    ),
    (
        "ed25519-stripped",
        "Ed25519 is zeros: a reader that needs one of two would accept",
        _signature(lambda s: s[:ED] + bytes(64) + s[ML:]),
    ),
    (
        "mldsa-stripped",
        "ML-DSA-65 is zeros: a reader that needs one of two would accept",
        _signature(lambda s: s[:ML] + bytes(3309)),
    ),
    ("both-stripped", "both are zeros", _signature(lambda s: s[:ED] + bytes(64 + 3309))),
    ("all-zero", "keys and signatures are zeros", _signature(lambda s: bytes(len(s)))),
    ("all-ones", "keys and signatures are ones", _signature(lambda s: b"\xff" * len(s))),
    ("ed25519-malleable", "S + L: the same point in another spelling", _signature(_malleable)),
    (
        "ed25519-identity",
        "R is the identity and S is 0, which holds for keys of small order",
        _signature(lambda s: s[:ED] + _IDENTITY + bytes(32) + s[ML:]),
    ),
    (
        "ed25519-key-of-small-order",
        "a key under which that holds for every message",
        _signature(lambda s: _IDENTITY + s[32:ED] + _IDENTITY + bytes(32) + s[ML:]),
    ),
    ("signatures-swapped", "ML-DSA-65 before Ed25519", _signature(lambda s: s[:ED] + s[ML:] + s[ED:ML])),
    ("ed25519-by-another", "Ed25519 with the key and signature of another holder", _part_by(0, 32, "houder-b")),
    ("ed25519-signature-by-another", "Ed25519 of another holder under this one's keys", _part_by(ED, ML, "houder-b")),
    ("mldsa-key-by-another", "the key of ML-DSA-65 of another holder", _part_by(32, 1984, "houder-b")),
    (
        "mldsa-signature-by-another",
        "ML-DSA-65 of another holder under this one's keys",
        _part_by(ML, ML + 3309, "houder-b"),
    ),
    ("sealing-key-by-another", "the digest of the sealing key of another holder", _part_by(1984, KEYS, "houder-b")),
    ("signed-by-another", "keys and signatures of another holder of the study", _part_by(0, ML + 3309, "houder-b")),
    (
        "signed-by-a-stranger",
        "keys and signatures of somebody whom the study does not know",
        _part_by(0, ML + 3309, "vreemde"),
    ),
    ("mldsa-without-context", "ML-DSA-65 without its context", _without_context),
    ("signed-bare", "signatures over the parts without purpose and digest", _bare),
    (
        "purpose-other",
        "signed by the holder for another purpose",
        _signed(Parts.message, "household-linkage/statement/v1"),
    ),
    (
        "signed-without-the-key",
        "the sealed key is not under the signature",
        _signed(lambda p: pae(p.manifest, hashlib.sha256(p.body).digest())),
    ),
    (
        "signed-over-the-body",
        "the whole body instead of its hash",
        _signed(lambda p: pae(p.manifest, p.sealed, p.body)),
    ),
    (
        "signed-glued",
        "the parts glued without their lengths",
        _signed(lambda p: p.manifest + p.sealed + hashlib.sha256(p.body).digest()),
    ),
    ("manifest-of-another", "splice: a manifest that says something else", _other_manifest),
    ("sealed-key-of-another", "splice: another sealed key", _other_key),
    ("body-of-another", "splice: the chunks of another package", _other_body),
]


# --- the sealed key; all properly signed by the holder ---------------------------------------------


def _sealed(change: Callable[[bytes], bytes]) -> Make:
    def make(scene: Scene) -> bytes:
        good = scene.sealed()
        return replace(good, sealed=change(good.sealed)).signed(scene.signer()).encoded()

    return make


def _point(point: bytes) -> Make:
    return _sealed(lambda sealed: sealed[:1088] + point + sealed[1120:])


def _key_of_another(scene: Scene) -> bytes:
    """A sealed key under another manifest than the one it was sealed for."""
    return scene.sealed(info=hashlib.sha256(scene.encoded + b"x").digest()).encoded()


SEALED: list[tuple[str, str, Make]] = [
    (
        "sealed-to-a-stranger",
        "the manifest names this linker, the key is sealed to another",
        lambda s: s.sealed(linker=STRANGER).encoded(),
    ),
    ("sealed-key-moved", "a sealed key of another manifest", _key_of_another),
    ("sealed-without-info", "HPKE without info", lambda s: s.sealed(info=b"").encoded()),
    ("sealed-zeros", "1,168 zeros", _sealed(lambda sealed: bytes(len(sealed)))),
    (
        "sealed-mlkem-flipped",
        "one bit of ML-KEM; its decapsulation does not fail, the tag must",
        _sealed(lambda sealed: flipped(sealed, 5)),
    ),
    ("sealed-x25519-flipped", "one bit of X25519", _sealed(lambda sealed: flipped(sealed, 1100))),
    (
        "sealed-x25519-top-bit",
        "the bit of X25519 that the exchange does not look at",
        _sealed(lambda sealed: flipped(sealed, 1119, 7)),
    ),
    ("sealed-x25519-zero", "the point 0: the shared secret is zeros", _point(bytes(32))),
    (
        "sealed-x25519-small-order",
        "a point of order 8",
        _point(bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")),
    ),
    ("sealed-key-flipped", "one bit of the file key under HPKE", _sealed(lambda sealed: flipped(sealed, 1125))),
    ("sealed-tag-flipped", "one bit of the tag", _sealed(lambda sealed: flipped(sealed, 1167))),
]


# --- chunks; all properly signed by the holder ------------------------------------------------------


def _chunks(change: Callable[[list[bytes]], list[bytes]], size: int = CHUNK + 100) -> Make:
    """A body of two chunks, changed."""

    def make(scene: Scene) -> bytes:
        before = in_chunks(scene.file_key, bytes(size))
        after = change(list(before))
        assert after != before
        return scene.sealed(body=after).encoded()

    return make


def _made(change: Callable[[bytes, bytes], list[bytes]]) -> Make:
    """Chunks made of a file key and the small body."""
    return lambda scene: scene.sealed(body=change(scene.file_key, scene.body())).encoded()


def _with_associated_data(key: bytes, body: bytes) -> list[bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return [ChaCha20Poly1305(key).encrypt(nonce(0, True), body, FORMAT.encode())]


def _with_counter_of_12(key: bytes, body: bytes) -> list[bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return [ChaCha20Poly1305(key).encrypt(bytes(12), body, None)]


def _empty_last(scene: Scene) -> bytes:
    """A last chunk without a byte behind a full one."""
    key = scene.file_key
    return scene.sealed(body=[chunk(key, 0, False, bytes(CHUNK)), chunk(key, 1, True, b"")]).encoded()


def _two_last(scene: Scene) -> bytes:
    key = scene.file_key
    return scene.sealed(body=[chunk(key, 0, True, bytes(CHUNK)), chunk(key, 1, True, b"x")]).encoded()


SMALL: list[tuple[str, str, Make]] = [
    ("chunk-flipped", "one bit of the only chunk", _made(lambda k, b: [flipped(chunk(k, 0, True, b), 50)])),
    ("chunk-tag-flipped", "one bit of the tag", _made(lambda k, b: [flipped(c := chunk(k, 0, True, b), len(c) - 1)])),
    ("chunk-cut", "the last byte is gone", _made(lambda k, b: [chunk(k, 0, True, b)[:-1]])),
    ("chunk-extra-byte", "a byte behind the last chunk", _made(lambda k, b: [chunk(k, 0, True, b), b"x"])),
    (
        "chunk-extra-empty",
        "an empty last chunk behind the last",
        _made(lambda k, b: [chunk(k, 0, True, b), chunk(k, 1, True, b"")]),
    ),
    ("chunk-not-last", "the last chunk does not say that it is the last", _made(lambda k, b: [chunk(k, 0, False, b)])),
    ("chunk-counter-1", "the counter begins with 1", _made(lambda k, b: [chunk(k, 1, True, b)])),
    ("chunk-other-key", "a chunk under another key", _made(lambda k, b: [chunk(seed("other"), 0, True, b)])),
    ("chunk-plain", "a body that was not encrypted", _made(lambda k, b: [b])),
    ("chunk-zeros", "a body of zeros", _made(lambda k, b: [bytes(len(b) + 16)])),
    ("chunk-associated-data", "a chunk with associated data", _made(_with_associated_data)),
    ("chunk-counter-of-12", "a nonce without the flag", _made(_with_counter_of_12)),
    ("chunks-short", "a first chunk of 100 bytes", _made(lambda k, b: in_chunks(k, b, 100))),
]

LONG: list[tuple[str, str, Make]] = [
    ("chunks-swapped", "two chunks changed about; the first is then not whole", _chunks(lambda c: [c[1], c[0]])),
    ("chunks-doubled", "the last chunk twice", _chunks(lambda c: [*c, c[1]])),
    (
        "chunks-last-dropped",
        "the last chunk is gone; the one before it does not say that it is the last",
        _chunks(lambda c: c[:-1]),
    ),
    ("chunks-first-dropped", "the first chunk is gone", _chunks(lambda c: c[1:])),
    (
        "chunks-last-flipped",
        "a fault in the last chunk: nothing of the first may have been given out",
        _chunks(lambda c: [c[0], flipped(c[1], 7)]),
    ),
    ("chunks-empty-last", "an empty last chunk behind a full one: the body has two spellings then", _empty_last),
    ("chunks-two-last", "two chunks that say that they are the last", _two_last),
    ("chunks-flag-two", "a flag of 2", _chunks(lambda c: [c[0], _flag_two()])),
]


def _flag_two() -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(seed("file key")).encrypt(bytes(10) + b"\x01\x02", bytes(100), None)


CASES = [
    *(Case(name, "SignatureInvalid", "6.5", why, make) for name, why, make in SIGNATURES),
    *(Case(name, "RecipientWrong", "6.12", why, make) for name, why, make in SEALED),
    *(Case(name, "PackageDamaged", "4.3", why, make) for name, why, make in [*SMALL, *LONG]),
]
