"""Eleven holders make the root of a study with the commands, a courier between them; and what a courier may try."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from simulator import HOLDERS, Cast

from linkage import errors, keys
from linkage.cli import main
from linkage.keys import save

SOON = dt.date.today() + dt.timedelta(days=7)
LATER = SOON + dt.timedelta(days=7)
DAYS = ("--commit-until", f"{SOON}", "--reveal-until", f"{LATER}")
NAMES = sorted(HOLDERS)
PASSPHRASE = "een lang wachtwoord"


@dataclass
class Office:
    """Every holder's own folder, with its identity, the study, and the files that the courier brought."""

    cast: Cast

    def home(self, name: str) -> Path:
        """A holder's own folder."""
        return self.cast.folder / "homes" / name

    def run(self, step: str, name: str, *more: str) -> Result:
        """One command at one holder's."""
        home = self.home(name)
        options = ["--identity", str(home / f"{name}.identity"), "--folder", str(home / "together"), *more]
        return CliRunner().invoke(main, ["keys", step, str(home / "study.toml"), *options])

    def done(self, step: str, name: str, *more: str) -> Result:
        """As `run`, and it went well."""
        result = self.run(step, name, *more)
        assert result.exit_code == 0, result.output
        return result

    def carry(self, suffix: str) -> None:
        """The courier brings everybody's file of a round to everybody."""
        for sender in NAMES:
            for receiver in NAMES:
                if receiver != sender:
                    shutil.copy(self.home(sender) / "together" / f"{sender}.{suffix}", self.home(receiver) / "together")

    def round(self, step: str, suffix: str) -> None:
        """Everybody takes a step, and the courier goes round."""
        for name in NAMES:
            self.done(step, name)
        self.carry(suffix)

    def chartered(self) -> None:
        """Everybody signed the charter."""
        first, *others = NAMES
        self.done("charter", first, *DAYS)
        for name in others:
            shutil.copy(self.home(first) / "together" / f"{first}.charter", self.home(name) / "together")
            self.done("charter", name)
        self.carry("charter")

    def file(self, holder: str, name: str) -> Path:
        """A file as it lies in a holder's folder."""
        return self.home(holder) / "together" / name


@pytest.fixture
def office(tmp_path: Path) -> Office:
    cast = Cast(tmp_path)
    cast.write_study("")
    made = Office(cast)
    for name in NAMES:
        home = made.home(name)
        (home / "together").mkdir(parents=True)
        shutil.copy(tmp_path / "study.toml", home)
        save(home / f"{name}.identity", cast.holder_keys[name], None)
    return made


def test_all_holders_get_one_root_and_read_the_same_words(office: Office) -> None:
    office.chartered()
    office.round("commit", "commit")
    office.round("reveal", "reveal")
    made = {name: office.done("agree", name, "--no-passphrase") for name in NAMES}
    roots = {name: keys.load_root(office.home(name) / "study.root", office.cast.study().study.id, lambda _: None)
             for name in NAMES}  # fmt: skip
    assert len({root.secret for root in roots.values()}) == 1
    assert len({result.stdout for result in made.values()}) == 1
    words = {
        "".join(line for line in result.stderr.splitlines() if line.startswith("    ")) for result in made.values()
    }
    assert len(words) == 1
    assert len(words.pop().split()) == 9
    office.cast.write_study(made[NAMES[0]].stdout)
    study = office.cast.study()
    assert study.root is not None
    assert study.root.key_id == roots[NAMES[0]].key_id
    for name in NAMES:
        for path in (office.home(name) / "together").iterdir():
            assert roots[name].secret.hex() not in path.read_text()


def test_a_protected_identity_protects_its_contribution(office: Office) -> None:
    name = NAMES[0]
    home = office.home(name)
    (home / f"{name}.identity").unlink()
    save(home / f"{name}.identity", office.cast.holder_keys[name], PASSPHRASE)
    (home / "pass").write_text(PASSPHRASE + "\n")
    office.done("charter", name, *DAYS, "--passphrase-file", str(home / "pass"))
    for other in NAMES[1:]:
        shutil.copy(office.file(name, f"{name}.charter"), office.home(other) / "together")
        office.done("charter", other)
        shutil.copy(office.file(other, f"{other}.charter"), home / "together")
    office.done("commit", name, "--passphrase-file", str(home / "pass"))
    assert keys.read_document(home / f"{name}.contribution")["protection"]["kdf"] == "argon2id"
    assert office.run("reveal", name).exit_code == errors.PassphraseNeeded.exit_code


def test_the_courier_swaps_a_commitment(office: Office) -> None:
    """By one of an earlier attempt, properly signed by its holder."""
    victim, other = NAMES[0], NAMES[1]
    office.chartered()
    office.round("commit", "commit")
    old = office.file(victim, f"{other}.commit").read_bytes()
    for name in NAMES:
        shutil.rmtree(office.home(name) / "together")
        (office.home(name) / "together").mkdir()
        (office.home(name) / f"{name}.contribution").unlink()
    office.chartered()
    office.round("commit", "commit")
    office.file(victim, f"{other}.commit").write_bytes(old)
    refused = office.run("reveal", victim)
    assert refused.exit_code == errors.RoundMixed.exit_code
    assert not office.file(victim, f"{victim}.reveal").exists()


def test_the_courier_drops_doubles_or_damages_a_file(office: Office) -> None:
    victim, other = NAMES[0], NAMES[1]
    office.chartered()
    office.round("commit", "commit")
    path = office.file(victim, f"{other}.commit")
    whole = path.read_bytes()
    path.unlink()
    assert office.run("reveal", victim).exit_code == errors.PartyMissing.exit_code
    path.write_bytes(whole)
    shutil.copy(path, path.with_name("again.commit"))
    assert office.run("reveal", victim).exit_code == errors.PartyWrong.exit_code
    path.with_name("again.commit").unlink()
    path.write_bytes(whole.replace(b'"commitment":"', b'"commitment":"f', 1))
    assert office.run("reveal", victim).exit_code == errors.SignedFileDamaged.exit_code
    at = whole.index(b'"commitment":"') + 14
    path.write_bytes(whole[:at] + (b"2" if whole[at : at + 1] == b"1" else b"1") + whole[at + 1 :])
    assert office.run("reveal", victim).exit_code == errors.PartyWrong.exit_code
    path.write_bytes(whole)
    office.done("reveal", victim)


def test_a_late_party_ends_the_attempt(office: Office) -> None:
    today = dt.date.today()
    first, second = NAMES[:2]
    before = f"{today - dt.timedelta(days=1)}"
    late = office.run("charter", first, "--commit-until", before, "--reveal-until", f"{LATER}")
    assert late.exit_code == errors.RoundLate.exit_code
    turned = office.run("charter", first, "--commit-until", f"{LATER}", "--reveal-until", f"{SOON}")
    assert turned.exit_code == errors.RoundLate.exit_code
    office.done("charter", first, *DAYS)
    assert office.run("commit", first).exit_code == errors.PartyMissing.exit_code
    assert office.run("charter", second).exit_code == errors.PartyMissing.exit_code  # nothing was brought yet


def test_a_reveal_is_made_once(office: Office) -> None:
    """A holder commits anew after it saw the others' parts: nobody reveals again for that."""
    victim, cheat = NAMES[0], NAMES[1]
    office.chartered()
    office.round("commit", "commit")
    office.done("reveal", victim)
    (office.home(cheat) / f"{cheat}.contribution").unlink()
    office.file(cheat, f"{cheat}.commit").unlink()
    office.done("commit", cheat)
    shutil.copy(office.file(cheat, f"{cheat}.commit"), office.home(victim) / "together")
    office.file(victim, f"{victim}.reveal").unlink()
    assert office.run("reveal", victim).exit_code == errors.RoundMixed.exit_code
    assert not office.file(victim, f"{victim}.reveal").exists()


def test_a_commitment_that_stands_there_already_leaves_no_secret_behind(office: Office) -> None:
    office.chartered()
    name = NAMES[0]
    office.done("commit", name)
    (office.home(name) / f"{name}.contribution").unlink()
    assert office.run("commit", name).exit_code == errors.OutputError.exit_code
    assert not (office.home(name) / f"{name}.contribution").exists()


def test_who_has_another_study_is_stopped_at_the_charter(office: Office) -> None:
    first, second = NAMES[:2]
    office.done("charter", first, *DAYS)
    path = office.home(second) / "study.toml"
    path.write_text(path.read_text().replace('purpose = "Onderzoek"', 'purpose = "Opsporing"'))
    shutil.copy(office.file(first, f"{first}.charter"), office.home(second) / "together")
    refused = office.run("charter", second)
    assert refused.exit_code == errors.RoundMixed.exit_code
    assert list((office.home(second) / "together").iterdir()) == [office.file(second, f"{first}.charter")]


def test_a_stranger_and_the_linker_cannot_take_part(office: Office) -> None:
    home = office.home(NAMES[0])
    (home / f"{NAMES[0]}.identity").unlink()
    save(home / f"{NAMES[0]}.identity", keys.new_holder(NAMES[0]), None)
    assert office.run("charter", NAMES[0], *DAYS).exit_code == errors.WrongKey.exit_code
    (home / f"{NAMES[0]}.identity").unlink()
    save(home / f"{NAMES[0]}.identity", office.cast.linker, None)
    assert office.run("charter", NAMES[0], *DAYS).exit_code == errors.WrongKey.exit_code
    assert list((home / "together").iterdir()) == []


def test_one_attempt_at_a_time(office: Office) -> None:
    first = NAMES[0]
    assert office.run("charter", first, "--commit-until", f"{SOON}").exit_code == errors.RoundMixed.exit_code
    office.done("charter", first, *DAYS)
    assert office.run("charter", first, *DAYS).exit_code == errors.RoundMixed.exit_code
    assert office.run("charter", first).exit_code == errors.OutputError.exit_code  # it signed already
    study = office.home(first) / "study.toml"
    study.write_text(study.read_text() + root_of(office))
    assert office.run("charter", first).exit_code == errors.RoundMixed.exit_code


def root_of(office: Office) -> str:
    """The block of some root, as a study with an earlier one would have it."""
    from linkage.holder.encode import root_block

    return "\n" + root_block(office.cast.study(), office.cast.root) + "\n"
