"""Taint: no identifier of any export, in any form or encoding, beyond the holder's own folder.

Looked at: packages, their plain bodies, everything the linker writes or prints, its temporary files at the moment they
exist, logs and messages, also of failing runs. The people have long numbers, so that no chance hit is possible.
"""

from __future__ import annotations

import base64
import hmac
import io
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulator import HOLDERS, Cast, a_number, bsn, inhabitant

from linkage import errors
from linkage.cli import main
from linkage.keys import save
from linkage.linker import parse as parse_room
from linkage.linker import run as linker_room
from linkage.transfer.package import open_body, read_header

PEOPLE = 24


def address(number: int) -> dict[str, object]:
    """Postcode and house number that occur nowhere by chance."""
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    return {
        "postcode": f"7{640 + number} {letters[number % 23]}Z",
        "house_number": 41_000 + number,
        "house_letter": "B",
    }


def canary_town(folder: Path) -> Cast:
    """Every holder has rows about every person."""
    cast = Cast(folder)
    cast.exports = {name: [] for name in HOLDERS}
    for number in range(PEOPLE):
        person = {"bsn": bsn(number), "a_number": a_number(number)}
        home = address(number)
        born = f"{1 + number:02d}-11-19{50 + number}"
        row = inhabitant(number, number, born=born, **home) | {"household_number": f"88{number:04d}77{number:04d}"}
        cast.exports["gemeente"].append(row)
        for name, (delivery, _) in HOLDERS.items():
            if name != "gemeente":
                cast.exports[name].append({**person, **home, **values(delivery, born)})
    return cast


def values(delivery: str, born: str) -> dict[str, object]:
    """A row of that delivery."""
    return {
        "uitkeringen": {"bijstand": 3},
        "inkomen": {"low_income": "8.123,45"},
        "ggz": {"year": 2014, "basic_cost": "1.234,56"},
        "awbz": {"year": 2013, "ground": "3"},
        "jeugdhulp": {"year": 2014, "ambulant": 1},
        "verslavingszorg_bemoeizorg": {"year": 2012, "addiction_care": "ja"},
        "politie": {"minor": born, "vd1111": 1},
        "stadsbank": {"debt_counselling": "ja", "debt": "12.345,67"},
        "woningcorporatie": {"arrears": "612,34", "nuisance": 2, "eviction_notice": "nee"},
    }[delivery]


def words() -> set[str]:
    """Every identifier in raw and normal form, and birth dates."""
    found: set[str] = set()
    for number in range(PEOPLE):
        home = address(number)
        code, house = str(home["postcode"]), str(home["house_number"])
        squeezed = code.replace(" ", "")
        found |= {bsn(number), a_number(number), f"88{number:04d}77{number:04d}", code, squeezed, house + "B"}
        found |= {f"{squeezed}|{house}|B", f"{squeezed}|{house}", f"{1 + number:02d}-11-19{50 + number}"}
        found |= {f"19{50 + number}11{1 + number:02d}", f"19{50 + number}-11-{1 + number:02d}"}
    return found


def needles() -> set[bytes]:
    """Every identifier in every encoding."""
    return {encoded for word in words() for encoded in encodings(word)}


def encodings(word: str) -> Iterator[bytes]:
    """A word as UTF-8, UTF-16, hexadecimal and base64 (at each of its three alignments), and numbers as binary."""
    for raw in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        for shift in range(3):
            coded = base64.b64encode(bytes(shift) + raw)
            yield coded[-(-8 * shift // 6) : (8 * (shift + len(raw))) // 6]
    if word.isdigit() and len(word) > 8:
        yield int(word).to_bytes(8, "little")
        yield int(word).to_bytes(8, "big")


def assert_clean(found: dict[str, bytes], secret: set[bytes]) -> None:
    """No needle in any of these; a failure names the place, never the needle."""
    for place, content in found.items():
        assert not any(needle in content for needle in secret), place


def unpacked(raw: bytes) -> bytes:
    """All values of a Parquet file, uncompressed and in the plain, with its metadata."""
    table = pq.read_table(io.BytesIO(raw))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    text = pl.from_arrow(table).select(pl.exclude(pl.Binary)).write_csv()  # type: ignore[union-attr]
    return bytes(sink.getvalue()) + text.encode()


@pytest.fixture
def snapshots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """What lies in the linker's temporary folder, caught while it is there."""
    caught: dict[str, bytes] = {}

    def catch(folder: Path, moment: str) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                raw = path.read_bytes()
                caught[f"{moment}/{path.name}"] = raw
                if raw[:4] == b"PAR1":
                    caught[f"{moment}/{path.name}/unpacked"] = keys_free(pl.read_parquet(io.BytesIO(raw)))
                if raw[:6] == b"ARROW1":
                    caught[f"{moment}/{path.name}/unpacked"] = keys_free(pl.read_ipc(io.BytesIO(raw)))

    def keys_free(frame: pl.DataFrame) -> bytes:
        plain = (
            frame.with_columns(pl.col(pl.UInt128).cast(pl.String)).select(pl.exclude(pl.Binary)).write_csv().encode()
        )
        return plain + b"".join(v for c in frame.select(pl.col(pl.Binary)) for v in c.drop_nulls().to_list())

    def parse_watched(body: Path, checked: Path, manifest: Any) -> None:
        parse_room.parse(body, checked, manifest)
        catch(body.parent, manifest.holder)

    remove = shutil.rmtree

    def rmtree_watched(folder: Any, **how: Any) -> None:
        catch(Path(folder), "end")
        remove(folder, **how)

    monkeypatch.setattr(linker_room, "parse", parse_watched)
    monkeypatch.setattr(linker_room.shutil, "rmtree", rmtree_watched)
    return caught


def test_no_identifier_beyond_the_holder(
    tmp_path: Path,
    snapshots: dict[str, bytes],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    cast, secret = canary_town(tmp_path / "town"), needles()
    cast.encode_all()
    said: list[str] = []
    result = cast.link(say=said.append)
    assert result.numbers["households"] == PEOPLE
    assert all(
        line["linked"]["person"] + line["linked"]["address-exact"] == PEOPLE for line in result.numbers["deliveries"]
    )
    found = {path.name: path.read_bytes() for path in (cast.folder / "research").iterdir()}
    found |= {f"{name}/unpacked": unpacked(raw) for name, raw in found.items() if name.endswith(".parquet")}
    for path in (cast.folder / "inbox").iterdir():
        with path.open("rb") as file:
            header = read_header(file)
            body = b"".join(open_body(file, header, cast.linker.private_key()))
        found |= {path.name: path.read_bytes(), f"{path.name}/body": body, f"{path.name}/values": unpacked(body)}
    output = capfd.readouterr()
    found |= {
        "said": "\n".join(said).encode(),
        "log": caplog.text.encode(),
        "screen": (output.out + output.err).encode(),
    }
    assert len(snapshots) > 40
    assert_clean(found | snapshots, secret)


def test_nothing_in_the_household_file_can_be_computed_with_the_root(tmp_path: Path) -> None:
    """Whoever has the root and every identifier, but not the linker's key, finds no pseudonym in the outputs."""
    cast = canary_town(tmp_path / "town")
    cast.encode_all()
    cast.link()
    protocol = cast.study().protocol
    made: set[bytes] = set()
    for field in ("bsn", "a-number", "address", "address-number", "household-number"):
        version = protocol.normalisation.version(field)
        key = cast.root.field_key(protocol.scheme, field, version).encode()
        for word in words():
            pseudonym = hmac.digest(key, word.encode(), "sha256")
            again = hmac.digest(key, pseudonym[:16], "sha256")
            made |= {value for whole in (pseudonym, again) for value in (whole[:8], whole[:8].hex().encode())}
    found = {path.name: path.read_bytes() for path in (cast.folder / "research").iterdir()}
    found |= {f"{name}/unpacked": unpacked(raw) for name, raw in found.items() if name.endswith(".parquet")}
    assert len(made) > 5000
    assert_clean(found, made)
    with (cast.folder / "inbox" / "gemeente.package").open("rb") as file:
        body = b"".join(open_body(file, read_header(file), cast.linker.private_key()))
    rows = pl.read_parquet(io.BytesIO(body)).select(pl.col(pl.Binary))
    assert {value[:8] for column in rows for value in column.drop_nulls().to_list()} <= made


def test_the_test_would_notice(tmp_path: Path) -> None:
    """Each encoding of an identifier, hidden in noise, is found."""
    secret = needles()
    for encoded in encodings(bsn(3)):
        with pytest.raises(AssertionError):
            assert_clean({"noise": b"\x00\x91noise" + encoded + b"noise"}, secret)
    cast = canary_town(tmp_path / "town")
    assert any(needle in cast.export("politie").read_bytes() for needle in secret)


def test_messages_of_failing_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Encoders and linkers that fail say no value: broken categories, columns, rows, options, packages."""
    caplog.set_level(logging.DEBUG)
    cast, secret = canary_town(tmp_path / "town"), needles()
    study, root = cast.folder / "study.toml", cast.folder / "study.root"
    save(root, cast.root, None)
    said = []
    for holder, column in (
        ("stadsbank", "debt"),
        ("indicatie", "ground"),
        ("politie", "minor"),
        ("verzekeraar", "basic_cost"),
    ):
        cast.exports[holder] = [{**row, column: f"{row['bsn']} x"} for row in cast.exports[holder]]
        save(cast.folder / f"{holder}.identity", cast.holder_keys[holder], None)
        said.append(encode(cast, holder, study, root, cast.export(holder)))
        # An export with no header at all: its first row is data.
        headless = cast.folder / f"{holder}.csv"
        headless.write_text("\n".join(cast.export(holder).read_text().splitlines()[1:]))
        said.append(encode(cast, holder, study, root, headless))
    said.append(run("encode", "--sequence", bsn(2), "--study", str(study)))
    said.append(run("encode", f"--{a_number(2)}", bsn(1)))
    said.append(run(bsn(1)))
    assert 0 not in said
    output = capfd.readouterr()
    assert "Fout" in output.err
    assert_clean({"out": output.out.encode(), "err": output.err.encode(), "log": caplog.text.encode()}, secret)


def encode(cast: Cast, holder: str, study: Path, root: Path, export: Path) -> int:
    return run(
        "encode", "--study", str(study), "--delivery", HOLDERS[holder][0], "--holder", holder, "--input", str(export),
        "--root", str(root), "--identity", str(cast.folder / f"{holder}.identity"),
        "--output", str(cast.folder / f"{holder}.package"),
    )  # fmt: skip


def run(*arguments: str) -> int:
    """The command in this process, and its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_no_secret_has_a_repr(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "town")
    shown = repr([cast.root, cast.linker, cast.holder_keys, cast.link_request(), errors.LinkageError("x")])
    hidden = [cast.root.secret, cast.linker.seed, cast.linker.rekey, *(key.seed for key in cast.holder_keys.values())]
    assert not any(repr(secret)[2:-1] in shown or secret.hex() in shown for secret in hidden)
