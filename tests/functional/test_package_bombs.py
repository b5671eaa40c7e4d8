"""A holder may be malicious: a package in order, signed and sealed, with a hostile body inside.

The child that parses has limits that hold, the linker goes on living, the refusal is ContentWrong, and nothing is left
behind. What a child does accept is what section 5 says, however the file was twisted.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parsed import rows_of
from simulator import Cast
from spec import plain_package as plain
from vectors.packages import bodies, maker, reader

from linkage import errors
from linkage.linker import parse as room
from linkage.linker import run as linker_room
from linkage.linker.checked import batches
from linkage.transfer.manifest import Manifest, decode

MIB = 1024**2
MANIFEST = decode(maker.parts_of(reader.read("good").package).manifest)
NAMES = list(bodies.TYPES)


# --- bombs ------------------------------------------------------------------------------------------


def table(**change: pa.Array) -> pa.Table:
    """The good body with other columns."""
    arrays = {name: change.get(name, pa.array(values, kind)) for name, (kind, values) in bodies.good().items()}
    return pa.table(arrays)


def parquet(content: pa.Table, **options: Any) -> bytes:
    target = io.BytesIO()
    settings = {"compression": "zstd", "write_statistics": False, "store_schema": False} | options
    pq.write_table(content, target, **settings)
    return target.getvalue()


def many_rows() -> bytes:
    """Twenty million rows in a few hundred kB."""
    schema = pa.schema(list(bodies.TYPES.items()))
    group = pa.table([pa.nulls(10**6, kind) for kind in bodies.TYPES.values()], schema=schema)
    target = io.BytesIO()
    with pq.ParquetWriter(target, schema, compression="zstd", write_statistics=False, store_schema=False) as writer:
        for _ in range(20):
            writer.write_table(group, row_group_size=10**6)
    return target.getvalue()


def footer_that_counts(said: int) -> bytes:
    """Sixty rows; see `bodies.miscounted`."""
    return bodies.miscounted([0, 1, 2] * 20, said)


def long_string(size: int = 200 * MIB) -> bytes:
    """One pseudonym of 200 MiB of zeros, in 8 kB."""
    return parquet(table(bsn=pa.array([bytes(size), None, None], pa.binary())))


def many_columns() -> bytes:
    more = {f"x{n}": pa.array([1, 2, 3], pa.int32()) for n in range(3000)}
    return parquet(pa.table({name: table()[name] for name in NAMES} | more))


def nested(depth: int = 300) -> bytes:
    kind: pa.DataType = pa.int32()
    for _ in range(depth):
        kind = pa.struct([("a", kind)])
    return parquet(table(maanden=pa.nulls(3, kind)))


def many_groups() -> bytes:
    rows = {name: (kind, values * 1000) for name, (kind, values) in bodies.good().items()}
    return bodies.written(rows, row_group_size=1)


def with_metadata(**metadata: bytes) -> bytes:
    return parquet(table().replace_schema_metadata(metadata))


BOMBS: dict[str, Callable[[], bytes]] = {
    "rows": many_rows,
    "sixty rows, three in the footer": lambda: footer_that_counts(3),
    "one string": long_string,
    "columns": many_columns,
    "nesting": nested,
    "row groups": many_groups,
    "zeros": lambda: bytes(20 * MIB),
    "a footer of all": lambda: b"PAR1" + bytes(MIB) + (MIB).to_bytes(4, "little") + b"PAR1",
    "a schema that is no schema": lambda: with_metadata(**{"ARROW:schema": b"/" * 4000}),
}
REFUSED = [name for name in BOMBS if name != "a schema that is no schema"]


def parsed(body: bytes, folder: Path) -> Path:
    """The linker's own call, with its own limits."""
    (folder / "body").write_bytes(body)
    room.parse(folder / "body", folder / "checked", MANIFEST)
    return folder / "checked"


@pytest.mark.parametrize("name", REFUSED)
def test_bomb(name: str, tmp_path: Path) -> None:
    with pytest.raises(errors.ContentWrong):
        parsed(BOMBS[name](), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["body"]


def test_a_large_footer_is_no_harm(tmp_path: Path) -> None:
    """Metadata beside the rows goes no further than the child."""
    checked = parsed(with_metadata(remark=b"x" * 20 * MIB), tmp_path)
    assert len(checked.read_bytes()) == 3 * (3 * 17 + 2 * 2 + 2 * 5)
    assert b"xxxx" not in checked.read_bytes()


# --- the limits of the child ------------------------------------------------------------------------

LIMITED = """
import json, sys
from linkage.linker import parse
parse.MEMORY_BYTES, parse.SECONDS = int(sys.argv[1]), int(sys.argv[2])
asked = json.loads(sys.stdin.buffer.read()) or {"rows": 1, "pseudonyms": [], "columns": []}
parse._limit(asked)
"""
CHECK = LIMITED + "parse._check(asked)"


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (below 0: a signal) and the most memory that it had, in MiB."""

    code: int
    memory: int


WATCH = """
import os, subprocess, sys
process = subprocess.Popen([sys.executable, "-I", "-c", *sys.argv[1:]], stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_maxrss // 1024)
"""


def child(code: str, order: dict[str, Any], memory: int, seconds: int = 60) -> Ended:
    """The child's own code under other limits, with what it used.

    A small process waits for it: a child begins with the memory of the process that starts it, and pytest is large.
    """
    command = [sys.executable, "-I", "-c", WATCH, code, str(memory), str(seconds)]
    done = subprocess.run(command, input=json.dumps(order).encode(), stdout=subprocess.PIPE, check=True)
    ended, used = done.stdout.split()
    return Ended(int(ended), int(used))


def order(folder: Path, body: bytes) -> dict[str, Any]:
    (folder / "body").write_bytes(body)
    return room.order_of(folder / "body", folder / "checked", MANIFEST)


def test_the_limit_on_memory_holds_in_the_parser(tmp_path: Path) -> None:
    """A limit under which a good body is read; addresses are what is limited, and threads ask many of those."""
    most = 1500 * MIB
    assert child(CHECK, order(tmp_path, parquet(table())), most).code == 0
    (tmp_path / "checked").unlink()
    bomb = order(tmp_path, long_string(400 * MIB))
    with_room = child(CHECK, bomb, 4096 * MIB)
    assert with_room.code == 3  # read to its end, and then refused
    assert with_room.memory > 800
    (tmp_path / "checked").unlink()
    without = child(CHECK, bomb, most)
    assert without.code == -signal.SIGABRT
    assert without.memory < 800


def test_the_limit_on_memory_holds_in_python(tmp_path: Path) -> None:
    hungry = child(LIMITED + "held = []\nwhile True: held.append(bytearray(1 << 24))", {}, 1024 * MIB)
    assert hungry.code == 1
    assert hungry.memory < 1024


def test_the_limit_on_computing_holds(tmp_path: Path) -> None:
    assert child(LIMITED + "while True: pass", {}, 1024 * MIB, seconds=1).code in (-signal.SIGXCPU, -signal.SIGKILL)


def test_the_limits_are_those_of_the_module() -> None:
    """What the child asks of the system is what the module says, and no core file holds rows."""
    code = """
import resource
from linkage.linker import parse
column = {"name": "c", "type": "integer", "minimum": 0, "maximum": 9}
parse._limit({"rows": 100, "pseudonyms": ["a", "b"], "columns": [column]})
assert resource.getrlimit(resource.RLIMIT_AS) == (parse.MEMORY_BYTES,) * 2
assert resource.getrlimit(resource.RLIMIT_CPU) == (parse.SECONDS,) * 2
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert resource.getrlimit(resource.RLIMIT_FSIZE) == (100 * (2 * 17 + 5),) * 2
import ctypes
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
"""
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting costs no computing time, so the linker has a clock of its own."""
    sleeper = tmp_path / "sleeper"
    sleeper.write_text(f'#!/bin/sh\necho $$ > "{tmp_path}/pid"\nexec sleep 600\n', encoding="ascii")
    sleeper.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(sleeper))
    monkeypatch.setattr(room, "SECONDS", 1)
    with pytest.raises(errors.ContentWrong, match="duurde langer"):
        parsed(b"", tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="ascii")), 0)


@pytest.mark.parametrize(
    ("end", "said"),
    [("kill -SEGV $$", "geheugen"), ("kill -KILL $$", "geheugen"), ("exit 0", "manifest"), ("exit 1", "manifest")],
)
def test_a_child_that_dies_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, said: str) -> None:
    """Also one that says that all is well and wrote nothing; what is told is no more than what is known."""
    (tmp_path / "dying").write_text(f"#!/bin/sh\n{end}\n", encoding="ascii")
    (tmp_path / "dying").chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "dying"))
    with pytest.raises(errors.ContentWrong, match=said):
        parsed(b"", tmp_path)


# --- twisted files ----------------------------------------------------------------------------------

SERVER = """
import json, os, sys
import polars
from linkage.linker import parse
parse.MEMORY_BYTES, parse.SECONDS = int(sys.argv[1]), int(sys.argv[2])
for line in sys.stdin.buffer:
    child = os.fork()
    if not child:
        asked = json.loads(line)
        parse._limit(asked)
        try:
            parse._check(asked)
        except SystemExit as end:
            os._exit(end.code)
        except BaseException:
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Parser:
    """The child's code in a child for each body, forked after the imports: a thousand bodies in seconds."""

    process: subprocess.Popen[bytes]

    def code(self, order: dict[str, Any]) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def parser() -> Iterator[Parser]:
    arguments = [sys.executable, "-I", "-c", SERVER, str(2048 * MIB), "20"]
    quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(arguments, **quiet) as process:  # type: ignore[call-overload]
        yield Parser(process)


def twisted(rng: random.Random, body: bytes) -> bytes:
    """Some bits, bytes and lengths of a body changed, half of them in its footer."""
    found = bytearray(body)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        place = rng.randrange(len(found)) if rng.random() < 0.5 else rng.randrange(len(found) - 600, len(found))
        way = rng.random()
        if way < 0.5:
            found[place] ^= 1 << rng.randrange(8)
        elif way < 0.8:
            found[place] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif way < 0.9:
            del found[place : place + rng.randrange(1, 9)]
        else:
            found[place:place] = rng.randbytes(rng.randrange(1, 9))
    return bytes(found)


def written_in_four_ways() -> list[bytes]:
    plain_pages = {"compression": "none", "use_dictionary": False, "write_statistics": True}
    ways: list[dict[str, Any]] = [{}, plain_pages, {"compression": "none"}]
    ways += [{"compression": "none", "store_schema": True, "data_page_version": "2.0"}]
    return [bodies.written(bodies.good(), **way) for way in ways]


def accepted(checked: Path) -> bool:
    """Whether the linker reads what the child wrote."""
    try:
        list(batches(checked, MANIFEST))
    except errors.ContentWrong:
        return False
    return True


def as_agreed(checked: Path) -> bool:
    """Whether the rows that the linker will read are what the manifest and section 5 say; read in another way."""
    found = rows_of(checked, MANIFEST)
    ranges = (("maanden", 12), ("wijk", 1), *((name, 1) for name in NAMES[3:5]))
    return list(found) == NAMES and all(
        value is None or 0 <= value <= most for name, most in ranges for value in found[name]
    )


def twist(parser: Parser, folder: Path, count: int, seed: int) -> Counter[int]:
    """How the children ended, 52 for what the linker refuses itself; an accepted body is looked at again."""
    rng, ended = random.Random(seed), Counter[int]()
    ways, checked = written_in_four_ways(), folder / "checked"
    for _ in range(count):
        checked.unlink(missing_ok=True)
        code = parser.code(order(folder, twisted(rng, rng.choice(ways))))
        code = code or (0 if accepted(checked) else errors.ContentWrong.exit_code)
        ended[code] += 1
        assert code or as_agreed(checked)
    return ended


def test_twisted_files(parser: Parser, tmp_path: Path) -> None:
    ended = twist(parser, tmp_path, 600, seed=1)
    assert ended.total() == 600
    assert ended[0] < 200  # bits that mean nothing, or another value inside its range
    assert {1, 2, errors.ContentWrong.exit_code} <= set(ended)


@pytest.mark.slow
def test_many_twisted_files(parser: Parser, tmp_path: Path) -> None:
    ended = twist(parser, tmp_path, 10_000, seed=2)
    assert ended.total() == 10_000
    assert ended[0] < 3000


# --- nothing is released before a failure -----------------------------------------------------------

CANARY = b"KANARIEPIET-0001"


def hostile(cast: Cast, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """The police's delivery with a body of several chunks that holds a canary in each, changed, and signed again."""
    path = cast.folder / "inbox" / "politie.package"
    seed = cast.holder_keys["politie"].seed
    manifest = plain.parse(path.read_bytes()).manifest
    package = plain.parse(plain.seal_bytes(manifest, CANARY * 10_000, plain.linker_public(b"L" * 32), seed))
    body = b"".join(change(package.chunks()))
    path.write_bytes(plain.Package(package.manifest, package.sealed, b"", body).signed(seed).encoded())


def holding_canary(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and CANARY[:11] in path.read_bytes()]


@pytest.mark.parametrize(
    ("change", "error", "parses"),
    [
        (lambda chunks: [*chunks[:-1], chunks[-1][:-1] + bytes([chunks[-1][-1] ^ 1])], errors.PackageDamaged, 0),
        (lambda chunks: chunks[:-1], errors.PackageDamaged, 0),
        (lambda chunks: chunks, errors.ContentWrong, 1),
    ],
    ids=["a bit of the last chunk", "without the last chunk", "whole, and no Parquet"],
)
def test_nothing_is_released_before_a_failure(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[list[bytes]], list[bytes]],
    error: type[errors.PackageError],
    parses: int,
) -> None:
    """Neither to the parser, nor to a file that stays, nor in words."""
    cast.encode_all()
    hostile(cast, change)
    scratch = cast.folder / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    calls: list[Manifest] = []
    parse, said = room.parse, list[str]()

    def counting(body: Path, checked: Path, manifest: Manifest) -> None:
        calls.append(manifest)
        parse(body, checked, manifest)

    monkeypatch.setattr(linker_room, "parse", counting)
    with pytest.raises(error) as caught:
        cast.link(say=said.append)
    assert len([manifest for manifest in calls if manifest.holder == "politie"]) == parses
    assert holding_canary(cast.folder) == []
    assert list((cast.folder / "research").iterdir()) == []
    assert list(scratch.iterdir()) == []
    assert "KANARIE" not in "\n".join([*said, str(caught.value)])
