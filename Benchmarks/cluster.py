"""What servers of a cluster cost beside a single one: rates, latencies and the time of processors
for each request, with one, two and three servers on three NATS servers.

    .venv/bin/python Benchmarks/cluster.py [--write]

`make cluster-bench` does that, after `make bench` has built the products; `--write` puts the tables
into docs/benchmarks/cluster.md. Everything shares one machine, so more servers can't answer more
here: what tells how they would scale is the processor's time for a request.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sidebyside import machine
from sidebyside.api import call
from sidebyside.load import Load, Run, parse, wrk_command
from sidebyside.peers.countersign import EMAIL, PASSWORD, QUIET
from sidebyside.programs import Failure, say
from sidebyside.results import table
from sidebyside.settings import REPOSITORY, Settings

sys.path.insert(0, str(REPOSITORY / "Tests" / "cluster"))

from harness.engine import Engine  # noqa: E402
from harness.servers import Member, Members  # noqa: E402

PAGE = REPOSITORY / "docs" / "benchmarks" / "cluster.md"
# Enough that each of the shards has some.
ACCOUNTS = 48
TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 64
# 0 is a server with a log of its own.
SERVERS = (0, 1, 2, 3)
# Snapshots would fall into some rounds and not into others.
CALM = {"COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "3600"}


@dataclass
class Installation:
    """Servers with the same data."""

    name: str
    servers: list[Member]
    engine: Engine | None
    sessions: list[str] = field(default_factory=list)
    token: str = ""

    def fill(self) -> "Installation":
        origin = self.servers[0].url
        for number in range(ACCOUNTS):
            email = EMAIL if number == 0 else f"bench{number}@example.com"
            body = {"email": email, "password": PASSWORD}
            self.sessions.append(call(origin + "/api/auth/register", body)[1])
        wanted = {"name": "bench", "scopes": ["usage:write"]}
        self.token = call(origin + "/api/tokens", wanted, self.sessions[0])[0]["token"]
        return self


@dataclass(frozen=True)
class Kind:
    """A load, for each server at once."""

    name: str
    connections: int
    script: str
    path: str = ""

    def load(self, origin: str, of: Installation, connections: int, seconds: int) -> Load:
        if self.script == "sessions.lua":
            arguments = tuple(of.sessions)
        else:
            arguments = (of.token, uuid.uuid4().hex[:8])
        return Load(self.name, origin + self.path, connections, seconds, "", self.script, arguments)


KINDS = [
    Kind("session check", CONNECTIONS, "sessions.lua", "/api/auth/session"),
    Kind("one event", 1, "event.lua"),
    Kind("one event", CONNECTIONS, "event.lua"),
    Kind("1,000 events", 8, "bulk.lua"),
]


@dataclass
class Measured:
    run: Run
    # Microseconds of a core for each request.
    servers: float
    engine: float


def seconds_of(processes) -> float:
    """Of processors, in user and kernel mode."""
    total = 0
    for process in processes:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def measure(of: Installation, kind: Kind, origins: list[str], seconds: int) -> Measured:
    """The load in equal parts on the origins."""
    share = max(1, kind.connections // len(origins))
    servers = [member.process for member in of.servers]
    engine = [node.process for node in of.engine.nodes] if of.engine else []
    before = seconds_of(servers), seconds_of(engine)
    commands = [wrk_command(kind.load(origin, of, share, seconds)) for origin in origins]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for command in commands
    ]
    runs = [parse(kind.name, one.communicate(timeout=seconds + 60)[0]) for one in running]
    after = seconds_of(servers), seconds_of(engine)
    for run in runs:
        if faults := run.faults():
            raise Failure(f"{of.name}, {kind.name}: {'; '.join(faults)}")
    answers = sum(run.answers for run in runs)
    total = Run(
        requests_per_second=sum(run.requests_per_second for run in runs),
        p50=statistics.fmean(run.p50 for run in runs),
        p99=max(run.p99 for run in runs),
        answers=answers,
    )
    return Measured(
        total, (after[0] - before[0]) / answers * 1e6, (after[1] - before[1]) / answers * 1e6
    )


@contextmanager
def installation(servers: int) -> Iterator[Installation]:
    """Fresh ones for each turn: idle ones beside it would have heartbeats. Without servers of a
    cluster it is one with a log of its own."""
    with tempfile.TemporaryDirectory(dir=Settings.from_environment().directory) as home:
        place = Path(home)
        engine = Engine(place / "engine") if servers else None
        members = Members(place / "servers", engine.urls if engine else "")
        members.all = members.all[: max(servers, 1)]
        try:
            for member in members.all:
                member.environment |= QUIET | CALM
            if engine:
                engine.start()
                members.start()
            else:
                members.all[0] = members.all[0].alone()
                members.wait_ready()
            name = f"{servers} in a cluster" if servers else "a single server"
            yield Installation(name, members.all, engine).fill()
        finally:
            members.end()
            if engine:
                engine.end()


def cells(name: str, connections: int, one: list[Measured]) -> list[str]:
    def median(of) -> float:
        return statistics.median(of(each) for each in one)

    return [
        name,
        str(connections),
        f"{median(lambda m: m.run.requests_per_second):,.0f}",
        f"{median(lambda m: m.run.p50) / 1000:.2f} ms",
        f"{median(lambda m: m.run.p99) / 1000:.1f} ms",
        f"{median(lambda m: m.servers):.0f} µs",
        f"{median(lambda m: m.engine):.0f} µs",
    ]


HEADS = ["on", "connections", "requests/s", "p50", "p99", "servers' time", "engine's time"]


def main() -> int:
    text = report(Settings.from_environment())
    print(text)
    if "--write" in sys.argv:
        PAGE.write_text(text)
    return 0


def report(settings: Settings) -> str:
    found: dict[tuple[str, int], dict[str, list[Measured]]] = {}
    for number in range(settings.rounds):
        for servers in SERVERS:
            with installation(servers) as one:
                for kind in KINDS:
                    say(f"round {number + 1} of {settings.rounds}: {one.name}, {kind.name}")
                    origins = [member.url for member in one.servers]
                    measured = measure(one, kind, origins, settings.seconds)
                    rows = found.setdefault((kind.name, kind.connections), {})
                    rows.setdefault(one.name, []).append(measured)
    parts = [
        "# Servers in a cluster, beside a single one",
        f"`make cluster-bench` on {datetime.now(UTC):%Y-%m-%d}, commit "
        f"{machine.commit()}; {settings.rounds} rounds of {settings.seconds} s each, medians. "
        "Servers, the three servers of NATS (`sync_interval: always`) and wrk share one machine. "
        "The load is spread evenly over the servers. *Time* is that of a core for each request.",
        "\n".join(machine.facts(settings.directory or tempfile.gettempdir())),
    ]
    for (name, connections), rows in found.items():
        noun = "connection" if connections == 1 else "connections"
        parts.append(f"## {name[0].upper()}{name[1:]}: {connections} {noun}")
        lines = [cells(on, connections, measured) for on, measured in rows.items()]
        parts.append(table(HEADS, lines))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
