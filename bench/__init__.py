"""Measurements: ratios between this service and its peers in the same run, each with `python -m bench.NAME`."""
