"""docs/spec/package-v1.md: a second opener and sealer, and a vector for each way in which a package is refused."""

from __future__ import annotations

import datetime as dt
import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import simulator
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from spec import plain_package as plain
from spec.plain_package import Package, Refused

from linkage import errors
from linkage.chain import START
from linkage.linker import ledger
from linkage.linker.accept import accept
from linkage.linker.checked import batches
from linkage.linker.parse import parse
from linkage.transfer.package import open_body

SCHEME = "hmac-sha256-128/1"
HOLDER = "sociale-dienst"
LINKER_SEED, OTHER_SEED = b"L" * 32, b"M" * 32
PLACES = ("alleenstaand", "referentie-paar", "partner", "ouder", "kind")


@dataclass(frozen=True, repr=False)
class Stage:
    """A study with the package that one holder made."""

    cast: simulator.Cast
    package: bytes
    seed: bytes

    @property
    def parts(self) -> Package:
        return plain.parse(self.package)

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.parts.manifest)
        return found

    @property
    def body(self) -> bytes:
        return plain.open_package(self.package, plain.holder_public(self.seed), LINKER_SEED)[1]

    def sealed(self, manifest: dict[str, Any] | bytes, body: bytes | None = None, **change: Any) -> bytes:
        """A package of the independent sealer."""
        encoded = manifest if isinstance(manifest, bytes) else plain.canonical(manifest)
        linker = plain.linker_public(change.pop("linker_seed", LINKER_SEED))
        return plain.seal_bytes(encoded, self.body if body is None else body, linker, self.seed, **change)

    def said(self, **change: Any) -> bytes:
        """A package of the independent sealer that says something else of itself."""
        assert all(self.manifest[name] != value for name, value in change.items())
        return self.sealed(self.manifest | change)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    cast = simulator.minimal(tmp_path_factory.mktemp("cast"))
    return Stage(cast, cast.encode(HOLDER).read_bytes(), cast.holder_keys[HOLDER].seed)


def read_by_project(
    stage: Stage, package: bytes, folder: Path, *, today: dt.date = simulator.TODAY, entries: tuple[Any, ...] = ()
) -> list[dict[str, Any]]:
    """The project's whole way from bytes to checked rows."""
    path, body, checked = folder / "a.package", folder / "body", folder / "checked"
    path.write_bytes(package)
    accepted = accept(path, stage.cast.study(), entries, today)
    with path.open("rb") as file:
        body.write_bytes(b"".join(open_body(file, accepted.header, stage.cast.linker.private_key())))
    parse(body, checked, accepted.manifest)
    try:
        return pl.concat(batches(checked, accepted.manifest)).to_dicts()
    finally:
        checked.unlink()  # as the linker does


def rows_of(parquet: bytes) -> list[dict[str, Any]]:
    """Rows with a pseudonym as bytes, whatever Arrow type it has."""
    table = plain.table_of(parquet)
    rows: list[dict[str, Any]] = table.to_pylist()
    return [{name: getattr(value, "bytes", value) for name, value in row.items()} for row in rows]


# --- a package of the project, read without it ---------------------------------------------------


def expected(cast: simulator.Cast, field: str, canonical: str | None) -> bytes | None:
    if canonical is None:
        return None
    version = {"address-number": "address"}.get(field, field) + "/1"
    key = plain.field_key(cast.root.secret, "household-linkage/v1", SCHEME, simulator.STUDY_ID, field, version)
    return plain.pseudonym(key, canonical)


def opened(cast: simulator.Cast, holder: str) -> tuple[dict[str, Any], bytes]:
    package = cast.encode(holder).read_bytes()
    return plain.open_package(package, plain.holder_public(cast.holder_keys[holder].seed), LINKER_SEED)


def with_pseudonyms(cast: simulator.Cast, rows: list[dict[str, Any]], fields: int) -> list[dict[str, Any]]:
    return [
        {
            name: expected(cast, name, value) if index < fields else value
            for index, (name, value) in enumerate(row.items())
        }
        for row in rows
    ]


def test_the_register_is_read_without_the_project(stage: Stage) -> None:
    manifest, body = opened(stage.cast, "gemeente")
    people = [(0, 0, False, "ouder", 2), (1, 0, True, "kind", 0), (2, 1, False, "alleenstaand", 0)]
    rows = [
        {
            "a-number": simulator.a_number(person),
            "bsn": simulator.bsn(person),
            "address": f"7607AB|{home + 1}|",
            "address-number": f"7607AB|{home + 1}",
            "household-number": str(1000 + home),
            "address_suffix": False,
            "minor": minor,
            "wijk": home % 2,
            "place": PLACES.index(place),
            "moves": moves,
        }
        for person, home, minor, place, moves in people
    ]
    rows = with_pseudonyms(stage.cast, rows, fields=5)
    assert manifest["rows"] == 3
    assert [*manifest["pseudonyms"], *(column["name"] for column in manifest["columns"])] == list(rows[0])
    assert rows_of(body) == plain.in_order(rows, list(rows[0]))


def test_two_persons_are_read_without_the_project(stage: Stage) -> None:
    rows = [
        {"bsn": simulator.bsn(0), "bijstand": 12, "ww": 0, "disability": 0, "other": 0},
        {"bsn": simulator.bsn(2), "bijstand": 0, "ww": 3, "disability": 0, "other": 0},
    ]
    assert rows_of(stage.body) == plain.in_order(with_pseudonyms(stage.cast, rows, fields=1), list(rows[0]))


def test_a_missing_address_has_no_pseudonym(stage: Stage) -> None:
    _, body = opened(stage.cast, "politie")
    (row,) = rows_of(body)
    assert row["bsn"] == expected(stage.cast, "bsn", simulator.bsn(2))
    assert (row["address"], row["address-number"], row["address_suffix"]) == (None, None, None)


def test_rows_stand_in_the_order_of_their_content(tmp_path: Path) -> None:
    cast = simulator.Cast(tmp_path)
    cast.exports[HOLDER] = [{"bsn": simulator.bsn(n), "bijstand": n % 13} for n in range(500)]
    cast.exports[HOLDER] += [{"bsn": simulator.bsn(0), "bijstand": 7}] * 2
    _, body = opened(cast, HOLDER)
    rows = rows_of(body)
    names = list(rows[0])
    given = with_pseudonyms(
        cast,
        [
            {"bsn": row["bsn"], "bijstand": row["bijstand"], "ww": 0, "disability": 0, "other": 0}
            for row in cast.exports[HOLDER]
        ],
        fields=1,
    )
    assert rows == plain.in_order(given, names) != given


@pytest.mark.parametrize("holder", ["gemeente", "politie", "verzekeraar", "stadsbank"])
def test_the_body_carries_nothing_beside_the_rows(stage: Stage, holder: str) -> None:
    manifest, body = opened(stage.cast, holder)
    file = pq.ParquetFile(io.BytesIO(body))
    fields = len(manifest["pseudonyms"])
    physical = [file.schema.column(n).physical_type for n in range(len(file.schema))]
    lengths = [file.schema.column(n).length for n in range(fields)]
    assert physical[:fields] == ["FIXED_LEN_BYTE_ARRAY"] * fields
    assert lengths == [16] * fields
    wanted = ["BOOLEAN" if column["type"] == "boolean" else "INT32" for column in manifest["columns"]]
    assert physical[fields:] == wanted
    assert [str(kind) for kind in file.schema_arrow.types[:fields]] == ["extension<arrow.uuid>"] * fields
    assert set(file.metadata.metadata) == {b"ARROW:schema"}
    assert file.schema_arrow.metadata is None
    for group in range(file.num_row_groups):
        for column in range(file.metadata.num_columns):
            chunk = file.metadata.row_group(group).column(column)
            assert not chunk.is_stats_set
            assert not chunk.has_column_index
            assert chunk.bloom_filter_offset is None


def test_the_manifest_says_what_the_specification_asks(stage: Stage) -> None:
    manifest = stage.manifest
    names = "format study protocol_digest agreement reference_date delivery holder wave sequence scheme normalisation"
    names += " root_key_id canaries linker created expires pseudonyms columns rows source encoder"
    assert set(manifest) == set(names.split())
    assert manifest["normalisation"] == {"bsn": "bsn/1"}
    canary = expected(stage.cast, "bsn", "000000012")
    assert canary is not None
    assert manifest["canaries"] == {"bsn": canary.hex()}
    key_id = plain.field_key(stage.cast.root.secret, "household-linkage/v1", "root-key-id", simulator.STUDY_ID, "", "1")
    assert manifest["root_key_id"] == key_id[:32]
    assert set(manifest["source"]) == {"rows", "not_selected", "rejected"}
    assert {frozenset(column) for column in manifest["columns"]} == {
        frozenset({"name", "type", "minimum", "maximum", "categories"})
    }


# --- a package sealed without the project, read by it ---------------------------------------------


def test_the_project_reads_what_the_independent_sealer_made(stage: Stage, tmp_path: Path) -> None:
    rows = rows_of(stage.body)
    rows.append({**rows[0], "bsn": b"\x00" * 16, "bijstand": None})
    manifest = stage.manifest | {"rows": 3, "encoder": "another encoder 1.0"}
    package = stage.sealed(manifest, plain.body_of(rows, manifest))
    assert read_by_project(stage, package, tmp_path) == plain.in_order(rows, list(rows[0]))


def test_many_chunks_are_read_by_both(stage: Stage, tmp_path: Path) -> None:
    """Bodies around the length of a chunk, which the project's reader gives back byte for byte."""
    for size in (0, 1, 65_535, 65_536, 65_537, 3 * 65_536):
        body = bytes(range(256)) * (size // 256) + bytes(size % 256)
        package = stage.sealed(stage.manifest, body)
        path = tmp_path / f"{size}.package"
        path.write_bytes(package)
        accepted = accept(path, stage.cast.study(), (), simulator.TODAY)
        with path.open("rb") as file:
            assert b"".join(open_body(file, accepted.header, stage.cast.linker.private_key())) == body
        assert plain.open_package(package, plain.holder_public(stage.seed), LINKER_SEED)[1] == body
        assert len(plain.parse(package).chunks()) == max(1, -(-size // 65_536))


# --- a vector per failure: change one thing, expect one error --------------------------------------


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def long(stage: Stage) -> Package:
    """A package of three chunks."""
    return plain.parse(stage.sealed(stage.manifest, bytes(2 * 65_536 + 100)))


def rechunked(stage: Stage, change: Callable[[list[bytes]], list[bytes]], *, signed: bool) -> bytes:
    package = long(stage)
    changed = replace(package, body=b"".join(change(package.chunks())))
    assert changed.body != package.body
    return (changed.signed(stage.seed) if signed else changed).encoded()


def rewritten(stage: Stage, change: Callable[[bytes], bytes]) -> bytes:
    """The same package with its manifest written in another way, signed by the holder."""
    encoded = stage.parts.manifest
    assert change(encoded) != encoded
    return stage.sealed(change(encoded))


def reordered(encoded: bytes) -> bytes:
    found = json.loads(encoded)
    return json.dumps({"wave": found.pop("wave"), **found}, separators=(",", ":")).encode()


CHUNKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "flipped chunk": lambda chunks: [chunks[0], flipped(chunks[1], 7), chunks[2]],
    "swapped chunks": lambda chunks: [chunks[1], chunks[0], chunks[2]],
    "dropped last chunk": lambda chunks: chunks[:-1],
    "dropped first chunk": lambda chunks: chunks[1:],
    "doubled chunk": lambda chunks: [chunks[0], *chunks],
    "cut in the last chunk": lambda chunks: [*chunks[:-1], chunks[-1][:-1]],
    "extra bytes": lambda chunks: [*chunks, b"x"],
    "extra chunk": lambda chunks: [*chunks, bytes(16)],
}

DAMAGED: dict[str, Callable[[Stage], bytes]] = {
    "no bytes": lambda s: b"",
    "cut in the magic": lambda s: s.package[:20],
    "another magic": lambda s: flipped(s.package, 3),
    "cut in the length": lambda s: s.package[:28],
    "length too large": lambda s: s.package[:26] + struct.pack(">I", 65_537) + s.package[30:],
    "length beyond the file": lambda s: s.package[:26] + struct.pack(">I", 65_536) + s.package[30:],
    "length zero": lambda s: s.package[:26] + struct.pack(">I", 0) + s.package[30:],
    "cut in the manifest": lambda s: s.package[:200],
    "cut in the sealed key": lambda s: s.package[: 30 + len(s.parts.manifest) + 100],
    "cut in the signature": lambda s: s.package[: 30 + len(s.parts.manifest) + 1168 + plain.SIGNATURE - 1],
    "no body": lambda s: s.package[: 30 + len(s.parts.manifest) + 1168 + plain.SIGNATURE],
    "body below a tag": lambda s: s.package[: 30 + len(s.parts.manifest) + 1168 + plain.SIGNATURE + 15],
    "manifest without its brace": lambda s: flipped(s.package, 30),
    "keys in another order": lambda s: rewritten(s, reordered),
    "white space": lambda s: rewritten(s, lambda m: m.replace(b'"wave":', b'"wave": ')),
    "line end behind": lambda s: rewritten(s, lambda m: m + b"\n"),
    "byte-order mark": lambda s: rewritten(s, lambda m: b"\xef\xbb\xbf" + m),
    "another spelling": lambda s: rewritten(s, lambda m: m.replace(b'"wave"', b'"\\u0077ave"')),
    "no UTF-8": lambda s: rewritten(s, lambda m: m.replace(b'"encoder":"', b'"encoder":"\xff')),
    "double key": lambda s: rewritten(s, lambda m: m[:-1] + b',"wave":1}'),
    "unknown key": lambda s: rewritten(s, lambda m: m[:-1] + b',"zeta":1}'),
    "missing key": lambda s: rewritten(s, lambda m: m.replace(b',"wave":1', b"")),
    "float": lambda s: rewritten(s, lambda m: m.replace(b'"wave":1', b'"wave":1.0')),
    "exponent": lambda s: rewritten(s, lambda m: m.replace(b'"wave":1', b'"wave":1e0')),
    "not a number": lambda s: rewritten(s, lambda m: m.replace(b'"wave":1', b'"wave":NaN')),
    "minus zero": lambda s: rewritten(s, lambda m: m.replace(b'"not_selected":0', b'"not_selected":-0')),
    "number as text": lambda s: s.said(wave="1"),
    "truth for a number": lambda s: rewritten(s, lambda m: m.replace(b'"wave":1', b'"wave":true')),
    "null": lambda s: s.said(wave=None),
    "number too large": lambda s: s.said(sequence=1_000_001),
    "too many rows": lambda s: s.said(rows=100_000_001),
    "list for an object": lambda s: s.sealed(b"[]"),
    "no pseudonym field": lambda s: s.said(pseudonyms=[]),
    "name with a space": lambda s: s.said(delivery="uit keringen"),
    "upper-case study": lambda s: s.said(study=simulator.STUDY_ID.upper()),
    "deeply nested": lambda s: s.sealed(b"[" * 60_000),
    "huge number": lambda s: rewritten(s, lambda m: m.replace(b'"wave":1', b'"wave":' + b"1" * 5_000)),
} | {f"{name}, signed": lambda s, change=change: rechunked(s, change, signed=True) for name, change in CHUNKS.items()}  # type: ignore[misc]


def signature_at(stage: Stage) -> int:
    return 30 + len(stage.parts.manifest) + 1168


def stripped(stage: Stage, place: int, size: int) -> bytes:
    """A signature of one scheme alone: the other's place is empty."""
    signature = stage.parts.signature
    return replace(stage.parts, signature=signature[:place] + bytes(size) + signature[place + size :]).encoded()


def without_context(stage: Stage) -> bytes:
    """The ML-DSA signature of the right bytes, but outside the context of the specification."""
    signed = plain.pae(plain.CONTEXT, plain.holder_public(stage.seed), plain.FORMAT.encode(), stage.parts.to_sign())
    return stage.parts.signature[:2080] + MLDSA65PrivateKey.from_seed_bytes(stage.seed[32:64]).sign(signed)


def half_of_another(stage: Stage) -> bytes:
    """The holder's own Ed25519 half, beside a good ML-DSA half of somebody else."""
    mixed = stage.seed[:32] + b"X" * 32 + stage.seed[64:]
    return plain.endorse(mixed, plain.FORMAT, stage.parts.to_sign())


def one_scheme(parts: Package, seed: bytes) -> bytes:
    """A package with an Ed25519 signature of 64 bytes and nothing else."""
    signed = plain.pae(plain.CONTEXT, plain.holder_public(seed), plain.FORMAT.encode(), parts.to_sign())
    return replace(parts, signature=Ed25519PrivateKey.from_private_bytes(seed[:32]).sign(signed)).encoded()


UNSIGNED: dict[str, Callable[[Stage], bytes]] = {
    "flipped manifest byte": lambda s: s.package.replace(b'"rows":2', b'"rows":3'),
    "flipped sealed key": lambda s: flipped(s.package, 30 + len(s.parts.manifest) + 5),
    "flipped Ed25519 key": lambda s: flipped(s.package, signature_at(s) + 5),
    "flipped ML-DSA key": lambda s: flipped(s.package, signature_at(s) + 32 + 5),
    "flipped hash of the sealing key": lambda s: flipped(s.package, signature_at(s) + 1984 + 5),
    "flipped Ed25519 signature": lambda s: flipped(s.package, signature_at(s) + 2016 + 5),
    "flipped ML-DSA signature": lambda s: flipped(s.package, signature_at(s) + 2080 + 5),
    "no Ed25519 signature": lambda s: stripped(s, 2016, 64),
    "no ML-DSA signature": lambda s: stripped(s, 2080, 3309),
    "ML-DSA signature without context": lambda s: replace(s.parts, signature=without_context(s)).encoded(),
    "ML-DSA key of another": lambda s: replace(s.parts, signature=half_of_another(s)).encoded(),
    "signed for another purpose": lambda s: replace(
        s.parts, signature=plain.endorse(s.seed, "household-linkage/charter/v1", s.parts.to_sign())
    ).encoded(),
    "flipped body": lambda s: flipped(s.package, len(s.package) - 1),
    "truncated body": lambda s: s.package[:-1],
    "extra byte": lambda s: s.package + b"x",
    "signed by another": lambda s: s.parts.signed(s.cast.holder_keys["gemeente"].seed).encoded(),
    "body of another package": lambda s: replace(s.parts, body=long(s).body).encoded(),
} | {name: lambda s, change=change: rechunked(s, change, signed=False) for name, change in CHUNKS.items()}  # type: ignore[misc]


def other_format(stage: Stage) -> bytes:
    return rewritten(stage, lambda m: m.replace(b"package/v1", b"package/v2"))


def other_column(stage: Stage) -> bytes:
    columns = stage.manifest["columns"]
    return stage.said(columns=[{**columns[0], "maximum": 13}, *columns[1:]])


def key_moved(stage: Stage) -> bytes:
    """A sealed key under another manifest than the one it was sealed for."""
    return stage.sealed(stage.manifest | {"sequence": 2}, info=b"\x00" * 32)


WRONG: dict[str, tuple[Callable[[Stage], bytes], type[errors.PackageError]]] = {
    "another format version": (other_format, errors.FormatUnknown),
    "unknown holder": (lambda s: s.said(holder="niemand"), errors.HolderUnknown),
    "another delivery": (lambda s: s.said(delivery="politie"), errors.HolderWrong),
    "unknown delivery": (lambda s: s.said(delivery="kerk"), errors.HolderWrong),
    "another linker named": (lambda s: s.said(linker="0" * 64), errors.RecipientWrong),
    "sealed to another linker": (lambda s: s.sealed(s.manifest, linker_seed=OTHER_SEED), errors.RecipientWrong),
    "sealed key moved": (key_moved, errors.RecipientWrong),
    "another study": (lambda s: s.said(study="00000000-0000-4000-8000-000000000000"), errors.StudyWrong),
    "another wave": (lambda s: s.said(wave=2), errors.StudyWrong),
    "another reference date": (lambda s: s.said(reference_date="2015-12-31"), errors.StudyWrong),
    "another protocol": (lambda s: s.said(protocol_digest="sha256:" + "0" * 64), errors.ProtocolWrong),
    "another scheme": (lambda s: s.said(scheme="hmac-sha256-128/2"), errors.NormalisationWrong),
    "another normalisation": (lambda s: s.said(normalisation={"bsn": "bsn/2"}), errors.NormalisationWrong),
    "another root": (lambda s: s.said(root_key_id="0" * 32), errors.RootWrong),
    "other canaries": (lambda s: s.said(canaries={"bsn": "0" * 32}), errors.NormalisationWrong),
    "canaries of another field": (lambda s: s.said(canaries={"a-number": "0" * 32}), errors.NormalisationWrong),
    "made in the future": (lambda s: s.said(created="2016-03-03"), errors.PackageExpired),
    "expired": (lambda s: s.said(expires="2016-02-29"), errors.PackageExpired),
    "valid too long": (lambda s: s.said(expires="2016-05-31"), errors.PackageExpired),
    "a day that does not exist": (lambda s: s.said(created="2016-02-30"), errors.PackageExpired),
    "another column": (other_column, errors.ContentWrong),
    "another pseudonym field": (lambda s: s.said(pseudonyms=["a-number"]), errors.ContentWrong),
    "fewer rows than said": (lambda s: s.said(rows=3), errors.ContentWrong),
    "more rows than said": (lambda s: s.said(rows=1), errors.ContentWrong),
}


def refused(stage: Stage, package: bytes, folder: Path, error: type[errors.PackageError]) -> None:
    """Exactly this class, and nothing but the package itself was written before the refusal."""
    assert package != stage.package
    with pytest.raises(error) as caught:
        read_by_project(stage, package, folder)
    assert type(caught.value) is error
    assert not (folder / "checked").exists()


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged(stage: Stage, tmp_path: Path, name: str) -> None:
    refused(stage, DAMAGED[name](stage), tmp_path, errors.PackageDamaged)
    assert not (tmp_path / "body").exists()


@pytest.mark.parametrize("name", UNSIGNED)
def test_altered(stage: Stage, tmp_path: Path, name: str) -> None:
    refused(stage, UNSIGNED[name](stage), tmp_path, errors.SignatureInvalid)


@pytest.mark.parametrize("size", [0, 2 * 65_536 + 100])
def test_a_package_with_ed25519_alone(stage: Stage, tmp_path: Path, size: int) -> None:
    """No downgrade: where the second signature would be there is the body, or the end of the file."""
    parts = plain.parse(stage.sealed(stage.manifest, bytes(size)))
    refused(stage, one_scheme(parts, stage.seed), tmp_path, errors.SignatureInvalid if size else errors.PackageDamaged)


@pytest.mark.parametrize("name", WRONG)
def test_wrong(stage: Stage, tmp_path: Path, name: str) -> None:
    change, error = WRONG[name]
    refused(stage, change(stage), tmp_path, error)


FORM = [
    name for name in DAMAGED if not name.startswith(("number", "truth", "null", "too many", "no pseu", "name", "upper"))
]


@pytest.mark.parametrize("name", [name for name in FORM if name not in ("unknown key", "missing key")])
def test_the_independent_opener_refuses_a_damaged_one_too(stage: Stage, name: str) -> None:
    with pytest.raises(Refused):
        plain.open_package(DAMAGED[name](stage), plain.holder_public(stage.seed), LINKER_SEED)


@pytest.mark.parametrize("name", UNSIGNED)
def test_the_independent_opener_refuses_an_altered_one_too(stage: Stage, name: str) -> None:
    with pytest.raises(Refused):
        plain.open_package(UNSIGNED[name](stage), plain.holder_public(stage.seed), LINKER_SEED)


# --- bodies that are not what was agreed (section 5), signed by the holder -------------------------


def other_body(stage: Stage, change: Callable[[pa.Table], pa.Table]) -> bytes:
    target = io.BytesIO()
    rows = plain.body_of(rows_of(stage.body), stage.manifest)
    pq.write_table(change(plain.table_of(rows)), target)
    return stage.sealed(stage.manifest, target.getvalue())


def replaced(table: pa.Table, name: str, values: list[Any], kind: pa.DataType) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values, kind))


BODIES: dict[str, Callable[[pa.Table], pa.Table]] = {
    "extra column": lambda t: t.append_column("naam", pa.array([1, 2], pa.int32())),
    "text column": lambda t: replaced(t, "ww", ["a", "b"], pa.string()),
    "missing column": lambda t: t.drop_columns(["ww"]),
    "other order": lambda t: t.select(t.column_names[::-1]),
    "wider integer": lambda t: replaced(t, "ww", [1, 2], pa.int64()),
    "above the maximum": lambda t: replaced(t, "ww", [1, 13], pa.int32()),
    "below the minimum": lambda t: replaced(t, "ww", [-1, 1], pa.int32()),
    "short pseudonym": lambda t: replaced(t, "bsn", [b"1" * 8, b"2" * 8], pa.binary(8)),
    "long pseudonym": lambda t: replaced(t, "bsn", [b"1" * 16, b"2" * 17], pa.binary()),
}


@pytest.mark.parametrize("name", BODIES)
def test_wrong_body(stage: Stage, tmp_path: Path, name: str) -> None:
    refused(stage, other_body(stage, BODIES[name]), tmp_path, errors.ContentWrong)


@pytest.mark.parametrize("body", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"], ids=["empty", "magic", "no footer"])
def test_body_that_is_no_parquet(stage: Stage, tmp_path: Path, body: bytes) -> None:
    refused(stage, stage.sealed(stage.manifest, body), tmp_path, errors.ContentWrong)


def test_an_unchanged_body_of_another_writer_is_accepted(stage: Stage, tmp_path: Path) -> None:
    """So that the bodies above are refused for their own fault."""
    read_by_project(stage, other_body(stage, lambda table: table), tmp_path)


# --- the study, the ledger and the order (section 6) -----------------------------------------------


def entry(stage: Stage, sequence: int) -> ledger.Entry:
    manifest = stage.manifest
    facts = {name: manifest[name] for name in ("study", "wave", "delivery", "holder")}
    return ledger.Entry(START, **facts, sequence=sequence, package="0" * 64, rows=1, accepted="2016-02-01")


@pytest.mark.parametrize("sequence", [1, 2])
def test_superseded(stage: Stage, tmp_path: Path, sequence: int) -> None:
    with pytest.raises(errors.PackageReplayed):
        read_by_project(stage, stage.package, tmp_path, entries=(entry(stage, sequence),))


def test_a_higher_number_is_a_better_delivery(stage: Stage, tmp_path: Path) -> None:
    package = stage.said(sequence=2)
    assert len(read_by_project(stage, package, tmp_path, entries=(entry(stage, 1),))) == stage.manifest["rows"]


def test_after_the_retention_date(stage: Stage, tmp_path: Path) -> None:
    package = stage.sealed(stage.manifest | {"created": "2031-01-01", "expires": "2031-02-01"})
    with pytest.raises(errors.PackageExpired):
        read_by_project(stage, package, tmp_path, today=dt.date(2031, 1, 1))


def test_a_study_without_root_accepts_nothing(stage: Stage, tmp_path: Path) -> None:
    cast = simulator.Cast(tmp_path / "bare")
    cast.write_study("")
    with pytest.raises(errors.StudyIncomplete):
        read_by_project(replace(stage, cast=cast), stage.package, tmp_path)


# Each holds one fault more than the one before it; the first in the order of section 6 is told.
FAULTS: list[tuple[type[errors.PackageError], dict[str, Any]]] = [
    (errors.ContentWrong, {"pseudonyms": ["a-number"]}),
    (errors.PackageExpired, {"expires": "2016-02-29"}),
    (errors.NormalisationWrong, {"canaries": {"bsn": "0" * 32}}),
    (errors.RootWrong, {"root_key_id": "0" * 32}),
    (errors.NormalisationWrong, {"scheme": "other/1"}),
    (errors.ProtocolWrong, {"protocol_digest": "sha256:" + "0" * 64}),
    (errors.StudyWrong, {"wave": 2}),
    (errors.RecipientWrong, {"linker": "0" * 64}),
]


@pytest.mark.parametrize("count", range(1, len(FAULTS) + 1))
def test_the_first_fault_in_order_is_told(stage: Stage, tmp_path: Path, count: int) -> None:
    said: dict[str, Any] = {}
    for _, change in FAULTS[:count]:
        said |= change
    refused(stage, stage.said(**said), tmp_path, FAULTS[count - 1][0])


def test_the_signature_comes_before_the_content_of_the_manifest(stage: Stage, tmp_path: Path) -> None:
    said: dict[str, Any] = {}
    for _, change in FAULTS:
        said |= change
    package = plain.parse(stage.said(**said)).signed(b"X" * 96).encoded()
    refused(stage, package, tmp_path, errors.SignatureInvalid)
    unknown = plain.parse(stage.said(holder="niemand")).signed(b"X" * 96).encoded()
    refused(stage, unknown, tmp_path, errors.HolderUnknown)


def test_chunks_are_not_opened_before_the_ledger_was_asked(stage: Stage, tmp_path: Path) -> None:
    package = rechunked(stage, CHUNKS["swapped chunks"], signed=True)
    with pytest.raises(errors.PackageReplayed):
        read_by_project(stage, package, tmp_path, entries=(entry(stage, 1),))
