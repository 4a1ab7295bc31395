"""Countersign side by side with what one would pick instead: `Benchmarks/bench.py`."""
