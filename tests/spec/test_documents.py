"""The other specifications: their examples work, their tables hold, and every word of the code stands in them."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import json
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import narwhals.stable.v2 as nw
import polars as pl
import pyarrow.parquet as pq
import pytest
import simulator
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import BaseModel

from linkage import errors, keys
from linkage.agreement.charter import CharterSigned
from linkage.agreement.phrase import WORDS
from linkage.agreement.rounds import Commit, Reveal
from linkage.chain import START
from linkage.evidence.model import Evidence, EvidenceSigned
from linkage.keeping.destroyed import Destroyed
from linkage.linker import ledger
from linkage.linker.link import WAYS, Population, link
from linkage.study import Study, load_study
from protocols import digest, load_protocol, model

SPEC = Path(__file__).parents[2] / "docs" / "spec"
STUDY = UUID("6f1d2c3b-0a1b-4c2d-8e3f-001122334455")
PASSPHRASE = "four example words here"


def text_of(name: str) -> str:
    return (SPEC / f"{name}.md").read_text("utf-8")


def examples(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.DOTALL | re.MULTILINE)


def words_of(name: str) -> set[str]:
    """Every word between backticks, and every key in an example."""
    text = text_of(name)
    quoted = " ".join(re.findall(r"`([^`\n]+)`", text))
    return set(re.findall(r"[A-Za-z0-9_-]+", quoted)) | set(re.findall(r"^\[*([\w.-]+)", text, re.MULTILINE))


def vocabulary(model: type[BaseModel]) -> Iterator[str]:
    """Field names and closed words of a model and all models in it."""
    for name, field in model.model_fields.items():
        yield name
        yield from _words_in(field.annotation)


def _words_in(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from vocabulary(annotation)
        return
    for part in get_args(annotation):
        if isinstance(part, str) and re.fullmatch(r"[a-z0-9_-]+", part):
            yield part
        yield from _words_in(part)


# --- every word stands in its specification -------------------------------------------------------


# What encoder, linker and tables read; costs have a description of their own.
AGREED = (
    *(model.Normalisation, model.Parameters, model.HouseholdRule, model.ReleaseRule, model.Role, model.Reading),
    *(model.Delivery, model.Indicator, model.Measure, model.Domain, model.Definition, model.Selection),
    *(model.AreaTable, model.OverlapTable, model.StackingTable, model.MunicipalityTable),
)


@pytest.mark.parametrize("part", AGREED, ids=lambda part: part.__name__)
def test_every_word_of_a_protocol_is_in_its_specification(part: type[BaseModel]) -> None:
    words = set(vocabulary(part))
    assert len(words) > 1
    assert words - words_of("protocol-v1") == set()


def test_every_word_of_a_study_is_in_its_specification() -> None:
    words = set(vocabulary(Study))
    assert len(words) > 25
    assert words - words_of("study-v1") == set()


@pytest.mark.parametrize(
    ("model", "spec"),
    [
        (CharterSigned, "key-agreement-v1"),
        (Commit, "key-agreement-v1"),
        (Reveal, "key-agreement-v1"),
        (Destroyed, "keys-v1"),
        (Evidence, "evidence-v1"),
        (EvidenceSigned, "evidence-v1"),
    ],
)
def test_every_word_of_a_signed_file_is_in_its_specification(model: type[BaseModel], spec: str) -> None:
    words = set(vocabulary(model))
    assert len(words) > 5
    assert words - words_of(spec) == set()


def test_every_refusal_of_custody_is_in_its_specification() -> None:
    names = {error.__name__ for error in errors.CustodyError.__subclasses__()}
    assert names - set(re.findall(r"\b[A-Z][A-Za-z]+\b", text_of("key-agreement-v1") + text_of("keys-v1"))) == set()


def test_the_words_of_the_check_phrase_are_in_the_specification() -> None:
    (listed,) = re.findall(r"^    (aardbei(?:[a-z \n]*)zwembad)$", text_of("key-agreement-v1"), re.MULTILINE)
    assert tuple(listed.split()) == WORDS


def test_every_refusal_of_a_package_is_in_its_specification() -> None:
    names = {error.__name__ for error in errors.PackageError.__subclasses__()}
    assert names - set(re.findall(r"\b[A-Z][A-Za-z]+\b", text_of("package-v1"))) == set()


@pytest.mark.parametrize("path", sorted(SPEC.glob("*.md")), ids=lambda path: path.stem)
def test_references_lead_somewhere(path: Path) -> None:
    found = re.findall(r"\b([a-z-]+-v1)(?:\.md)?(?:, sections? (\d))?", path.read_text("utf-8"))
    for name, section in found:
        if name == "values-v1":  # a file of vectors
            continue
        assert (SPEC / f"{name}.md").exists()
        assert not section or re.search(rf"^## {section}\.", text_of(name), re.MULTILINE)


# --- keys -----------------------------------------------------------------------------------------


def secret_file(folder: Path, change: dict[str, Any] | None = None, *, example: int = 1, mode: int = 0o600) -> Path:
    path = folder / "root.json"
    path.write_text(json.dumps(json.loads(examples("keys-v1", "json")[example]) | (change or {})), "utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(("example", "passphrase"), [(0, None), (1, PASSPHRASE)])
def test_the_example_secrets_open(tmp_path: Path, example: int, passphrase: str | None) -> None:
    root = keys.load_root(secret_file(tmp_path, example=example), STUDY, lambda _: passphrase)
    assert root.secret == bytes(range(32))


def test_the_protected_example_opens_without_the_project() -> None:
    document = json.loads(examples("keys-v1", "json")[1])
    secret, salt = (base64.b64decode(part) for part in (document.pop("secret"), document["protection"]["salt"]))
    stretched = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=262_144).derive(PASSPHRASE.encode())

    def expanded(label: str) -> bytes:
        return hmac.new(stretched, f"household-linkage/secret/v1 {label}".encode() + b"\x01", hashlib.sha256).digest()

    assert base64.b64decode(document["protection"]["commitment"]) == expanded("commitment")
    aad = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    assert ChaCha20Poly1305(expanded("encryption")).decrypt(bytes(12), secret, aad) == bytes(range(32))


def weaker(name: str, value: object) -> dict[str, Any]:
    return {"protection": json.loads(examples("keys-v1", "json")[1])["protection"] | {name: value}}


REFUSED: dict[str, tuple[dict[str, Any], str | None, type[errors.SecretError]]] = {
    "no passphrase": ({}, None, errors.PassphraseNeeded),
    "another passphrase": ({}, "four other words here", errors.WrongPassphrase),
    "altered id": ({"key_id": "0" * 32}, PASSPHRASE, errors.SecretDamaged),
    "another salt": (weaker("salt", base64.b64encode(bytes(16)).decode()), PASSPHRASE, errors.WrongPassphrase),
    "another commitment": (
        weaker("commitment", base64.b64encode(bytes(32)).decode()),
        PASSPHRASE,
        errors.WrongPassphrase,
    ),
    "a short commitment": (weaker("commitment", "AAAA"), PASSPHRASE, errors.SecretDamaged),
    "a short salt": (weaker("salt", "AAAA"), PASSPHRASE, errors.SecretDamaged),
    "a list for the salt": (weaker("salt", [1]), PASSPHRASE, errors.SecretDamaged),
    "fewer iterations": (weaker("iterations", 1), PASSPHRASE, errors.SecretDamaged),
    "huge memory": (weaker("memory_kib", 2**40), PASSPHRASE, errors.SecretDamaged),
    "another function": (weaker("kdf", "scrypt"), PASSPHRASE, errors.SecretDamaged),
    "another parameter": (weaker("pepper", 1), PASSPHRASE, errors.SecretDamaged),
    "another kind": ({"kind": "holder-identity"}, PASSPHRASE, errors.WrongKey),
    "another study": ({"study": str(UUID(int=1))}, PASSPHRASE, errors.SecretDamaged),
    "another format": ({"format": "household-linkage/secret/v2"}, PASSPHRASE, errors.SecretDamaged),
    "another key": ({"remark": "x"}, PASSPHRASE, errors.SecretDamaged),
    "no base64": ({"secret": "=" * 8}, PASSPHRASE, errors.SecretDamaged),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_secret(tmp_path: Path, name: str) -> None:
    change, passphrase, error = REFUSED[name]
    with pytest.raises(error) as caught:
        keys.load_root(secret_file(tmp_path, change), STUDY, lambda _: passphrase)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"secret": base64.b64encode(bytes(32)).decode()}, errors.SecretDamaged),
        ({"secret": base64.b64encode(bytes(31)).decode()}, errors.SecretDamaged),
        ({"study": str(UUID(int=1))}, errors.WrongKey),
    ],
    ids=["another secret", "a short secret", "another study"],
)
def test_refused_open_secret(tmp_path: Path, change: dict[str, Any], error: type[errors.SecretError]) -> None:
    with pytest.raises(error):
        keys.load_root(secret_file(tmp_path, change, example=0), STUDY, lambda _: None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_secret_that_others_can_reach(tmp_path: Path, mode: int) -> None:
    with pytest.raises(errors.SecretExposed):
        keys.load_root(secret_file(tmp_path, mode=mode), STUDY, lambda _: PASSPHRASE)


def test_a_secret_is_written_for_its_owner_and_once(tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    keys.save(path, keys.new_linker("institute"), None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"format", "kind", "name", "public", "rekey_id", "protection", "secret"}
    with pytest.raises(errors.OutputError):
        keys.save(path, keys.new_linker("institute"), None)
    with pytest.raises(errors.PassphraseNeeded):
        keys.save(tmp_path / "other.json", keys.new_linker("institute"), "elf tekens!")
    assert not (tmp_path / "other.json").exists()


# --- ledger ---------------------------------------------------------------------------------------


def test_the_example_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(examples("ledger-v1", "json")[0])
    entries = ledger.read(path)
    lines = path.read_bytes().splitlines(keepends=True)
    hashes = ["0" * 64, *(hashlib.sha256(line).hexdigest() for line in lines)]
    assert [entry.previous for entry in entries] == hashes[:-1]
    assert [(entry.delivery, entry.sequence) for entry in entries] == [("bevolking", 1), ("politie", 1), ("politie", 2)]


@pytest.mark.parametrize(
    ("sequence", "package", "outcome"),
    [(3, "f" * 64, True), (2, "41" * 32, False), (2, "f" * 64, None), (1, "3c" * 32, None), (1, "f" * 64, None)],
)
def test_whether_a_package_is_new(tmp_path: Path, sequence: int, package: str, outcome: bool | None) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(examples("ledger-v1", "json")[0])
    entries = ledger.read(path)
    new = ledger.Entry(START, str(STUDY), 1, "politie", "politie", sequence, package, 1, "2016-03-05")
    if outcome is None:
        with pytest.raises(errors.PackageReplayed):
            ledger.check(entries, new)
    else:
        assert ledger.check(entries, new) is outcome


BROKEN: dict[str, Callable[[list[str]], list[str]]] = {
    "changed": lambda lines: [lines[0].replace("31392", "31391"), *lines[1:]],
    "dropped": lambda lines: [lines[0], lines[2]],
    "swapped": lambda lines: [lines[0], lines[2], lines[1]],
    "doubled": lambda lines: [lines[0], *lines],
    "another spelling": lambda lines: [lines[0].replace('":"', '": "'), *lines[1:]],
    "another key": lambda lines: [lines[0].replace("{", '{"a":1,'), *lines[1:]],
    "another type": lambda lines: [lines[0].replace('"wave":1', '"wave":"1"'), *lines[1:]],
    "cut off": lambda lines: [*lines[:-1], lines[-1][:-1]],
    "no JSON": lambda lines: [*lines, "x\n"],
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_ledger(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(BROKEN[name](examples("ledger-v1", "json")[0].splitlines(keepends=True))))
    with pytest.raises(errors.LedgerBroken):
        ledger.read(path)


# --- study ----------------------------------------------------------------------------------------


def test_the_example_study_loads(tmp_path: Path) -> None:
    """With real keys and the digest of today, and with the other holders that the protocol requires."""
    cast = simulator.Cast(tmp_path)
    (example,) = examples("study-v1", "toml")
    for old, new in (
        ("sha256:…", digest(load_protocol("nji_2016"))),
        ("xwing:…", cast.linker.public),
        ("holder1:…", cast.holder_keys["corporatie-a"].public),
    ):
        assert old in example
        example = example.replace(old, new)
    written = (tmp_path / "study.toml").read_text("utf-8")
    others = [part for part in written.split("[[holder]]")[1:] if "woningcorporatie" not in part]
    others[-1] = others[-1].split("[root]")[0]
    (tmp_path / "example.toml").write_text("[[holder]]".join([example, *others]), "utf-8")
    study = load_study(tmp_path / "example.toml")
    assert study.holder[0].not_available == ("nuisance",)
    assert study.holder[0].values == {"eviction_notice": {"in behandeling": "nee", "aangezegd": "ja"}}
    assert study.root is not None
    assert study.root.key_id == keys.RootKey(STUDY, bytes(range(32))).key_id


# --- linkage: the table of section 4 ---------------------------------------------------------------


def cases() -> list[tuple[str, str, str]]:
    table = text_of("linkage-v1").split("| population | row | way |")[1].split("## 5")[0]
    rows = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3 and not row[0].startswith("---")]


def persons(population: str) -> pl.DataFrame:
    """One person per household; `two households at 12` are two of them at one address."""
    homes = ["12", "12"] if population.startswith("two") else population.split(", ")
    number = pl.Series(range(len(homes)), dtype=pl.Int64)
    frame = pl.DataFrame({"person": number, "household": number, "minor": number * 0, "is_reference": number * 0})
    return frame.with_columns(address(homes))


def address(homes: list[str]) -> list[pl.Series]:
    codes = {home: code for code, home in enumerate(("12", "12 A", "12 B"))}
    return [
        pl.Series("address", [codes[home] for home in homes], dtype=pl.Int64),
        pl.Series("address_number", [12] * len(homes), dtype=pl.Int64),
    ]


@pytest.mark.parametrize(("population", "row", "way"), cases())
def test_way_of_an_address(population: str, row: str, way: str) -> None:
    assert way in WAYS
    spine = nw.from_native(persons(population).lazy())
    suffix = pl.Series("v_address_suffix", [int(" " in row)], dtype=pl.Int64)
    rows = pl.DataFrame([*address([row]), suffix, pl.Series("holder", [0], dtype=pl.Int64)])
    delivery = load_protocol("nji_2016").delivery("woningcorporatie")
    linked = link(nw.from_native(rows.lazy()), delivery, Population(spine, spine)).rows
    found = nw.to_native(linked).collect()
    assert [WAYS[code] for code in found["way"]] == [way]
    assert (found["household"].null_count() == 0) == way.startswith("address")


def test_all_ways_of_an_address_are_in_the_table() -> None:
    assert {way for _, _, way in cases()} == {"address-exact", "address-coarse", "ambiguous", "not-in-population"}


# --- household file -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def research(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cast = simulator.minimal(tmp_path_factory.mktemp("cast"))
    cast.exports["gemeente"] += [simulator.inhabitant(3 + n, 9, place="overig") for n in range(11)]
    cast.encode_all()
    return cast.link().households.parent


def wanted_columns() -> list[tuple[str, str]]:
    """Section 1, for the protocol of the cast."""
    protocol = load_protocol("nji_2016")
    support = [i.name for i in protocol.indicators if i.name.startswith("support_")]
    flags = [d.name for d in protocol.domains] + support + [d.name for d in protocol.definitions]
    flags += [i.name for i in protocol.indicators if i.name not in support] + [s.name for s in protocol.selections]
    return [
        *(("study_number", "text"), ("wijk", "text"), ("adults", "integer"), ("minors", "integer")),
        ("has_child_lt18", "boolean"),
        *((name, "boolean") for name in flags),
        *((measure.name, "integer") for measure in protocol.measures),
        *((f"coverage_{delivery.name}", "boolean") for delivery in protocol.deliveries),
    ]


def test_columns_types_and_metadata(research: Path) -> None:
    physical = {"text": "BYTE_ARRAY", "integer": "INT64", "boolean": "BOOLEAN"}
    for name, more in (("households.parquet", []), ("flagged.parquet", [("flag", "text")])):
        file = pq.ParquetFile(research / name)
        found = [(file.schema.column(n).name, file.schema.column(n).physical_type) for n in range(len(file.schema))]
        assert found == [(column, physical[kind]) for column, kind in [*wanted_columns(), *more]]
        meta = json.loads(file.metadata.metadata[b"household-linkage"])
        assert [(part["name"], part["type"]) for part in meta["schema"]] == wanted_columns()
        asked = "format study title municipality reference_date wave protocol protocol_digest packages code schema"
        assert set(meta) == set(asked.split())
        assert not any(file.metadata.row_group(0).column(n).is_stats_set for n in range(len(file.schema)))
        assert stat.S_IMODE((research / name).stat().st_mode) == 0o600


def test_rows(research: Path) -> None:
    whole, flagged = (pl.read_parquet(research / f"{name}.parquet") for name in ("households", "flagged"))
    assert (whole.height, flagged["flag"].to_list()) == (2, ["too-many-persons"])
    for frame in (whole, flagged):
        assert frame["study_number"].to_list() == sorted(frame["study_number"])
        assert frame["study_number"].str.contains("^[0-9a-f]{16}$").all()
        assert frame.select("study_number", "adults", "minors").null_count().sum_horizontal().item() == 0
    assert whole["coverage_woningcorporatie"].n_unique() == 2
    assert whole.filter(~pl.col("has_child_lt18"))["S"].to_list() == [None]
    assert whole.filter(~pl.col("coverage_woningcorporatie"))["rent_arrears"].to_list() == [None]


def test_codebook(research: Path) -> None:
    with (research / "codebook.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file, delimiter=";")
    assert header == ["naam", "type", "omschrijving", "eenheid", "bron", "populatie", "leeg betekent"]
    assert [(line[0], line[1]) for line in lines] == wanted_columns()
    assert {line[5] for line in lines} == {"families", "households"}


def test_linkage_json_has_the_keys_of_its_specification(research: Path) -> None:
    numbers = json.loads((research / "linkage.json").read_text("utf-8"))
    words = words_of("household-file-v1")
    assert set(numbers) | {key for part in numbers["deliveries"] for key in part} <= words
    assert {frozenset(part["linked"]) for part in numbers["deliveries"]} == {frozenset(WAYS)}
    assert set(WAYS) <= words_of("linkage-v1")
    assert numbers["flagged"] == {"too-many-persons": 1}
    assert (numbers["persons"], numbers["households"], numbers["families"]) == (14, 2, 1)
