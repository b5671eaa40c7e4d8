"""What the composition of a household gives away, to who has a public register with the same facts of each address."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from linkage.assess.refine import colours
from linkage.assess.result import Known
from linkage.study import Study, wire_columns
from protocols.model import StudyProtocol


def fingerprint(frame: pl.DataFrame, columns: Sequence[str], titles: tuple[str, ...], threshold: int) -> Known:
    """How often who knows these columns of a household picks its row: the classes over the rows."""
    sizes = frame.group_by(list(columns)).len("n")["n"]
    rows, small = frame.height or 1, int(sizes.filter(sizes < threshold).sum())
    return Known(titles, frame.height, sizes.len() / rows, float((sizes == 1).sum()) / rows, small / rows)


def of_households(households: pl.DataFrame, protocol: StudyProtocol) -> tuple[Known, ...]:
    """Of the household file: size; with the wijk; with the children; everything but the study number."""
    frame = households.with_columns((pl.col("adults") + pl.col("minors")).alias(":size"))
    rest = [name for name in households.columns if name != "study_number"]
    domains = [domain.name for domain in protocol.domains]
    asked: list[tuple[list[str], tuple[str, ...]]] = [
        ([":size"], ("aantal bewoners",)),
        (["wijk", ":size"], ("wijk", "aantal bewoners")),
        (["wijk", "adults", "minors"], ("wijk", "volwassenen", "kinderen")),
        (["wijk", "adults", "minors", *domains], ("wijk", "volwassenen", "kinderen", "soort problemen")),
        (rest, ("alle kolommen van het bestand",)),
    ]
    return tuple(fingerprint(frame, columns, titles, protocol.release.threshold) for columns, titles in asked)


def of_derived(register: pl.DataFrame, study: Study) -> tuple[Known, ...]:
    """Of the derived fields of the register's body: the most telling one, all of them, and who shares a value as well.

    By how often a person's values occur in it; and by with whom they are shared (refine.py). That is what who has the
    population in the clear, with the same fields, can find there too: no key is needed for it.
    """
    fields = study.protocol.spine.derived
    if not fields or not set(fields) <= set(register.columns):
        return ()
    often = register.select(
        pl.when(pl.col(name).is_not_null()).then(pl.len().over(name)).alias(name) for name in fields
    )
    threshold = study.protocol.release.threshold
    alone = [fingerprint(often, [name], (f"hoe vaak de waarde van {name} voorkomt",), threshold) for name in fields]
    every = fingerprint(often, fields, ("hoe vaak elk van de afgeleide waarden voorkomt",), threshold)
    shared = fingerprint(
        colours(register, fields).to_frame(), ["colour"], ("hoe vaak, en wie welke waarden delen",), threshold
    )
    return (max(alone, key=lambda one: one.expected), every, shared)


def of_addresses(register: pl.DataFrame, study: Study) -> tuple[Known, ...]:
    """Of the register's body at the linker: its addresses by residents, by wijk, by all that it says of them."""
    protocol = study.protocol
    columns = [column.name for column in wire_columns(study, protocol.spine)]
    if "address" not in register.columns:
        return ()
    known = register.filter(pl.col("address").is_not_null())
    homes = known.group_by("address").agg(
        pl.len().alias(":residents"),
        pl.col(protocol.household.area_column).min().alias(":area"),
        pl.struct(columns).hash(0).sum().alias(":all"),
    )
    asked: list[tuple[list[str], tuple[str, ...]]] = [
        ([":residents"], ("aantal bewoners van het adres",)),
        ([":area", ":residents"], ("wijk", "aantal bewoners van het adres")),
        ([":all"], ("alles wat het register van de bewoners meestuurt",)),
    ]
    return tuple(fingerprint(homes, columns, titles, protocol.release.threshold) for columns, titles in asked)
