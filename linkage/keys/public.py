"""Public keys as a study holds them, and signatures under two schemes of which both must hold (keys-v1, section 3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from linkage.derive import pae
from linkage.errors import SignatureInvalid, StudyFault

HOLDER_PREFIX, LINKER_PREFIX = "holder1:", "xwing:"
SIGNATURE_CONTEXT = b"household-linkage/holder-signature/v1"
_HOLDER_KEY = b"household-linkage/holder-key/v1"
_ED25519, _MLDSA, _DIGEST, _MLKEM = 32, 1952, 32, 1184
XWING_BYTES = _MLKEM + 32
SIGNER_BYTES = _ED25519 + _MLDSA + _DIGEST
SIGNATURE_BYTES = SIGNER_BYTES + 64 + 3309
_WRONG = (
    "de handtekening klopt niet: het bestand is veranderd of met een andere sleutel gemaakt; "
    "vergelijk de publieke sleutel van de houder met die in de studie"
)


@dataclass(frozen=True)
class SignerKeys:
    """A holder's public keys as they travel with a signature; the study holds their digest."""

    ed25519: bytes
    mldsa: bytes
    sealing: bytes  # SHA-256 of the X-Wing public key

    @property
    def encoded(self) -> bytes:
        """2,016 bytes."""
        return self.ed25519 + self.mldsa + self.sealing

    @property
    def digest(self) -> bytes:
        """32 bytes that bind all keys together, so that none can be exchanged by itself."""
        return hashlib.sha256(pae(_HOLDER_KEY, self.ed25519, self.mldsa, self.sealing)).digest()

    @property
    def line(self) -> str:
        """The line for the study."""
        return HOLDER_PREFIX + base64.b64encode(self.digest).decode("ascii")


def to_sign(signer: bytes, purpose: str, message: bytes) -> bytes:
    """The bytes under both signatures: the signer's digest, what it is signed for, and the message."""
    return pae(SIGNATURE_CONTEXT, signer, purpose.encode("ascii"), message)


def verify_signature(line: str, purpose: str, message: bytes, signature: bytes) -> SignerKeys:
    """Check both signatures under the key of a study's `holder1:` line. Raises SignatureInvalid, StudyFault.

    The keys come with the signature and are nothing without the study: their digest must be the line's.
    """
    wanted = holder_digest(line)
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalid(_WRONG)
    signer = _signer_of(signature)
    if not hmac.compare_digest(signer.digest, wanted):
        raise SignatureInvalid(_WRONG)
    signed = to_sign(wanted, purpose, message)
    try:
        Ed25519PublicKey.from_public_bytes(signer.ed25519).verify(signature[SIGNER_BYTES : SIGNER_BYTES + 64], signed)
        MLDSA65PublicKey.from_public_bytes(signer.mldsa).verify(
            signature[SIGNER_BYTES + 64 :], signed, SIGNATURE_CONTEXT
        )
    except (InvalidSignature, ValueError):
        raise SignatureInvalid(_WRONG) from None
    return signer


def _signer_of(signature: bytes) -> SignerKeys:
    ends = (_ED25519, _ED25519 + _MLDSA, SIGNER_BYTES)
    return SignerKeys(signature[: ends[0]], signature[ends[0] : ends[1]], signature[ends[1] : ends[2]])


def holder_digest(line: str) -> bytes:
    """The 32 bytes of a study's `holder1:` line. Raises StudyFault."""
    return public_bytes(line, HOLDER_PREFIX, _DIGEST)


def linker_public_key(line: str) -> MLKEM768X25519PublicKey:
    """The key in a study's `xwing:` line. Raises StudyFault."""
    return xwing_public_key(public_bytes(line, LINKER_PREFIX, XWING_BYTES))


def xwing_public_key(raw: bytes) -> MLKEM768X25519PublicKey:
    """An X-Wing public key of 1,216 bytes. Raises ValueError."""
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM]), X25519PublicKey.from_public_bytes(raw[_MLKEM:])
    )


def xwing_line(raw: bytes) -> str:
    """The line of an X-Wing public key."""
    return LINKER_PREFIX + base64.b64encode(raw).decode("ascii")


def fingerprint(line: str) -> str:
    """64 hexadecimal digits: a holder's line itself, or SHA-256 of the linker's key. Raises StudyFault."""
    if line.startswith(HOLDER_PREFIX):
        return holder_digest(line).hex()
    return hashlib.sha256(public_bytes(line, LINKER_PREFIX, XWING_BYTES)).hexdigest()


def public_bytes(line: str, prefix: str, size: int) -> bytes:
    """The bytes of a public key line. Raises StudyFault where they are not the right kind or number."""
    try:
        raw = base64.b64decode(line.removeprefix(prefix), validate=True)
    except ValueError:
        raw = b""
    if not line.startswith(prefix) or len(raw) != size:
        raise StudyFault(f"een publieke sleutel ({prefix.rstrip(':')}) is niet heel; neem de regel opnieuw over")
    return raw
