"""HMAC-SHA256 of whole columns, and columns in memory: what holder and linker compute alike, each with its own keys."""
