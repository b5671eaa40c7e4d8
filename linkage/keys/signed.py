"""Small files that one party signs: canonical JSON, strict to read, both signatures checked (keys-v1, section 8).

    {"body":{...,"format":...},"signature":base64} and a line end

Bytes in, verified value out, or an exception. The body's format is the purpose of the signature.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from linkage.errors import PartyWrong, SignatureInvalid, SignedFileDamaged
from linkage.keys.identity import HolderIdentity
from linkage.keys.public import SignerKeys, verify_signature
from protocols.digest import canonical
from protocols.lines import frozen
from protocols.model import Frozen

MAX_SIGNED_BYTES = 256 * 1024


class SignedBody(Frozen):
    """The base of what is signed; the format names what it is and in which version."""

    format: str


Body = TypeVar("Body", bound=SignedBody)


@dataclass(frozen=True)
class Signed(Generic[Body]):
    """A strictly parsed file of which the signature was not checked yet; `name` is the file's."""

    body: Body
    signature: bytes
    name: str


def signed_file(body: SignedBody, identity: HolderIdentity) -> str:
    """The whole text of a signed file."""
    message = canonical(body)
    signature = base64.b64encode(identity.sign(body.format, message)).decode("ascii")
    return f'{{"body":{message.decode("utf-8")},"signature":"{signature}"}}\n'


def read_signed(path: Path, model: type[Body]) -> Signed[Body]:
    """A signed file of that model. Raises SignedFileDamaged."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SIGNED_BYTES + 1)
    except OSError:
        raise SignedFileDamaged(f"{path.name} is niet te lezen; controleer het bestand en de rechten") from None
    return parse_signed(raw, model, path.name)


def parse_signed(raw: bytes, model: type[Body], name: str) -> Signed[Body]:
    """As `read_signed`, of bytes. Raises SignedFileDamaged for any other spelling of the same content too."""
    damaged = SignedFileDamaged(f"{name} is beschadigd, of van een andere versie; vraag het bestand opnieuw")
    if len(raw) > MAX_SIGNED_BYTES:
        raise damaged
    try:
        document = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_no_doubles, parse_float=_refuse, parse_constant=_refuse
        )
        if not isinstance(document, dict) or set(document) != {"body", "signature"}:
            raise damaged
        body = model.model_validate(frozen(document["body"]))
        signature = base64.b64decode(document["signature"], validate=True)
        written = f'{{"body":{canonical(body).decode("utf-8")},"signature":{json.dumps(document["signature"])}}}\n'
    except (ValueError, TypeError, RecursionError, ValidationError):
        raise damaged from None
    if written.encode("utf-8") != raw or base64.b64encode(signature).decode("ascii") != document["signature"]:
        raise damaged
    return Signed(body, signature, name)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("double key")
    return dict(pairs)


def _refuse(_text: str) -> Any:
    raise ValueError("only whole numbers")


def verified(signed: Signed[Body], line: str) -> SignerKeys:
    """Check both signatures by a party's line. Raises PartyWrong."""
    try:
        return verify_signature(line, signed.body.format, canonical(signed.body), signed.signature)
    except SignatureInvalid:
        raise PartyWrong(
            f"{signed.name}: de handtekening is niet van wie het bestand noemt, of het is onderweg veranderd; "
            "vraag het opnieuw, en vergelijk de vingerafdruk aan de telefoon"
        ) from None
