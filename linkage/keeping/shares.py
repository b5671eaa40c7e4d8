"""The root in n-of-m shares on paper, as words of SLIP-0039 (docs/spec/keys-v1.md, section 9).

The words carry a checksum, so a misread word is found before shares are joined. The sharing itself is
`shamir-mnemonic`, the reference implementation; it is not hardened against a spy on the same computer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linkage.errors import ExtraMissing, ShareWrong, StudyIncomplete, WrongKey
from linkage.keys import RootKey
from linkage.study import Study

WORDS_PER_SHARE = 33  # of a secret of 32 bytes
MOST_SHARES = 16
START, END = "WOORDEN", "EINDE"


@dataclass(frozen=True)
class Plan:
    """Any `threshold` of `count` shares give the root back."""

    threshold: int
    count: int

    def __post_init__(self) -> None:
        if not 2 <= self.threshold <= self.count <= MOST_SHARES:
            raise ShareWrong(f"kies 2 tot en met {MOST_SHARES} aandelen, waarvan er ten minste 2 nodig zijn: 3-of-5")


def plan_of(text: str) -> Plan:
    """The plan in `3-of-5`. Raises ShareWrong."""
    found = re.fullmatch(r"([0-9]{1,2})-(?:of|van)-([0-9]{1,2})", text)
    if not found:
        raise ShareWrong("schrijf het aantal aandelen zoals 3-of-5: 5 aandelen, waarvan er 3 nodig zijn")
    return Plan(int(found.group(1)), int(found.group(2)))


def split(root: RootKey, plan: Plan) -> list[str]:
    """The shares, each 33 words with a space between. Raises ExtraMissing."""
    shamir = _library()
    (shares,) = shamir.generate_mnemonics(1, [(plan.threshold, plan.count)], root.secret)
    return list(shares)


def page(words: str, number: int, plan: Plan, study: Study, key_id: str) -> str:
    """One share as a page to print: what it is, its words, and what to do with it."""
    about, numbered = study.study, [f"{place:>2}. {word}" for place, word in enumerate(words.split(), start=1)]
    rows = [numbered[place : place + 3] for place in range(0, len(numbered), 3)]
    return "\n".join(
        [
            f"AANDEEL {number} VAN {plan.count} IN DE HOOFDSLEUTEL",
            "",
            f"Studie:       {about.title}",
            f"Nummer:       {about.id}",
            f"Sleutel-id:   {key_id}",
            f"Bewaren tot:  {about.retention_until:%d-%m-%Y}; daarna vernietigen",
            "",
            f"Met {plan.threshold} van de {plan.count} aandelen komt de hoofdsleutel terug; minder zegt er niets over.",
            "Bewaar elk aandeel bij een andere houder, in een kluis. Nooit bij de koppelaar, nooit in een mail.",
            "",
            START,
            "",
            *("   ".join(f"{cell:<14}" for cell in row).rstrip() for row in rows),
            "",
            END,
            "",
            "Terugzetten: typ de woorden over in een tekstbestand, met een spatie ertussen, en voer uit:",
            "linkage keys restore study.toml AANDEEL1.txt AANDEEL2.txt ...",
            "Een verkeerd overgenomen woord wordt gemeld, met zijn plaats.",
            "",
        ]
    )


def words_of(text: str, name: str) -> str:
    """The words of a share in a text: a page, or the words alone. Raises ShareWrong, naming places and no words."""
    known = _library().wordlist.WORD_INDEX_MAP
    body = text.partition(START)[2].partition(END)[0] if START in text else text
    tokens = [token.lower() for token in body.split() if not re.fullmatch(r"[0-9]{1,2}[.):]?", token)]
    wrong = [place for place, token in enumerate(tokens, start=1) if token not in known]
    if wrong:
        places = ", ".join(map(str, wrong[:6]))
        raise ShareWrong(f"{name}: woord {places} staat niet in de woordenlijst; vergelijk met het papier")
    if len(tokens) != WORDS_PER_SHARE:
        raise ShareWrong(
            f"{name} heeft {len(tokens)} woorden in plaats van {WORDS_PER_SHARE}; vergelijk met het papier"
        )
    return " ".join(tokens)


def join(shares: Sequence[tuple[str, str]], study: Study) -> RootKey:
    """The root of (file name, words), which must be the study's. Raises ShareWrong, WrongKey, StudyIncomplete."""
    if study.root is None:
        raise StudyIncomplete("in de studie ontbreekt [root]; zonder is niet te zien of dit haar hoofdsleutel is")
    shamir = _library()
    usable = _usable(shares)
    try:
        secret = shamir.combine_mnemonics(usable)
    except shamir.MnemonicError:
        raise ShareWrong("de aandelen passen niet bij elkaar; neem aandelen van dezelfde reservekopie") from None
    root = RootKey(study.study.id, secret)
    if len(secret) != len(root.secret) or root.key_id != study.root.key_id:
        raise WrongKey("deze aandelen zijn niet van de hoofdsleutel van deze studie; neem de goede aandelen")
    return root


def _usable(shares: Sequence[tuple[str, str]]) -> list[str]:
    """As many different shares of one backup as it needs. Raises ShareWrong."""
    shamir = _library()
    parsed = []
    for name, words in shares:
        try:
            parsed.append((name, words, shamir.share.Share.from_mnemonic(words)))
        except shamir.MnemonicError:
            raise ShareWrong(f"{name}: het controlegetal klopt niet; vergelijk elk woord met het papier") from None
    if len({share.common_parameters() for _, _, share in parsed}) > 1:
        raise ShareWrong("de aandelen zijn van verschillende reservekopieën; neem aandelen van dezelfde")
    different = {share.index: words for _, words, share in parsed}
    if len(different) < len({words for _, words, _ in parsed}):
        raise ShareWrong("twee aandelen met hetzelfde nummer zijn verschillend; vergelijk ze met het papier")
    needed = parsed[0][2].member_threshold if parsed else 2
    if len(different) < needed:
        raise ShareWrong(f"er zijn {needed} verschillende aandelen nodig, en dit zijn er {len(different)}")
    return list(different.values())[:needed]


def _library() -> Any:
    try:
        import shamir_mnemonic  # type: ignore[import-untyped]
        import shamir_mnemonic.share  # type: ignore[import-untyped]
        import shamir_mnemonic.wordlist  # type: ignore[import-untyped]
    except ImportError:
        raise ExtraMissing('installeer het deel voor papieren aandelen: pip install "shamir-mnemonic>=0.3"') from None
    return shamir_mnemonic
