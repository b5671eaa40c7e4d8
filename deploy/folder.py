"""Make the folder that needs no installation, and start it. Usage: python deploy/folder.py FOLDER

Needs the program and PyInstaller in this Python (pip install '.[desk,folder]'). FOLDER gets `household-linkage/`, with
the programs `linkage` and `balie`. What was made is then tried: the whole example town, in which every child process
has its turn, and the first page of the desk. Ends with 1 where any of it fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "household-linkage"
SECONDS = 900


def say(line: str) -> None:
    """To the one who runs it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def build(folder: Path) -> Path:
    """The folder of PyInstaller, made from linkage.spec."""
    with tempfile.TemporaryDirectory() as work:
        options = ("--noconfirm", "--log-level", "ERROR", "--workpath", work, "--distpath", str(folder))
        subprocess.run([sys.executable, "-P", "-m", "PyInstaller", *options, str(HERE / "linkage.spec")], check=True)
    return folder / NAME


def run(program: Path, *arguments: str, folder: Path) -> str:
    """What a program of the folder prints. Raises CalledProcessError, TimeoutExpired."""
    command = [str(program), *arguments]
    return subprocess.run(
        command, check=True, cwd=folder, env={"HOME": str(folder)}, timeout=SECONDS, stdout=subprocess.PIPE, text=True
    ).stdout


def try_commands(programs: Path, folder: Path) -> None:
    """The example town from exports to household file: every child process of the program has its turn."""
    linkage = programs / "linkage"
    say(run(linkage, "--version", folder=folder).strip())
    told = run(linkage, "demo", "town", folder=folder)
    if "174" not in told:
        raise SystemExit("the demo of the folder does not end as it should")
    say("demo: from raw exports (CSV, Excel, Parquet) to the report")


def try_desk(programs: Path, folder: Path) -> None:
    """The first page of the desk, over the loopback."""
    command = [str(programs / "balie"), "--no-browser", "--folder", str(folder)]
    with subprocess.Popen(command, cwd=folder, env={"HOME": str(folder)}, stdout=subprocess.PIPE, text=True) as process:
        try:
            started = time.monotonic()
            address = address_of(process)
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            with opener.open(address, timeout=SECONDS) as answer:
                page = answer.read().decode("utf-8")
        finally:
            process.terminate()
    if "<h1" not in page:
        raise SystemExit("the desk of the folder shows no page")
    say(f"balie: first page after {time.monotonic() - started:.1f} s")


def address_of(process: subprocess.Popen[str]) -> str:
    """The address that the desk prints."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S+", line):
            return found[0]
    raise SystemExit("the desk of the folder did not start")


def main(folder: Path) -> None:
    """Build, try, and tell the size."""
    made = build(folder.resolve())
    with tempfile.TemporaryDirectory() as name:
        try_commands(made, Path(name))
        try_desk(made, Path(name))
    size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file() and not path.is_symlink())
    say(f"{made}: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
