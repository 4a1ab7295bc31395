"""Starts three servers on three NATS servers on this machine, for people to look at. Ctrl-C stops
them; what they hold stays in ./cluster-data, so the next start goes on with it."""

import base64
import os
import signal
import sys
import time
from pathlib import Path

from harness.engine import NATS, Engine
from harness.servers import COUNTERSIGN, ROOT, Members

HOME = Path(os.environ.get("CLUSTER_HOME", ROOT / "cluster-data"))
# Beside the ports that the programs have by default, so that a single server can run too.
SERVER_PORTS = [8081, 8082, 8083]
BACK_SECONDS = 15
ENGINE_PORTS = [14222, 18222, 16222, 14223, 18223, 16223, 14224, 18224, 16224]


def key() -> str:
    """Made at the first start: whoever loses it loses the second factors."""
    file = HOME / "key"
    if not file.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            out.write(base64.b64encode(os.urandom(32)).decode())
    return file.read_text()


def bring_back(engine: Engine, members: Members) -> None:
    """Whoever was killed is started again after a while: first the others are seen to take over."""
    for each in [*engine.nodes, *members.all]:
        if each.process.poll() is not None:
            print(f"{each.home.name} has ended ({each.process.returncode})", flush=True)
            time.sleep(BACK_SECONDS)
            each.start()
            print(f"{each.home.name} is back, pid {each.process.pid}", flush=True)


def main() -> int:
    if not NATS or not os.access(COUNTERSIGN, os.X_OK):
        print("make cluster builds the server and installs nats-server", file=sys.stderr)
        return 1
    engine = Engine(HOME / "engine", ports=ENGINE_PORTS)
    members = Members(HOME / "servers", engine.urls, key(), SERVER_PORTS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        engine.start()
        members.start()
        for member in members.all:
            role = "owner" if member.is_owner() else "standby"
            print(f"{member.url}  {role:8} pid {member.process.pid}  log {member.home}/err.log")
        print(
            f"Any of them answers. Kill one and see; it comes back {BACK_SECONDS} s later. "
            "Ctrl-C stops all.",
            flush=True,
        )
        while True:
            time.sleep(1)
            bring_back(engine, members)
    except KeyboardInterrupt:
        pass
    finally:
        for member in members.all:
            if member.process and member.process.poll() is None:
                member.stop()
        for node in engine.nodes:
            if node.process and node.process.poll() is None:
                node.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
