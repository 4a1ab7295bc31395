"""A snapshot read by its description (docs/formats/snapshot.md) and by nothing of the server's."""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

HEADER = struct.Struct("<4sIHHIQQQQ16sQ")
RECORD_BYTES = 8
BLOCK = struct.Struct("<4sIHHIIIQ")
FOOTER = struct.Struct("<4sIQQ32sQ")


@dataclass
class Snapshot:
    blocks: int
    raw_bytes: int
    compressed_bytes: int


def read(path: Path) -> Snapshot:
    """Decompresses every block and holds sizes and hash against what the file says of itself."""
    content = path.read_bytes()
    magic, _, version, shards, *_ = HEADER.unpack_from(content)
    assert magic == b"CSSN" and version == 1, (magic, version)
    at, end = HEADER.size + RECORD_BYTES * shards, len(content) - FOOTER.size
    magic, _, blocks, length, digest, _ = FOOTER.unpack_from(content, end)
    assert magic == b"CSSF" and length == end, (magic, length)
    assert digest == hashlib.sha256(content[:end]).digest(), "the hash is another"
    found = Snapshot(0, 0, 0)
    while at < end:
        magic, _, _, _, raw, compressed, _, _ = BLOCK.unpack_from(content, at)
        assert magic == b"CSSB", magic
        at += BLOCK.size
        assert len(zlib.decompress(content[at : at + compressed])) == raw
        at += compressed
        found.blocks += 1
        found.raw_bytes += raw
        found.compressed_bytes += compressed
    assert at == end and found.blocks == blocks, (at, end, blocks)
    return found
