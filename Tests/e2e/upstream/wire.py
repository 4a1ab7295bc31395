"""HTTP/1.1 requests, read by the letter (RFC 9112): what is not right is refused, not guessed."""

import asyncio
import re
from collections.abc import Callable

HEAD_BYTES_MAX = 64 << 10
CHUNK_LINE_BYTES_MAX = 256
READ_BYTES = 64 << 10

REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) (HTTP/1\.[01])")
# A value begins and ends with a visible character; nothing in it is a control character but tab.
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f])*?)[ \t]*")
LENGTH = re.compile(r"[0-9]{1,15}")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\x00-\x1f\x7f]*)?\r\n")


class Malformed(Exception):
    """What arrived is no HTTP request; the text says why."""


class Interrupted(Exception):
    """The peer closed in the middle of a request, as a gateway does whose caller has left."""


async def read_head(
    reader: asyncio.StreamReader,
) -> tuple[str, str, str, list[tuple[str, str]]] | None:
    """Method, target, version and headers; None when the peer closed between two requests."""
    first_byte = await reader.read(1)
    if not first_byte:
        return None
    if not first_byte.isalpha():
        # Such as the first byte of a TLS handshake, which has no line end to wait for.
        raise Malformed(f"a request that begins with {first_byte!r}")
    try:
        head = first_byte + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        raise Interrupted() from None
    except asyncio.LimitOverrunError:
        raise Malformed("the head is too large") from None
    first, *lines = head[:-4].split(b"\r\n")
    line = REQUEST_LINE.fullmatch(first)
    if not line:
        raise Malformed(f"request line {first!r}")
    headers = []
    for text in lines:
        found = FIELD.fullmatch(text)
        if not found:
            raise Malformed(f"header line {text!r}")
        headers.append((found[1].decode("latin-1"), found[2].decode("latin-1")))
    method, target, version = (part.decode("latin-1") for part in line.groups())
    if version == "HTTP/1.1" and len(values(headers, "host")) != 1:
        raise Malformed(f"{len(values(headers, 'host'))} Host headers")
    return method, target, version, headers


def values(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def body_length(headers: list[tuple[str, str]]) -> int | None:
    """The number of bytes, or None for a chunked body. Whatever two readers could take for
    different lengths is refused: that is how requests are smuggled."""
    lengths, codings = values(headers, "content-length"), values(headers, "transfer-encoding")
    if codings:
        if lengths:
            raise Malformed("both Content-Length and Transfer-Encoding")
        if codings != ["chunked"]:
            raise Malformed(f"Transfer-Encoding {codings}")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not LENGTH.fullmatch(lengths[0]):
        raise Malformed(f"Content-Length {lengths}")
    return int(lengths[0])


async def read_body(
    reader: asyncio.StreamReader,
    length: int | None,
    received: Callable[[bytes], None],
) -> list[tuple[str, str]]:
    """Hands the body over as it comes; answers the trailers."""
    try:
        if length is not None:
            await read_exactly(reader, length, received)
            return []
        while size := await read_chunk_size(reader):
            await read_exactly(reader, size, received)
            if await reader.readexactly(2) != b"\r\n":
                raise Malformed("no line end after a chunk")
        return await read_trailers(reader)
    except asyncio.IncompleteReadError:
        raise Interrupted() from None
    except asyncio.LimitOverrunError:
        raise Malformed("a line of a chunked body is too long") from None


async def read_exactly(
    reader: asyncio.StreamReader, length: int, received: Callable[[bytes], None]
) -> None:
    while length:
        piece = await reader.read(min(length, READ_BYTES))
        if not piece:
            raise asyncio.IncompleteReadError(b"", length)
        length -= len(piece)
        received(piece)


async def read_chunk_size(reader: asyncio.StreamReader) -> int:
    line = await reader.readuntil(b"\n")
    found = CHUNK_SIZE.fullmatch(line)
    if not found or len(line) > CHUNK_LINE_BYTES_MAX:
        raise Malformed(f"chunk size {line[:50]!r}")
    return int(found[1], 16)


async def read_trailers(reader: asyncio.StreamReader) -> list[tuple[str, str]]:
    trailers = []
    while (line := await reader.readuntil(b"\n")) != b"\r\n":
        found = FIELD.fullmatch(line.removesuffix(b"\r\n"))
        if not found:
            raise Malformed(f"trailer {line[:50]!r}")
        trailers.append((found[1].decode("latin-1"), found[2].decode("latin-1")))
    return trailers
