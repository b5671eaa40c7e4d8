"""A key file opens under one passphrase: a text that opens under two keys is made here, and refused."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from linkage import errors, keys
from linkage.keys import secret_file

STUDY = uuid.UUID("6f1d2c3b-0a1b-4c2d-8e3f-001122334455")
PASSPHRASES = ("de eerste lange zin", "de tweede lange zin")
P, CLAMP = 2**130 - 5, 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
HIGH = 2**128


def poly_key(key: bytes) -> tuple[int, int]:
    """The r and s of Poly1305 (RFC 8439, section 2.6) for this key and a nonce of zeros."""
    stream = Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor().update(bytes(32))
    return int.from_bytes(stream[:16], "little") & CLAMP, int.from_bytes(stream[16:], "little")


def blocks_of(data: bytes) -> list[int]:
    padded = data + bytes(-len(data) % 16)
    return [int.from_bytes(padded[i : i + 16], "little") + HIGH for i in range(0, len(padded), 16)]


def text_for_two(keys_of_two: tuple[bytes, bytes], aad: bytes) -> bytes:
    """32 bytes and a tag that ChaCha20-Poly1305 opens under both keys: two linear equations in two blocks."""
    lengths = len(aad).to_bytes(8, "little") + (32).to_bytes(8, "little")
    equations = []
    for key in keys_of_two:
        r, s = poly_key(key)
        known = 0
        for block in [*blocks_of(aad), 0, 0, *blocks_of(lengths)]:
            known = (known + block) * r % P
        equations.append((pow(r, 3, P), pow(r, 2, P), known, s))
    (a, b, m, s), (c, d, n, t) = equations
    inverse = pow(a * d - b * c, -1, P)
    while True:
        tag = secrets.randbits(128)
        for i, j in product(range(4), repeat=2):
            u, v = ((tag - s) % HIGH + i * HIGH - m) % P, ((tag - t) % HIGH + j * HIGH - n) % P
            first, second = (d * u - b * v) * inverse % P, (a * v - c * u) * inverse % P
            if HIGH <= first < 2 * HIGH and HIGH <= second < 2 * HIGH:
                blocks = ((first - HIGH).to_bytes(16, "little"), (second - HIGH).to_bytes(16, "little"))
                return b"".join(blocks) + tag.to_bytes(16, "little")


def crafted(path: Path, committed_to: int) -> tuple[list[bytes], bytes, bytes]:
    """A file for two passphrases, with the commitment of one; its two keys, additional data and text."""
    keys.save(path, keys.new_root(STUDY), PASSPHRASES[committed_to])
    document: dict[str, Any] = json.loads(path.read_text())
    salt = base64.b64decode(document["protection"]["salt"])
    both = [secret_file._stretch(passphrase, salt)[0] for passphrase in PASSPHRASES]
    aad = secret_file._aad({name: value for name, value in document.items() if name != "secret"})
    text = text_for_two((both[0], both[1]), aad)
    path.write_text(json.dumps({**document, "secret": base64.b64encode(text).decode()}))
    return both, aad, text


@pytest.mark.parametrize("committed_to", [0, 1])
def test_a_file_for_two_passphrases_opens_under_one_at_most(tmp_path: Path, committed_to: int) -> None:
    path = tmp_path / "study.root"
    both, aad, text = crafted(path, committed_to)
    opened = [ChaCha20Poly1305(key).decrypt(bytes(12), text, aad) for key in both]
    assert opened[0] != opened[1]  # the cipher alone takes it for good under both
    with pytest.raises(errors.WrongPassphrase):
        keys.load_root(path, STUDY, lambda _: PASSPHRASES[1 - committed_to])
    with pytest.raises(errors.SecretDamaged):  # what it says under the other is not the root of its key_id
        keys.load_root(path, STUDY, lambda _: PASSPHRASES[committed_to])


def test_nothing_is_opened_under_a_wrong_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "study.root"
    keys.save(path, keys.new_root(STUDY), PASSPHRASES[0])

    class Untouched:
        def __init__(self, key: bytes) -> None:
            raise AssertionError("the cipher was asked before the commitment was compared")

    monkeypatch.setattr(secret_file, "ChaCha20Poly1305", Untouched)
    with pytest.raises(errors.WrongPassphrase):
        keys.load_root(path, STUDY, lambda _: PASSPHRASES[1])
    with pytest.raises(AssertionError):
        keys.load_root(path, STUDY, lambda _: PASSPHRASES[0])


def test_key_and_commitment_are_apart_and_follow_passphrase_and_salt() -> None:
    made = [secret_file._stretch(passphrase, salt) for passphrase in PASSPHRASES for salt in (b"a" * 16, b"b" * 16)]
    assert len({part for pair in made for part in pair}) == 8


def test_each_identity_has_three_seeds_of_its_own() -> None:
    one, other = keys.new_holder("politie"), keys.new_holder("politie")
    parts = [key.seed[i : i + 32] for key in (one, other) for i in (0, 32, 64)]
    assert len(set(parts)) == 6
    for place in (0, 32, 64):
        changed = one.seed[:place] + bytes([one.seed[place] ^ 1]) + one.seed[place + 1 :]
        assert keys.HolderIdentity("politie", changed).public != one.public
    with pytest.raises(ValueError, match="96 bytes"):
        keys.HolderIdentity("politie", bytes(32))


@pytest.mark.parametrize("purpose", ["household-linkage/package/v1", "a"])
def test_a_signature_is_for_one_line_purpose_and_message(purpose: str) -> None:
    holder, other = keys.new_holder("politie"), keys.new_holder("stadsbank")
    signature = holder.sign(purpose, b"message")
    assert keys.verify_signature(holder.public, purpose, b"message", signature) == holder.signer
    for line, said, message in (
        (other.public, purpose, b"message"),
        (holder.public, purpose + "x", b"message"),
        (holder.public, purpose, b"massage"),
    ):
        with pytest.raises(errors.SignatureInvalid):
            keys.verify_signature(line, said, message, signature)
    for size in (0, 64, len(signature) - 1, len(signature) + 1):
        with pytest.raises(errors.SignatureInvalid):
            keys.verify_signature(holder.public, purpose, b"message", signature.ljust(size, b"\0")[:size])
