"""The courier's room: sealed bytes, their manifest and their checks."""
