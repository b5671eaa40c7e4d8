"""The quality report of a blind linker: how well the deliveries could be joined, and what that does to the results.

Counts alone come out of it, for the secured environment (docs/spec/quality-v1.md).
"""
