"""The holders' room: agreement of the root, without the linker, any courier or any single holder choosing it."""
