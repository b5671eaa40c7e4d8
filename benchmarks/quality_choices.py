"""The derived fields that `benchmarks/quality.py` tries: each part alone, and combinations, few and many.

Any of these may stand in a protocol. `examples/numberless` follows CHOSEN with the columns that its police has.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from protocols.model import Comparison, Derived, Numberless, PersonPart


@dataclass(frozen=True)
class Choice:
    """Fields, comparisons and blocks, as a protocol would have them."""

    fields: dict[str, tuple[PersonPart, ...]]
    compare: dict[str, tuple[str, ...]]
    blocks: tuple[tuple[str, ...], ...]

    def agreed(self, threshold: str) -> Numberless:
        """The agreement, with that threshold."""
        return Numberless(
            normalisation="names/1",
            threshold=Decimal(threshold),
            fields=tuple(Derived(name=name, of=parts) for name, parts in self.fields.items()),
            compare=tuple(Comparison(name=name, levels=levels) for name, levels in self.compare.items()),
            blocks=self.blocks,
        )


# Every part on its own, so that no mistake in one hides agreement in another.
ALONE = Choice(
    {
        "surname": ("surname",),
        "surname-sound": ("surname-sound",),
        "first-name": ("first-name",),
        "first-sound": ("first-name-sound",),
        "initial": ("initial",),
        "birth": ("birth-date",),
        "birth-turned": ("birth-date-unordered",),
        "birth-month": ("birth-year-month",),
        "birth-day": ("birth-month-day",),
        "sex": ("sex",),
        "postcode4": ("postcode4",),
        "house": ("house-number",),
        "street": ("street",),
        "street-sound": ("street-sound",),
        "town": ("residence",),
        "town-sound": ("residence-sound",),
    },
    {
        "surname": ("surname", "surname-sound"),
        "first-name": ("first-name", "first-sound", "initial"),
        "birth": ("birth", "birth-turned", "birth-month", "birth-day"),
        "sex": ("sex",),
        "postcode": ("postcode4",),
        "house": ("house",),
        "street": ("street", "street-sound"),
        "town": ("town", "town-sound"),
    },
    (
        ("first-sound", "surname-sound"),
        ("birth",),
        ("birth-turned", "initial"),
        ("surname-sound", "postcode4", "initial"),
        ("house", "postcode4", "initial"),
        ("house", "street-sound", "initial"),
        ("first-sound", "postcode4"),
        ("first-sound", "street-sound"),
        ("surname-sound", "birth-day"),
        ("surname-sound", "birth-month"),
    ),
)


def combined(*fields: tuple[PersonPart, ...]) -> Choice:
    """Each combination a field, a comparison and a block of its own: a mistake in one part leaves the others whole."""
    named = {"-".join(_short(part) for part in parts): parts for parts in fields}
    return Choice(named, {name: (name,) for name in named}, tuple((name,) for name in named))


def _short(part: str) -> str:
    """A name of a field has at most 31 characters."""
    return {"birth-date-unordered": "birth", "first-name-sound": "first"}.get(part, part.split("-")[0])


NAMES: tuple[PersonPart, ...] = ("surname-sound", "first-name-sound")
DATE: PersonPart = "birth-date-unordered"
FOUR: tuple[tuple[PersonPart, ...], ...] = (
    ("surname-sound", DATE),
    ("first-name-sound", DATE),
    (DATE, "postcode4"),
    (*NAMES, "birth-year"),
)
EIGHT: tuple[tuple[PersonPart, ...], ...] = (
    *FOUR,
    (DATE, "street-sound"),
    (*NAMES, "house-number"),
    ("first-name-sound", "street-sound", "house-number"),
    ("first-name-sound", "postcode4", "house-number"),
)
TEN: tuple[tuple[PersonPart, ...], ...] = (*EIGHT, (DATE, "house-number"), (DATE, "residence-sound"))
CHOSEN = combined(*TEN)
# From the least that is given away to the most; of every one the columns are those of the data.
FRONTIER: dict[str, Choice] = {
    "3 combinations": combined((*NAMES, DATE), (DATE, "postcode4", "house-number"), (*NAMES, "house-number")),
    "4 combinations": combined(*FOUR),
    "6 combinations in 3 comparisons": Choice(
        {
            "name-birth": ("surname-sound", "initial", DATE),
            "first-birth": ("first-name-sound", "birth-date"),
            "name-home": (*NAMES, "house-number"),
            "birth-home": ("birth-year-month", "house-number", "initial"),
            "name-year": (*NAMES, "birth-year"),
            "street-name": ("street-sound", "initial", "surname-sound"),
        },
        {
            "name": ("name-birth", "name-year"),
            "first": ("first-birth", "street-name"),
            "home": ("name-home", "birth-home"),
        },
        (("name-birth",), ("first-birth",), ("name-home",), ("birth-home",), ("name-year",), ("street-name",)),
    ),
    "8 combinations": combined(*EIGHT),
    "10 combinations (chosen)": CHOSEN,
    "each part alone": ALONE,
}
