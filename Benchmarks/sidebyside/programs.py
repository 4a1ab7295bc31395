"""Programs of a run: started with their output in a file, awaited, and ended by their own id."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

# Generous: the first start of a peer reads 100 MB from a cold disk, and Python compiles it.
START_SECONDS = 120
# What the server's graceful stop may take, and some more.
STOP_SECONDS = 20
POLL_SECONDS = 0.02
LOG_TAIL_CHARACTERS = 2000
# /proc counts in kB and means 1024 bytes.
KIBIBYTE_MEGABYTES = 1024 / 1e6


class Failure(Exception):
    """The run can't go on, or its figures can't be believed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def output_of(*command) -> str:
    """What a short command says on both streams; empty where it can't be run."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Program:
    """A process in a session of its own, so that Ctrl-C reaches only the benchmark, which then
    ends its programs one by one."""

    def __init__(self, name: str, command, log: Path, environment: dict[str, str]):
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def await_port(self, port: int) -> None:
        def accepts() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
            except OSError:
                return False

        self._await(accepts, f"nothing listens on port {port}")

    def await_line(self, pattern: str) -> re.Match:
        def line() -> re.Match | None:
            return re.search(pattern, self.log.read_text(errors="replace"), re.MULTILINE)

        return self._await(line, f"no line {pattern!r}")

    def _await(self, condition, otherwise: str):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check_alive()
            if found := condition():
                return found
            time.sleep(POLL_SECONDS)
        raise Failure(f"{self.name}: {otherwise} after {START_SECONDS} s; {self._last_words()}")

    def megabytes(self) -> float:
        """Resident memory of the process alone."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * KIBIBYTE_MEGABYTES

    def megabytes_of_all(self) -> float:
        """Resident memory of the process and its children, each shared page counted once (PSS)."""
        kibibytes = 0
        for pid in descendants(self.process.pid):
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            if found := re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE):
                kibibytes += int(found.group(1))
        return kibibytes * KIBIBYTE_MEGABYTES

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            raise Failure(
                f"{self.name} ended with status {self.process.returncode}; {self._last_words()}"
            )

    def _last_words(self) -> str:
        said = self.log.read_text(errors="replace").strip()[-LOG_TAIL_CHARACTERS:]
        return f"it said:\n{said or '(nothing)'}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Without notice. The whole group: killed alone, nginx would leave its workers behind."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def descendants(pid: int) -> list[int]:
    """The process and all that came from it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                found += descendants(int(child))
        except OSError:
            continue
    return found


@contextmanager
def running(name: str, command, place: Path, environment: dict[str, str] | None = None):
    program = Program(name, command, place / f"{name}.log", environment or dict(os.environ))
    try:
        yield program
    finally:
        program.stop()
