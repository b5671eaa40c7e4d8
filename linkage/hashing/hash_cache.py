"""Where the compiled kernel is kept between runs: code that is run unseen, so only where nobody else can write.

Numba reads its cache with pickle. A folder in which another could put a file would let that other run code as the
holder, who has the root key open at that moment. The cache holds code only: keys are arguments, never constants.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

_NAME = "household-linkage"


def cached(function: Any) -> None:
    """Have a Numba function keep its machine code, if there is a safe place; else it is compiled at each start."""
    import numba

    config: Any = numba.config
    folder = safe_folder()
    if folder is None:
        return
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        function.enable_caching()
    finally:
        # Other functions of the process, in a notebook, go where their owner wants them.
        config.CACHE_DIR = before


def safe_folder() -> Path | None:
    """The user's own cache folder, made where it is missing; None where others can write in it or move it."""
    if os.name != "posix":
        return None  # elsewhere modes do not say who can write
    try:
        above = _above()
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = above / _NAME
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder if _only_ours(above, 0o022) and _only_ours(folder, 0o077) else None
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return None


def has_kernel() -> bool:
    """Whether something was compiled here before; a guess for choosing a route, never relied on."""
    folder = safe_folder()
    return folder is not None and any(folder.glob("*/hash_fast*.nbi"))


def _above() -> Path:
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return given if given.is_absolute() else Path.home() / ".cache"


def _only_ours(folder: Path, forbidden: int) -> bool:
    """A real folder of this user, without those permissions for others."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & forbidden
