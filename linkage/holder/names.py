"""Names and the other parts of a person to canonical text: `names/1` (docs/spec/names-v1.md).

For records without a common number. A rule here is frozen once used; a correction is a new version. As with numbers
nothing is guessed: what is not plainly a name of a person is no part, which the linker takes for unknown.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from linkage.holder import identifiers, values
from linkage.holder.identifiers import clean, folded, without_point_zero
from protocols.model import NAME_LETTERS

RESERVED_NAME = "KANARIEPROEF"
RESERVED_YEAR = "2100"
# The person that is nobody, as an export would have it, and what the readers make of it; no row may have such a part.
CANARY = {
    "surname": " van der Kánariëproef ",
    "first_name": "kanarieproef",
    "birth_date": "31-12-2100",
    "sex": "kanarie",
    "street": "Kanarieproef",
    "residence": "Kanarieproef",
    **{f"{before}postcode": "nl-9999 zz" for before in ("", "previous_")},
    **{f"{before}house_number": " 99999 a-9z" for before in ("", "previous_")},
}
RESERVED = {
    **dict.fromkeys(("surname", "surname-first", "surname-last", "first-name", "street", "residence"), RESERVED_NAME),
    **dict.fromkeys(("surname-sound", "first-name-sound", "street-sound", "residence-sound"), "KNRPRF"),
    **dict.fromkeys(("birth-date", "birth-date-unordered"), "21001231"),
    **dict.fromkeys(("address", "previous-address"), "9999ZZ|99999|A9Z"),
    "initial": "0",
    "birth-month-day": "0000",
    "birth-year-month": "210012",
    "birth-year": RESERVED_YEAR,
    "sex": "C",
    "postcode": "9999ZZ",
    "postcode4": "0000",
    "house-number": "99999",
}

# Letters that have no decomposition into a Latin letter and marks.
LETTERS = {"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "ẞ": "SS", "Ħ": "H", "Ŋ": "N"}
# `voorvoegsels` of the population register (table 36), apart or before the name; never the last word of a name.
PARTICLES = (
    "A|AAN|AF|AL|AM|AUF|BEN|BIJ|BIN|BON|BOVEN|D|DA|DAL|DAS|DE|DEGLI|DEL|DELLA|DEN|DER|DES|DI|DIE|DO|DON|DOS|DU|EL|HET|"
    "I|IM|IN|L|LA|LAS|LE|LES|LO|LOS|MET|NAAR|ONDER|OP|OVER|S|T|TE|TEN|TER|THO|THOE|THOR|TO|TOE|TOT|UIJT|UIT|UNTER|V|"
    "VAN|VD|VER|VOM|VON|VOOR|ZU|ZUM|ZUR"
)
# Between the name of birth and that of the partner: "de Vries e.v. Jansen"; the other way round "Jansen geb. de Vries".
_OWN_FIRST = r"(?:E ?V|ECHTG(?:ENOTE)?(?: VAN)?|WED(?:UWE)?(?: VAN)?|GEH(?:UWD)? MET)"
_OWN_LAST = r"(?:GEB(?:OREN)?)"
FILLERS = (
    "ONBEKEND", "NIETBEKEND", "UNKNOWN", "ANONIEM", "GEEN", "NVT", "NB", "NN", "NNB", "XX", "XXX", "XXXX",
)  # fmt: skip
SEXES = {
    "KANARIE": "C",
    "M": "M",
    "MAN": "M",
    "MALE": "M",
    "1": "M",
    "V": "V",
    "VROUW": "V",
    "F": "V",
    "FEMALE": "V",
    "2": "V",
}

# The sound of a name: one table, from top to bottom, over canonical letters; then vowels behind the first letter go.
SOUNDS = (
    ("Z", "S"),
    ("SEN$", "SE"),
    ("SCH", "S"),
    ("CHS", "KS"),
    ("CK", "K"),
    ("CH", "G"),
    ("GH", "G"),
    ("PH", "F"),
    ("TH", "T"),
    ("DT$", "T"),
    ("D$", "T"),
    ("B$", "P"),
    ("QU", "KW"),
    ("Q", "K"),
    ("X", "KS"),
    ("C([EIY])", "S${1}"),
    ("C", "K"),
    ("V", "F"),
    ("^[IJY]", "J"),
)
_SILENT = "[AEIOUYHJ]"


def upper_latin(text: pl.Expr) -> pl.Expr:
    """Capitals without marks and ligatures; `ß` is SS, `ĳ` is IJ; letters of another script stay as they are."""
    made = folded(text).str.to_uppercase().str.normalize("NFKD").str.replace_all(r"\p{M}+", "")
    for letter, latin in LETTERS.items():
        made = made.str.replace_all(letter, latin, literal=True)
    return made


def _words(text: pl.Expr) -> pl.Expr:
    """Words of A to Z with one space between; null where a letter of another script is left. `IJ` is `Y`."""
    plain = text.str.replace_all(r"\p{Pd}+", "-").str.replace_all(r"[^\p{L}\-]+", " ")
    bare = plain.str.strip_chars(" -").str.replace_all(r" *-[ -]*", "-")
    return pl.when(bare.str.contains(r"^[A-Z \-]+$")).then(bare)


def _y(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all("IJ", "Y", literal=True)


def _usable(name: pl.Expr) -> pl.Expr:
    """A name of two letters or more that is not a word for having none; cut off after so many letters."""
    good = name.str.contains(r"^[A-Z]{2,}$") & ~name.is_in(FILLERS)
    return pl.when(good).then(name.str.slice(0, NAME_LETTERS))


def own_name(text: pl.Expr) -> pl.Expr:
    """The name of birth where a surname says both: before `e.v.`, behind `geb.`; before a comma."""
    before_comma = text.str.replace(r",.*$", "")
    plain = before_comma.str.replace_all(r"[./]+", " ").str.replace_all(r" {2,}", " ")
    return plain.str.replace(rf"^(.*\p{{L}}.*?) {_OWN_FIRST} .*$", "$1").str.replace(rf"^.* {_OWN_LAST} (.+)$", "$1")


def _without_particles(part: pl.Expr) -> pl.Expr:
    """The words of one name, without the particles before it, written together."""
    return part.str.replace(rf"^(?:(?:{PARTICLES}) )+", "").str.replace_all(" ", "", literal=True)


def surname(cells: pl.DataFrame) -> pl.DataFrame:
    """`surname`: every part, `surname-first` and `surname-last`: of a double name, and `surname-sound`."""
    text = pl.col("surname")
    halves = text.str.split("-")
    first, last = (_y(_without_particles(half)) for half in (halves.list.first(), halves.list.last()))
    whole = pl.when(halves.list.len() > 1).then(first + last).otherwise(first)
    return (
        cells.lazy()
        .select(_words(own_name(upper_latin(text))))
        .select(whole.alias("surname"), first.alias("surname-first"), last.alias("surname-last"))
        .select(_usable(pl.col(name)) for name in ("surname", "surname-first", "surname-last"))
        .with_columns(sound(pl.col("surname")).alias("surname-sound"))
        .collect()
    )


def first_name(cells: pl.DataFrame) -> pl.DataFrame:
    """`first-name`: the first of them, unless it is an initial or abbreviated; `initial`; `first-name-sound`."""
    text, words = upper_latin(pl.col("first_name")), pl.col("words")
    first = words.str.extract(r"^([A-Z]+)", 1)
    abbreviated = pl.col("text").str.contains(r"^\P{L}*\p{L}+\.")
    usable = _usable(pl.col("first"))
    return (
        cells.lazy()
        .select(text.alias("text"))
        .select("text", _y(_words(pl.col("text"))).alias("words"))
        .select(first.alias("first"), abbreviated.alias("abbreviated"))
        .select(
            pl.when(~pl.col("abbreviated")).then(usable).alias("first-name"),
            _initial(pl.col("first")).alias("initial"),
        )
        .with_columns(sound(pl.col("first-name")).alias("first-name-sound"))
        .collect()
    )


def _initial(first: pl.Expr) -> pl.Expr:
    """The first letter; a word for having no name has none."""
    reserved = pl.when(first == RESERVED_NAME).then(pl.lit("0"))
    return reserved.when(~first.is_in(FILLERS)).then(first.str.slice(0, 1))


def sound(name: pl.Expr) -> pl.Expr:
    """How a name sounds: the table SOUNDS, doubles once, and no vowel, H or J behind the first letter."""
    for pattern, letters in SOUNDS:
        name = name.str.replace_all(pattern, letters)
    for letter in "BDFGKLMNPRSTW":
        name = name.str.replace_all(f"{letter}{{2,}}", letter)
    return name.str.slice(0, 1) + name.str.slice(1).str.replace_all(_SILENT, "")


def birth(cells: pl.DataFrame) -> pl.DataFrame:
    """`birth-date` as yyyymmdd where the day is known, the same with day and month in either order, and its pieces."""
    read = values.date(cells["birth_date"])
    exact, year = pl.col("earliest") == pl.col("latest"), (pl.col("earliest") // 10_000).cast(pl.String)
    same_year = (pl.col("earliest") // 10_000) == (pl.col("latest") // 10_000)
    month, day = (pl.col("earliest") // 100) % 100, pl.col("earliest") % 100
    filler = pl.col("earliest").is_in([19000101, 19010101])
    month_day = pl.when(year == RESERVED_YEAR).then(pl.lit("0000")).otherwise(_two(month) + _two(day))
    low, high = (_two(pick(month, day)) for pick in (pl.min_horizontal, pl.max_horizontal))
    made = {
        "birth-date": year + _two(month) + _two(day),
        "birth-date-unordered": year + low + high,
        "birth-month-day": month_day,
        "birth-year-month": year + _two(month),
    }
    return read.select(
        *(pl.when(exact & ~filler).then(text).alias(name) for name, text in made.items()),
        pl.when(same_year & ~filler).then(year).alias("birth-year"),
    )


def _two(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.zfill(2)


def sex(cells: pl.DataFrame) -> pl.DataFrame:
    """`sex`: M or V; every other word is unknown."""
    text = without_point_zero(folded(pl.col("sex"))).str.to_uppercase()
    return cells.select(text.replace_strict(SEXES, default=None, return_dtype=pl.String).alias("sex"))


def postcode(cells: pl.DataFrame) -> pl.DataFrame:
    """`postcode`: that of address/1; `postcode4`: its digits, also where no letters are given."""
    text = identifiers.upper(clean(pl.col("postcode"))).str.replace(r"^NL[- ]?", "")
    squeezed = text.str.replace(r"^([0-9]{4})\s([A-Z]{2})$", "$1$2")
    whole = squeezed.str.contains(r"^[1-9][0-9]{3}([A-RT-Z][A-Z]|S[BCE-RT-Z])$")
    four = whole | squeezed.str.contains(r"^[1-9][0-9]{3}$")
    reserved = pl.when(squeezed == identifiers.RESERVED_POSTCODE).then(pl.lit("0000"))
    return cells.select(
        pl.when(whole).then(squeezed).alias("postcode"),
        reserved.when(four).then(squeezed.str.slice(0, 4)).alias("postcode4"),
    )


def house_number(cells: pl.DataFrame) -> pl.DataFrame:
    """`house-number`: the digits at the start, 1 to 99999."""
    digits = folded(pl.col("house_number")).str.extract(r"^0*([1-9][0-9]{0,4})(?:[^0-9]|$)", 1)
    return cells.select(digits.alias("house-number"))


def street(cells: pl.DataFrame) -> pl.DataFrame:
    """`street` and `street-sound`: its letters, `straat` as `str`."""
    return _place_name(cells, "street", r"STRAAT\b", "STR")


def residence(cells: pl.DataFrame) -> pl.DataFrame:
    """`residence` and `residence-sound`: the letters of the place, particles left out."""
    return _place_name(cells, "residence", "$^", "")


def _place_name(cells: pl.DataFrame, name: str, pattern: str, short: str) -> pl.DataFrame:
    words = _words(upper_latin(pl.col(name)).str.replace_all("-", " ", literal=True)).str.replace_all(pattern, short)
    return (
        cells.lazy()
        .select(_y(_without_particles(words)).alias(name))
        .select(_usable(pl.col(name)))
        .with_columns(sound(pl.col(name)).alias(f"{name}-sound"))
        .collect()
    )


def address(cells: pl.DataFrame) -> pl.DataFrame:
    """`address`: as address/1, where it is one."""
    made = identifiers.address(cells)
    return made.select(pl.when(pl.col("class").is_in([identifiers.OK, "reserved"])).then("address").alias("address"))


def previous_address(cells: pl.DataFrame) -> pl.DataFrame:
    """`previous-address`: the address before this one, as address/1."""
    plain = cells.rename(lambda name: name.removeprefix("previous_"))
    return address(plain).rename({"address": "previous-address"})


Reader = Callable[[pl.DataFrame], pl.DataFrame]
_ADDRESS = ("postcode", "house_number", "house_letter", "house_addition")
# The columns of the export that a reader takes (text), and the reader that makes parts of them.
READERS: tuple[tuple[tuple[str, ...], Reader], ...] = (
    (("surname",), surname),
    (("first_name",), first_name),
    (("birth_date",), birth),
    (("sex",), sex),
    (("postcode",), postcode),
    (("house_number",), house_number),
    (("street",), street),
    (("residence",), residence),
    (_ADDRESS, address),
    (tuple(f"previous_{name}" for name in _ADDRESS), previous_address),
)
