"""Numbers and dates as readers of either language write them. A number comes in exact and leaves as text."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Language = Literal["nl", "en"]
Number = int | Decimal

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
MONTHS = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "en": "January February March April May June July August September October November December",
}


@dataclass(frozen=True)
class Numbers:
    """Writes numbers: `8.555`, `2,0 %` and `€ 12.345` in Dutch, `8,555`, `2.0%` and `€12,345` in English."""

    language: Language

    def number(self, value: Number, decimals: int = 0) -> str:
        """Rounded half up to so many decimals, with thousands apart."""
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        text = f"{abs(rounded):,.{decimals}f}"
        if self.language == "nl":
            text = text.translate(str.maketrans(",.", ".,"))
        return f"{MINUS}{text}" if rounded < 0 else text

    def percent(self, value: Number, decimals: int = 1) -> str:
        """A percentage that is one already: 2 is two per cent."""
        return self.number(value, decimals) + (f"{SPACE}%" if self.language == "nl" else "%")

    def euros(self, value: Number, decimals: int = 0) -> str:
        """Euros."""
        text = self.number(abs(Decimal(value)), decimals)
        sign = MINUS if value < 0 and any(digit in text for digit in "123456789") else ""
        return f"{sign}€{SPACE if self.language == 'nl' else ''}{text}"

    def change(self, value: Number) -> str:
        """Euros with a sign in front, for a difference."""
        return self.euros(value) if value <= Decimal(0) else f"+{self.euros(value)}"

    def short_euros(self, value: Number) -> str:
        """Euros for the axis of a figure: thousands and millions in words."""
        million = "mln" if self.language == "nl" else "m"
        scaled = Decimal(value) / 1_000_000
        if abs(scaled) >= 1:
            places = next((n for n in (0, 1) if scaled == scaled.quantize(Decimal(1).scaleb(-n))), 2)
            return f"{self.euros(scaled, places)}{SPACE}{million}"
        return self.euros(value)

    def tick(self, value: float) -> str:
        """A number at an axis, with as many decimals as it needs and two at most."""
        exact = Decimal(str(round(value, 2))).normalize()
        return self.number(exact, max(0, -int(exact.as_tuple().exponent)))

    def date(self, value: dt.date) -> str:
        """A day in words."""
        return f"{value.day} {MONTHS[self.language].split()[value.month - 1]} {value.year}"


def share(part: int, base: int, decimals: int = 1) -> Decimal | None:
    """A percentage of two shown counts, rounded half up; None of nothing."""
    if base <= 0:
        return None
    return (Decimal(100 * part) / base).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
