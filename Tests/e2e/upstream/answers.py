"""What an origin answers: whole, in pieces that wait for the test, or bytes that are no HTTP."""

import asyncio
import enum
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .request import Request

GATE_SECONDS_MAX = 20


class Ending(enum.Enum):
    CLOSE = "an orderly close"
    RESET = "a TCP reset"
    HANG = "silence until the peer hangs up"


CLOSE, RESET, HANG = Ending.CLOSE, Ending.RESET, Ending.HANG


@dataclass(frozen=True)
class Pause:
    """For tests of timeouts only; to order events there is `Gate`."""

    seconds: float


class Gate:
    """A point in an answer that waits until the test opens it; any number may wait at once."""

    def __init__(self):
        self._condition = threading.Condition()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._is_open = False
        self._reached = 0

    def open(self) -> None:
        with self._condition:
            self._is_open = True
            for loop, event in self._waiters:
                loop.call_soon_threadsafe(event.set)

    def wait_reached(self, count: int = 1, seconds: float = GATE_SECONDS_MAX) -> None:
        """Until so many answers have come this far."""
        with self._condition:
            assert self._condition.wait_for(lambda: self._reached >= count, seconds), (
                f"only {self._reached} of {count} answers came to the gate"
            )

    async def wait(self) -> None:
        event = asyncio.Event()
        with self._condition:
            self._reached += 1
            self._condition.notify_all()
            if self._is_open:
                return
            self._waiters.append((asyncio.get_running_loop(), event))
        await event.wait()


Step = bytes | Gate | Pause | Ending
Headers = dict[str, str] | Sequence[tuple[str, str]]


class Raw:
    """Steps that are sent as they are, without a head of ours."""

    def __init__(self, *steps: Step):
        self._steps = steps
        # The request's body is read first, as ever.
        self.early, self.read_body_after = False, None

    def steps(self, request: Request) -> Iterator[Step]:
        yield from self._steps


@dataclass
class Answer:
    """An answer with a head. `pieces` are sent instead of `body`, each as soon as its turn comes.

    framing: `length`, `chunked`, or `close` (the body ends with the connection); by itself a body
    has a length and pieces are chunked.
    early: answered before the request's body is read, and then closed.
    read_body_after: the request's body is left in the socket until this gate opens.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    pieces: Iterable[Step] | None = None
    framing: str | None = None
    ending: Ending | None = None
    early: bool = False
    read_body_after: Gate | None = None

    def steps(self, request: Request) -> Iterator[Step]:
        framing = self.framing or ("length" if self.pieces is None else "chunked")
        pieces = [self.body] if self.pieces is None else self.pieces
        yield self._head(framing)
        if self._has_body(request):
            for piece in pieces:
                if isinstance(piece, Ending):
                    yield piece
                    return
                if isinstance(piece, bytes) and framing == "chunked":
                    piece = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
                yield piece
            if framing == "chunked":
                yield b"0\r\n\r\n"
        if self.ending or framing == "close" or self.early:
            yield self.ending or CLOSE

    def _has_body(self, request: Request) -> bool:
        return request.method != "HEAD" and self.status not in {204, 304}

    def _head(self, framing: str) -> bytes:
        headers = list(self.headers.items() if isinstance(self.headers, dict) else self.headers)
        given = {name.lower() for name, _ in headers}
        if framing == "chunked":
            headers.append(("transfer-encoding", "chunked"))
        elif framing == "length" and self.status != 204 and "content-length" not in given:
            headers.append(("content-length", str(len(self.body))))
        elif framing == "close":
            headers.append(("connection", "close"))
        phrases = {status.value: status.phrase for status in HTTPStatus}
        lines = [f"HTTP/1.1 {self.status} {phrases.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def json_answer(value: Any, status: int = 200, headers: Headers = ()) -> Answer:
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    return Answer(
        status, [("content-type", "application/json"), *pairs], json.dumps(value).encode()
    )


def sse_answer(frames: Iterable[Step], headers: Headers = ()) -> Answer:
    """A stream of server-sent events, one chunk a frame."""
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    kind = ("content-type", "text/event-stream; charset=utf-8")
    return Answer(200, [kind, ("cache-control", "no-cache"), *pairs], pieces=frames)
