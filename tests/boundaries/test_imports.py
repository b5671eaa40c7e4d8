"""The import graph is part of the privacy argument: the contracts hold, and a planted violation breaks them."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
PLAN = ("linkage/linker/link.py", "linkage/linker/evaluate.py", "linkage/linker/plan.py", "linkage/linker/count.py")
# Operations that differ between engines, silently or not; `linkage/engine/portable.py` is their only home.
BANNED = {
    "len", "n_unique", "replace_strict", "pivot", "sample", "drop_nulls", "first", "last", "with_row_index", "round",
    "dt", "join_asof", "quantile", "median", "to_physical", "map_batches", "gather_every", "tail",
}  # fmt: skip


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the packages in that folder."""
    return subprocess.run(
        [LINT, "--config", str(folder / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source, as the installed packages have it, where a violation can be planted."""
    for package in ("linkage", "protocols"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        ROOT / "examples" / "almelo", tmp_path / "linkage" / "almelo", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("linkage/linker/link.py", "import linkage.holder.read", "Each room imports only what lies below it"),
        ("linkage/linker/accept.py", "from linkage.holder import identifiers", "The linker never reaches"),
        ("linkage/holder/encode.py", "import linkage.linker.run", "Each room imports only what lies below it"),
        ("linkage/research/__init__.py", "import linkage.keys", "Research reaches neither packages nor keys"),
        (
            "linkage/research/__init__.py",
            "import linkage.transfer.package",
            "Research reaches neither packages nor keys",
        ),
        ("linkage/linker/evaluate.py", "import polars", "The linkage plan knows no engine"),
        ("protocols/model.py", "import polars", "The agreement has no cryptography"),
        ("linkage/holder/read.py", "import urllib.request", "Nothing opens a network connection"),
        ("linkage/keys/identity.py", "import linkage.holder", "Each room imports only what lies below it"),
    ],
)
def test_a_planted_violation_breaks_them(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}  # noqa\n", encoding="utf-8")
    done = lint(copy)
    assert done.returncode != 0
    assert any(contract in part and "BROKEN" in part for part in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("linkage.holder.encode", ("linkage.linker", "linkage.engine", "narwhals", "pyspark", "pandas", "pyarrow")),
        ("linkage.linker.run", ("linkage.holder", "pyspark", "pandas", "pyarrow", "fastexcel")),
        ("linkage", ("polars", "cryptography", "pydantic", "linkage.holder", "linkage.linker")),
        ("linkage.cli", ("polars", "cryptography", "pydantic", "rich", "linkage.holder", "linkage.linker")),
    ],
)
def test_an_import_loads_nothing_of_others(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(chr(10).join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {name for name in absent if name in loaded}


@pytest.mark.parametrize("file", PLAN)
def test_the_plan_uses_portable_operations_alone(file: str) -> None:
    assert list(unportable((ROOT / file).read_text(encoding="utf-8"))) == []


def test_an_unportable_operation_is_noticed() -> None:
    assert list(unportable("frame.agg(nw.col('a').n_unique(), nw.len())")) == ["n_unique", "len"]


def unportable(source: str) -> list[str]:
    """Attributes of expressions and frames that may not be used outside portable.py."""
    tree = ast.parse(source)
    found = (node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return sorted((name for name in found if name in BANNED), reverse=True)


def test_exported_names() -> None:
    import linkage

    verbs = ["encode", "inspect", "link", "load_study", "open_research", "read_households", "to_pandas"]
    assert linkage.__all__ == ["LinkageError", *verbs]
    assert all(getattr(linkage, name) for name in linkage.__all__)


def test_the_error_tree_has_one_exit_code_each_and_is_drawn() -> None:
    from linkage import errors

    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.LinkageError)]
    codes = [c.exit_code for c in classes]
    assert len(set(codes)) == len(codes)
    drawn = dict(re.findall(r"(\w+) +(\d+)(?: |$)", str(errors.__doc__), flags=re.MULTILINE))
    assert drawn == {c.__name__: str(c.exit_code) for c in classes if c is not errors.LinkageError}
