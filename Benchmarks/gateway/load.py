"""The load generator and the disk's clock."""

import os
import re
import ssl
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .peers import BODY, Peer, tool
from .programs import Failure

MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000}
# One record of a usage event is about so long.
RECORD_BYTES = 512
RECORDS = 400
# On a slow disk fewer records have to do.
DISK_SECONDS_MAX = 5


@dataclass
class Run:
    """What wrk saw: times in microseconds, answers by what they were."""

    connections: int
    requests_per_second: float
    p50: float
    p99: float
    answers: int
    refused: int
    socket_errors: str

    @property
    def succeeded(self) -> int:
        return self.answers - self.refused


def wrk(peer: Peer, connections: int, seconds: int) -> Run:
    command = [tool("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    printed = subprocess.run(
        [*command, "-H", f"Authorization: Bearer {peer.authorization}", peer.url],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    ).stdout
    peer.program.check_alive()
    try:
        return parse(printed, connections)
    except AttributeError:
        raise Failure(f"{peer.name}: wrk printed\n{printed or '(nothing)'}") from None


def parse(printed: str, connections: int) -> Run:
    """Each pattern is bound to its whole line: "50%" alone also matches other columns."""

    def line(pattern: str) -> re.Match | None:
        return re.search(f"^{pattern}$", printed, re.MULTILINE)

    def quantile(percent: int) -> float:
        found = line(rf"\s+{percent}%\s+([\d.]+)(us|ms|s|m)")
        return float(found.group(1)) * MICROSECONDS[found.group(2)]

    refused = line(r"  Non-2xx or 3xx responses: (\d+)")
    socket_errors = line(r"  Socket errors: (.+)")
    return Run(
        connections=connections,
        requests_per_second=float(line(r"Requests/sec:\s+([\d.]+)").group(1)),
        p50=quantile(50),
        p99=quantile(99),
        answers=int(line(r"\s+(\d+) requests in [\d.]+\w+, .+ read").group(1)),
        refused=int(refused.group(1)) if refused else 0,
        socket_errors=socket_errors.group(1) if socket_errors else "",
    )


def check_answer(peer: Peer, authority: Path) -> None:
    """One call before any load: the peer gives the upstream's body, not a page of its own."""
    context = ssl.create_default_context(cafile=authority)
    request = urllib.request.Request(peer.url)
    request.add_header("Authorization", f"Bearer {peer.authorization}")
    try:
        status, body = ask(request, context)
    except OSError as error:
        raise Failure(f"{peer.name} can't be reached: {error}") from None
    if status != 200 or body != BODY:
        raise Failure(f"{peer.name} answers {status} {body[:500]!r} instead of the upstream's body")


def ask(request: urllib.request.Request, context: ssl.SSLContext) -> tuple[int, str]:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode(errors="replace")


def flush_microseconds(place: Path) -> float:
    """Median time of one fdatasync after a write into a file that is already there, zeros and all,
    so that the file system has no metadata to write: a preallocated log's best case."""
    path = place / "flush"
    if not path.exists():
        path.write_bytes(bytes(RECORD_BYTES * RECORDS))
        with path.open("rb") as written:
            os.fsync(written.fileno())
    record, times = os.urandom(RECORD_BYTES), []
    deadline = time.monotonic() + DISK_SECONDS_MAX
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for index in range(RECORDS):
            os.pwrite(descriptor, record, index * RECORD_BYTES)
            began = time.perf_counter_ns()
            os.fdatasync(descriptor)
            times.append((time.perf_counter_ns() - began) / 1000)
            if time.monotonic() > deadline:
                break
    finally:
        os.close(descriptor)
    return statistics.median(times)
