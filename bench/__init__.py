"""Benchmarks: each figure beside its baseline, measured in the same run. Nothing here is asserted in tests."""
