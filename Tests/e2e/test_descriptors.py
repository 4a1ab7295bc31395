"""A server with few file descriptors takes fewer connections, and never uses the last one: it
answers those who are there, goes on writing, and takes others when there is room."""

import socket
import time
from pathlib import Path

import pytest
import requests

from harness import usage_event
from harness.program import BINARY

DESCRIPTORS = 400
CONNECTIONS = 600
RECOVERY_SECONDS_MAX = 10
ROUNDS = 40


@pytest.fixture
def crowd():
    """Connections that only wait, and are closed in the end."""
    connections: list[socket.socket] = []
    yield connections
    for connection in connections:
        connection.close()


@pytest.fixture
def limited(servers, tmp_path):
    """A server that may open so many files and no more."""
    wrapper = tmp_path / "limited"
    wrapper.write_text(f'#!/bin/sh\nulimit -n {DESCRIPTORS} && exec "{BINARY}" "$@"\n')
    wrapper.chmod(0o755)
    server = servers.make(
        env={
            "COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20),
            "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
            "COUNTERSIGN_SNAPSHOT_LOG_BYTES": str(64 << 10),
        }
    )
    server.binary = wrapper
    return server.start()


def open_descriptors(server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_a_crowd_takes_not_the_last_descriptor(limited, crowd):
    admin = limited.admin()
    caller = admin.with_token("usage:write", "status:read")
    accepted = post(caller)
    for _ in range(CONNECTIONS):
        connection = socket.socket()
        connection.settimeout(0.5)
        try:
            connection.connect(("127.0.0.1", limited.port))
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Waits:")
        except OSError:
            pass  # Turned away, or waiting in the kernel's queue: both are right.
        crowd.append(connection)

    # The log changes segments and snapshots are made meanwhile: both open files.
    most = 0
    for _ in range(ROUNDS):
        accepted += post(caller)
        assert admin.signed_in()
        most = max(most, open_descriptors(limited))
        time.sleep(0.05)
    assert limited.is_alive()
    assert len(list(limited.data.glob("wal-0*.log"))) > 1
    assert DESCRIPTORS / 5 < most < DESCRIPTORS, "the crowd is not there, or took everything"
    assert "fewer are taken" in limited.output()

    for connection in crowd:
        connection.close()
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    while True:
        try:
            if limited.client().request("GET", "/health").status_code == 200:
                break
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, "it takes no connection although there is room"
        time.sleep(0.05)
    accepted += post(caller)
    assert counted(caller) == accepted
    limited.crash_and_restart()
    assert counted(caller.on(limited.url)) == accepted


def post(caller) -> int:
    events = [usage_event(operation="o" * 250) for _ in range(200)]
    return caller.post("/api/usage/events", events)["accepted"]


def counted(caller) -> int:
    rows = caller.get("/api/integrations/status")["integrations"]
    return next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"]
