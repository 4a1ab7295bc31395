"""Torn tails, flipped bytes, missing files, wrong keys: kept, or refused and left alone."""

import base64
import os
import time

import pytest

from harness import Refused, Server, directory_hash, fresh_email, usage_event

CORRUPT, LOCKED, CONFIGURATION = 65, 73, 78


@pytest.fixture
def stopped(servers):
    """A server that has something to lose, stopped cleanly."""
    server = servers.start(env={"COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20)})
    client = server.admin()
    client.with_token("usage:write").post("/api/usage/events", [usage_event() for _ in range(200)])
    client.register(fresh_email())
    return server


def newest_log(server: Server):
    """The segment in use; the next one may have been made ahead of need, empty."""
    logs = sorted(server.data.glob("wal-*.log"))
    return next(path for path in reversed(logs) if any(path.read_bytes()[4096:]))


def written_length(path) -> int:
    return len(path.read_bytes().rstrip(b"\0"))


def expect_refusal(server: Server, code: int, *words: str, changed_by_test: bool = True) -> str:
    before = directory_hash(server.data)
    with pytest.raises(Refused) as refusal:
        server.start()
    assert refusal.value.exit_code == code, refusal.value.output
    assert directory_hash(server.data) == before, "a refused start changed the directory"
    for word in words:
        assert word in refusal.value.output, refusal.value.output
    return refusal.value.output


def test_a_truncated_tail_is_dropped_and_everything_before_it_is_kept(stopped):
    client = stopped.client()
    client.login("admin@example.com")
    cookie = client.cookie
    time.sleep(0.3)
    stopped.kill()
    log = newest_log(stopped)
    content = bytearray(log.read_bytes())
    # A frame whose write never reached the disk whole: its start is there, the rest is zeros.
    end = (written_length(log) + 511) // 512 * 512
    frame_start = bytes(content[4096 : 4096 + 64]) if len(content) > 8192 else b"\1" * 64
    content[end : end + 64] = frame_start
    log.write_bytes(content)
    try:
        stopped.start()
    except Refused as refusal:
        # A copy of a valid old frame is no torn write; refusing it as rot is right as well.
        assert refusal.exit_code == CORRUPT
        content[end : end + 64] = bytes(64)
        log.write_bytes(content)
        stopped.start()
    client.cookie = cookie
    assert client.on(stopped.url).signed_in()


@pytest.mark.parametrize("key", ["other", "none", "malformed", "weak"])
def test_a_wrong_key_is_refused_and_nothing_is_changed(stopped, key):
    assert stopped.stop() == 0
    right = stopped.key
    stopped.key = {
        "other": base64.b64encode(os.urandom(32)).decode(),
        "none": "",
        "malformed": "too short",
        "weak": "00" * 32,
    }[key]
    output = expect_refusal(stopped, CONFIGURATION, "APP_ENC_KEY")
    assert right not in output
    stopped.key = right
    stopped.start()


def test_the_old_key_is_refused_after_a_change_of_keys(servers):
    server = servers.start()
    client = server.admin()
    authenticator, _ = client.enroll()
    assert server.stop() == 0
    old, server.key = server.key, base64.b64encode(os.urandom(32)).decode()
    server.env["APP_ENC_KEY_PREVIOUS"] = old
    server.start()
    assert server.stop() == 0
    del server.env["APP_ENC_KEY_PREVIOUS"]
    server.start()
    client.on(server.url)
    client.verify(client.challenge(), code=authenticator.code())
    assert server.stop() == 0
    server.key = old
    expect_refusal(server, CONFIGURATION, "APP_ENC_KEY")


def test_a_second_server_on_the_same_directory_is_refused(server, servers):
    rival = servers.make(data=server.data, key=server.key)
    with pytest.raises(Refused) as refusal:
        rival.start()
    assert refusal.value.exit_code == LOCKED
    assert str(server.data) in refusal.value.output
    assert str(server.process.pid) in refusal.value.output
    assert server.client().get("/health")


@pytest.mark.parametrize("where", ["first frame", "middle", "last frame"])
def test_a_flipped_byte_is_refused_with_file_offset_and_fix(stopped, where):
    stopped.kill()
    log = newest_log(stopped)
    content = bytearray(log.read_bytes())
    used = [i for i, byte in enumerate(content[: written_length(log)]) if byte and i >= 512]
    position = {
        "first frame": used[len(used) // 20],
        "middle": used[len(used) // 2],
        "last frame": used[-1],
    }[where]
    content[position] ^= 0x40
    log.write_bytes(content)
    output = expect_refusal(stopped, CORRUPT, log.name, "offset")
    assert "verify" in output or "restore" in output or "backup" in output
    content[position] ^= 0x40
    log.write_bytes(content)
    stopped.start()


def test_a_flipped_byte_in_the_header_of_a_segment_is_refused(stopped):
    assert stopped.stop() == 0
    log = newest_log(stopped)
    content = bytearray(log.read_bytes())
    content[20] ^= 1
    log.write_bytes(content)
    expect_refusal(stopped, CORRUPT, log.name)


def test_a_missing_newest_segment_is_noticed(stopped):
    # Enough for a second segment, so that the first alone looks like a complete log.
    token = stopped.client()
    token.login("admin@example.com")
    caller = token.with_token("usage:write")
    while len(list(stopped.data.glob("wal-*.log"))) < 2 or not any(
        sorted(stopped.data.glob("wal-*.log"))[-1].read_bytes()[4096:]
    ):
        caller.post("/api/usage/events", [usage_event(operation="o" * 200) for _ in range(500)])
    stopped.kill()
    newest = newest_log(stopped)
    for path in stopped.data.glob("wal-*.log"):
        if path >= newest:
            path.unlink()
    expect_refusal(stopped, CORRUPT, newest.name)


def test_a_missing_manifest_is_refused(stopped):
    assert stopped.stop() == 0
    (stopped.data / "manifest").unlink()
    expect_refusal(stopped, CORRUPT, "manifest")


def test_a_damaged_manifest_is_refused(stopped):
    assert stopped.stop() == 0
    manifest = stopped.data / "manifest"
    content = bytearray(manifest.read_bytes())
    content[len(content) // 2] ^= 1
    manifest.write_bytes(content)
    expect_refusal(stopped, CORRUPT, "manifest")


def test_a_damaged_newest_snapshot_is_not_needed_and_both_damaged_are_refused(servers):
    server = servers.start(
        env={
            "COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20),
            "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
            "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "4096",
        }
    )
    client = server.admin()
    caller = client.with_token("usage:write", "status:read")
    deadline = time.monotonic() + 20
    while len(list(server.data.glob("snapshot-*.snap"))) < 2:
        assert time.monotonic() < deadline, "no two snapshots were made"
        caller.post("/api/usage/events", [usage_event(operation="o" * 200) for _ in range(200)])
        time.sleep(0.05)
    before = caller.get("/api/integrations/status")["integrations"]
    server.kill()
    snapshots = sorted(server.data.glob("snapshot-*.snap"))
    newest = bytearray(snapshots[-1].read_bytes())
    newest[len(newest) // 2] ^= 1
    snapshots[-1].write_bytes(newest)
    server.start()
    assert caller.on(server.url).get("/api/integrations/status")["integrations"] == before
    server.kill()
    for path in server.data.glob("snapshot-*.snap"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    first_log = min(server.data.glob("wal-*.log"))
    if int(first_log.stem.removeprefix("wal-")) > 1:
        expect_refusal(server, CORRUPT, ".snap")
    else:
        # Nothing was trimmed yet, so the log alone holds everything.
        server.start()
        assert caller.on(server.url).get("/api/integrations/status")["integrations"] == before
