"""A holder's part of the root, secret until everybody has committed to theirs (docs/spec/key-agreement-v1.md)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from linkage.derive import KEY_BYTES, pae

_COMMITMENT = b"household-linkage/key-agreement/commitment/v1"
CONTRIBUTION_BYTES = 2 * KEY_BYTES


@dataclass(frozen=True)
class Contribution:
    """32 random bytes for the root, and 32 that hide them in the commitment; for one charter and one holder."""

    charter: str
    holder: str
    secret: bytes = field(repr=False)

    @property
    def commitment(self) -> str:
        """64 hexadecimal digits that fix the secret and do not tell it."""
        parts = (self.charter.encode("ascii"), self.holder.encode("ascii"))
        return hashlib.sha256(pae(_COMMITMENT, *parts, self.part, self.secret[KEY_BYTES:])).hexdigest()

    @property
    def part(self) -> bytes:
        """The 32 bytes that go into the root."""
        return self.secret[:KEY_BYTES]


def new_contribution(charter: str, holder: str) -> Contribution:
    """A fresh contribution."""
    return Contribution(charter, holder, secrets.token_bytes(CONTRIBUTION_BYTES))
