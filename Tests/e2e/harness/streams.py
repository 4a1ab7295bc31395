"""Many streams at once, read frame by frame in one event loop."""

import asyncio
from collections.abc import Callable

FRAME_SECONDS_MAX = 30


class Stream:
    """One open call whose answer is chunked; a frame ends with an empty line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._reader, self._writer = reader, writer
        self._buffer = b""
        self.status = 0

    @classmethod
    async def open(cls, port: int, request: bytes) -> "Stream":
        stream = cls(*await asyncio.open_connection("127.0.0.1", port))
        stream._writer.write(request)
        head = await stream._within(stream._reader.readuntil(b"\r\n\r\n"))
        stream.status = int(head.split(b" ", 2)[1])
        return stream

    async def frame(self) -> bytes | None:
        """The next frame; None is the right end of the answer, anything else an exception."""
        while b"\n\n" not in self._buffer:
            line = await self._within(self._reader.readuntil(b"\r\n"))
            size = int(line, 16)
            piece = await self._within(self._reader.readexactly(size + 2))
            if size == 0:
                assert not self._buffer, f"half a frame at the end: {self._buffer!r}"
                return None
            self._buffer += piece[:-2]
        found, _, self._buffer = self._buffer.partition(b"\n\n")
        return found

    async def frames(self) -> list[bytes]:
        """All that are left."""
        found = []
        while (frame := await self.frame()) is not None:
            found.append(frame)
        return found

    def close(self) -> None:
        self._writer.close()

    async def _within(self, work):
        return await asyncio.wait_for(work, FRAME_SECONDS_MAX)


async def open_streams(
    port: int, count: int, request: Callable[[int], bytes], at_once: int = 64
) -> list[Stream]:
    """`at_once` keeps the listening queue from overflowing; all stay open."""
    turn = asyncio.Semaphore(at_once)

    async def one(number: int) -> Stream:
        async with turn:
            return await Stream.open(port, request(number))

    return await asyncio.gather(*(one(number) for number in range(count)))
