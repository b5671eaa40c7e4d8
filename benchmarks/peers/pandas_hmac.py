"""What a competent user would write: pandas for the rules of docs/spec/normalisation-v1.md, `hmac` for each cell.

Run as: python pandas_hmac.py encode|link FOLDER -
"""

import hmac
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

MONTH = "(?:JAN|FEB|MRT|MAR|MAA|APR|MEI|MAY|JUN|JUL|AUG|SEP|OKT|OCT|NOV|DEC)"
DATE = (
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ T].*)?|[0-9]{1,2}[-/][0-9]{1,2}[-/](?:[0-9]{2}|[0-9]{4})"
    rf"|[0-9]{{1,2}}[- ]?{MONTH}[A-Z.]*(?:[- ]?[0-9]{{2,4}})?|{MONTH}[A-Z.]*[- ][0-9]{{1,4}}"
)
RANGE = r"^([0-9]+) ?[-/,; ] ?([0-9]+)[A-Z]{0,2}$"
LETTERED = r"^([0-9]+)[A-Z] ?[-/] ?([0-9]+)[A-Z]?$"
UNTIL = r"[0-9]+[A-Z]?[- ]*(?:T/M|TM|TOT|EN|&|\+)[- ]*[0-9]|[0-9]+ ?T/M\b"
POSTCODE = r"[1-9][0-9]{3}(?:[A-RT-Z][A-Z]|S[BCE-RT-Z])"
SPACES = " \t\r\n\f\v\u00a0\u2007\u202f\u200b\ufeff"
PLACES = ("alleenstaand", "ouder", "partner", "kind", "institutioneel")


def trimmed(cells: pd.Series) -> pd.Series:
    """Without white space around it, and without the point zero of a spreadsheet."""
    return cells.str.strip(SPACES).str.replace(r"^([0-9]+)[.,]0{1,2}$", r"\1", regex=True)


def upper(cells: pd.Series) -> pd.Series:
    """Upper case where all is ASCII."""
    other = cells.str.contains(r"[^\x00-\x7F]")
    return cells.str.upper().where(~other, cells)


def digits(text: pd.Series, length: int) -> np.ndarray:
    """(rows, length): the digits of texts that are known to be so long."""
    return np.frombuffer("".join(text).encode("ascii"), np.uint8).reshape(-1, length) - 48


def checked(text: pd.Series, formed: pd.Series, passes: np.ndarray) -> pd.Series:
    """The text where it is formed well and passes, else missing."""
    good = formed.to_numpy(copy=True)
    good[good] = passes
    return text.where(good)


def bsn(cells: pd.Series) -> pd.Series:
    """bsn/1."""
    text = trimmed(cells)
    formed = text.str.fullmatch("[0-9]{8,9}")
    text = text.str.zfill(9)
    found = digits(text[formed], 9).astype(np.int64)
    filler = (found[:, :8] == found[:, :1]).all(1) | text[formed].isin(["123456782", "000000012"]).to_numpy()
    return checked(text, formed, (found @ np.array([9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0) & ~filler)


def a_number(cells: pd.Series) -> pd.Series:
    """a-number/1."""
    text = trimmed(cells)
    formed = text.str.fullmatch("[1-9][0-9]{9}")
    found = digits(text[formed], 10).astype(np.int64)
    passes = np.isin(found.sum(1) % 11, (0, 5)) & (found @ 2 ** np.arange(10) % 11 == 0)
    reserved = text[formed].eq("1010101010").to_numpy()
    return checked(text, formed, passes & (found[:, 1:] != found[:, :-1]).all(1) & ~reserved)


def household(cells: pd.Series) -> pd.Series:
    """household-number/1."""
    text = upper(trimmed(cells)).str.lstrip("0")
    return text.where(text.str.fullmatch("[0-9A-Z]{1,20}") & text.ne("CANARY0"))


def address(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """address/1: with and without the suffix, and whether there is one."""
    code = upper(frame["postcode"].str.strip(SPACES)).str.replace(r"^NL[- ]?", "", regex=True)
    code = code.str.replace(r"^([0-9]{4})\s([A-Z]{2})$", r"\1\2", regex=True)
    folded = (frame[name].str.replace(r"[\s\u200b\ufeff]+", " ", regex=True) for name in frame.columns[1:])
    text, letter, addition = (trimmed(upper(cells)) for cells in folded)
    number = text.str.extract(r"^0*([0-9]+)", expand=False)
    suffix = text.str.replace(r"^[0-9]+", "", regex=True) + letter + addition
    suffix = suffix.str.replace(r"[ \-/.,'+]+", "", regex=True)
    good = code.str.fullmatch(POSTCODE) & code.ne("9999ZZ") & number.str.fullmatch("[1-9][0-9]{0,4}").fillna(False)
    good &= suffix.str.fullmatch("[0-9A-Z]{0,5}") & ~text.str.fullmatch(DATE) & ~ranges(text)
    coarse = (code + "|" + number).where(good)
    return coarse + "|" + suffix, coarse, suffix.ne("").where(good)


def ranges(text: pd.Series) -> pd.Series:
    """`12-14`, `12A-12C` and `12 t/m 14`; `22-2` can only be an addition."""
    plain, lettered = (text.str.extract(form).astype(float) for form in (RANGE, LETTERED))
    return (plain[1] > plain[0]) | (lettered[1] >= lettered[0]) | text.str.match(UNTIL)


def pseudonyms(texts: pd.Series, key: str) -> list[bytes | None]:
    """HMAC-SHA256, half of it."""
    secret = key.encode("ascii")
    return [hmac.digest(secret, text.encode("ascii"), "sha256")[:16] if text == text else None for text in texts]


def encode(folder: Path) -> int:
    """The register: CSV to Parquet, pseudonyms and the four columns in the form in which they leave."""
    keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(folder / "exports" / "bevolking.csv", sep=";", dtype=str, keep_default_na=False)
    texts = {"a-number": a_number(frame["a_number"]), "bsn": bsn(frame["bsn"])}
    columns = ["postcode", "house_number", "house_letter", "house_addition"]
    texts["address"], texts["address-number"], suffix = address(frame[columns])
    texts["household-number"] = household(frame["household_number"])
    made = pd.DataFrame({name: pseudonyms(text, keys[name]) for name, text in texts.items()})
    made["address_suffix"] = suffix
    made["minor"] = pd.to_datetime(frame["minor"].str.strip(), format="%d-%m-%Y") > pd.Timestamp(1996, 12, 31)
    places = {name: at for at, name in enumerate(PLACES)}
    areas = {name: at for at, name in enumerate(keys["areas"].split("|"))}
    made["wijk"] = frame["wijk"].str.strip().map(areas).astype("int32")
    made["place"] = frame["place"].str.strip().map(places).astype("int32")
    made["moves"] = frame["moves"].str.strip().replace("", "0").astype("int32").clip(upper=9)
    made = made[made["a-number"].notna()].sort_values("a-number")
    made.to_parquet(folder / "out" / "pandas.parquet", compression="zstd", index=False)
    return len(made)


def link(folder: Path) -> int:
    """Both pseudonymised files, merged on the pseudonym of the BSN."""
    register, other = (pd.read_parquet(folder / f"{name}.parquet") for name in ("bevolking", "inkomen"))
    linked = register.merge(other, on="bsn", suffixes=("", "_other"))
    linked.to_parquet(folder / "out" / "pandas-linked.parquet", index=False)
    return len(linked)


if __name__ == "__main__":
    work = {"encode": encode, "link": link}[sys.argv[1]]
    sys.stdout.write(json.dumps({"rows": work(Path(sys.argv[2]))}) + "\n")
