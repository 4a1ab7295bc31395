"""Real servers that share their data through a cluster of NATS, and callers of all of them."""

import base64
import math
import os
import random
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path

import requests

from .engine import free_ports

ROOT = Path(__file__).resolve().parents[3]
COUNTERSIGN = Path(
    os.environ.get("COUNTERSIGN_BINARY", ROOT / ".build/release/countersign")
).resolve()
PASSWORD = "correct horse battery staple"
START_SECONDS_MAX = 120


class Member:
    """One server."""

    def __init__(self, home: Path, ordinal: int, port: int, engine: str, key: str):
        self.home, self.ordinal, self.port = home, ordinal, port
        self.folder = "data"
        home.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "APP_ENC_KEY": key,
            "COUNTERSIGN_CLUSTER_SERVERS": engine,
            "COUNTERSIGN_CLUSTER_ADVERTISE": self.url,
            "COUNTERSIGN_CLUSTER_ORDINAL": str(ordinal),
            "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "5",
            **{
                f"COUNTERSIGN_RATE_LIMITS_{name}_{part}": "1000000"
                for name in ("SIGN_IN", "REGISTRATION")
                for part in ("QUOTA", "BURST")
            },
        }
        self.process = None
        # Whose signature its certificate has; without one it speaks plain HTTP.
        self.authority: Path | None = None

    def speak_tls(self, certificate: Path, key: Path) -> None:
        """With a certificate that signs itself, to callers and to the other servers."""
        self.authority = certificate
        self.url = self.url.replace("http:", "https:")
        self.environment |= {
            "COUNTERSIGN_TLS_CERTIFICATE": str(certificate),
            "COUNTERSIGN_TLS_KEY": str(key),
            "COUNTERSIGN_CLUSTER_ADVERTISE": self.url,
            "COUNTERSIGN_CLUSTER_PEER_CA_FILE": str(certificate),
        }

    def alone(self, folder: str = "data") -> "Member":
        """The same server without a cluster: before there was one, or after it."""
        member = Member.__new__(Member)
        member.__dict__ = {**self.__dict__, "environment": {
            name: value for name, value in self.environment.items() if "CLUSTER" not in name
        }, "folder": folder}
        return member.start()

    def migrate(
        self, *more: str, to: str = "cluster", folder: str = "data"
    ) -> subprocess.CompletedProcess:
        arguments = ["migrate", "--to", to, "--data-dir", str(self.home / folder), *more]
        return self.run(*arguments)

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(COUNTERSIGN), *arguments], cwd=self.home, capture_output=True, text=True,
            # The address that servers have by a flag.
            env={**self.environment, "COUNTERSIGN_PORT": str(self.port)}, timeout=120, check=False,
        )

    def hand_over(self, *options: str) -> subprocess.CompletedProcess:
        arguments = ["hand-over", *options, "--data-dir", str(self.home / "data")]
        return subprocess.run(
            [str(COUNTERSIGN), *arguments], cwd=self.home, capture_output=True, text=True,
            env=self.environment, timeout=60, check=False,
        )

    def start(self) -> "Member":
        arguments = ["serve", "--port", str(self.port), "--data-dir",
                     str(self.home / self.folder)]
        with open(self.home / "out.log", "ab") as out, open(self.home / "err.log", "ab") as err:
            self.process = subprocess.Popen(
                [str(COUNTERSIGN), *arguments], env=self.environment, cwd=self.home,
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            )
        return self

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=30)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def get(self, path: str, seconds: float = 2):
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(self.authority) if self.authority else True
            return session.get(self.url + path, timeout=seconds)

    def metric(self, name: str) -> float | None:
        try:
            text = self.get("/metrics").text
        except requests.RequestException:
            return None
        found = [line.split()[1] for line in text.splitlines() if line.startswith(name + " ")]
        return float(found[0]) if found else None

    def is_owner(self) -> bool:
        return self.metric("countersign_cluster_owner") == 1

    def is_ready(self) -> bool:
        try:
            return self.get("/ready").status_code == 200
        except requests.RequestException:
            return False

    def output(self) -> str:
        return (self.home / "out.log").read_text() + (self.home / "err.log").read_text()


class Members:
    """Three servers."""

    def __init__(
        self, root: Path, engine: str, key: str | None = None, ports: list[int] | None = None
    ):
        key = key or base64.b64encode(os.urandom(32)).decode()
        self.all = [
            Member(root / f"server-{ordinal}", ordinal, port, engine, key)
            for ordinal, port in enumerate(ports or free_ports(3))
        ]
        # A server that stands still answers nobody, and callers would only wait.
        self.avoided: Member | None = None

    def start(self) -> "Members":
        for member in self.all:
            member.start()
        self.owner()
        self.wait_ready()
        return self

    def owner(self, other_than: Member | None = None, seconds: float = START_SECONDS_MAX) -> Member:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for member in self.all:
                is_alive = member.process and member.process.poll() is None
                if member is not other_than and is_alive and member.is_owner():
                    return member
            time.sleep(0.02)
        raise AssertionError("nobody owns the data:\n" + "\n".join(m.output() for m in self.all))

    def anybody(self) -> Member:
        return random.choice([each for each in self.all if each is not self.avoided])

    def wait_spread(self, among: list[Member] | None = None,
                    seconds: float = START_SECONDS_MAX) -> list[int]:
        """Until each server serves its share of the shards."""
        deadline = time.monotonic() + seconds
        while True:
            served = [
                each.metric("countersign_cluster_shards_served") for each in among or self.all
            ]
            if None not in served and sum(served) == 16 and max(served) - min(served) <= 1:
                return [int(count) for count in served]
            assert time.monotonic() < deadline, f"{served} shards are served"
            time.sleep(0.2)

    def wait_ready(self, seconds: float = START_SECONDS_MAX) -> None:
        deadline = time.monotonic() + seconds
        while not all(member.is_ready() for member in self.all):
            assert time.monotonic() < deadline, "\n".join(m.output() for m in self.all)
            time.sleep(0.05)

    def end(self) -> None:
        for member in self.all:
            member.kill()


class From(requests.adapters.HTTPAdapter):
    """Connections that come from an address of their own."""

    def __init__(self, source: str):
        self.source = source
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self.source, 0), **options)


class Caller:
    """Somebody who talks to any of the servers."""

    def __init__(self, source: str | None = None, **headers):
        self.session = requests.Session()
        self.session.trust_env = False
        self.headers = headers
        if source:
            self.session.mount("http://", From(source))

    def send(self, method: str, url: str, body=None, seconds: float = 20):
        return self.session.request(
            method, url, json=body, headers=self.headers, timeout=seconds, allow_redirects=False
        )

    def register(self, url: str, email: str):
        answer = self.send("POST", url + "/api/auth/register", {"email": email,
                                                                  "password": PASSWORD})
        if answer.status_code == 201 and (line := answer.headers.get("set-cookie")):
            self.headers["Cookie"] = line.split(";")[0]
            self.session.cookies.clear()
        return answer


class Load:
    """Reports events and registers accounts through all servers, and remembers what was
    acknowledged."""

    def __init__(self, members: Members, token: str, reporters: int = 4):
        self.members, self.token = members, token
        self.events: list[tuple[float, str]] = []
        self.emails: list[str] = []
        self.failures: list[str] = []
        self.stop = threading.Event()
        self.threads = [
            *(threading.Thread(target=self._report, daemon=True) for _ in range(reporters)),
            threading.Thread(target=self._register, daemon=True),
        ]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(timeout=40)
            assert not thread.is_alive(), "a request has no end"

    def _report(self) -> None:
        caller = Caller(Authorization=f"Bearer {self.token}")
        while not self.stop.is_set():
            name = uuid.uuid4().hex
            event = {"source": "t", "id": name, "integration": "openai", "operation": "POST /x",
                     "status": "ok"}
            member = self._anybody()
            try:
                answer = caller.send("POST", member.url + "/api/usage/events", [event], 10)
            except requests.RequestException as error:
                self._failed(type(error).__name__)
                continue
            if answer.status_code != 200:
                self._failed(f"{answer.status_code} {answer.json().get('error_code')}")
                continue
            if answer.json()["accepted"] == 1:
                self.events.append((time.monotonic(), name))

    def _register(self) -> None:
        while not self.stop.is_set():
            email = f"u{uuid.uuid4().hex}@example.com"
            try:
                member = self._anybody()
                answer = Caller().register(member.url, email)
                if answer.status_code == 201:
                    self.emails.append(email)
                else:
                    self._failed(f"{answer.status_code} {answer.json().get('error_code')}")
            except requests.RequestException as error:
                self._failed(type(error).__name__)
            time.sleep(0.05)

    def _anybody(self) -> Member:
        return self.members.anybody()

    def _failed(self, what: str) -> None:
        self.failures.append(what)
        time.sleep(0.02)

    @property
    def refusals(self) -> list[str]:
        """What a server said no to. One that has ended says nothing."""
        return [failure for failure in list(self.failures) if failure[0].isdigit()]

    def wait(self, more: int, seconds: float = 40) -> None:
        """Until so many more events are acknowledged."""
        wanted = len(self.events) + more
        deadline = time.monotonic() + seconds
        while len(self.events) < wanted:
            assert time.monotonic() < deadline, (
                f"nothing goes on: {self.failures[-5:]}\n"
                + "\n".join(member.output()[-3000:] for member in self.members.all))
            time.sleep(0.01)

    def outage(self, since: float, until: float = math.inf) -> float:
        """The longest time without an acknowledgement from then on."""
        times = sorted(at for at, _ in list(self.events) if since - 1 <= at <= until)
        return max(later - earlier for earlier, later in zip(times, times[1:]))
