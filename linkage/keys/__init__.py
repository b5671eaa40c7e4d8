"""Identities, the root, and the files they are kept in (docs/spec/keys-v1.md).

The root is 32 random bytes that every holder has and the linker never gets. A secret file is readable by its
owner alone; with a passphrase it is sealed by Argon2id and ChaCha20-Poly1305. No secret has a repr.
"""

from __future__ import annotations

from linkage.keys.contribution import Contribution, new_contribution
from linkage.keys.identity import (
    HolderIdentity,
    LinkerIdentity,
    RootKey,
    new_holder,
    new_linker,
    new_root,
    valid_name,
)
from linkage.keys.public import (
    SIGNATURE_BYTES,
    SignerKeys,
    fingerprint,
    holder_digest,
    linker_public_key,
    public_bytes,
    verify_signature,
    xwing_public_key,
)
from linkage.keys.secret_file import (
    FORMAT,
    MIN_PASSPHRASE,
    load_contribution,
    load_holder,
    load_linker,
    load_root,
    read_document,
    save,
)

__all__ = [
    "FORMAT",
    "MIN_PASSPHRASE",
    "SIGNATURE_BYTES",
    "Contribution",
    "HolderIdentity",
    "LinkerIdentity",
    "RootKey",
    "SignerKeys",
    "fingerprint",
    "holder_digest",
    "linker_public_key",
    "load_contribution",
    "load_holder",
    "load_linker",
    "load_root",
    "new_contribution",
    "new_holder",
    "new_linker",
    "new_root",
    "public_bytes",
    "read_document",
    "save",
    "valid_name",
    "verify_signature",
    "xwing_public_key",
]
