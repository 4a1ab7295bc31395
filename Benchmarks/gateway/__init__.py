"""The parts of the gateway benchmark, `Benchmarks/gateway.py`."""
