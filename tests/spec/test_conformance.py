"""Published test vectors on the primitives as they are used here (tests/vectors/conformance/README.md).

Where a primitive stands behind a function of ours that takes the vector's input, the vector goes through that function.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import polars as pl
import polars_hash  # noqa: F401  -- registers the `chash` namespace
import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from linkage import derive
from linkage.errors import PackageDamaged, RecipientWrong, SignatureInvalid
from linkage.holder.pseudonymise import IMPLEMENTATIONS
from linkage.keys import LinkerIdentity, SignerKeys, public, secret_file, verify_signature
from linkage.transfer import package

FOLDER = Path(__file__).parents[1] / "vectors" / "conformance"
PURPOSE = "household-linkage/package/v1"
# The order of Ed25519's group, RFC 8032, section 5.1: S and S + L sign the same, so only S < L may pass.
ORDER = 2**252 + 27742317777372353535851937790883648493


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    assert found
    return found


def raw(vector: dict[str, Any], *names: str) -> Iterator[bytes]:
    return (bytes.fromhex(vector[name]) for name in names)


def plain_hmac(key: bytes, message: bytes) -> bytes:
    """RFC 2104 from SHA-256 alone."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def plain_expand(secret: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869, section 2.3."""
    made = block = b""
    for counter in range(1, -(-size // 32) + 1):
        block = plain_hmac(secret, block + info + bytes([counter]))
        made += block
    return made[:size]


# --- HMAC-SHA256: pseudonyms -------------------------------------------------------------------------


def as_text(message: bytes) -> bool:
    return message.isascii() and b"\0" not in message


@pytest.mark.parametrize("vector", vectors("rfc4231-hmac-sha256"))
def test_hmac_of_rfc_4231(vector: dict[str, Any]) -> None:
    key, message, expected = raw(vector, "key", "msg", "md")
    assert hmac.digest(key, message, "sha256") == expected
    assert plain_hmac(key, message) == expected


def test_the_hash_of_a_column_gives_the_answers_of_rfc_4231() -> None:
    found = 0
    for key, message, expected in (tuple(raw(one, "key", "msg", "md")) for one in vectors("rfc4231-hmac-sha256")):
        if as_text(key) and as_text(message):  # the library takes text; the other keys and messages are not
            frame = pl.DataFrame({"text": [message.decode("ascii")]})
            made = frame.select(pl.col("text").chash.hmac_sha256(key=key.decode("ascii")))  # type: ignore[attr-defined]
            assert made.item() == expected.hex()
            found += 1
    assert found == 2


def routes() -> list[str]:
    """Every implementation of the closed table that this installation can run; only `fast` asks for an extra."""
    return [name for name in IMPLEMENTATIONS if name != "fast" or find_spec("numba") is not None]


@pytest.mark.parametrize("route", routes())
def test_every_route_is_hmac_with_our_keys_for_every_length(route: str) -> None:
    texts = ["".join(chr(33 + (size * 7 + at * 11) % 90) for at in range(size)) for size in range(1, 56)]
    for key in ("0" * 64, "f" * 64, bytes(range(32)).hex()):
        made = IMPLEMENTATIONS[route](pl.Series("field", [*texts, None]), key).to_list()
        assert made == [plain_hmac(key.encode(), text.encode())[:16] for text in texts] + [None]


# --- HKDF-SHA256: field keys, and the two halves of a passphrase ---------------------------------------


@pytest.mark.parametrize("vector", vectors("rfc5869-hkdf-sha256"))
def test_hkdf_of_rfc_5869(vector: dict[str, Any]) -> None:
    ikm, salt, info, secret, expected = raw(vector, "ikm", "salt", "info", "prk", "okm")
    assert plain_hmac(salt, ikm) == secret
    made = HKDFExpand(algorithm=hashes.SHA256(), length=int(vector["l"]), info=info).derive(secret)
    assert made == plain_expand(secret, info, int(vector["l"])) == expected


@pytest.mark.parametrize("vector", vectors("wycheproof-hkdf-sha256"), ids=lambda one: one["tcId"])
def test_hkdf_of_wycheproof(vector: dict[str, Any]) -> None:
    ikm, salt, info = raw(vector, "ikm", "salt", "info")
    secret, size = hmac.digest(salt, ikm, "sha256"), vector["size"]
    if vector["result"] == "valid":
        made = HKDFExpand(algorithm=hashes.SHA256(), length=size, info=info).derive(secret)
        assert made == plain_expand(secret, info, size) == bytes.fromhex(vector["okm"])
    else:
        with pytest.raises(ValueError, match="Cannot derive keys larger than"):
            HKDFExpand(algorithm=hashes.SHA256(), length=size, info=info)


def test_a_field_key_and_a_passphrase_are_expanded_as_the_vectors_were() -> None:
    secret, study = bytes(range(32)), UUID("00000000-0000-4000-8000-000000000001")
    parts = ("household-linkage/v1", "scheme", str(study), "bsn", "1")
    made = derive.field_key(secret, "household-linkage/v1", "scheme", study, "bsn", "1")
    assert made == plain_expand(secret, derive.pae(*(part.encode() for part in parts)), 32).hex()
    assert secret_file._expand(secret, b"label") == plain_expand(secret, b"label", 32)


# --- Argon2id: secret files ----------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors("rfc9106-argon2id"), ids=lambda one: one["count"])
def test_argon2id_of_rfc_9106(vector: dict[str, Any]) -> None:
    passphrase, salt, expected = raw(vector, "pass", "salt", "output")
    sizes = {"length": "length", "lanes": "lanes", "iterations": "iter", "memory_cost": "memcost"}
    numbers: dict[str, Any] = {name: int(vector[given]) for name, given in sizes.items()}
    optional: dict[str, Any] = {name: bytes.fromhex(vector[name]) for name in ("ad", "secret") if name in vector}
    assert Argon2id(salt=salt, **numbers, **optional).derive(passphrase) == expected


def test_a_passphrase_is_stretched_as_another_implementation_does() -> None:
    """The answer is of `argon2-cffi`: version 0x13, three passes, four lanes, 256 MiB, no key or associated data."""
    stretched = bytes.fromhex("68324ecb07db065c906c663471df6e381696b6929a8a7d55af8f332cd431e124")
    key, commitment = secret_file._stretch("een zin van houders én koppelaars", bytes(range(16)))
    assert key == plain_expand(stretched, b"household-linkage/secret/v1 encryption", 32)
    assert commitment == plain_expand(stretched, b"household-linkage/secret/v1 commitment", 32)


# --- ChaCha20-Poly1305: the chunks of a package, and secret files ---------------------------------------

AEAD_VECTORS = vectors("wycheproof-chacha20-poly1305")


@pytest.mark.parametrize("vector", AEAD_VECTORS, ids=lambda one: one["tcId"])
def test_chacha20_poly1305_of_wycheproof(vector: dict[str, Any]) -> None:
    key, nonce, aad, message, cipher, tag = raw(vector, "key", "iv", "aad", "msg", "ct", "tag")
    if vector["result"] == "valid":
        assert ChaCha20Poly1305(key).encrypt(nonce, message, aad) == cipher + tag
        assert ChaCha20Poly1305(key).decrypt(nonce, cipher + tag, aad) == message
    elif "InvalidNonceSize" in vector["flags"]:  # with nothing to open: the nonce alone must be refused
        with pytest.raises(ValueError, match="Nonce must be"):
            ChaCha20Poly1305(key).encrypt(nonce, message, aad)
    else:
        with pytest.raises(InvalidTag):
            ChaCha20Poly1305(key).decrypt(nonce, cipher + tag, aad)


def opened(key: bytes, body: bytes, aad: bytes | None = None) -> list[bytes]:
    """The chunks of a body. A package gives no associated data; a vector that has it brings its own."""
    header: Any = SimpleNamespace(body_start=0, size=len(body))
    real = ChaCha20Poly1305(key)
    given: Any = SimpleNamespace(decrypt=lambda nonce, chunk, _: real.decrypt(nonce, chunk, aad))
    return list(package._chunks(io.BytesIO(body), header, real if aad is None else given))


@pytest.mark.parametrize("vector", [one for one in AEAD_VECTORS if len(one["iv"]) == 24], ids=lambda one: one["tcId"])
def test_the_reader_of_chunks_takes_and_refuses_as_wycheproof(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, nonce, aad, message, cipher, tag = raw(vector, "key", "iv", "aad", "msg", "ct", "tag")
    monkeypatch.setattr(package, "_nonce", lambda counter, last: nonce)
    if vector["result"] == "valid":
        assert opened(key, cipher + tag, aad) == [message]
    else:
        with pytest.raises(PackageDamaged):
            opened(key, cipher + tag, aad)


def chunk_vectors() -> list[dict[str, Any]]:
    """Without associated data, which a chunk has not."""
    return [one for one in AEAD_VECTORS if one["result"] == "valid" and one["aad"] == ""]


@pytest.mark.parametrize("vector", chunk_vectors(), ids=lambda one: one["tcId"])
def test_a_chunk_of_a_package_is_as_in_wycheproof(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    key, nonce, message, cipher, tag = raw(vector, "key", "iv", "msg", "ct", "tag")
    monkeypatch.setattr(package, "_nonce", lambda counter, last: nonce)
    file = io.BytesIO()
    writer = package.ChunkWriter(file, key)
    writer.write(message)
    writer.finish()
    assert file.getvalue() == cipher + tag
    assert opened(key, cipher + tag) == [message]


@pytest.mark.parametrize("kept", range(1, 16))
def test_a_shortened_tag_opens_nothing(kept: int) -> None:
    key = bytes(32)
    whole = ChaCha20Poly1305(key).encrypt(package._nonce(0, last=True), b"plain", None)
    assert opened(key, whole) == [b"plain"]
    with pytest.raises(PackageDamaged):
        opened(key, whole[: 5 + kept])


# --- HPKE: the file key to the linker -------------------------------------------------------------------


def sealed(vector: dict[str, Any], plain: bytes) -> bytes:
    """What the vector's sender would send: its KEM output, and a message under its key and first nonce."""
    encapsulated, key, nonce = raw(vector, "enc", "key", "base_nonce")
    cipher = AESGCM(key) if vector["aead_id"] == 1 else ChaCha20Poly1305(key)
    return encapsulated + cipher.encrypt(nonce, plain, None)


@pytest.mark.parametrize("vector", vectors("rfc9180-hpke"), ids=lambda one: one["aead_id"])
def test_hpke_of_rfc_9180(vector: dict[str, Any]) -> None:
    info, secret = raw(vector, "info", "skRm")
    aead = {1: AEAD.AES_128_GCM, 3: AEAD.CHACHA20_POLY1305}[vector["aead_id"]]
    suite, key = Suite(KEM.X25519, KDF.HKDF_SHA256, aead), X25519PrivateKey.from_private_bytes(secret)
    assert suite.decrypt(sealed(vector, b"file key"), key, info=info) == b"file key"
    with pytest.raises(InvalidTag):
        suite.decrypt(sealed(vector, b"file key"), key, info=info + b"\0")


@pytest.fixture
def xwing() -> dict[str, Any]:
    (vector,) = vectors("draft-hpke-xwing")
    assert (vector["mode"], vector["kem_id"], vector["kdf_id"], vector["aead_id"]) == (0, 0x647A, 1, 3)
    return vector


def test_a_linker_opens_what_the_draft_s_sender_sealed(xwing: dict[str, Any]) -> None:
    """The exact suite of a package, and the linker's key expanded from its seed by our own function."""
    info, seed = raw(xwing, "info", "skRm")
    key = LinkerIdentity("koppelaar", seed, bytes(32)).private_key()
    assert package._suite().decrypt(sealed(xwing, b"file key"), key, info=info) == b"file key"


def test_a_package_s_key_for_another_manifest_is_refused(xwing: dict[str, Any]) -> None:
    (seed,) = raw(xwing, "skRm")
    header: Any = SimpleNamespace(sealed=sealed(xwing, bytes(32)), encoded=b"{}")
    with pytest.raises(RecipientWrong):
        package.open_body(io.BytesIO(), header, LinkerIdentity("koppelaar", seed, bytes(32)).private_key())


@pytest.mark.parametrize("vector", vectors("wycheproof-x25519"), ids=lambda one: one["tcId"])
def test_x25519_of_wycheproof(vector: dict[str, Any]) -> None:
    secret, peer, expected = raw(vector, "private", "public", "shared")
    key, other = X25519PrivateKey.from_private_bytes(secret), X25519PublicKey.from_public_bytes(peer)
    if "ZeroSharedSecret" in vector["flags"]:  # RFC 7748, section 6.1: a point of small order
        assert not any(expected)
        with pytest.raises(ValueError, match="Error computing shared key"):
            key.exchange(other)
    else:
        assert key.exchange(other) == expected


# --- Ed25519 and ML-DSA-65: both signatures of a holder --------------------------------------------------

ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MLDSA = MLDSA65PrivateKey.from_seed_bytes(bytes(range(32)))


def check(monkeypatch: pytest.MonkeyPatch, keys: SignerKeys, message: bytes, signatures: bytes, context: bytes) -> None:
    """`verify_signature` over exactly the vector's message and context. Raises SignatureInvalid."""
    monkeypatch.setattr(public, "to_sign", lambda signer, purpose, given: given)
    monkeypatch.setattr(public, "SIGNATURE_CONTEXT", context)
    assert verify_signature(keys.line, PURPOSE, message, keys.encoded + signatures) == keys


def check_ed25519(monkeypatch: pytest.MonkeyPatch, key: bytes, message: bytes, signature: bytes) -> None:
    """A holder whose signature of ML-DSA-65 holds."""
    keys = SignerKeys(key, MLDSA.public_key().public_bytes_raw(), bytes(32))
    check(monkeypatch, keys, message, signature + MLDSA.sign(message, b"context"), b"context")


def check_mldsa(monkeypatch: pytest.MonkeyPatch, vector: dict[str, Any]) -> None:
    """A holder whose signature of Ed25519 holds."""
    key, message, signature, context = raw({"ctx": "", **vector}, "pk", "msg", "sig", "ctx")
    keys = SignerKeys(ED25519.public_key().public_bytes_raw(), key, bytes(32))
    check(monkeypatch, keys, message, ED25519.sign(message) + signature, context)


@pytest.mark.parametrize("vector", vectors("rfc8032-ed25519"))
def test_ed25519_of_rfc_8032(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    secret, key, message, signature = raw(vector, "secret", "pk", "msg", "sig")
    signer = Ed25519PrivateKey.from_private_bytes(secret)
    assert signer.public_key().public_bytes_raw() == key
    assert signer.sign(message) == signature
    check_ed25519(monkeypatch, key, message, signature)


@pytest.mark.parametrize("vector", vectors("wycheproof-ed25519"), ids=lambda one: one["tcId"])
def test_ed25519_of_wycheproof(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    key, message, signature = raw(vector, "pk", "msg", "sig")
    if vector["result"] == "valid":
        check_ed25519(monkeypatch, key, message, signature)
    elif vector["result"] == "invalid":
        with pytest.raises(SignatureInvalid):
            check_ed25519(monkeypatch, key, message, signature)
    else:  # a key of small or mixed order: nobody's but a cheat's, and the study binds ML-DSA-65 beside it
        assert {"SmallOrderPublicKey", "MixedOrderPublicKey"} & set(vector["flags"])
        keys = SignerKeys(key, MLDSA.public_key().public_bytes_raw(), bytes(32))
        with pytest.raises(SignatureInvalid):
            check(monkeypatch, keys, message, signature + bytes(3309), b"context")


@pytest.mark.parametrize("vector", vectors("wycheproof-mldsa65-verify"), ids=lambda one: one["tcId"])
def test_mldsa_65_of_wycheproof(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if vector["result"] == "valid":
        check_mldsa(monkeypatch, vector)
    else:
        with pytest.raises(SignatureInvalid):
            check_mldsa(monkeypatch, vector)


def test_a_signature_cannot_be_made_into_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Own case: S + L, of a message of our own; Wycheproof has it for others."""
    key, message = ED25519.public_key().public_bytes_raw(), b"a package"
    signature = ED25519.sign(message)
    check_ed25519(monkeypatch, key, message, signature)
    other = signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    with pytest.raises(SignatureInvalid):
        check_ed25519(monkeypatch, key, message, other)


@pytest.mark.parametrize("altered", range(64))
def test_no_byte_of_ed25519_s_signature_is_free(altered: int) -> None:
    signature = bytearray(ED25519.sign(b"a package"))
    signature[altered] ^= 1
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(ED25519.public_key().public_bytes_raw()).verify(signature, b"a package")
