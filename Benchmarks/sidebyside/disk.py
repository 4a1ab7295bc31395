"""The disk's clock."""

import os
import statistics
import time
from pathlib import Path

# One record of a usage event is about so long.
RECORD_BYTES = 512
RECORDS = 400
# On a slow disk fewer records have to do.
DISK_SECONDS_MAX = 5


def flush_microseconds(place: Path) -> float:
    """Median time of one fdatasync after a write into a file that is already there, zeros and all,
    so that the file system has no metadata to write: a preallocated log's best case."""
    path = place / "flush"
    if not path.exists():
        path.write_bytes(bytes(RECORD_BYTES * RECORDS))
        with path.open("rb") as written:
            os.fsync(written.fileno())
    record, times = os.urandom(RECORD_BYTES), []
    deadline = time.monotonic() + DISK_SECONDS_MAX
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for index in range(RECORDS):
            os.pwrite(descriptor, record, index * RECORD_BYTES)
            began = time.perf_counter_ns()
            os.fdatasync(descriptor)
            times.append((time.perf_counter_ns() - began) / 1000)
            if time.monotonic() > deadline:
                break
    finally:
        os.close(descriptor)
    return statistics.median(times)
