"""Attacks on the agreement of a root, one by one: each is refused by its own error, or heard in the check phrase."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rounds import COMMIT_UNTIL, NAMES, REVEAL_UNTIL, Table, study_of, table
from simulator import Cast

from linkage import errors, keys
from linkage.agreement import rounds
from linkage.agreement.charter import (
    CharterSigned,
    Party,
    agreed_charter,
    charter_of,
    check_charter,
    check_days,
    only_charter,
)
from linkage.agreement.files import mark_revealed
from linkage.keys.signed import parse_signed, signed_file

ONE, TWO, THREE = NAMES


@pytest.fixture
def three(tmp_path: Path) -> Table:
    return table(tmp_path)


def test_all_holders_come_to_one_root_and_one_phrase(three: Table) -> None:
    reveals = three.reveals()
    made = [three.agree(name, reveals) for name in NAMES]
    assert len({agreed.root.secret for agreed in made}) == 1
    assert len({agreed.phrase for agreed in made}) == 1
    assert len(made[0].phrase) == 9
    assert made[0].root.study == three.study.study.id


# --- nobody chooses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_root_depends_on_every_part(three: Table, name: str) -> None:
    """So two holders that work together still do not know, nor choose, what comes out with the third's part."""
    before = three.agree(ONE)
    changed = three.parts[name].secret
    for place in (0, 31, 32, 63):
        other = changed[:place] + bytes([changed[place] ^ 1]) + changed[place + 1 :]
        again = three.with_part(name, replace(three.parts[name], secret=other)).agree(ONE)
        assert again.root.secret != before.root.secret
        assert again.phrase != before.phrase


def test_two_colluding_holders_meet_a_new_root_with_each_part_of_the_third(three: Table) -> None:
    made = set()
    for byte in range(16):
        part = keys.Contribution(three.charter.digest, THREE, bytes([byte]) * 64)
        made.add(three.with_part(THREE, part).agree(ONE).root.secret)
    assert len(made) == 16


def test_equal_parts_of_two_holders_do_not_cancel(three: Table) -> None:
    same = three.parts[ONE].secret
    twin = three.with_part(TWO, keys.Contribution(three.charter.digest, TWO, same))
    assert twin.agree(ONE).root.secret != three.agree(ONE).root.secret
    assert twin.commit(TWO).commitment != twin.commit(ONE).commitment


def test_a_holder_that_changes_its_part_after_committing(three: Table) -> None:
    other = keys.Contribution(three.charter.digest, TWO, b"x" * 64)
    liar = three.with_part(TWO, other)
    with pytest.raises(errors.RoundMixed):  # the program does not do it
        liar.reveal(TWO, three.round_one())
    sealed = tuple(rounds._seal(three.round_one(), other, three.round_one().of(to)) for to in (ONE, THREE))
    body = three.reveal(TWO).model_copy(update={"sealed": sealed})
    for victim in (ONE, THREE):
        with pytest.raises(errors.RevealWrong):
            three.agree(victim, three.reveals(**{TWO: three.file(TWO, body)}))


def test_a_holder_that_tells_two_others_different_things(three: Table) -> None:
    """The part for one victim is changed: that victim is told, whatever the other one sees."""
    honest, other = three.reveal(TWO), keys.Contribution(three.charter.digest, TWO, b"x" * 64)
    wrong = rounds._seal(three.round_one(), other, three.round_one().of(THREE))
    body = honest.model_copy(update={"sealed": (honest.sealed[0], wrong)})
    with pytest.raises(errors.RevealWrong):
        three.agree(THREE, three.reveals(**{TWO: three.file(TWO, body)}))


def test_a_holder_that_leaves_somebody_out(three: Table) -> None:
    body = three.reveal(TWO).model_copy(update={"sealed": three.reveal(TWO).sealed[:1]})
    with pytest.raises(errors.RevealWrong):
        three.agree(ONE, three.reveals(**{TWO: three.file(TWO, body)}))


def test_nobody_can_reveal_before_all_have_committed(three: Table) -> None:
    for count in (0, 1, 2):
        with pytest.raises(errors.PartyMissing):
            rounds.committed(three.commits()[:count], three.charter)


def test_nobody_reveals_twice_for_different_commitments(three: Table, tmp_path: Path) -> None:
    """Else a holder could see this part, change its own commitment, and have it all done again."""
    contribution = tmp_path / "a.contribution"
    mark_revealed(contribution, three.round_one())
    mark_revealed(contribution, three.round_one())  # the same again is no harm
    changed = three.with_part(TWO, keys.Contribution(three.charter.digest, TWO, b"y" * 64))
    with pytest.raises(errors.RoundMixed):
        mark_revealed(contribution, changed.round_one())


# --- the courier ------------------------------------------------------------------------------------


def test_a_commitment_is_swapped(three: Table) -> None:
    """The courier has no key of a holder: a file in somebody's name fails, one's own in another's place too."""
    stranger = keys.new_holder(TWO)
    forged = three.commit(TWO).model_copy(update={"commitment": "0" * 64})
    with pytest.raises(errors.PartyWrong):
        three.round_one(**{TWO: three.file(TWO, forged, stranger)})
    with pytest.raises(errors.PartyWrong):
        three.round_one(**{TWO: three.file(ONE, three.commit(ONE))})


@pytest.mark.parametrize("place", [60, 400, 900])
def test_a_changed_byte(three: Table, place: int) -> None:
    raw = bytearray(three.file(TWO, three.commit(TWO)))
    raw[place] ^= 1
    with pytest.raises((errors.PartyWrong, errors.SignedFileDamaged, errors.RoundMixed)):
        three.round_one(**{TWO: bytes(raw)})


def test_a_file_is_dropped(three: Table) -> None:
    with pytest.raises(errors.PartyMissing, match=THREE):
        agreed_charter(three.charters()[:2], three.study)
    with pytest.raises(errors.PartyMissing, match=THREE):
        rounds.committed(three.commits()[:2], three.charter)
    with pytest.raises(errors.PartyMissing, match=THREE):
        three.agree(ONE, three.reveals()[:2])


def test_a_file_comes_twice(three: Table) -> None:
    with pytest.raises(errors.PartyWrong):
        rounds.committed([*three.commits(), three.commits()[0]], three.charter)
    with pytest.raises(errors.PartyWrong):
        three.agree(ONE, [*three.reveals(), three.reveals()[0]])


def test_files_of_another_attempt_are_replayed(three: Table, tmp_path: Path) -> None:
    earlier = table(tmp_path / "earlier", number="1" * 32)
    with pytest.raises(errors.RoundMixed):
        three.round_one(**{TWO: earlier.file(TWO, earlier.commit(TWO))})
    with pytest.raises(errors.RoundMixed):
        three.agree(ONE, three.reveals(**{TWO: earlier.file(TWO, earlier.reveal(TWO))}))
    with pytest.raises(errors.RoundMixed):
        agreed_charter([*three.charters()[:2], earlier.charters()[2]], three.study)


def test_one_round_is_passed_off_as_another(three: Table) -> None:
    """A reveal is no commitment: the format is in the signature, and each round reads its own format alone."""
    for raw, model in (
        (three.file(TWO, three.reveal(TWO)), rounds.Commit),
        (three.file(TWO, three.commit(TWO)), rounds.Reveal),
        (three.file(TWO, three.commit(TWO)), CharterSigned),
    ):
        with pytest.raises(errors.SignedFileDamaged):
            parse_signed(raw, model, TWO)
    document = json.loads(three.file(TWO, three.commit(TWO)))
    message = json.dumps(document["body"], sort_keys=True, separators=(",", ":")).encode()
    other = three.identities[TWO].sign("household-linkage/charter/v1", message)
    with pytest.raises(errors.SignatureInvalid):
        keys.verify_signature(three.identities[TWO].public, document["body"]["format"], message, other)


def test_two_holders_are_given_different_commitments(three: Table) -> None:
    """A dishonest holder and the courier show one victim another commitment: the reveals no longer fit each other."""
    second = three.with_part(TWO, keys.Contribution(three.charter.digest, TWO, b"z" * 64))
    told_to_three = three.round_one(**{TWO: second.file(TWO, second.commit(TWO))})
    reveal_of_three = three.file(THREE, three.reveal(THREE, told_to_three))
    with pytest.raises(errors.RoundMixed, match=THREE):
        three.agree(ONE, three.reveals(**{THREE: reveal_of_three}))


def test_ones_own_commitment_is_swapped_in_ones_own_folder(three: Table) -> None:
    """A holder compares what lies in the folder with its own secret, even where the signature is its own."""
    stale = three.with_part(ONE, keys.Contribution(three.charter.digest, ONE, b"s" * 64))
    with pytest.raises(errors.RoundMixed):
        three.reveal(ONE, stale.round_one())


def test_a_reveal_is_moved_to_another_holder_or_read_by_one(three: Table) -> None:
    honest = three.reveal(TWO)
    swapped = tuple(
        part.model_copy(update={"sealed": other.sealed})
        for part, other in zip(honest.sealed, honest.sealed[::-1], strict=True)
    )
    body = honest.model_copy(update={"sealed": swapped})
    with pytest.raises(errors.RevealWrong):
        three.agree(ONE, three.reveals(**{TWO: three.file(TWO, body)}))


def test_neither_linker_nor_courier_can_open_what_travels(three: Table) -> None:
    linker = keys.LinkerIdentity("institute", b"L" * 32, b"R" * 32)
    files = [
        file for name in NAMES for file in (three.file(name, three.reveal(name)), three.file(name, three.commit(name)))
    ]
    secrets = [part.secret for part in three.parts.values()]
    for secret in secrets:
        for piece in (secret[:32], secret[32:]):
            assert not any(piece in file or piece.hex().encode() in file for file in files)
    private, round_one = linker.private_key(), three.round_one()
    import base64

    for name in NAMES:
        for part in three.reveal(name).sealed:
            with pytest.raises(Exception) as caught:  # noqa: PT011 -- the library has one class for it
                rounds._suite().decrypt(
                    base64.b64decode(part.sealed), private, info=rounds._info(round_one, name, part.holder)
                )
            assert type(caught.value).__name__ in ("InvalidTag", "ValueError")


# --- parties that should not be there ----------------------------------------------------------------


def test_a_party_that_is_not_in_the_charter(three: Table) -> None:
    stranger = keys.new_holder("vreemde")
    body = three.commit(TWO).model_copy(update={"holder": "vreemde"})
    raw = signed_file(body, stranger).encode()
    with pytest.raises(errors.PartyWrong):
        rounds.committed([*three.commits(), parse_signed(raw, rounds.Commit, "vreemde.commit")], three.charter)
    with pytest.raises(errors.PartyWrong):
        rounds.commit(three.charter, stranger, keys.new_contribution(three.charter.digest, "vreemde"), three.today)
    with pytest.raises(errors.WrongKey):
        rounds.commit(three.charter, stranger, three.parts[TWO], three.today)


def test_the_linker_with_its_own_key_as_a_holder(tmp_path: Path) -> None:
    """The linker's id and its signing key are refused in the study, its opening key in round 1."""
    cast = Cast(tmp_path)
    cast.holder_keys[TWO] = keys.HolderIdentity(TWO, b"t" * 64 + cast.linker.seed)
    cast.write_study("")
    study = study_of(cast)
    charter = charter_of(study, "0" * 32, COMMIT_UNTIL, REVEAL_UNTIL)
    parts = {name: keys.new_contribution(charter.digest, name) for name in NAMES}
    bad = Table(study, charter, {name: cast.holder_keys[name] for name in NAMES}, parts)
    with pytest.raises(errors.PartyWrong, match="koppelaar"):
        bad.round_one()


def test_the_linkers_signing_key_is_no_holders(tmp_path: Path) -> None:
    cast = Cast(tmp_path)
    line = f'public_key = "{cast.linker.public}"'
    cast.write_study("", {line: f'{line}\nsigning_key = "{cast.holder_keys[TWO].public}"'})
    with pytest.raises(errors.StudyFault, match="sleutel van een houder"):
        cast.study()


def test_another_sealing_key_than_the_identitys(three: Table) -> None:
    """Also where the holder signed it itself: the line in the study binds all three keys."""
    import base64

    other = base64.b64encode(keys.new_holder("x").sealing_key).decode()
    body = three.commit(TWO).model_copy(update={"sealing_key": other})
    with pytest.raises(errors.PartyWrong):
        three.round_one(**{TWO: three.file(TWO, body)})


def test_a_middleman_with_two_studies_is_heard_in_the_phrase(tmp_path: Path) -> None:
    """Every file fits, for each side has another study: the middleman's keys in the others' place. The words differ."""
    real, fake = table(tmp_path / "real"), {name: keys.new_holder(name) for name in NAMES}
    phrases = []
    for victim in NAMES:
        mixed = {name: real.identities[name] if name == victim else fake[name] for name in NAMES}
        lines = {name: identity.public for name, identity in mixed.items()}
        holders = tuple(h.model_copy(update={"public_key": lines[h.id]}) for h in real.study.holder)
        study = real.study.model_copy(update={"holder": holders})
        charter = charter_of(study, "0" * 32, COMMIT_UNTIL, REVEAL_UNTIL)
        parts = {name: replace(part, charter=charter.digest) for name, part in real.parts.items()}
        phrases.append(Table(study, charter, mixed, parts).agree(victim).phrase)
    assert len(set(phrases)) == len(NAMES)
    assert all(len(set(one) & set(other)) < 5 for one in phrases for other in phrases if one != other)


def test_a_charter_of_another_study(three: Table) -> None:
    for change in (
        {"study": "00000000-0000-4000-8000-000000000000"},
        {"wave": 2},
        {"agreement": "sha256:" + "0" * 64},
        {"protocol_digest": "sha256:" + "0" * 64},
        {"linker": "0" * 64},
        {"holders": three.charter.holders[:2]},
        {"holders": (*three.charter.holders[:2], Party(id=THREE, key=keys.new_holder(THREE).public))},
    ):
        other = replace(three, charter=three.charter.model_copy(update=change))
        with pytest.raises(errors.RoundMixed):
            check_charter(other.charter, three.study)
        with pytest.raises(errors.RoundMixed):
            only_charter(other.charters()[:1], three.study)


def test_a_charter_signed_in_anothers_name(three: Table) -> None:
    raw = three.file(TWO, three.assent(TWO), three.identities[ONE])
    files = [three.charters()[0], parse_signed(raw, CharterSigned, "two"), three.charters()[2]]
    with pytest.raises(errors.PartyWrong):
        agreed_charter(files, three.study)


# --- late ---------------------------------------------------------------------------------------------


def test_after_the_last_day_of_a_round(three: Table) -> None:
    late = replace(three, today=COMMIT_UNTIL + dt.timedelta(days=1))
    with pytest.raises(errors.RoundLate):
        late.commit(ONE)
    with pytest.raises(errors.RoundLate):
        check_days(three.charter, late.today)
    round_one, reveals = three.round_one(), three.reveals()
    too_late = REVEAL_UNTIL + dt.timedelta(days=1)
    with pytest.raises(errors.RoundLate):
        rounds.reveal(round_one, three.identities[ONE], three.parts[ONE], too_late)
    with pytest.raises(errors.RoundLate):
        rounds.agree(reveals, round_one, three.identities[ONE], three.parts[ONE], three.study, too_late)


def test_a_file_that_says_it_was_made_too_late(three: Table) -> None:
    commit = three.commit(TWO).model_copy(update={"made": "2016-03-09"})
    with pytest.raises(errors.RoundLate):
        three.round_one(**{TWO: three.file(TWO, commit)})
    reveal = three.reveal(TWO).model_copy(update={"made": "2016-03-16"})
    with pytest.raises(errors.RoundLate):
        three.agree(ONE, three.reveals(**{TWO: three.file(TWO, reveal)}))
    raw = three.file(TWO, three.assent(TWO, made="2016-03-09"))
    with pytest.raises(errors.RoundLate):
        agreed_charter([three.charters()[0], parse_signed(raw, CharterSigned, "two"), three.charters()[2]], three.study)


def test_days_that_cannot_be(three: Table) -> None:
    charter = charter_of(three.study, "0" * 32, REVEAL_UNTIL, COMMIT_UNTIL)
    with pytest.raises(errors.RoundLate):
        check_days(charter, three.today)


def test_one_holder_has_nobody_to_agree_with(three: Table) -> None:
    alone = three.study.model_copy(update={"holder": three.study.holder[:1]})
    with pytest.raises(errors.PartyMissing):
        charter_of(alone, "0" * 32, COMMIT_UNTIL, REVEAL_UNTIL)
