"""Reads and damages the files of a data directory, by docs/formats/log.md."""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

SEGMENT_HEADER_BYTES = 4096
FRAME_MAGIC = b"CSFR"
BATCH = 1


@dataclass
class Frame:
    """Where one frame lies."""

    path: Path
    offset: int
    length: int
    kind: int
    number: int


def frames(data: Path) -> list[Frame]:
    """All frames of a log, in its order."""
    found = []
    for path in sorted(data.glob("wal-0*.log")):
        content = path.read_bytes()
        offset = SEGMENT_HEADER_BYTES
        while content[offset : offset + 4] == FRAME_MAGIC:
            length = struct.unpack_from("<I", content, offset + 12)[0]
            number = struct.unpack_from("<Q", content, offset + 24)[0]
            found.append(Frame(path, offset, length, content[offset + 16], number))
            offset += length
    return found


def flip(path: Path, offset: int) -> None:
    """One bit, as a rotten sector would show it."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)


def tear(data: Path) -> None:
    """Leaves the log as a power cut does: the head of a large frame, and zeros for the rest."""
    log = frames(data)
    large = max(log, key=lambda frame: frame.length)
    assert large.length > 4 * 512, "the log has no large frame to take a head from"
    content = bytearray(log[-1].path.read_bytes())
    end = log[-1].offset + log[-1].length
    content[end : end + 64] = large.path.read_bytes()[large.offset : large.offset + 64]
    log[-1].path.write_bytes(content)


def every_byte(directory: Path) -> dict[str, str]:
    """A digest of each file, the lock's text and all times of change included."""
    return {
        str(path.relative_to(directory)): (
            f"{path.stat().st_mtime_ns} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        )
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
