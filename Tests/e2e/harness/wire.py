"""A caller that reads as it goes: heads, chunks and frames one by one, and broken ends as such."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

READ_SECONDS_MAX = 20
READ_BYTES = 64 << 10


class Cut(Exception):
    """The connection ended before the answer did; `received` is what came of the body."""

    def __init__(self, received: bytes = b""):
        super().__init__(f"cut off after {len(received)} bytes")
        self.received = received


@dataclass
class WireAnswer:
    """A head, and the body once it has been read."""

    status: int
    pairs: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.pairs}

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    @property
    def json(self) -> dict:
        return json.loads(self.body)


def request_head(
    method: str,
    target: str,
    headers: dict[str, str] | list[tuple[str, str]] = (),
    host: str = "e2e",
) -> bytes:
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    if not any(name.lower() == "user-agent" for name, _ in pairs):
        pairs.insert(0, ("User-Agent", "e2e-wire/1"))
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in pairs]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Wire:
    """One connection. Everything that is read has a time limit, so nothing hangs a test."""

    def __init__(
        self, port: int, seconds: float = READ_SECONDS_MAX, receive_bytes: int | None = None
    ):
        """A small `receive_bytes` lets the server feel a slow reader early."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(seconds)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._sender: threading.Thread | None = None

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._socket.sendall(piece)

    def send_chunk(self, piece: bytes) -> None:
        self.send(b"%x\r\n%b\r\n" % (len(piece), piece))

    def send_in_background(self, pieces: list[bytes]) -> None:
        self._sender = threading.Thread(target=self.send, args=pieces, daemon=True)
        self._sender.start()

    def all_sent(self, seconds: float) -> bool:
        """Whether what is sent in the background has all been taken within this time."""
        assert self._sender is not None
        self._sender.join(seconds)
        return not self._sender.is_alive()

    # Reading

    def _more(self) -> bool:
        try:
            piece = self._socket.recv(READ_BYTES)
        except ConnectionResetError:
            piece = b""
        self._buffer += piece
        return bool(piece)

    def _take(self, length: int) -> bytes:
        found = bytes(self._buffer[:length])
        del self._buffer[:length]
        return found

    def read_until(self, marker: bytes) -> bytes:
        """Everything up to and with the marker."""
        while marker not in self._buffer:
            if not self._more():
                raise Cut(bytes(self._buffer))
        return self._take(self._buffer.index(marker) + len(marker))

    def read_exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            if not self._more():
                raise Cut(bytes(self._buffer))
        return self._take(length)

    def read_to_end(self) -> bytes:
        while self._more():
            pass
        return self._take(len(self._buffer))

    def read_head(self) -> WireAnswer:
        first, *lines = self.read_until(b"\r\n\r\n").decode("latin-1").strip().split("\r\n")
        pairs = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        return WireAnswer(int(first.split(" ")[1]), pairs)

    def read_chunk(self) -> bytes:
        """The next chunk; empty is the end."""
        size = int(self.read_until(b"\r\n").split(b";")[0], 16)
        if size == 0:
            while self.read_until(b"\r\n") != b"\r\n":
                pass
            return b""
        piece = self.read_exactly(size)
        if self.read_exactly(2) != b"\r\n":
            raise Cut(piece)
        return piece

    def read_body(self, answer: WireAnswer, method: str = "GET") -> WireAnswer:
        """The rest of an answer whose head has been read; `Cut` has all that came before it."""
        if method == "HEAD" or answer.status in {204, 304} or answer.status < 200:
            return answer
        if "chunked" in answer.headers.get("transfer-encoding", ""):
            pieces = []
            try:
                while piece := self.read_chunk():
                    pieces.append(piece)
            except Cut as cut:
                raise Cut(b"".join(pieces) + cut.received) from None
            answer.body = b"".join(pieces)
        elif "content-length" in answer.headers:
            answer.body = self.read_exactly(int(answer.headers["content-length"]))
        else:
            answer.body = self.read_to_end()
        return answer

    def read_answer(self, method: str = "GET") -> WireAnswer:
        """The next final answer, whole."""
        while (answer := self.read_head()).status < 200:
            pass
        return self.read_body(answer, method)


def wait_until_settled(value: Callable[[], int], quiet_seconds: float = 0.5) -> int:
    """The value once it has stopped growing: all buffers on the way are full then."""
    deadline = time.monotonic() + READ_SECONDS_MAX
    last, since = value(), time.monotonic()
    while time.monotonic() - since < quiet_seconds:
        assert time.monotonic() < deadline, "it does not come to rest"
        time.sleep(0.02)
        if (now := value()) != last:
            last, since = now, time.monotonic()
    return last


def ask(port: int, *pieces: bytes, method: str = "GET") -> WireAnswer | None:
    """One exchange on a connection of its own; None when it was closed without an answer."""
    with Wire(port) as wire:
        try:
            wire.send(*pieces)
        except (ConnectionResetError, BrokenPipeError):
            pass  # An answer may have come before the refusal to read on.
        try:
            return wire.read_answer(method)
        except Cut as cut:
            assert not cut.received, cut.received
            return None
