"""Clients that sign in: many connections, each from a loopback address of its own.

wrk asks from one address, and a server that is fair between addresses would see a storm of one.
"""

import asyncio
import json
import time
from dataclasses import dataclass

# 127.1.0.0/16: nobody else's loopback address.
ADDRESSES_MAX = 60_000
ANSWER_SECONDS_MAX = 120


@dataclass
class Answer:
    status: int
    # On time.monotonic.
    sent: float
    came: float

    @property
    def seconds(self) -> float:
        return self.came - self.sent


def post_request(origin: str, path: str, body: dict, token: str = "") -> bytes:
    text = json.dumps(body).encode()
    host = origin.removeprefix("http://")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    return f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text


class Connection(asyncio.Protocol):
    """One request at a time; an answer's time is that of its first bytes."""

    def __init__(self):
        self.received = b""
        self.sent = self.came = 0.0
        self.waiting: asyncio.Future | None = None

    def connection_made(self, transport) -> None:
        self.transport = transport

    def send(self, request: bytes) -> "asyncio.Future[Answer]":
        self.received, self.came = b"", 0.0
        self.waiting = asyncio.get_running_loop().create_future()
        self.sent = time.monotonic()
        self.transport.write(request)
        return self.waiting

    def data_received(self, data: bytes) -> None:
        self.came = self.came or time.monotonic()
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if found and len(body) >= length(head) and self.waiting and not self.waiting.done():
            status = int(head.split(b" ", 2)[1])
            self.waiting.set_result(Answer(status, self.sent, self.came))

    def connection_lost(self, error) -> None:
        if self.waiting and not self.waiting.done():
            # A status of its own: the server closed instead of answering.
            self.waiting.set_result(Answer(0, self.sent, time.monotonic()))


def length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def connect(origin: str, count: int) -> list[Connection]:
    host, _, port = origin.removeprefix("http://").partition(":")
    loop = asyncio.get_running_loop()
    connections = []
    for number in range(1, min(count, ADDRESSES_MAX) + 1):
        own = f"127.1.{number // 250}.{number % 250 + 1}"
        _, connection = await loop.create_connection(
            Connection, host, int(port), local_addr=(own, 0)
        )
        connections.append(connection)
    return connections


def close(connections: list[Connection]) -> None:
    for connection in connections:
        connection.transport.abort()


async def burst(origin: str, requests: list[bytes], when=None) -> list[Answer]:
    """All requests at once, each on a connection that is there already. `when` is called just
    before the first is sent."""
    connections = await connect(origin, len(requests))
    try:
        if when:
            await when()
        answers = [one.send(text) for one, text in zip(connections, requests, strict=True)]
        return await asyncio.wait_for(asyncio.gather(*answers), ANSWER_SECONDS_MAX)
    finally:
        close(connections)


async def sustained(
    origin: str, requests: list[bytes], seconds: float, warm_seconds: float
) -> tuple[float, list[Answer]]:
    """A closed loop: each connection sends its request again as soon as it was answered. Answers
    that came within the last `seconds` count; the time before them fills the server's queue."""
    connections = await connect(origin, len(requests))
    began = time.monotonic() + warm_seconds
    ends = began + seconds
    answers: list[Answer] = []

    async def loop(connection: Connection, request: bytes) -> None:
        while time.monotonic() < ends:
            answer = await asyncio.wait_for(connection.send(request), ANSWER_SECONDS_MAX)
            answers.append(answer)
            if not answer.status:
                return

    try:
        pairs = zip(connections, requests, strict=True)
        await asyncio.gather(*(loop(one, text) for one, text in pairs))
    finally:
        close(connections)
    counted = [answer for answer in answers if began <= answer.came < ends]
    good = sum(200 <= answer.status < 300 for answer in counted)
    return good / seconds, counted


async def all_answered(origin: str, requests: list[bytes], connections_max: int) -> list[Answer]:
    """Works through a list, for what has to be there before a measurement."""
    waiting = list(reversed(requests))
    connections = await connect(origin, min(connections_max, len(requests)))
    answers: list[Answer] = []

    async def work(connection: Connection) -> None:
        while waiting:
            answers.append(await asyncio.wait_for(connection.send(waiting.pop()), 60))

    try:
        await asyncio.gather(*(work(one) for one in connections))
    finally:
        close(connections)
    return answers
