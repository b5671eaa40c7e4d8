"""Every way in which the toolkit can refuse, as one tree with a fixed exit code each.

LinkageError
├── AgreementError            10  study or protocol cannot be used
│   ├── StudyFault            11  a mistake in study.toml or protocol.toml (file, line, remedy)
│   └── StudyIncomplete       12  a key, the root or a party is still missing
├── SecretError               20  a key file cannot be used
│   ├── SecretExposed         21  others can read it
│   ├── SecretDamaged         22  it is not a key file, or it was altered
│   ├── WrongPassphrase       23
│   ├── PassphraseNeeded      24
│   └── WrongKey              25  it belongs to another study, party or root
├── InputError                30  an export cannot be encoded
│   ├── InputUnreadable       31
│   ├── ColumnMissing         32
│   ├── ValueUnknown          33  a category or yes/no word that was not agreed
│   ├── TooManyRejected       34
│   ├── NothingToDeliver      35
│   ├── TooRevealing          36  one or two facts point out a person
│   └── IdentifiersInColumn   37  a column that would leave holds identifiers
├── PackageError              40  a package is refused
│   ├── PackageDamaged        41
│   ├── SignatureInvalid      42
│   ├── HolderUnknown         43
│   ├── HolderWrong           44  not the holder of that delivery
│   ├── RecipientWrong        45
│   ├── StudyWrong            46  other study, wave or reference date
│   ├── ProtocolWrong         47
│   ├── NormalisationWrong    48
│   ├── RootWrong             49
│   ├── PackageExpired        50
│   ├── PackageReplayed       51
│   ├── ContentWrong          52  the body is not what the manifest and protocol say
│   └── FormatUnknown         53  another format version
├── LinkError                 60  the packages cannot be joined
│   ├── DeliveryMissing       61
│   ├── SpineUnusable         62
│   ├── LedgerBroken          63
│   ├── EngineUnusable        66  Java or Spark is missing, too old, or broke off
│   ├── MasterUnusable        67  the Spark cluster cannot be reached
│   └── PreviousWrong         68  not the folder of the wave before of this study, or it is missing
├── OutputError               70  a file cannot be written
├── SelfCheckFailed           80  this installation computes wrong pseudonyms
│   └── EncoderDiffers        81  the fictitious people of the study get other pseudonyms here
├── ExtraMissing              90  an optional package is needed
├── ResearchError            100  a result cannot be made or may not leave
│   ├── HouseholdFileWrong   101  not the household file of this study and protocol
│   ├── DisclosureRefused    102  a table points to too few households
│   ├── ReleaseLedgerBroken  103
│   ├── CostsIncomplete      104  a tariff or volume is missing or stands twice
│   └── PlaceNotAllowed      105  micro-data may not be written there
├── CustodyError             110  keys cannot be agreed on, kept or given up
│   ├── SignedFileDamaged    111  a charter, commitment, reveal or record that is not whole
│   ├── PartyWrong           112  not a party of this study, or not its key
│   ├── PartyMissing         113
│   ├── RoundLate            114
│   ├── RoundMixed           115  another charter, study, or set of commitments
│   ├── RevealWrong          116  not what was committed to
│   ├── ShareWrong           117  a word or a share of a paper backup
│   ├── WaveOpen             118  not every record of destruction is in
│   └── RetentionPassed      119  something still exists past its date
└── EvidenceBroken           120  an evidence pack is not what its signer made
    ├── EvidenceMissing      121  a file that the pack names is gone
    └── EvidenceExtra        122  something is in the folder that the pack does not name

A message names files, columns, counts and row numbers, and says what to do next. It never holds a cell
value, an identifier or a key; exceptions of other libraries do, so they are caught and raised anew `from None`.
"""

from __future__ import annotations

from typing import ClassVar


class LinkageError(Exception):
    """Base of all; exit code 1."""

    exit_code: ClassVar[int] = 1


class AgreementError(LinkageError):
    """The study or protocol cannot be used."""

    exit_code = 10


class StudyFault(AgreementError):
    """A mistake in study.toml or protocol.toml; the message has file, line and remedy."""

    exit_code = 11


class StudyIncomplete(AgreementError):
    """The study lacks a key, the root or a party that is needed for this step."""

    exit_code = 12


class SecretError(LinkageError):
    """A key file cannot be used."""

    exit_code = 20


class SecretExposed(SecretError):
    """Others than the owner can read the key file."""

    exit_code = 21


class SecretDamaged(SecretError):
    """The file is not a key file, or was altered."""

    exit_code = 22


class WrongPassphrase(SecretError):
    """The passphrase does not open the key file."""

    exit_code = 23


class PassphraseNeeded(SecretError):
    """The key file is protected and no passphrase can be asked for."""

    exit_code = 24


class WrongKey(SecretError):
    """The key belongs to another study, party, role or root."""

    exit_code = 25


class InputError(LinkageError):
    """An export cannot be encoded."""

    exit_code = 30


class InputUnreadable(InputError):
    """The export is not a CSV, Excel or Parquet file that can be read."""

    exit_code = 31


class ColumnMissing(InputError):
    """A column that the study maps is not in the export."""

    exit_code = 32


class ValueUnknown(InputError):
    """A cell holds a category or a yes/no word that was not agreed."""

    exit_code = 33


class TooManyRejected(InputError):
    """More rows are rejected than the protocol allows."""

    exit_code = 34


class NothingToDeliver(InputError):
    """No row of the export can leave."""

    exit_code = 35


class TooRevealing(InputError):
    """Who knows one or two facts of a person would find that person in the delivery too often."""

    exit_code = 36


class IdentifiersInColumn(InputError):
    """A column that is agreed to leave holds identifiers, dates or free text (docs/spec/leak-gate-v1.md)."""

    exit_code = 37


class PackageError(LinkageError):
    """A package is refused."""

    exit_code = 40


class PackageDamaged(PackageError):
    """Not a package, cut off, or altered on the way."""

    exit_code = 41


class SignatureInvalid(PackageError):
    """The signature is not that of the holder named."""

    exit_code = 42


class HolderUnknown(PackageError):
    """The holder named is not in the study."""

    exit_code = 43


class HolderWrong(PackageError):
    """The holder named does not make this delivery."""

    exit_code = 44


class RecipientWrong(PackageError):
    """The package was sealed for another linker."""

    exit_code = 45


class StudyWrong(PackageError):
    """The package belongs to another study, wave or reference date."""

    exit_code = 46


class ProtocolWrong(PackageError):
    """The package was made under another protocol."""

    exit_code = 47


class NormalisationWrong(PackageError):
    """The package was made with other rules for identifiers."""

    exit_code = 48


class RootWrong(PackageError):
    """The package was made with another root key."""

    exit_code = 49


class PackageExpired(PackageError):
    """The package is past its date, or its dates cannot be."""

    exit_code = 50


class PackageReplayed(PackageError):
    """The package was superseded, or stands in the inbox twice."""

    exit_code = 51


class ContentWrong(PackageError):
    """The body is not what the manifest and the protocol say."""

    exit_code = 52


class FormatUnknown(PackageError):
    """Another format version."""

    exit_code = 53


class LinkError(LinkageError):
    """The packages cannot be joined."""

    exit_code = 60


class DeliveryMissing(LinkError):
    """A delivery that the protocol requires is not among the accepted packages."""

    exit_code = 61


class SpineUnusable(LinkError):
    """The population register cannot carry the study."""

    exit_code = 62


class LedgerBroken(LinkError):
    """The ledger's chain does not hold, or its file cannot be read."""

    exit_code = 63


class EngineUnusable(LinkError):
    """Java or Spark is missing, too old, cannot be started, or broke off."""

    exit_code = 66


class MasterUnusable(LinkError):
    """The address of the Spark cluster is of an unknown kind, or nothing answers there."""

    exit_code = 67


class PreviousWrong(LinkError):
    """The wave before is missing, of another study, linker or root, not that wave, or its file was altered."""

    exit_code = 68


class OutputError(LinkageError):
    """A file cannot be written; nothing half-written is left behind."""

    exit_code = 70


class SelfCheckFailed(LinkageError):
    """The keyed hash of this installation does not give the known answers."""

    exit_code = 80


class EncoderDiffers(SelfCheckFailed):
    """This installation gives the fictitious people of the study other pseudonyms than was agreed."""

    exit_code = 81


class ExtraMissing(LinkageError):
    """An optional package is needed; the message has the command that installs it."""

    exit_code = 90


class ResearchError(LinkageError):
    """A result cannot be made, or may not leave the secured environment."""

    exit_code = 100


class HouseholdFileWrong(ResearchError):
    """The file is not a household file, or of another study or protocol."""

    exit_code = 101


class DisclosureRefused(ResearchError):
    """A table points to too few households, by itself or together with what was released before."""

    exit_code = 102


class ReleaseLedgerBroken(ResearchError):
    """The chain of released tables does not hold, or its file cannot be read."""

    exit_code = 103


class CostsIncomplete(ResearchError):
    """A tariff or a volume is missing, unknown, or stands twice."""

    exit_code = 104


class PlaceNotAllowed(ResearchError):
    """Micro-data may be written inside the study's allowed folder only."""

    exit_code = 105


class CustodyError(LinkageError):
    """Keys cannot be agreed on, kept or given up."""

    exit_code = 110


class SignedFileDamaged(CustodyError):
    """A charter, commitment, reveal or record of destruction is not whole, or of another version."""

    exit_code = 111


class PartyWrong(CustodyError):
    """A file is of nobody in this study, of somebody twice, or not signed with that party's key."""

    exit_code = 112


class PartyMissing(CustodyError):
    """Not every party has sent its file of this round."""

    exit_code = 113


class RoundLate(CustodyError):
    """The last day of this round is past, or the days cannot be."""

    exit_code = 114


class RoundMixed(CustodyError):
    """A file belongs to another charter, study, or set of commitments."""

    exit_code = 115


class RevealWrong(CustodyError):
    """What was revealed does not open, or is not what was committed to."""

    exit_code = 116


class ShareWrong(CustodyError):
    """A share of a paper backup has a wrong word, is there twice, or belongs to another backup."""

    exit_code = 117


class WaveOpen(CustodyError):
    """Not every record of destruction is in, so the wave is not closed."""

    exit_code = 118


class RetentionPassed(CustodyError):
    """A file of the study still exists past its retention date."""

    exit_code = 119


class EvidenceBroken(LinkageError):
    """An evidence pack is not what its signer made: a file was altered, or cannot be read."""

    exit_code = 120


class EvidenceMissing(EvidenceBroken):
    """A file that the evidence pack names is gone."""

    exit_code = 121


class EvidenceExtra(EvidenceBroken):
    """Something is in the folder of an evidence pack that the pack does not name."""

    exit_code = 122


def unforeseen(error: BaseException) -> str:
    """The kind of an error and where in our code it arose; never its message, which may hold a value."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith(("linkage", "protocols")):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"onverwachte fout in het programma ({type(error).__name__}, {place}); meld deze regel aan de beheerder"
