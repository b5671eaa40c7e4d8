"""Faults on demand: `linkage` in a child process in which one I/O call fails, or at which it is killed.

`Server` starts one interpreter that loads everything, and forks a child per case; the child counts the I/O calls that
concern its folder, and lets the one with the number asked for fail. What Polars writes by itself is met by limits of
the system on file sizes (`FULL`).

Run by itself (`python -m faults`) this file is that interpreter: cases come as JSON lines, and so do outcomes.
"""

from __future__ import annotations

import builtins
import datetime as dt
import errno
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
ERRORS = ("ENOSPC", "EACCES", "EIO", "EPIPE")
# LOST is permission lost for good: every call from that one on fails. The others fail once.
KINDS = (*ERRORS, "LOST", "MEMORY", "SIGTERM", "SIGKILL")
TODAY = dt.date(2016, 3, 1)


@dataclass(frozen=True)
class Case:
    """One command, and the fault: its kind, and the number of the call (or the bytes, for FULL)."""

    arguments: tuple[str, ...]
    folder: str
    kind: str = ""
    at: int = 0


@dataclass(frozen=True)
class Outcome:
    """The exit code (negative for a signal), what was printed, and the names of the calls that were counted."""

    code: int
    said: str
    calls: tuple[str, ...]


class Server:
    """The interpreter that forks a child per case; a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, case: Case) -> Outcome:
        """Play one case."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(case)) + "\n")
        self._process.stdin.flush()
        code, said, calls = json.loads(self._process.stdout.readline())
        return Outcome(code, said, tuple(calls))


# --- inside the child -----------------------------------------------------------------------------


class Faults:
    """Counts calls, and makes one of them fail."""

    def __init__(self, case: Case, record: int) -> None:
        self.case, self.record, self.count, self.busy = case, record, 0, False

    def call(self, name: str) -> None:
        """One more call; the one asked for does not come back as it should."""
        if self.busy:
            return
        self.count += 1
        os.write(self.record, f"{name}\n".encode())
        if self.count == self.case.at or (self.case.kind == "LOST" and self.case.at and self.count > self.case.at):
            self._fail()

    def _fail(self) -> None:
        kind = self.case.kind
        if kind in ERRORS:
            number = getattr(errno, kind)
            raise OSError(number, os.strerror(number), f"{self.case.folder}/secret-path")
        if kind == "LOST":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"{self.case.folder}/secret-path")
        if kind == "MEMORY":
            raise MemoryError
        if kind in ("SIGTERM", "SIGKILL"):
            os.kill(os.getpid(), getattr(signal, kind))

    def ours(self, path: Any) -> bool:
        """Whether a call concerns the folder: by its path, or by a descriptor or a folder that is open already."""
        if isinstance(path, int):
            return path > 2
        return str(os.path.abspath(os.fspath(path))).startswith(self.case.folder)  # noqa: PTH100  -- no calls of its own

    def wrap(self, module: Any, name: str) -> None:
        """Count a function whose first argument is a path or a descriptor."""
        real: Callable[..., Any] = getattr(module, name)

        def counted(path: Any = ".", *rest: Any, **how: Any) -> Any:
            if self.ours(path) or how.get("dir_fd") is not None:
                self.call(name)
            return real(path, *rest, **how)

        setattr(module, name, counted)

    def install(self) -> None:
        """Stand between the program and the system."""
        for name in (
            "open",
            "replace",
            "rename",
            "unlink",
            "mkdir",
            "rmdir",
            "scandir",
            "listdir",
            "fsync",
            "stat",
            "preadv",
        ):
            self.wrap(os, name)
        self._files()
        self._children()

    def _files(self) -> None:
        faults, real = self, io.open

        class Raw(io.FileIO):
            """A file of which every read and write counts."""

            def readinto(self, buffer: Any) -> Any:
                faults.call("read")
                return super().readinto(buffer)

            def readall(self) -> bytes:
                faults.call("read")
                return super().readall()

            def write(self, data: Any) -> Any:
                faults.call("write")
                return super().write(data)

        def opened(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **how: Any) -> Any:
            if not self.ours(file):
                return real(file, mode, buffering, *rest, **how)
            self.call("open-file")
            closing = {name: how.pop(name) for name in ("closefd", "opener") if name in how}
            raw = Raw(file, mode.replace("b", "").replace("t", ""), **closing)
            binary: Any = io.BufferedRandom(raw) if "+" in mode else _one_way(raw, mode)
            return binary if "b" in mode else io.TextIOWrapper(binary, *rest, **how)

        io.open = builtins.open = opened

    def _children(self) -> None:
        real = subprocess.Popen._execute_child

        def counted(child: Any, *arguments: Any, **how: Any) -> Any:
            self.call("child")
            return real(child, *arguments, **how)

        subprocess.Popen._execute_child = counted


def _one_way(raw: io.FileIO, mode: str) -> Any:
    return io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)


CHILD = """
import json, os, sys
import linkage.linker.parse as room
{change}
asked = json.loads(sys.stdin.buffer.read())
room._limit(asked)
room._check(asked)
"""


# What may happen to the child that parses, by the name of the case.
CHANGES = {
    "CHILD-KILLED": "os.kill(os.getpid(), 9)",
    "CHILD-NO-MEMORY": "room.MEMORY_BYTES = 2**26",
    "CHILD-OUT-OF-MEMORY": "def full(*given): raise MemoryError\nroom._written = full",
    "CHILD-HANGS": "import time; time.sleep(3600)",
}


def _other_child(change: str) -> None:
    """Let the linker's child process start with a change of its own, and wait for it less long."""
    from linkage.linker import parse

    real = subprocess.run

    def run(command: list[str], **how: Any) -> Any:
        return real([*command[:2], "-c", CHILD.format(change=change)], **how)

    parse.SECONDS = 5
    subprocess.run = run


def _limits(case: Case) -> None:
    if case.kind == "FULL":
        resource.setrlimit(resource.RLIMIT_FSIZE, (case.at, case.at))
    if case.kind in CHANGES:
        _other_child(CHANGES[case.kind])


class _Day(dt.date):
    @classmethod
    def today(cls) -> Self:
        """The day of the cast, whatever the clock says."""
        return cls(TODAY.year, TODAY.month, TODAY.day)


def _play(case: Case, record: int) -> None:
    """Run the command; does not come back."""
    import linkage.commands.holder as holder
    import linkage.commands.linker as linker
    from linkage.cli import main
    from linkage.holder import spool

    os.chdir(case.folder)
    tempfile.tempdir = str(Path(case.folder, "tmp"))
    spool.BUDGET_BYTES = 1  # so that the temporary file is made
    clock: Any = type("clock", (), {"date": _Day})
    holder.dt = linker.dt = clock
    faults = Faults(case, record)
    faults.install()
    _limits(case)
    main(list(case.arguments))


def _forked(case: Case) -> tuple[int, str, list[str]]:
    # Pipes, which no limit on file sizes meets; what is said fits in one.
    said, record = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.dup2(said[1], 1)
        os.dup2(said[1], 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
        code = 99
        try:
            _play(case, record[1])
        except SystemExit as ended:
            code = int(ended.code or 0)
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001  -- told to the test, which sees 99
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(said[1])
    os.close(record[1])
    _, status = os.waitpid(child, 0)
    with open(said[0], "rb") as words, open(record[0], "rb") as calls:  # noqa: PTH123  -- descriptors
        told, counted = words.read(), calls.read()
    return os.waitstatus_to_exitcode(status), told.decode("utf-8", "replace"), counted.decode().split()


def _serve() -> None:
    # Loaded once, and no frame computed, so that every fork has all modules and no thread.
    import linkage.holder.encode
    import linkage.linker.run
    import linkage.words  # noqa: F401

    for line in sys.stdin:
        data = json.loads(line)
        print(json.dumps(_forked(Case(**{**data, "arguments": tuple(data["arguments"])}))), flush=True)  # noqa: T201


if __name__ == "__main__":
    _serve()
