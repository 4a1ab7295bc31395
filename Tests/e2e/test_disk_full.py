"""A full disk: writes say so, reads go on, nothing is lost, and space coming back is enough."""

import time

from harness import usage_event
from harness.disk import SMALLEST_SEGMENTS, Filler, write_until_refused


def test_a_full_disk_refuses_writes_serves_reads_and_recovers(servers, small_disk):
    server = servers.start(data=small_disk / "data", env=SMALLEST_SEGMENTS)
    client = server.admin()
    caller = client.with_token("usage:write", "usage:read", "status:read")
    caller.post("/api/usage/events", [usage_event()])
    filler = Filler(small_disk)
    filler.fill()

    # What room the open segments still have is used first; then writes are refused.
    accepted, answer = write_until_refused(caller)
    accepted += 1
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
    filler.make_room()
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
