"""The commands of `linkage`, a file per party. Each parses, calls one function of a room, and prints."""
