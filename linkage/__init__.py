"""Household linkage without identifiers: encoders at the holders, a linker that never sees an identifier.

The verbs of the command line, for notebooks:

>>> import linkage
>>> sorted(linkage.__all__)
['LinkageError', 'encode', 'inspect', 'link', 'load_study', 'open_research', 'read_households', 'to_pandas']

Imports are lazy: a holder's import loads nothing of the linker, and `import linkage` loads no data frames.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from linkage.limits import never_spill

if TYPE_CHECKING:
    from linkage.api import encode, inspect, link, read_households
    from linkage.errors import LinkageError
    from linkage.notebook import open_research, to_pandas
    from linkage.study import load_study

never_spill()

__all__ = [
    "LinkageError",
    "encode",
    "inspect",
    "link",
    "load_study",
    "open_research",
    "read_households",
    "to_pandas",
]

_HOME = {
    "LinkageError": "linkage.errors",
    "encode": "linkage.api",
    "inspect": "linkage.api",
    "link": "linkage.api",
    "load_study": "linkage.study",
    "open_research": "linkage.notebook",
    "read_households": "linkage.api",
    "to_pandas": "linkage.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'linkage' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
