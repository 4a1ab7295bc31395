"""A short load by wrk. Its figures are of a machine that has other things to do as well."""

import re
from dataclasses import dataclass

from harness import REPOSITORY

from . import shell

THREADS, CONNECTIONS, SECONDS = 1, 32, 2


@dataclass
class Load:
    requests: int
    a_second: float


def wrk(home, url: str, script: str, *arguments: str) -> Load:
    """Every answer has to be a success, and no connection may break."""
    command = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s"]
    command += [str(REPOSITORY / "Benchmarks/wrk" / script), url, "--", *arguments]
    done = shell.run(command, home)
    printed = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "Non-2xx" not in printed and "Socket errors" not in printed, printed
    found = re.search(r"(\d+) requests in", printed)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    assert found and rate and int(found[1]) > 0, printed
    return Load(int(found[1]), float(rate[1]))
