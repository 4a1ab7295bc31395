"""Redis with an append-only file that is synced before each answer, and its own load generator."""

import csv
import io
import re
import subprocess
from dataclasses import dataclass

from ..load import Run
from ..programs import Failure, Program, free_port, output_of
from ..rig import Rig, tool

PACKAGE = "redis-tools"
# The same fields as the event that Countersign is sent.
EVENT = ["XADD", "events", "*", "source", "bench", "id", "__rand_int__", "integration", "openai"]
EVENT += ["operation", "POST /v1/chat/completions", "status", "ok", "latency_ms", "812"]
RANDOM_IDS = 1_000_000_000
WARM_REQUESTS = 20_000


@dataclass
class Redis:
    port: int
    program: Program
    # How many commands a second it answered last: redis-benchmark is told a number, not a time.
    expected: float = 0

    def append(self, connections: int, seconds: int) -> Run:
        if not self.expected:
            self.expected = benchmark(self, connections, WARM_REQUESTS).requests_per_second
        run = benchmark(self, connections, max(1000, int(self.expected * seconds)))
        self.expected = run.requests_per_second
        return run


def start(rig: Rig) -> Redis:
    # The server is in the package of the tools, under the name of one of them; it goes by the name
    # that it is called by. So no system service has to be installed.
    command = rig.place / "redis-server"
    if not command.exists():
        command.symlink_to(tool("redis-check-rdb", PACKAGE))
    data, port = rig.place / "redis-data", free_port()
    data.mkdir(exist_ok=True)
    arguments = ["--port", port, "--bind", "127.0.0.1", "--dir", data, "--save", ""]
    arguments += ["--appendonly", "yes", "--appendfsync", "always"]
    program = rig.start("redis", [command, *arguments])
    program.await_port(port)
    told = output_of(tool("redis-cli", PACKAGE), "-p", port, "config", "get", "appendfsync")
    if told.split() != ["appendfsync", "always"]:
        raise Failure(f"redis would not sync each append: {told!r}")
    return Redis(port, program)


def benchmark(server: Redis, connections: int, requests: int) -> Run:
    command = [tool("redis-benchmark", PACKAGE), "-p", server.port, "-c", connections]
    command += ["-n", requests, "-r", RANDOM_IDS, "--csv", *EVENT]
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=300
    )
    server.program.check_alive()
    lines = [line for line in done.stdout.splitlines() if line.startswith('"')]
    try:
        told = next(csv.DictReader(io.StringIO("\n".join(lines))))
        return Run(
            requests_per_second=float(told["rps"]),
            p50=float(told["p50_latency_ms"]) * 1000,
            p99=float(told["p99_latency_ms"]) * 1000,
            answers=requests,
        )
    except (KeyError, StopIteration):
        raise Failure(f"redis-benchmark printed\n{done.stdout}{done.stderr}") from None


def version() -> str:
    found = re.search(r"(\d+\.\d+\.\d+)", output_of(tool("redis-cli", PACKAGE), "--version"))
    return found.group(1) if found else "unknown"
