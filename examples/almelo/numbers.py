"""Valid numbers for people who do not exist, and numbers that only look valid.

They are built, not guessed: one A-nummer in 156 random ones would be valid.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2)
RESERVED_A_NUMBER = "1010101010"
FILLERS = ("999999990", "123456782")


def bsn_check_digit(first_eight: str) -> int:
    """The ninth digit that makes a BSN pass; 10 where there is none."""
    return sum(int(digit) * weight for digit, weight in zip(first_eight, BSN_WEIGHTS, strict=True)) % 11


def is_bsn(text: str) -> bool:
    """Nine digits that pass the eleven test."""
    return len(text) == 9 and text.isdecimal() and bsn_check_digit(text[:8]) == int(text[8])


def is_a_number(text: str) -> bool:
    """Ten digits that meet the four rules of the population register."""
    digits = [int(digit) for digit in text]
    return (
        len(digits) == 10
        and digits[0] != 0
        and all(a != b for a, b in pairwise(digits))
        and sum(digits) % 11 in (0, 5)
        and sum(digit << place for place, digit in enumerate(digits)) % 11 == 0
    )


def _last_two(first_eight: list[int]) -> tuple[int, int] | None:
    """The last digits of an A-nummer: two unknowns, two equations modulo 11 (256 = 3 and 512 = 6)."""
    total = sum(first_eight)
    weighted = sum(digit << place for place, digit in enumerate(first_eight))
    for rest in (0, 5):
        want = rest - total
        last = 4 * (-weighted - 3 * want) % 11
        before = (want - last) % 11
        if last < 10 and before < 10 and before != first_eight[-1] and last != before:
            return before, last
    return None


class NumberMaker:
    """Hands out each number once. A third of the BSNs starts with a zero, so that losing it matters."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: set[str] = {*FILLERS, RESERVED_A_NUMBER}

    def bsn(self) -> str:
        """A valid BSN: 01... to 09..., or 9..., the range of test persons."""
        while True:
            head = self._rng.randrange(1_000_000, 10_000_000) if self._rng.random() < 1 / 3 else self._test_range()
            digits = f"{head:08d}"
            check = bsn_check_digit(digits)
            if check < 10 and len(set(digits)) > 1 and self._take(f"{digits}{check}"):
                return f"{digits}{check}"

    def _test_range(self) -> int:
        return self._rng.randrange(90_000_000, 100_000_000)

    def a_number(self) -> str:
        """A valid A-nummer."""
        while True:
            digits = self._eight_digits()
            last = _last_two(digits)
            text = "".join(map(str, (*digits, *last))) if last else ""
            if last and self._take(text):
                return text

    def _eight_digits(self) -> list[int]:
        digits = [self._rng.randrange(1, 10)]
        while len(digits) < 8:
            digit = self._rng.randrange(9)
            digits.append(digit if digit < digits[-1] else digit + 1)
        return digits

    def wrong_bsn(self) -> str:
        """Nine digits of which the last is wrong."""
        good = self.bsn()
        return good[:8] + str((int(good[8]) + self._rng.randrange(1, 10)) % 10)

    def wrong_a_number(self) -> str:
        """Ten digits without equal neighbours whose sums are wrong."""
        while True:
            text = "".join(map(str, [*self._eight_digits(), 0, 1]))
            if text[7] != "0" and not is_a_number(text):
                return text

    def _take(self, text: str) -> bool:
        if text in self._used:
            return False
        self._used.add(text)
        return True
