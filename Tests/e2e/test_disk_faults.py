"""A disk that fails, fills up or becomes read-only under a running server: what was acknowledged is
there at the next start, and a server that can't write says so and ends."""

import errno
import time

import pytest
import requests

from harness import Refused, directory_hash, usage_event
from harness.shim import GROW, NAME, OPEN, SYNC, SYNC_DIRECTORY, WRITE, Shim

INPUT_OUTPUT = 74
END_SECONDS_MAX = 10
READ_ONLY = WRITE | SYNC | SYNC_DIRECTORY | OPEN | NAME


class Faulty:
    """A server on a disk that fails on demand, and the events that it has accepted."""

    def __init__(self, servers, folder, **env):
        self.disk = folder / "disk"
        self.disk.mkdir()
        self.shim = Shim(folder / "shim", self.disk)
        self.server = servers.start(
            data=self.disk / "data",
            env={"COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20), **env, **self.shim.environment()},
        )
        self.admin = self.server.admin()
        self.caller = self.admin.with_token("usage:write", "usage:read", "status:read")
        self.accepted = 0

    def post(self, count: int = 1, length: int = 10) -> requests.Response:
        events = [usage_event(operation="o" * length) for _ in range(count)]
        answer = self.caller.request("POST", "/api/usage/events", json=events)
        if answer.status_code == 200:
            self.accepted += answer.json()["accepted"]
        return answer

    def counted(self) -> int:
        rows = self.caller.get("/api/integrations/status")["integrations"]
        return next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"]

    def post_until_it_ends(self) -> int:
        """Answers the exit code. The event whose answer never came may be there or not."""
        for _ in range(2000):
            try:
                assert self.post().status_code == 200
            except requests.ConnectionError:
                code = self.server.process.wait(timeout=END_SECONDS_MAX)
                self.server.process = None
                return code
        raise AssertionError("the server lives on a disk that does not take its writes")

    def check_after_restart(self) -> None:
        self.shim.heal()
        self.server.start()
        self.caller.on(self.server.url)
        # One event may have been on its way when the process ended.
        assert self.counted() in (self.accepted, self.accepted + 1)
        assert self.admin.on(self.server.url).signed_in()
        assert self.post().status_code == 200


@pytest.mark.parametrize("operation, skip", [(WRITE, 0), (SYNC, 0), (WRITE, 8), (SYNC, 9)])
def test_a_failed_write_or_sync_of_the_log_ends_the_process(servers, tmp_path, operation, skip):
    faulty = Faulty(servers, tmp_path)
    for _ in range(20):
        faulty.post()
    faulty.shim.fail(operation, "wal-0", skip=skip)
    assert faulty.post_until_it_ends() == INPUT_OUTPUT
    assert faulty.shim.hits == 1, "it went on after a disk error"
    assert "fatal" in faulty.server.output()
    faulty.check_after_restart()


@pytest.mark.parametrize(
    "operation", [NAME, SYNC_DIRECTORY, WRITE], ids=["name", "folder", "write"]
)
def test_a_failure_while_a_segment_is_changed_ends_the_process(servers, tmp_path, operation):
    faulty = Faulty(servers, tmp_path)
    prefix = {NAME: "wal-spare", SYNC_DIRECTORY: "data", WRITE: "manifest"}[operation]
    # Both spares are ready before anything fails: making them may fail, and is tried again.
    time.sleep(0.5)
    faulty.shim.fail(operation, prefix)
    with pytest.raises(requests.ConnectionError):
        for _ in range(200):
            faulty.post(100, 250)
    assert faulty.server.process.wait(timeout=END_SECONDS_MAX) == INPUT_OUTPUT
    faulty.server.process = None
    faulty.shim.heal()
    faulty.server.start()
    faulty.caller.on(faulty.server.url)
    assert faulty.counted() in (faulty.accepted, faulty.accepted + 100)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_snapshots_that_fail_cost_nothing_and_are_tried_again(servers, tmp_path, code):
    faulty = Faulty(
        servers,
        tmp_path,
        COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS="1",
        COUNTERSIGN_SNAPSHOT_LOG_BYTES="4096",
    )
    faulty.shim.fail(WRITE | SYNC, "snapshot-", code=code)
    deadline = time.monotonic() + 20
    while faulty.shim.hits < 2:
        assert time.monotonic() < deadline, "no second snapshot was tried"
        assert faulty.post(20).status_code == 200
        time.sleep(0.05)
    before = set(faulty.disk.glob("data/snapshot-*.snap"))
    faulty.shim.heal()
    while set(faulty.disk.glob("data/snapshot-*.snap")) == before:
        assert time.monotonic() < deadline, "no snapshot after the disk was well again"
        assert faulty.post(20).status_code == 200
        time.sleep(0.05)
    faulty.server.kill()
    faulty.check_after_restart()


def test_no_room_for_segments_refuses_writes_serves_reads_and_recovers(servers, tmp_path):
    faulty = Faulty(servers, tmp_path)
    faulty.shim.fail(GROW, code=errno.ENOSPC)
    for _ in range(200):
        answer = faulty.post(100, 250)
        if answer.status_code != 200:
            break
    assert answer.status_code == 507 and answer.json()["error_code"] == "storage_full"
    assert faulty.counted() == faulty.accepted and faulty.admin.signed_in()
    faulty.shim.heal()
    deadline = time.monotonic() + 15
    while faulty.post().status_code != 200:
        assert time.monotonic() < deadline, "writes stay refused although there is space"
        time.sleep(0.1)
    faulty.server.kill()
    faulty.check_after_restart()


def test_a_disk_that_becomes_read_only_ends_the_process_and_nothing_is_changed(servers, tmp_path):
    faulty = Faulty(servers, tmp_path)
    for _ in range(20):
        faulty.post()
    faulty.shim.fail(READ_ONLY, code=errno.EROFS)
    assert faulty.post_until_it_ends() == INPUT_OUTPUT
    before = directory_hash(faulty.disk)
    with pytest.raises(Refused) as refusal:
        faulty.server.start()
    assert refusal.value.exit_code == INPUT_OUTPUT, refusal.value.output
    assert directory_hash(faulty.disk) == before
    faulty.check_after_restart()
