"""Frames on an engine: scan, materialise, write. Polars here; the plan itself is written on Narwhals."""
