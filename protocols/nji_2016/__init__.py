"""The NJi method of 2016, as data."""
