"""A disk so small that a test can fill it to the last byte."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .client import Client
from .events import usage_event

DISK_BYTES = 8 << 20
# What a server on such a disk needs: its log takes two segments at once.
SMALLEST_SEGMENTS = {"COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20)}
EVENTS_MAX = 100_000


@contextmanager
def mounted(place: Path) -> Iterator[Path]:
    """8 MiB of memory as a disk. Only root can mount one."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", place],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


class Filler:
    """Takes all room of a disk, and gives it back."""

    def __init__(self, disk: Path):
        self._path = disk / "filler"

    def fill(self) -> None:
        """Takes every byte that is left."""
        with open(self._path, "ab", buffering=0) as file:
            for size in (64 << 10, 4 << 10, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def make_room(self) -> None:
        self._path.unlink()


def write_until_refused(reporter: Client):
    """Reports uses until the open segments have no room either; answers how many were accepted,
    and the refusal."""
    accepted = 0
    while True:
        batch = [usage_event(operation="o" * 250) for _ in range(200)]
        answer = reporter.request("POST", "/api/usage/events", json=batch)
        if answer.status_code != 200:
            return accepted, answer
        accepted += answer.json()["accepted"]
        assert accepted < EVENTS_MAX, "the disk does not get full"
