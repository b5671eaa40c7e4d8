"""OpenLinkToken with rules of our own: a token for each identifier, from a CSV with comma's.

Run as: python openlinktoken_csv.py encode FOLDER - | refused FOLDER ROWS
"""

import csv
import json
import sys
from itertools import islice
from pathlib import Path

from openlinktoken.attributes.attribute_expression import AttributeExpression
from openlinktoken.attributes.field_registry import FieldRegistry
from openlinktoken.attributes.general.string_attribute import StringAttribute
from openlinktoken.attributes.person.postal_code_attribute import PostalCodeAttribute
from openlinktoken.attributes.person.social_security_number_attribute import SocialSecurityNumberAttribute
from openlinktoken.tokens.base_token_definition import BaseTokenDefinition
from openlinktoken.tokens.token_generator import TokenGenerator
from openlinktoken.tokens.tokenizer.sha256_tokenizer import SHA256Tokenizer
from openlinktoken.tokentransformer.hash_token_transformer import HashTokenTransformer

FIELDS = {
    "a_number": StringAttribute,
    "bsn": SocialSecurityNumberAttribute,
    "postcode": PostalCodeAttribute,
    "house": StringAttribute,
    "household_number": StringAttribute,
}
RULES = {
    "a-number": ("a_number",),
    "bsn": ("bsn",),
    "address": ("postcode", "house"),
    "household-number": ("household_number",),
}


class Rules(BaseTokenDefinition):
    """Tokens of one identifier each; the rules that come with it ask for names and sex."""

    def __init__(self) -> None:
        self.definitions = {
            name: [AttributeExpression.of(field, FIELDS[field], "T|U") for field in fields]
            for name, fields in RULES.items()
        }

    def get_version(self) -> str:
        """Any."""
        return "1"

    def get_token_identifiers(self) -> set[str]:
        """The names of the rules."""
        return set(self.definitions)

    def get_token_definition(self, token_id: str) -> list[AttributeExpression]:
        """One rule."""
        return self.definitions[token_id]


def encode(folder: Path, _given: str) -> int:
    """The register; of a postcode the four digits, which it takes for the beginning of an American one."""
    builder = FieldRegistry.Builder.from_defaults()
    for name, kind in FIELDS.items():
        builder.register(name, kind, kind())
    tokenizer = SHA256Tokenizer([HashTokenTransformer("secret of thirty-two characters!")])
    generator = TokenGenerator(Rules(), tokenizer, builder.build())
    rows = 0
    with (folder / "comma.csv").open(encoding="utf-8", newline="") as cells, _open(folder) as target:
        writer = csv.writer(target)
        for row in csv.DictReader(cells):
            row["house"] = row["house_number"] + row["house_letter"] + row["house_addition"]
            row["postcode"] = row["postcode"][:4]
            tokens = generator.get_all_tokens_via_field_id(row).tokens
            writer.writerow([tokens.get(name, "") for name in RULES])
            rows += 1
    return rows


def _open(folder: Path) -> object:
    return (folder / "out" / "tokens.csv").open("w", encoding="ascii", newline="")


def refused(folder: Path, rows: str) -> int:
    """Of so many rows, how many Dutch postcodes it does not take."""
    postcode = PostalCodeAttribute()
    with (folder / "comma.csv").open(encoding="utf-8", newline="") as cells:
        return sum(not postcode.validate(row["postcode"]) for row in islice(csv.DictReader(cells), int(rows)))


if __name__ == "__main__":
    work = {"encode": encode, "refused": refused}[sys.argv[1]]
    sys.stdout.write(json.dumps({"rows": work(Path(sys.argv[2]), sys.argv[3])}) + "\n")
