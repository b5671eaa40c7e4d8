"""Do all encoders give the same? Fictitious people, with the pseudonyms that every holder must get for them.

docs/spec/encoder-test-v1.md. The root of the test can be computed by anyone, and is never a study's own: what is shown
is that this program, on this computer, reads, normalises and hashes as those of the other holders do.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from linkage.derive import pae
from linkage.errors import EncoderDiffers, StudyFault
from linkage.holder import identifiers
from linkage.holder.pseudonymise import IMPLEMENTATIONS
from linkage.holder.read import read
from linkage.keys import RootKey
from linkage.study import IDENTIFIER_COLUMNS, Holder, Study

NAME = "proefpersonen.csv"
MOST_BYTES = 1024 * 1024
LABEL = b"household-linkage/v1/encoder-test"
# The columns of the file for each cell that an identifier is made of.
CELLS = {
    "bsn": "bsn",
    "a_number": "a_nummer",
    "postcode": "postcode",
    "house_number": "huisnummer",
    "house_letter": "huisletter",
    "house_addition": "toevoeging",
    "household_number": "huishoudnummer",
}
PEOPLE = ("nummer", *CELLS.values(), "omschrijving")


@dataclass(frozen=True)
class Alike:
    """An encoder that gives what the file says: its rows, pseudonyms, and the implementations that were tried."""

    rows: int
    pseudonyms: int
    implementations: tuple[str, ...]


def made(study: Study) -> bytes:
    """The file for a study: fictitious people and their pseudonyms by the reference implementation, as CSV in UTF-8."""
    people = resources.files("linkage.holder") / "proof_people.csv"
    rows = list(csv.reader(io.StringIO(people.read_text(encoding="utf-8")), delimiter=";"))
    frame = pl.DataFrame(rows[1:], schema=rows[0], orient="row")
    cells = frame.select(pl.col(source).alias(name) for name, source in CELLS.items())
    found = _pseudonyms(study, cells, "reference")
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\n")
    writer.writerow([*frame.columns, *found.columns])
    writer.writerows((*row, *values) for row, values in zip(frame.iter_rows(), found.iter_rows(), strict=True))
    return target.getvalue().encode("utf-8")


def digest(content: bytes) -> str:
    """What a study says of the file, as `encoder_test`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def check(study: Study, path: Path) -> Alike:
    """Encode the people of the file with each implementation that is installed. Raises StudyFault, EncoderDiffers."""
    content = _content(path)
    if study.study.encoder_test is None:
        raise StudyFault(
            "in de studie staat geen encoder_test; wie de studie beheert, maakt de proef (--make-encoder-test)"
        )
    if digest(content) != study.study.encoder_test:
        raise StudyFault(f"{path.name} is niet de proef van deze studie; vraag dat bestand aan wie de studie beheert")
    expected, cells = _expected(content, path.name), _cells(path)
    routes = tuple(name for name in IMPLEMENTATIONS if name != "fast" or find_spec("numba"))
    for route in routes:
        _compare(_pseudonyms(study, cells, route), expected)
    return Alike(expected.height, sum(int(column.ne("").sum()) for column in expected), routes)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError:
        raise StudyFault(
            f"{path.name} is niet te lezen; zet het naast de studie, of vraag het aan wie de studie beheert"
        ) from None


def _expected(content: bytes, name: str) -> pl.DataFrame:
    """The columns of pseudonyms: those behind the people's."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8")), delimiter=";"))
        return pl.DataFrame(rows[1:], schema=rows[0], orient="row").select(pl.all().exclude(*PEOPLE))
    except (ValueError, IndexError, csv.Error, pl.exceptions.PolarsError):
        raise StudyFault(f"{name} is niet te lezen; laat de proef opnieuw maken") from None


def _cells(path: Path) -> pl.DataFrame:
    """The people as an export: through the reader that exports go through."""
    as_holder = Holder(id="proef", organisation="-", delivery="-", public_key=f"holder1:{'A' * 43}=", columns=CELLS)
    export = read(path, as_holder, lambda _done, _all: None)
    return pl.concat(batch.frame for batch in export.batches)


def _pseudonyms(study: Study, cells: pl.DataFrame, implementation: str) -> pl.DataFrame:
    """A column for each field, hexadecimal, empty where there is no pseudonym."""
    protocol, root = study.protocol, _root(study)
    made: list[pl.Series] = []
    for kind, parts in IDENTIFIER_COLUMNS.items():
        version = protocol.normalisation.version(kind)
        found = identifiers.NORMALISERS[version](cells.select(parts))
        usable = found.with_columns(pl.when(pl.col("class") == identifiers.OK).then(pl.exclude("class")))
        for name in (name for name in found.columns if name != "class"):
            key = root.field_key(protocol.scheme, name, protocol.normalisation.version(name))
            made.append(IMPLEMENTATIONS[implementation](usable[name], key).alias(name))
    return pl.DataFrame(made).select(pl.all().bin.encode("hex").fill_null("").name.prefix("pseudoniem:"))


def _root(study: Study) -> RootKey:
    """Anyone can compute it: it protects nothing, and tells the tests of two studies apart."""
    return RootKey(study.study.id, hashlib.sha256(pae(LABEL, str(study.study.id).encode("ascii"))).digest())


def _compare(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    if found.columns != expected.columns or found.height != expected.height:
        raise EncoderDiffers("de proef heeft andere velden of rijen dan dit programma maakt; laat haar opnieuw maken")
    differ = [name for name in expected.columns if not found[name].equals(expected[name])]
    if differ:
        raise EncoderDiffers(
            f"dit programma rekent anders dan is afgesproken ({', '.join(differ)}); lever niet, en installeer de "
            "versie die in de studie is afgesproken"
        )
