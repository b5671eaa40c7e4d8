"""Frames on an engine: scan, materialise, collect. Polars or Spark; the plan itself is written on Narwhals."""
