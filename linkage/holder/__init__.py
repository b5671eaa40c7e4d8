"""The holder's room: sees identifiers and the root key; nothing but a sealed package leaves it."""
