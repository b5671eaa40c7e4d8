"""Where the folder build starts (deploy/linkage.spec): `linkage` is the command, `balie` opens the desk at once.

A frozen program has no Python beside it. The program starts children of itself as `PROGRAM -I -m MODULE`; the modules
that may be run so are named here, and nothing else is.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

CHILDREN = ("linkage.holder.apart", "linkage.desk.peek_apart", "linkage.linker.parse")
CHILD = ["-I", "-m"]


def start(program: str, arguments: list[str]) -> None:
    """Be a child, the desk, or the command."""
    if arguments[:2] == CHILD:
        if len(arguments) != 3 or arguments[2] not in CHILDREN:
            raise SystemExit(2)
        sys.argv = [arguments[2]]
        runpy.run_module(arguments[2], run_name="__main__")
        return
    from linkage.cli import main

    main(["desk", *arguments] if program == "balie" else arguments)


if __name__ == "__main__":
    start(Path(sys.argv[0]).stem, sys.argv[1:])
