"""What is agreed: who delivers what, why, in which form it leaves, and what may be published."""

from protocols.digest import canonical, digest
from protocols.load import Fault, FaultyAgreement, load_protocol
from protocols.model import StudyProtocol

__all__ = ["Fault", "FaultyAgreement", "StudyProtocol", "canonical", "digest", "load_protocol"]
