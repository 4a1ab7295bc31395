"""Row C2: what was acknowledged is there after kill -9, and snapshots come by themselves."""

import time
from pathlib import Path

from harness import usage_event

from . import snapshots
from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof, link

BATCHES, EVENTS_A_BATCH = 10, 500
SNAPSHOTS_OFTEN = {
    "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
    "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "1024",
}
WAIT_SECONDS_MAX = 20
OPENAI = '.integrations[] | select(.id=="openai") | {last_used_at, proof_of_use_count_24h}'
STATUS = "/api/integrations/status"
EVENTS = "/api/integrations/openai/events?limit=200"


@shows("C2", "construction", "the log, a crash, and snapshots")
def durability(proof: Proof, section: Section) -> str:
    """An account with a second factor and some thousand events, kill -9 right after the last
    answer, and a look at the same things after the next start; the snapshot is read and unpacked
    by its documented format."""
    server = proof.start(env=SNAPSHOTS_OFTEN)
    admin = server.admin()
    caller = proof.person(section, "c2@example.com", server)
    authenticator, _ = caller.enrol(quiet=True)
    token = admin.mint("usage:write", "usage:read", "status:read")
    writer = server.client(token=token)

    def post(batches: int) -> None:
        for _ in range(batches):
            events = [usage_event() for _ in range(EVENTS_A_BATCH)]
            assert writer.post("/api/usage/events", events)["accepted"] == EVENTS_A_BATCH

    post(BATCHES // 2)
    first = wait_for_snapshots(server.data, after=None)
    post(BATCHES // 2)
    newest = wait_for_snapshots(server.data, after=first[-1].name)[-1]
    before = caller("GET", STATUS, token=token, jq=OPENAI).rows
    listed = caller("GET", EVENTS, token=token, quiet=True).json["events"]
    assert before[0]["proof_of_use_count_24h"] == BATCHES * EVENTS_A_BATCH
    last = usage_event(integration="fred")
    assert writer.post("/api/usage/events", [last])["accepted"] == 1
    server.kill()
    section.say("`kill -9`. What is in the data directory:")
    files = sorted(path for path in server.data.iterdir() if path.is_file())
    section.table(["file", "bytes"], [[one.name, f"{one.stat().st_size:,}"] for one in files], "lr")
    assert any(path.name.startswith("wal-") for path in files)

    server.start()
    again = proof.caller(section, server)
    section.say("And after the next start:")
    after = again("GET", STATUS, token=token, jq=OPENAI).rows
    assert after == before, f"{before} has become {after}"
    relisted = again("GET", EVENTS, token=token, quiet=True).json["events"]
    assert relisted == listed, "the events are others"
    fred = again("GET", EVENTS.replace("openai", "fred"), token=token, quiet=True).json["events"]
    assert [one["event_id"] for one in fred] == [last["id"]], "the last event is gone"
    challenge = again.login("c2@example.com", PASSWORD, quiet=True).json
    body = {"temp_token": challenge["temp_token"], "code": authenticator.code()}
    verified = again("POST", "/api/auth/2fa/verify", body, session="", quiet=True)
    assert verified.session and verified.json["user"]["backup_codes_remaining"] == 10

    found = snapshots.read(newest)
    assert found.compressed_bytes < found.raw_bytes, found
    described = link("docs/formats/snapshot.md", "its format")
    section.say(
        f"`{newest.name}`, read by {described}: {found.blocks} zlib streams, "
        f"{found.raw_bytes:,} bytes of state in {found.compressed_bytes:,}."
    )
    return (
        f"{BATCHES * EVENTS_A_BATCH + 1:,} events, the counts, the list, the account and its "
        f"second factor are all there; snapshots came by themselves, the newest holds "
        f"{found.raw_bytes:,} bytes in {found.compressed_bytes:,}"
    )


def wait_for_snapshots(data: Path, after: str | None) -> list[Path]:
    """All snapshots, once there is one that is newer than `after`."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        found = sorted(data.glob("snapshot-*.snap"))
        if found and (after is None or found[-1].name > after):
            return found
        assert time.monotonic() < deadline, "no snapshot comes"
        time.sleep(0.05)
