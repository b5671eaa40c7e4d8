"""Household linkage without identifiers: encoders at the holders, a linker that never sees an identifier."""
