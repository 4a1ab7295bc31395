"""Requests that no HTTP library would send: bytes over a socket."""

import json
import socket
from dataclasses import dataclass

REPLY_SECONDS_MAX = 10


@dataclass
class RawReply:
    """What came back before the server closed; `status` is 0 when nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes
    everything: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


def exchange(
    port: int, *pieces: bytes, read_all: bool = False, half_close: bool = False
) -> RawReply:
    """Sends the pieces and reads until the server closes or has answered one request in full.

    `read_all` reads until it closes; `half_close` says after the pieces that nothing follows."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=REPLY_SECONDS_MAX) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while read_all or not _is_complete(received):
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            # Closing is right for the worst of them; what arrived before still counts.
            received += _what_is_left(connection)
    return _parse(received)


def _what_is_left(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def _is_complete(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = _headers(head).get("content-length")
    return length is not None and len(body) >= int(length)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }


def _parse(received: bytes) -> RawReply:
    head, _, body = received.partition(b"\r\n\r\n")
    if not head:
        return RawReply(0, {}, b"", received)
    headers = _headers(head)
    status = int(head.split(b" ", 2)[1])
    return RawReply(
        status, headers, body[: int(headers.get("content-length", len(body)))], received
    )
