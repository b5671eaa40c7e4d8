"""What a clerk does about an error, besides what its message says: messages speak of a terminal, a page does not."""

from __future__ import annotations

from linkage import errors

# The key of a text in texts.toml, for an error or the nearest of its parents.
_ADVICE: dict[type[errors.LinkageError], str] = {
    errors.AgreementError: "advice_study",
    errors.SecretExposed: "advice_exposed",
    errors.SecretDamaged: "advice_damaged",
    errors.WrongPassphrase: "advice_passphrase",
    errors.PassphraseNeeded: "advice_passphrase",
    errors.InputUnreadable: "advice_export",
    errors.ColumnMissing: "advice_column",
    errors.IdentifiersInColumn: "advice_identifiers",
    errors.ValueUnknown: "advice_value",
    errors.OutputError: "advice_output",
    errors.SelfCheckFailed: "advice_install",
}


def advice(error: errors.LinkageError) -> str | None:
    """The key of the advice; None where the message says it all."""
    kinds = (kind for kind in type(error).__mro__ if issubclass(kind, errors.LinkageError))
    return next((_ADVICE[kind] for kind in kinds if kind in _ADVICE), None)
