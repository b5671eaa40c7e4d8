"""Where micro-data may stand: one thing wrong, one refusal, nothing written (docs/spec/study-v1.md, section 3)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import simulator

from linkage.errors import OutputError, PlaceNotAllowed, StudyFault
from linkage.place import allowed_file, allowed_folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A closed folder with a household file, and beside it a closed folder for something else."""
    for name in ("home", "home/below", "elsewhere"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "home" / "households.parquet").write_bytes(b"file")
    return tmp_path / "home"


def check(target: Path, home: Path, *folders: Path) -> Path:
    return allowed_file(target, folders=[str(folder) for folder in folders], source=home / "households.parquet")


def test_beside_the_household_file_and_below(home: Path) -> None:
    assert check(home / "a.sav", home) == (home / "a.sav").resolve()
    assert check(home / "below" / "a.sav", home) == (home / "below" / "a.sav").resolve()
    assert check(home / "below" / ".." / "a.sav", home) == (home / "a.sav").resolve()


def test_a_folder_of_the_study_takes_the_place_of_the_household_files(home: Path) -> None:
    elsewhere = home.parent / "elsewhere"
    assert check(elsewhere / "a.sav", home, elsewhere) == (elsewhere / "a.sav").resolve()
    with pytest.raises(PlaceNotAllowed, match="`secured_folders`"):
        check(home / "a.sav", home, elsewhere)


@pytest.mark.parametrize(
    "target", ["../elsewhere/a.sav", "below/../../elsewhere/a.sav", "link/a.sav", "../homely/a.sav", "loop/a.sav"]
)
def test_elsewhere_is_refused(home: Path, target: str) -> None:
    (home / "link").symlink_to(home.parent / "elsewhere")
    (home / "loop").symlink_to(home / "loop")
    (home.parent / "homely").mkdir(mode=0o700)
    with pytest.raises(PlaceNotAllowed) as caught:
        check(home / target, home)
    assert str(home.parent) not in str(caught.value)
    assert str(caught.value).count("a.sav") == 1


def test_a_link_to_the_folder_is_the_folder(home: Path) -> None:
    (home.parent / "short").symlink_to(home)
    assert check(home.parent / "short" / "a.sav", home) == (home / "a.sav").resolve()
    assert check(home / "a.sav", home, home.parent / "short") == (home / "a.sav").resolve()


@pytest.mark.parametrize("mode", [0o701, 0o702, 0o704, 0o755, 0o777])
def test_a_folder_that_is_open_to_others_is_refused(home: Path, mode: int) -> None:
    (home / "below").chmod(mode)
    with pytest.raises(PlaceNotAllowed, match="chmod 700"):
        check(home / "below" / "a.sav", home)


def test_a_group_may_share_a_folder(home: Path) -> None:
    home.chmod(0o770)
    assert check(home / "a.sav", home)


def test_the_household_file_is_never_written_over(home: Path) -> None:
    os.link(home / "households.parquet", home / "twin.parquet")
    (home / "link.parquet").symlink_to("households.parquet")
    for name in ("households.parquet", "twin.parquet", "link.parquet"):
        with pytest.raises(PlaceNotAllowed, match="het onderzoeksbestand zelf"):
            check(home / name, home)


@pytest.mark.parametrize("target", ["below", ".", "below/.."])
def test_a_folder_is_no_file(home: Path, target: str) -> None:
    with pytest.raises(PlaceNotAllowed, match="map"):
        check(home / target, home)


def test_a_folder_that_is_not_there(home: Path) -> None:
    with pytest.raises(OutputError, match="de map bestaat niet"):
        check(home / "none" / "a.sav", home)


def test_the_linkers_folder(home: Path) -> None:
    allowed_folder(home.parent / "elsewhere" / "new", folders=())
    allowed_folder(home / "new" / "newer", folders=[str(home)])
    with pytest.raises(PlaceNotAllowed, match="secured_folders"):
        allowed_folder(home.parent / "elsewhere" / "new", folders=[str(home)])
    home.chmod(0o755)
    with pytest.raises(PlaceNotAllowed, match="chmod 700"):
        allowed_folder(home, folders=[str(home)])


# --- the setting ------------------------------------------------------------------------------------------


def set_folders(cast: simulator.Cast, value: str) -> None:
    cast.write_study("", {'organisation = "Instituut"\n': f'organisation = "Instituut"\nsecured_folders = {value}\n'})


def test_the_setting_is_part_of_the_agreement(cast: simulator.Cast) -> None:
    before = cast.study()
    set_folders(cast, '["/srv/monitoring"]')
    assert before.linker.secured_folders == ()
    assert cast.study().linker.secured_folders == ("/srv/monitoring",)
    assert cast.study().agreement != before.agreement


NO_FULL_PATH = ("srv/data", "/", "/srv/../etc", "/srv/./x", "/srv//x", "/srv/", "/srv/\\u0000", "C:\\\\data", "~/x", "")


def test_only_a_few_different_full_paths(cast: simulator.Cast) -> None:
    study = (cast.folder / "study.toml").read_text(encoding="utf-8")
    nine = ", ".join(f'"/{number}"' for number in range(9))
    for value in (*(f'["{folder}"]' for folder in NO_FULL_PATH), '["/a", "/a"]', f"[{nine}]"):
        set_folders(cast, value)
        with pytest.raises(StudyFault, match="secured_folders"):
            cast.study()
    (cast.folder / "study.toml").write_text(study, encoding="utf-8")
    assert cast.study().linker.secured_folders == ()
