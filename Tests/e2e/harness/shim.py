"""The library that stands between the server and its disk and clock: Tests/powercut/shim.c."""

import errno
import mmap
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

from .program import REPOSITORY

SOURCE = REPOSITORY / "Tests" / "powercut" / "shim.c"
CONTROL_BYTES = 4096
# As `struct control` in shim.c: the clock, then the fault.
CLOCK = struct.Struct("<q")
FAULT = struct.Struct("<IiIII64s")
HITS_OFFSET = 8 + 16

WRITE, SYNC, OPEN, NAME, SYNC_DIRECTORY, GROW = 1, 2, 4, 8, 16, 32


def compiled(folder: Path) -> Path:
    library = folder / "shim.so"
    if not library.exists():
        subprocess.run(
            ["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE],
            check=True,
        )
    return library


class Shim:
    """One server's: what it is to be started with, and the page that it looks at while it runs."""

    def __init__(self, folder: Path, directory: Path):
        """`directory` is the root of the disk that is played; everything below it is watched."""
        folder.mkdir(parents=True, exist_ok=True)
        self.library = compiled(folder)
        self.directory = directory
        self.journal = folder / "journal"
        self._control = folder / "control"
        self._control.write_bytes(bytes(CONTROL_BYTES))
        with open(self._control, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), CONTROL_BYTES)

    def environment(self, *, journal: bool = False) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "POWERCUT_DIRECTORY": str(self.directory),
            "POWERCUT_CONTROL": str(self._control),
            **({"POWERCUT_JOURNAL": str(self.journal)} if journal else {}),
        }

    # Faults

    def fail(self, operations: int, name: str = "", *, code: int = errno.EIO, skip: int = 0):
        """From now on, or after `skip` that succeed, these operations fail on files whose names
        begin like this."""
        self.heal()
        # The operations last: they are what arms the fault.
        fault = FAULT.pack(0, code, skip, 0, 0, name.encode())
        self._page[CLOCK.size + 4 : CLOCK.size + FAULT.size] = fault[4:]
        self._page[CLOCK.size : CLOCK.size + 4] = struct.pack("<I", operations)

    def heal(self) -> None:
        self._page[CLOCK.size : CLOCK.size + 4] = bytes(4)

    @property
    def hits(self) -> int:
        """How often the fault has struck."""
        return struct.unpack_from("<I", self._page, HITS_OFFSET)[0]

    # The clock

    def set_clock(self, seconds: float) -> None:
        """The time of day is from now on so many seconds ahead of the real one, or behind it."""
        self._page[: CLOCK.size] = CLOCK.pack(int(seconds * 1000))

    @contextmanager
    def clock(self, seconds: float):
        self.set_clock(seconds)
        try:
            yield
        finally:
            self.set_clock(0)
