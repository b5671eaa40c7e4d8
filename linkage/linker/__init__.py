"""The linker's room: sees pseudonyms, never identifiers, never the root key."""
