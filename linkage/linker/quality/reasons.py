"""Why each row of a package is where it is: the words of quality.json, section `reasons`."""

from __future__ import annotations

from collections import Counter

from linkage.linker.quality.evidence import Evidence, Seen

REASONS = (
    "number",
    "number-and-address-agree",
    "number-and-address-differ",
    "number-and-address-unclear",
    "number-and-address-of-nobody",
    "address-exact",
    "address-coarse",
    "agreement",
    "two-households-at-address",
    "more-addresses-at-number",
    "numbers-of-two-persons",
    "number-of-nobody",
    "number-of-nobody-at-known-address",
    "address-of-nobody",
    "no-identifier",
)


def reasons(evidence: Evidence) -> dict[str, int]:
    """Rows by reason, every reason; they add up to the rows of the package."""
    found: Counter[str] = Counter()
    for seen, rows in evidence.items():
        found[_reason(seen)] += rows
    return {reason: found[reason] for reason in REASONS}


def _reason(seen: Seen) -> str:
    match seen.way:
        case "person":
            return _second(seen)
        case "ambiguous":
            return "two-households-at-address" if seen.exact == "ambiguous" else "more-addresses-at-number"
        case "conflict":
            return "numbers-of-two-persons"
        case "not-in-population":
            return _nobody(seen)
        case _:
            return seen.way


def _second(seen: Seen) -> str:
    """What the address of a person's row says besides."""
    match seen.own("address"):
        case "-":
            return "number"
        case "ambiguous":
            return "number-and-address-unclear"
        case "not-in-population":
            return "number-and-address-of-nobody"
        case _:
            return "number-and-address-agree" if seen.agrees("address") else "number-and-address-differ"


def _nobody(seen: Seen) -> str:
    address = seen.own("address")
    if seen.has_number:
        return "number-of-nobody" if address in ("-", "not-in-population") else "number-of-nobody-at-known-address"
    return "no-identifier" if address == "-" else "address-of-nobody"
