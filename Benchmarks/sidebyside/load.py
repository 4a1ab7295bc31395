"""The load of a figure, and the generator that makes it: wrk.

A `Load` says what is asked of whom in words that any generator understands, and a `Run` is what
came back. Another generator takes wrk's place by being a function from one to the other.
"""

import re
import subprocess
from dataclasses import dataclass

from .programs import Failure, Program
from .rig import tool
from .settings import SCRIPTS

MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000}
# An answer that takes longer is a fault, not a figure.
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Load:
    """A closed loop: each connection asks again as soon as it was answered."""

    name: str
    url: str
    connections: int
    seconds: int
    authorization: str = ""
    # A script of Benchmarks/wrk that makes the requests, and what it is given; without one each
    # request is the same GET.
    script: str = ""
    arguments: tuple[str, ...] = ()


@dataclass
class Run:
    """What a generator saw: times in microseconds, answers by what they were."""

    requests_per_second: float
    p50: float
    p99: float
    answers: int
    refused: int = 0
    socket_errors: str = ""

    @property
    def succeeded(self) -> int:
        return self.answers - self.refused

    def faults(self) -> list[str]:
        faults = []
        if self.refused:
            faults.append(f"{self.refused} of {self.answers} answers were refusals")
        if self.socket_errors:
            faults.append(f"socket errors: {self.socket_errors}")
        return faults


def put(load: Load, program: Program) -> Run:
    """Puts the load on a program and checks that it lived through it."""
    run = wrk(load)
    program.check_alive()
    return run


def wrk_command(load: Load) -> list[str]:
    """One thread: on shared cores a second one costs the server more than it adds to the load."""
    command = [tool("wrk", "wrk"), "-t1", f"-c{load.connections}", f"-d{load.seconds}s"]
    command += ["--latency", "--timeout", f"{TIMEOUT_SECONDS}s"]
    if load.authorization:
        command += ["-H", f"Authorization: {load.authorization}"]
    if load.script:
        command += ["-s", str(SCRIPTS / load.script)]
    return [*command, load.url, "--", *load.arguments]


def wrk(load: Load) -> Run:
    done = subprocess.run(
        wrk_command(load),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=load.seconds + 60,
    )
    return parse(load.name, done.stdout)


def parse(name: str, printed: str) -> Run:
    """Each pattern is bound to its whole line: "50%" alone also matches other columns. A time in
    seconds has a blank behind it."""

    def line(pattern: str) -> re.Match | None:
        return re.search(f"^{pattern} *$", printed, re.MULTILINE)

    def quantile(percent: int) -> float:
        found = line(rf"\s+{percent}%\s+([\d.]+)(us|ms|s|m)")
        return float(found.group(1)) * MICROSECONDS[found.group(2)]

    refused = line(r"  Non-2xx or 3xx responses: (\d+)")
    socket_errors = line(r"  Socket errors: (.+)")
    try:
        return Run(
            requests_per_second=float(line(r"Requests/sec:\s+([\d.]+)").group(1)),
            p50=quantile(50),
            p99=quantile(99),
            answers=int(line(r"\s+(\d+) requests in [\d.]+\w+, .+ read").group(1)),
            refused=int(refused.group(1)) if refused else 0,
            socket_errors=socket_errors.group(1) if socket_errors else "",
        )
    except AttributeError:
        raise Failure(f"{name}: wrk printed\n{printed or '(nothing)'}") from None
