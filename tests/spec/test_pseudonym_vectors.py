"""docs/spec/pseudonym-v1.md, section 5: its commands give what it prints and what the project makes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

import polars as pl
import pytest
from parsed import put

from linkage.derive import pae
from linkage.holder.encode import root_canaries
from linkage.holder.pseudonymise import CANARIES, IMPLEMENTATIONS, KNOWN, KNOWN_KEY, self_check
from linkage.keys import LinkerIdentity, RootKey
from linkage.linker.rekey import rekeyed, study_numbers
from linkage.study import IDENTIFIER_COLUMNS

DOCUMENT = Path(__file__).parents[2] / "docs" / "spec" / "pseudonym-v1.md"
SCHEME = "hmac-sha256-128/1"
STUDY = UUID("6f1d2c3b-0a1b-4c2d-8e3f-001122334455")
ROOT = RootKey(STUDY, bytes(range(32)))
LINKER = LinkerIdentity("institute", bytes(32), bytes(reversed(range(32))))
VERSIONS = {
    "bsn": "bsn/1",
    "a-number": "a-number/1",
    "address": "address/1",
    "address-number": "address/1",
    "household-number": "household-number/1",
}
RESERVED = {
    "bsn": "000000012",
    "a-number": "1010101010",
    "address": "9999ZZ|99999|A9Z",
    "address-number": "9999ZZ|99999",
    "household-number": "CANARY0",
}
END = "--- end of a block ---"
BLOCKS = re.findall(
    r"^```bash\n(.*?)^```\n(?:^```text\n(.*?)^```$)?", DOCUMENT.read_text("utf-8"), re.DOTALL | re.MULTILINE
)


@pytest.fixture(scope="module")
def made() -> list[list[str]]:
    """What each block of commands printed, in lines; all in one shell, as a reader would do."""
    bash = shutil.which("bash")
    assert bash, "bash is needed"
    assert shutil.which("openssl"), "openssl is needed: without it nobody has recomputed these vectors"
    script = "".join(f"{commands}\necho '{END}'\n" for commands, _ in BLOCKS)
    done = subprocess.run(
        [bash, "-euo", "pipefail"], input=script, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    *outputs, rest = done.stdout.split(f"{END}\n")
    assert rest == ""
    return [output.splitlines() for output in outputs]


@pytest.fixture(scope="module")
def printed() -> list[list[str]]:
    """What the document says that each block prints, without the blocks that print nothing."""
    return [text.splitlines() for _, text in BLOCKS if text]


def test_the_commands_give_what_the_document_prints(made: list[list[str]]) -> None:
    assert len(BLOCKS) == 8
    assert made == [text.splitlines() for _, text in BLOCKS]
    assert [bool(text) for _, text in BLOCKS] == [False] + [True] * 7


def test_info(printed: list[list[str]]) -> None:
    parts = ("household-linkage/v1", SCHEME, str(STUDY), "bsn", "bsn/1")
    assert "".join(printed[0]) == pae(*(part.encode() for part in parts)).hex()


def test_keys(printed: list[list[str]]) -> None:
    keys = [ROOT.field_key(SCHEME, name, version) for name, version in VERSIONS.items()]
    assert printed[1] == [keys[0]] * 2
    assert printed[2] == [*keys, ROOT.key_id]
    assert len({*keys, ROOT.key_id}) == 6


@pytest.mark.parametrize("implementation", sorted(IMPLEMENTATIONS))
def test_pseudonyms(printed: list[list[str]], implementation: str) -> None:
    made = [hashed(implementation, name, canonical) for name, canonical in RESERVED.items()]
    assert printed[3] == made
    assert printed[4] == [
        hashed(implementation, "address", "9999ZZ|1|"),
        hashed(implementation, "address-number", "9999ZZ|1"),
    ]


def hashed(implementation: str, name: str, canonical: str) -> str:
    key = ROOT.field_key(SCHEME, name, VERSIONS[name])
    column = pl.Series("identifier", [None, canonical], dtype=pl.String)
    empty, made = IMPLEMENTATIONS[implementation](column, key).to_list()
    assert empty is None
    return str(made.hex())


def test_canaries_from_their_raw_form(printed: list[list[str]], cast) -> None:  # type: ignore[no-untyped-def]
    """The way of the encoder: raw form, normaliser, hash; in the order of the document."""
    assert {kind: tuple(raw) for kind, raw in CANARIES.items()} == IDENTIFIER_COLUMNS
    assert list(root_canaries(cast.study(), ROOT).items()) == list(zip(VERSIONS, printed[3], strict=True))


@pytest.mark.parametrize("implementation", sorted(IMPLEMENTATIONS))
def test_known_answers(printed: list[list[str]], implementation: str) -> None:
    assert bytes.fromhex(KNOWN_KEY) == ROOT.secret
    assert list(KNOWN) == [RESERVED["bsn"], RESERVED["address"]]
    assert printed[5] == list(KNOWN.values())
    self_check(implementation)


def test_the_linker(printed: list[list[str]], tmp_path: Path, cast) -> None:  # type: ignore[no-untyped-def]
    from linkage.transfer.package import read_header

    with cast.encode("sociale-dienst").open("rb") as file:
        manifest = read_header(file).manifest
    columns = {column.name: [None] for column in manifest.columns}
    row = pl.DataFrame({"bsn": [bytes.fromhex(printed[3][0])], **columns})
    one = put(tmp_path / "checked", row, manifest)
    own = pl.concat(rekeyed(tmp_path / "checked", one, LINKER, SCHEME))["bsn"].item()
    households = pl.Series([int.from_bytes(own, "big")], dtype=pl.UInt128)
    assert printed[6] == [
        LINKER.field_key(SCHEME, STUDY, "bsn"),
        own.hex(),
        LINKER.field_key(SCHEME, STUDY, "study-number"),
        study_numbers(households, LINKER, SCHEME, STUDY).item(),
    ]


def test_no_vector_is_of_a_person() -> None:
    """Identifiers in the commands are the reserved ones alone."""
    commands = "".join(commands for commands, _ in BLOCKS)
    assert set(re.findall(r"\b[0-9]{9,10}\b", commands)) == {"000000012", "1010101010"}
    assert set(re.findall(r"\b[1-9][0-9]{3}[A-Z]{2}\b", commands)) == {"9999ZZ"}
