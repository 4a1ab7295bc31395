"""A full disk: writes say so, reads go on, nothing is lost, and space coming back is enough."""

import os
import subprocess
import time

import pytest

from harness import usage_event

DISK_BYTES = 8 << 20
SEGMENT_BYTES = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 8 MiB in memory. Only root can mount one."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", place],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(path) -> None:
    """Takes every byte that is left."""
    with open(path, "ab", buffering=0) as filler:
        for size in (64 << 10, 4 << 10, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                pass


def test_a_full_disk_refuses_writes_serves_reads_and_recovers(servers, small_disk):
    server = servers.start(
        data=small_disk / "data", env={"COUNTERSIGN_LOG_SEGMENT_BYTES": str(SEGMENT_BYTES)}
    )
    client = server.admin()
    caller = client.with_token("usage:write", "usage:read", "status:read")
    accepted = 0
    caller.post("/api/usage/events", [usage_event()])
    accepted += 1
    fill(small_disk / "filler")

    # What room the open segments still have is used first; then writes are refused.
    while True:
        answer = caller.request(
            "POST", "/api/usage/events", json=[usage_event(operation="o" * 250) for _ in range(200)]
        )
        if answer.status_code != 200:
            break
        accepted += answer.json()["accepted"]
        assert accepted < 100_000, "the disk does not get full"
    body = answer.json()
    assert answer.status_code == 507 and body["error_code"] == "storage_full"
    assert "disk" in body["suggested_fix"]

    # Reads go on, and no refused write shows.
    assert client.get("/api/auth/session")["user"]["id"] == client.user["id"]
    assert count(caller) == accepted
    assert client.get("/health")
    assert client.get("/ready", expect=503)["error_code"] == "not_ready"
    assert (
        server.client().post(
            "/api/auth/register",
            {"email": "late@example.com", "password": "a good long password"},
            expect=507,
        )["error_code"]
        == "storage_full"
    )
    assert server.is_alive()

    # Space returns, and writes with it.
    (small_disk / "filler").unlink()
    deadline = time.monotonic() + 15
    while caller.request("POST", "/api/usage/events", json=[usage_event()]).status_code != 200:
        assert time.monotonic() < deadline, "writes stay refused although there is space"
        time.sleep(0.2)
    accepted += 1
    assert client.get("/ready")
    server.client().register("late@example.com")

    server.crash_and_restart()
    assert count(caller.on(server.url)) == accepted
    assert client.on(server.url).signed_in()


def count(caller) -> int:
    rows = caller.get("/api/integrations/status")["integrations"]
    return next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"]
