"""The command and what lies around it: no core dump, a broken pipe, a full or closed screen, a terminal without é."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from simulator import Cast

from linkage import errors

LINKAGE = Path(sys.executable).with_name("linkage")
ABORTING = """
import os, subprocess, sys
import linkage.study
from linkage.cli import main
def die(path):
    if sys.argv[1] == "child":
        code = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
        status = subprocess.run([sys.executable, "-c", code])
        return os._exit(status.returncode)
    os.abort()
linkage.study.load_study = die
main(["check", "x"])
"""


def ended(folder: Path, how: str) -> tuple[int, str]:
    """Abort in a folder where the system would write a core dump, and how it ended."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with subprocess.Popen(
        [sys.executable, "-c", ABORTING, how],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),
    ) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status = os.waitpid(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return status, said


def test_an_abort_leaves_no_core_dump(tmp_path: Path) -> None:
    status, _ = ended(tmp_path, "abort")
    assert os.WIFSIGNALED(status)
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


def test_a_child_inherits_it(tmp_path: Path) -> None:
    assert ended(tmp_path, "child")[1] == "(0, 0)\n"


def test_a_process_of_this_program_cannot_be_looked_into_by_others_of_the_same_user() -> None:
    code = (
        "import ctypes; from linkage.limits import no_core_dumps; no_core_dumps(); "
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"


def shell(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A shell line in which `linkage` is the program; its exit code is that of the program."""
    line = f"set -o pipefail; {command}"
    path = f"{LINKAGE.parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, check=False, encoding="utf-8", errors="replace",
        env=os.environ | {"PATH": path} | more,
    )  # fmt: skip


@pytest.fixture
def folder(cast: Cast) -> Path:
    path = cast.folder / "study.toml"
    path.write_text(path.read_text("utf-8").replace("Proefstudie", "Studië … €"), "utf-8")
    return cast.folder


def test_a_reader_that_leaves_ends_it_without_a_word(folder: Path) -> None:
    """The writer waits until its reader is gone: then it cannot but meet a broken pipe."""
    done = shell("(sleep 1; linkage check study.toml) | true", folder)
    assert done.stderr == ""
    assert done.returncode != 0
    assert shell("linkage check study.toml | head -1", folder).stderr == ""


def test_a_full_screen_is_one_line_and_a_closed_one_is_nothing(folder: Path) -> None:
    done = shell("linkage check study.toml >/dev/full", folder)
    assert done.returncode == errors.OutputError.exit_code
    assert done.stderr.startswith("Fout: ")
    assert done.stderr.count("\n") == 1
    assert shell("linkage check study.toml >&-", folder).stderr == ""
    assert shell("linkage check none.toml 2>&-", folder).returncode == errors.StudyFault.exit_code


@pytest.mark.parametrize(
    "setting",
    [
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=lambda setting: " ".join(setting.values()),
)
def test_a_terminal_without_our_letters_gets_others(folder: Path, setting: dict[str, str]) -> None:
    done = shell("linkage check study.toml", folder, **setting)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Studi")
    assert "De studie is in orde." in done.stdout
    refused = shell("linkage check é…€.toml", folder, **setting)
    assert refused.returncode == errors.StudyFault.exit_code
    assert refused.stderr.startswith("Fout: ")
    assert "Traceback" not in refused.stderr
