"""One running `countersign serve`: started, killed, stopped and started again on the same data."""

import base64
import hashlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from .client import Client
from .program import BINARY, PROGRAM_SECONDS_MAX, Refused, clean_environment, run_program

# Tests sign in far more often than people do; test_rate_limits.py uses the real defaults.
GENEROUS_LIMITS = {
    f"COUNTERSIGN_RATE_LIMITS_{name}_{key}": "1000000"
    for name in ("SIGN_IN", "REGISTRATION")
    for key in ("QUOTA", "BURST")
}
# Small segments: a start zeroes one and a half of them on the disk.
SMALL_SEGMENTS = {"COUNTERSIGN_LOG_SEGMENT_BYTES": str(4 << 20)}
LISTENING = re.compile(r"^listening on (https?://\S+:(\d+))\s*$", re.MULTILINE)


class Server:
    def __init__(
        self,
        home: Path,
        *,
        env: dict[str, str] | None = None,
        args: tuple[str, ...] = (),
        key: str | None = None,
        limits: bool = False,
        data: Path | None = None,
    ):
        """`home` is the process's working directory; its logs and, unless `data` says otherwise,
        its data directory are in there. `limits` keeps the default rate limits."""
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.data = data or home / "data"
        self.key = key or base64.b64encode(os.urandom(32)).decode()
        self.binary = BINARY
        self.args = args
        self.env = {**({} if limits else GENEROUS_LIMITS), **SMALL_SEGMENTS, **(env or {})}
        self.url = ""
        self.port = 0
        self.process: subprocess.Popen | None = None
        self.starts = 0

    # Starting and ending

    def start(self, port: int = 0) -> "Server":
        """Returns when the server listens; raises `Refused` when it ends instead. Without a `port`
        it takes a free one."""
        assert self.process is None, "the server is running already"
        self.starts += 1
        arguments = ["serve", "--port", str(port), "--data-dir", str(self.data), *self.args]
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                [str(self.binary), *arguments],
                env=self.environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        deadline = time.monotonic() + PROGRAM_SECONDS_MAX
        while not (found := LISTENING.search(self.stdout_path.read_text())):
            if (code := self.process.poll()) is not None:
                self.process = None
                raise Refused(code, self.stdout_path.read_text() + self.stderr_path.read_text())
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError("the server does not say that it is listening: " + self.output())
            time.sleep(0.01)
        self.url, self.port = found.group(1), int(found.group(2))
        return self

    def kill(self) -> None:
        """kill -9, by process id."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> int:
        """SIGTERM; answers the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=PROGRAM_SECONDS_MAX)
        self.process = None
        return code

    def crash_and_restart(self) -> "Server":
        self.kill()
        return self.start()

    # Looking at it

    @property
    def stdout_path(self) -> Path:
        return self.home / f"stdout-{self.starts}.log"

    @property
    def stderr_path(self) -> Path:
        return self.home / f"stderr-{self.starts}.log"

    def output(self) -> str:
        """Everything that all runs so far have printed."""
        return "".join(
            path.read_text(errors="replace") for path in sorted(self.home.glob("std*.log"))
        )

    def environment(self) -> dict[str, str]:
        return clean_environment({"APP_ENC_KEY": self.key, **self.env})

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    # Using it

    def client(self, **options) -> Client:
        return Client(self.url, **options)

    def admin(self) -> Client:
        """Registers the first account of this server, which makes it the admin."""
        client = self.client()
        client.register("admin@example.com")
        assert client.user["role"] == "admin"
        return client

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
        """Runs another subcommand on the same data directory, with the same settings."""
        return run_program(
            *arguments,
            "--data-dir",
            str(self.data),
            env={"APP_ENC_KEY": self.key, **self.env},
            cwd=self.home,
            stdin=stdin,
        )


# A start that is refused may touch these and nothing else.
TOUCHABLE = {"lock", "pid"}


def directory_hash(directory: Path) -> str:
    """A digest of all names and contents, without what a refused start may touch."""
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.name not in TOUCHABLE:
            digest.update(f"{path.relative_to(directory)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
