"""Files that somebody else made, changed at random: read, or one of the errors that fit, and no value in a message.

A minute's worth; `benchmarks/fuzz.py` does the same for as long as you like, with a fuzzer that sees the lines reached.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz import Fault, Target, judged, mutated
from fuzz_targets import MAKERS, Scene
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import errors

# Their readers are native code that runs in a child process, a second each: tests/generative/test_fuzz_bombs.py.
APART = ("excel", "sheet", "parquet", "spss", "protected")
# These make and check signatures of 5 kB, or read a protocol or a household file each time.
SLOW = ("charter", "commit", "reveal", "protocol", "tariffs", "linkage", "households", "quality")
QUICK = [name for name in MAKERS if name not in (*APART, *SLOW)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"))


def attack(target: Target, examples: int) -> set[str]:
    """How the reader ended, over mutations of the seeds and bytes of any kind."""
    ended: set[str] = set()

    @settings(max_examples=examples)
    @given(chance=st.randoms(use_true_random=False))
    def attempt(chance: object) -> None:
        ended.add(judged(target, mutated(chance, target)))  # type: ignore[arg-type]

    attempt()
    return ended


@pytest.mark.parametrize("name", MAKERS)
def test_the_seeds_are_in_order(scene: Scene, name: str) -> None:
    """Else every mutation would be refused for the same reason."""
    target = scene.target(name)
    assert "read" in {judged(target, seed) for seed in target.seeds}


@pytest.mark.parametrize("name", QUICK)
def test_a_changed_file(scene: Scene, name: str) -> None:
    assert len(attack(scene.target(name), 80)) > 1


@pytest.mark.parametrize("name", SLOW)
def test_a_changed_file_of_a_slow_kind(scene: Scene, name: str) -> None:
    assert attack(scene.target(name), 15)


@settings(max_examples=60)
@given(content=st.binary(max_size=300))
@pytest.mark.parametrize("name", QUICK)
def test_any_bytes(scene: Scene, name: str, content: bytes) -> None:
    assert judged(scene.target(name), content)


# --- the judge itself -------------------------------------------------------------------------------


def failing(error: BaseException) -> Target:
    def attempt(content: bytes) -> None:
        raise error

    return Target("failing", (b"x",), attempt, (errors.InputError,))


def quoting() -> Target:
    """An error that is ours, raised on top of one that quotes a cell."""

    def attempt(content: bytes) -> None:
        try:
            int("123456782x")
        except ValueError:
            raise errors.InputUnreadable("rij 1")  # noqa: B904  -- the fault that must be noticed

    return Target("quoting", (b"x",), attempt, (errors.InputError,))


class Panic(BaseException):
    """As pyo3 raises where Rust panics."""


@pytest.mark.parametrize(
    "target",
    [
        failing(ValueError()),
        failing(errors.StudyFault()),
        failing(errors.InputError("123456782")),
        failing(Panic()),
        quoting(),
    ],
    ids=["another exception", "an error that does not fit", "a value", "a panic", "a value behind it"],
)
def test_the_judge_notices(target: Target) -> None:
    with pytest.raises(Fault):
        judged(target, b"")


def test_the_judge_accepts(tmp_path: Path) -> None:
    assert judged(failing(errors.InputUnreadable("rij 1")), b"") == "InputUnreadable"
