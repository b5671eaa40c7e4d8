"""Shares on paper: enough of them give the root back, fewer say nothing, and a misread word is found."""

from __future__ import annotations

import uuid
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from shamir_mnemonic import shamir
from simulator import Cast

from linkage import errors, keys
from linkage.cli import main
from linkage.keeping.shares import Plan, join, page, plan_of, split, words_of
from linkage.study import Study

PLAN = Plan(3, 5)


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(tmp_path_factory.mktemp("cast"))


@pytest.fixture(scope="module")
def study(cast: Cast) -> Study:
    return cast.study()


@pytest.fixture(scope="module")
def shares(cast: Cast) -> list[tuple[str, str]]:
    return [(f"{number}.txt", words) for number, words in enumerate(split(cast.root, PLAN), start=1)]


def test_every_choice_of_enough_shares_gives_the_root(cast: Cast, study: Study, shares: list[tuple[str, str]]) -> None:
    for count in (3, 4, 5):
        for chosen in combinations(shares, count):
            assert join(chosen, study) == cast.root
            assert join(chosen[::-1], study) == cast.root


def test_every_choice_of_fewer_is_refused(study: Study, shares: list[tuple[str, str]]) -> None:
    for count in (1, 2):
        for chosen in combinations(shares, count):
            with pytest.raises(errors.ShareWrong, match="3 verschillende"):
                join(chosen, study)
    with pytest.raises(errors.ShareWrong, match="3 verschillende"):
        join([shares[0], shares[1], ("again.txt", shares[0][1])], study)


@pytest.mark.parametrize("plan", [(2, 2), (2, 3), (3, 3), (4, 7), (16, 16)])
def test_other_plans(cast: Cast, study: Study, plan: tuple[int, int]) -> None:
    made = [("x", words) for words in split(cast.root, Plan(*plan))]
    assert len(made) == plan[1]
    assert join(made[-plan[0] :], study) == cast.root


def test_fewer_shares_than_needed_look_the_same_for_any_secret() -> None:
    """Of two secrets that differ in every bit, a share that falls short has bytes of the same, even spread.

    A chi-square of 255 degrees of freedom; nine standard deviations is chance for nobody.
    """
    limit = 255 + 9 * (2 * 255) ** 0.5
    for secret in (bytes(32), b"\xff" * 32):
        for place in (0, 1, 4):
            counts = [0] * 256
            for _ in range(400):
                for byte in shamir._split_secret(3, 5, secret)[place].data:
                    counts[byte] += 1
            expected = sum(counts) / 256
            assert sum((count - expected) ** 2 / expected for count in counts) < limit


@pytest.mark.parametrize("place", range(33))
def test_each_damaged_word_is_found(study: Study, shares: list[tuple[str, str]], place: int) -> None:
    words = shares[0][1].split()
    words[place] = "academic" if words[place] != "academic" else "zero"
    text = words_of(" ".join(words), "1.txt")
    with pytest.raises(errors.ShareWrong) as caught:
        join([("1.txt", text), *shares[1:3]], study)
    assert not any(word in str(caught.value).split() for word in words)


def test_two_swapped_words_are_found(study: Study, shares: list[tuple[str, str]]) -> None:
    words = shares[0][1].split()
    for one, other in pairwise(range(33)):
        swapped = list(words)
        swapped[one], swapped[other] = words[other], words[one]
        if swapped != words:
            with pytest.raises(errors.ShareWrong):
                join([("1.txt", " ".join(swapped)), *shares[1:3]], study)


def test_shares_of_two_backups_do_not_mix(cast: Cast, study: Study, shares: list[tuple[str, str]]) -> None:
    again = [("b.txt", words) for words in split(cast.root, PLAN)]
    with pytest.raises(errors.ShareWrong):
        join([*shares[:2], again[2]], study)


def test_shares_of_another_root_are_refused(study: Study) -> None:
    other = keys.new_root(uuid.UUID(str(study.study.id)))
    with pytest.raises(errors.WrongKey):
        join([("x", words) for words in split(other, PLAN)], study)
    bare = study.model_copy(update={"root": None})
    with pytest.raises(errors.StudyIncomplete):
        join([("x", words) for words in split(other, PLAN)], bare)


def test_shares_of_another_study_with_the_same_secret_are_refused(cast: Cast, study: Study) -> None:
    """The key id follows from the study too."""
    elsewhere = study.model_copy(update={"study": study.study.model_copy(update={"id": uuid.uuid4()})})
    with pytest.raises(errors.WrongKey):
        join([("x", words) for words in split(cast.root, PLAN)], elsewhere)


def test_a_page_is_read_back_whole_or_typed_over(cast: Cast, study: Study, shares: list[tuple[str, str]]) -> None:
    words = shares[0][1]
    printed = page(words, 1, PLAN, study, cast.root.key_id)
    assert words_of(printed, "p") == words
    assert cast.root.secret.hex() not in printed
    assert all(len(line) <= 110 for line in printed.splitlines())
    typed = "\n".join(f"{n}. {word.upper()}" for n, word in enumerate(words.split(), start=1))
    assert words_of(typed, "p") == words
    assert words_of("  ".join(words.split()), "p") == words


def test_a_misspelt_word_is_named_by_its_place(shares: list[tuple[str, str]]) -> None:
    words = shares[0][1].split()
    with pytest.raises(errors.ShareWrong, match="woord 7 "):
        words_of(" ".join([*words[:6], "aardappel", *words[7:]]), "p")
    for wrong in (words[:-1], [*words, words[0]], []):
        with pytest.raises(errors.ShareWrong, match="33"):
            words_of(" ".join(wrong), "p")


@pytest.mark.parametrize("text", ["1-of-3", "4-of-3", "2-of-17", "3", "3-5", "drie-of-5", "0-of-0", "-1-of-5"])
def test_a_plan_that_cannot_be(text: str) -> None:
    with pytest.raises(errors.ShareWrong):
        plan_of(text)


def test_backup_and_restore_from_the_command_line(tmp_path: Path) -> None:
    cast = Cast(tmp_path)
    study, root, folder = tmp_path / "study.toml", tmp_path / "study.root", tmp_path / "shares"
    keys.save(root, cast.root, None)

    def run(*arguments: object) -> int:
        return int(CliRunner().invoke(main, ["keys", *(str(a) for a in arguments)]).exit_code)

    assert run("backup", root, "--study", study, "--shares", "2-of-3", "--output", folder) == 0
    pages = sorted(folder.iterdir())
    assert [path.stat().st_mode & 0o777 for path in pages] == [0o600] * 3
    root.unlink()
    assert run("restore", study, pages[0], "--no-passphrase") == errors.ShareWrong.exit_code
    assert not root.exists()
    assert run("restore", study, pages[2], pages[0], "--no-passphrase") == 0
    assert keys.load_root(root, cast.study().study.id, lambda _: None) == cast.root
    assert run("restore", study, pages[2], pages[0], "--no-passphrase") == errors.OutputError.exit_code
