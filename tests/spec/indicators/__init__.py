"""The vocabulary of a protocol by example, one idea a file, in the order of the reference page."""

from __future__ import annotations

from importlib import import_module

from tables import Spec

ORDER = (
    *("any_member", "adult_member", "minor_member", "reference_person"),
    *("at_least", "below", "one_of", "per_year"),
    *("unknown", "completeness", "population", "doubles"),
    *("sums", "measures"),
    *("domains", "definitions", "same_person", "selections", "stacking"),
)

SPECS: dict[str, Spec] = {name: import_module(f"indicators.{name}").SPEC for name in ORDER}
