"""Real nats-servers on loopback: three that form a cluster, each with a folder of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

BESIDE_PYTHON = Path(sys.executable).parent / "nats-server"
NATS = os.environ.get("NATS_SERVER") or (
    str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else shutil.which("nats-server")
)

CONFIG = """
server_name: {name}
listen: 127.0.0.1:{client}
http: 127.0.0.1:{monitor}
jetstream {{ store_dir: "{store}", sync_interval: always }}
{extra}
"""
CLUSTER = """
cluster {{
  name: test
  listen: 127.0.0.1:{route}
  routes: [{routes}]
}}
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Node:
    """One nats-server."""

    def __init__(self, root: Path, name: str, ports, routes="", extra=""):
        self.name = name
        self.client, self.monitor, route = ports
        self.home = root / name
        self.home.mkdir(parents=True, exist_ok=True)
        self.store = self.home / "store"
        self.process = None
        text = CONFIG.format(
            name=name, client=self.client, monitor=self.monitor, store=self.store, extra=extra
        )
        if routes:
            text += CLUSTER.format(route=route, routes=routes)
        self.config = self.home / "server.conf"
        self.config.write_text(text)

    def start(self) -> "Node":
        log = open(self.home / "server.log", "ab")
        self.process = subprocess.Popen(
            [NATS, "-c", str(self.config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        log.close()
        return self

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """In good order."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def get(self, path: str) -> dict:
        url = f"http://127.0.0.1:{self.monitor}{path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=3) as answer:
            return json.load(answer)

    def is_healthy(self) -> bool:
        try:
            return self.get("/healthz").get("status") == "ok"
        except OSError:
            return False

    def blocks(self, stream: str) -> list[Path]:
        return sorted(self.store.glob(f"jetstream/*/streams/{stream}/msgs/*.blk"))


class Engine:
    """Three servers."""

    def __init__(self, root: Path, extra: str = "", ports: list[int] | None = None):
        ports = ports or free_ports(9)
        routes = ", ".join(f"nats://127.0.0.1:{ports[i * 3 + 2]}" for i in range(3))
        self.nodes = [
            Node(root, f"n{i}", ports[i * 3 : i * 3 + 3], routes, extra) for i in range(3)
        ]

    def start(self) -> "Engine":
        for node in self.nodes:
            node.start()
        self.wait_healthy()
        return self

    def wait_healthy(self, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not all(node.is_healthy() for node in self.nodes):
            assert time.monotonic() < deadline, "the cluster does not come up"
            time.sleep(0.1)

    def end(self) -> None:
        for node in self.nodes:
            node.kill()

    @property
    def urls(self) -> str:
        return ",".join(f"127.0.0.1:{node.client}" for node in self.nodes)

    def stream(self, name: str) -> dict:
        """What the servers say of a stream; {} when none knows it."""
        for node in self.nodes:
            if node.process is None or node.process.poll() is not None:
                continue
            try:
                answer = node.get("/jsz?streams=true&config=true")
            except OSError:
                continue
            for account in answer.get("account_details") or []:
                for stream in account.get("stream_detail") or []:
                    if stream["name"] == name:
                        return stream
        return {}

    def leader(self, stream: str, seconds: float = 30) -> Node:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            name = (self.stream(stream).get("cluster") or {}).get("leader")
            for node in self.nodes:
                if node.name == name and node.process.poll() is None:
                    return node
            time.sleep(0.1)
        raise AssertionError(f"{stream} has no leader")
