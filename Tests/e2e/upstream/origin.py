"""One provider's address: it listens, keeps what arrives, and answers as told or as the provider
would."""

import asyncio
import itertools
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable
from types import ModuleType

from .answers import Answer, Ending, Gate, Pause, Raw, Step
from .credentials import judge, ways_in
from .leaks import leaks_of
from .request import Request
from .wire import HEAD_BYTES_MAX, Interrupted, Malformed, body_length, read_body, read_head

BACKLOG = 1024
WAIT_SECONDS_MAX = 20

Script = Answer | Raw | Callable[[Request], Answer | Raw]


class Connection:
    """One accepted connection; `closed` is set as soon as the peer has closed its side."""

    def __init__(self, number: int):
        self.number = number
        self.closed = threading.Event()


class WatchedProtocol(asyncio.StreamReaderProtocol):
    """Says at once when the peer hangs up, also while nobody reads."""

    def __init__(self, reader: asyncio.StreamReader, connected, connection: Connection):
        super().__init__(reader, connected)
        self.connection = connection
        self.gone = asyncio.Event()

    def eof_received(self):
        self._peer_has_left()
        return super().eof_received()

    def connection_lost(self, reason):
        self._peer_has_left()
        super().connection_lost(reason)

    def _peer_has_left(self):
        self.gone.set()
        self.connection.closed.set()


class Origin:
    """`strict`: only the way of authentication that the gateway has to use is taken."""

    def __init__(self, integration: str, provider: ModuleType, env: dict[str, str], strict: bool):
        self.integration = integration
        self.requests: list[Request] = []
        self.leaks: list[str] = []
        self.malformed: list[str] = []
        self.connections: list[Connection] = []
        self.port = 0
        self._provider = provider
        self._env = env
        ways = ways_in(integration, env)
        self._ways = ways[:1] if strict else ways
        self._changed = threading.Condition()
        self._next: deque[Script] = deque()
        self._always: Script | None = None
        self._probes_too = False
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None

    # For tests: what to answer

    def next(self, *answers: Script) -> None:
        """The answers to the next calls of callers, before anything else is looked at."""
        with self._changed:
            self._next.extend(answers)

    def always(self, answer: Script | None, probes: bool = False) -> None:
        """The answer to every further call, and with `probes` to the gateway's probes as well."""
        with self._changed:
            self._always, self._probes_too = answer, probes

    def reset(self) -> None:
        """Forgets all requests and all scripts."""
        with self._changed:
            self._next.clear()
            self._always = None
            self.requests, self.leaks, self.malformed = [], [], []

    # For tests: what has arrived

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def calls(self) -> list[Request]:
        """The requests of callers, without the gateway's own probes."""
        with self._changed:
            return [request for request in self.requests if request.is_by_a_caller]

    def only_call(self) -> Request:
        calls = self.calls
        assert len(calls) == 1, [str(call) for call in calls]
        return calls[0]

    def wait_for_calls(self, count: int = 1, seconds: float = WAIT_SECONDS_MAX) -> list[Request]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls_now()) >= count, seconds), (
                f"{len(self.calls_now())} of {count} calls arrived at {self.integration}"
            )
            return self.calls_now()

    def calls_now(self) -> list[Request]:
        return [request for request in self.requests if request.is_by_a_caller]

    # Serving

    async def listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port = listener.getsockname()[1]
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, sock=listener, backlog=BACKLOG
        )

    def _protocol(self) -> WatchedProtocol:
        connection = Connection(next(self._numbers))
        self.connections.append(connection)
        reader = asyncio.StreamReader(limit=HEAD_BYTES_MAX)
        return WatchedProtocol(reader, self._serve, connection)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        protocol = writer.transport.get_protocol()
        try:
            while await self._one_call(reader, writer, protocol):
                pass
        except Malformed as reason:
            with self._changed:
                self.malformed.append(str(reason))
            writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        except (OSError, Interrupted):
            pass  # The peer has gone; `connection.closed` says so.
        except asyncio.CancelledError:
            pass  # The mock is ending.
        finally:
            writer.close()

    async def _one_call(self, reader, writer, protocol: WatchedProtocol) -> bool:
        """Whether the connection can take another one."""
        head = await read_head(reader)
        if head is None:
            return False
        request = Request(self.integration, protocol.connection, *head)
        length = body_length(request.headers)
        script = self._record(request)
        answer = script(request) if callable(script) else script
        if "100-continue" in request.all("expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if answer is not None and answer.read_body_after is not None:
            await answer.read_body_after.wait()
        if answer is None or not answer.early:
            await self._read_body(reader, request, length)
        right = self._judge(request)
        if answer is None:
            # What the real one would say first: whether it knows the caller.
            respond = self._provider.answer if right else self._provider.unauthorized
            answer = respond(request, self._env)
        if not await self._perform(answer.steps(request), writer, protocol):
            if answer.early:
                await linger(reader, writer)
            return False
        close = "close" in request.all("connection") or request.version == "HTTP/1.0"
        return not close

    def _record(self, request: Request) -> Script | None:
        with self._changed:
            self.requests.append(request)
            by_caller = request.is_by_a_caller
            script = self._next.popleft() if by_caller and self._next else None
            if script is None and (by_caller or self._probes_too):
                script = self._always
            request.scripted = script is not None
            self._changed.notify_all()
            return script

    async def _read_body(self, reader, request: Request, length: int | None) -> None:
        pieces: list[bytes] = []

        def received(piece: bytes) -> None:
            pieces.append(piece)
            request.body_bytes_so_far += len(piece)

        try:
            request.trailers = await read_body(reader, length, received)
        finally:
            request.body = b"".join(pieces)
        with self._changed:
            request.complete = True
            self._changed.notify_all()

    def _judge(self, request: Request) -> bool:
        right, surplus = judge(request, self._ways)
        with self._changed:
            request.has_right_key = right
            self.leaks += leaks_of(request, self.authority, surplus)
        return right

    async def _perform(self, steps: Iterable[Step], writer, protocol: WatchedProtocol) -> bool:
        """Whether the connection is still good afterwards."""
        for step in steps:
            match step:
                case bytes():
                    writer.write(step)
                    await writer.drain()
                case Gate():
                    if not await unless_gone(step.wait(), protocol):
                        return False
                case Pause():
                    if not await unless_gone(asyncio.sleep(step.seconds), protocol):
                        return False
                case Ending.HANG:
                    await protocol.gone.wait()
                    return False
                case Ending.CLOSE:
                    return False
                case Ending.RESET:
                    # Linger for 0 s: what is left is thrown away and the peer gets a reset.
                    linger = struct.pack("ii", 1, 0)
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    writer.transport.abort()
                    return False
        return True


async def linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closing over unread bytes is a reset, which takes the answer with it (RFC 9112 §9.6)."""
    writer.write_eof()
    while await reader.read(HEAD_BYTES_MAX):
        pass


async def unless_gone(work, protocol: WatchedProtocol) -> bool:
    """False when the peer hung up before the work was done."""
    tasks = [asyncio.ensure_future(work), asyncio.ensure_future(protocol.gone.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
