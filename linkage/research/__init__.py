"""The researcher's room: sees the household file, never pseudonyms, keys or packages."""
