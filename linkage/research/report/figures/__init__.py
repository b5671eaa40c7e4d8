"""The figures, one file each. They draw released cells and nothing else; what is hidden is hatched."""
