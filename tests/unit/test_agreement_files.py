"""The files of an agreement are read strictly; the words of the check phrase can be told apart."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from rounds import NAMES, Table, table
from spec.plain_package import pae

from linkage import errors, keys
from linkage.agreement import rounds
from linkage.agreement.phrase import WORDS, check_phrase
from linkage.keys.signed import MAX_SIGNED_BYTES, parse_signed, read_signed

ONE, TWO, THREE = NAMES


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Table:
    return table(tmp_path_factory.mktemp("cast"))


@pytest.fixture(scope="module")
def raw(three: Table) -> bytes:
    return three.file(TWO, three.commit(TWO))


def resigned(raw: bytes, change: Callable[[str], str]) -> bytes:
    text = raw.decode()
    assert change(text) != text
    return change(text).encode()


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "no JSON": lambda raw: raw[:-3],
    "no line end": lambda raw: raw[:-1],
    "two line ends": lambda raw: raw + b"\n",
    "byte-order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "white space": lambda raw: resigned(raw, lambda text: text.replace('"made":', '"made": ')),
    "unknown key": lambda raw: resigned(raw, lambda text: text.replace('"made":', '"aaa":1,"made":')),
    "unknown key outside": lambda raw: resigned(raw, lambda text: text.replace('{"body"', '{"a":1,"body"')),
    "missing key": lambda raw: resigned(raw, lambda text: text.replace('"made":"2016-03-01",', "")),
    "double key": lambda raw: resigned(raw, lambda text: text.replace('"made":', '"made":"2016-03-01","made":')),
    "another version": lambda raw: resigned(raw, lambda text: text.replace("commit/v1", "commit/v2")),
    "a day that does not exist": lambda raw: resigned(raw, lambda text: text.replace("2016-03-01", "2016-02-30")),
    "another spelling of a day": lambda raw: resigned(raw, lambda text: text.replace("2016-03-01", "20160301")),
    "null": lambda raw: resigned(raw, lambda text: text.replace('"2016-03-01"', "null")),
    "escaped": lambda raw: resigned(raw, lambda text: text.replace('"made"', '"m\\u0061de"')),
    "a list": lambda raw: b"[]\n",
    "deeply nested": lambda raw: b"[" * 100_000,
    "fraction": lambda raw: resigned(raw, lambda text: text.replace('"2016-03-01"', "1.5")),
    "signature is no text": lambda raw: b'{"body":{},"signature":1}\n',
    "signature without padding": lambda raw: resigned(raw, lambda text: text.replace('="}', '"}')),
    "too large": lambda raw: raw + b" " * MAX_SIGNED_BYTES,
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_another_spelling_is_refused(raw: bytes, name: str) -> None:
    parse_signed(raw, rounds.Commit, "x")
    with pytest.raises(errors.SignedFileDamaged):
        parse_signed(SPELLINGS[name](raw), rounds.Commit, "x")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(errors.SignedFileDamaged):
        read_signed(tmp_path / "none.commit", rounds.Commit)


def test_the_root_and_the_phrase_are_what_the_specification_says(three: Table) -> None:
    """Computed once more with the standard library alone."""
    charter = hashlib.sha256(_canonical(three.charter.model_dump())).hexdigest()
    assert three.charter.digest == charter
    commits = [_canonical(json.loads(three.file(name, three.commit(name)))["body"]) for name in NAMES]
    label = b"household-linkage/key-agreement/"
    transcript = hashlib.sha256(pae(label + b"transcript/v1", charter.encode(), *commits)).digest()
    for name in NAMES:
        secret = three.parts[name].secret
        made = hashlib.sha256(
            pae(label + b"commitment/v1", charter.encode(), name.encode(), secret[:32], secret[32:])
        ).hexdigest()
        assert json.loads(three.file(name, three.commit(name)))["body"]["commitment"] == made
    extracted = hmac.digest(transcript, pae(*(three.parts[name].secret[:32] for name in NAMES)), "sha256")
    root = hmac.digest(extracted, label + b"root/v1\x01", "sha256")
    agreed = three.agree(ONE)
    assert agreed.root.secret == root
    info = pae(label + b"phrase/v1", transcript, agreed.root.key_id.encode())
    drawn = hmac.digest(root, info + b"\x01", "sha256")[:9]
    assert agreed.phrase == tuple(WORDS[byte] for byte in drawn)


def _canonical(body: object) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_sealed_parts_open_for_their_holder_alone(three: Table) -> None:
    part = three.reveal(ONE).sealed[0]
    info = rounds._info(three.round_one(), ONE, TWO)
    assert part.holder == TWO
    opened = rounds._suite().decrypt(base64.b64decode(part.sealed), three.identities[TWO].private_key(), info=info)
    assert opened == three.parts[ONE].secret


# --- the words --------------------------------------------------------------------------------------


def distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def test_the_words_can_be_told_apart() -> None:
    assert len(WORDS) == len(set(WORDS)) == 256
    assert list(WORDS) == sorted(WORDS)
    assert all(word.isascii() and word.isalpha() and word.islower() and 4 <= len(word) <= 9 for word in WORDS)
    assert len({word[:4] for word in WORDS}) == 256
    assert min(distance(one, other) for one, other in combinations(WORDS, 2)) >= 3


def test_the_list_of_words_is_frozen() -> None:
    """Another list is another version: two programs would read different words for one root."""
    assert hashlib.sha256(" ".join(WORDS).encode()).hexdigest() == (
        "aa526fe5b3d69534459dce0357fc1155f2db0552da7cd452d65e5cf26f8a8176"
    )


def test_the_phrase_follows_root_and_transcript() -> None:
    from uuid import UUID

    roots = [keys.RootKey(UUID(int=1), bytes([byte]) * 32) for byte in (1, 2)]
    made = {check_phrase(root, transcript) for root in roots for transcript in (b"a" * 32, b"b" * 32)}
    assert len(made) == 4
