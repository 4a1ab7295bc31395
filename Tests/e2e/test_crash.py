"""kill -9, torn tails, flipped bytes, wrong keys: nothing acknowledged is lost."""

import base64
import os
import random
import threading
import time

import pytest

from harness import PASSWORD, Client, Refused, Server, directory_hash, fresh_email, usage_event

# Each round is a start, a load of a fraction of a second and a kill.
ROUNDS = int(os.environ.get("ROUNDS", "20"))

CORRUPT, LOCKED, CONFIGURATION = 65, 73, 78


class Acknowledged:
    """What the server has confirmed so far, and so must keep for ever."""

    def __init__(self):
        self.lock = threading.Lock()
        self.emails: list[str] = []
        self.ended_cookies: list[str] = []
        self.live_cookies: list[str] = []
        self.used_codes: list[tuple[str, str, str]] = []  # email, factor, code
        self.tried_codes: set[tuple[str, str, str]] = set()
        self.event_ids: set[str] = set()
        # Sent, but killed before the answer came: both outcomes are right.
        self.unanswered_events: set[str] = set()


class Load:
    """Four kinds of writers against one server, until it is killed under them."""

    def __init__(self, server: Server, token: str, done: Acknowledged):
        self.server, self.token, self.done = server, token, done
        self.stop = threading.Event()
        self.failures: list[BaseException] = []
        self.threads = [
            threading.Thread(target=self._repeat, args=(work,))
            for work in (
                self.post_events,
                self.post_events,
                self.register,
                self.end_session,
                self.use_code,
            )
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures[0]

    def _repeat(self, work):
        while not self.stop.is_set():
            try:
                work()
            except OSError:
                return  # The server is gone; `requests` raises subclasses of OSError.
            except BaseException as failure:  # noqa: BLE001 - handed to the test's own thread
                self.failures.append(failure)
                return

    def post_events(self):
        caller = self.server.client(token=self.token)
        events = [usage_event() for _ in range(random.choice([1, 1, 10, 100]))]
        ids = {event["id"] for event in events}
        with self.done.lock:
            self.done.unanswered_events |= ids
        answer = caller.post("/api/usage/events", events)
        assert answer["accepted"] == len(events)
        with self.done.lock:
            self.done.unanswered_events -= ids
            self.done.event_ids |= ids

    def register(self):
        client = self.server.client()
        client.register()
        with self.done.lock:
            self.done.emails.append(client.email)
            self.done.live_cookies.append(client.cookie)

    def end_session(self):
        client = self.server.client()
        client.register()
        cookie = client.cookie
        client.post("/api/auth/logout")
        with self.done.lock:
            self.done.ended_cookies.append(cookie)

    def use_code(self):
        client = self.server.client()
        client.register()
        authenticator, backup_codes = client.enroll()
        confirmed_with = authenticator.code_at(authenticator.last_step)
        with self.done.lock:
            self.done.used_codes.append((client.email, "code", confirmed_with))
        client.verify(client.challenge(), backup_code=backup_codes[0])
        with self.done.lock:
            self.done.used_codes.append((client.email, "backup_code", backup_codes[0]))
        code = authenticator.code()
        client.verify(client.challenge(), code=code)
        with self.done.lock:
            self.done.used_codes.append((client.email, "code", code))


def listed_event_ids(caller: Client) -> list[str]:
    ids, cursor = [], None
    while True:
        query = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = caller.get("/api/integrations/openai/events", params=query)
        ids += [event["event_id"] for event in page["events"]]
        if (cursor := page["next_cursor"]) is None:
            return ids


def check_facts(server: Server, token: str, done: Acknowledged, *, everything: bool) -> None:
    """After each crash the newest facts, at the end all of them: hashing makes each cost 20 ms."""
    newest = slice(None) if everything else slice(-3, None)
    client = server.client()
    for email in done.emails[newest]:
        assert client.login(email, PASSWORD)["user"]["email"] == email, "a registration was lost"
    for cookie, alive in [(c, True) for c in done.live_cookies] + [
        (c, False) for c in done.ended_cookies
    ]:
        client.cookie = cookie
        assert client.signed_in() is alive, (
            "a session was lost" if alive else "an ended session lives"
        )
    for email, factor, code in done.used_codes[newest]:
        # Each try counts as a failure of its account, and after ten of them nothing is judged.
        if (email, factor, code) in done.tried_codes:
            continue
        done.tried_codes.add((email, factor, code))
        client.login(email, PASSWORD)
        temp_token = client.challenge()
        refused = client.verify(temp_token, expect=401, **{factor: code})
        assert refused["error_code"] == "code_invalid", "a used code was usable again"
    caller = server.client(token=token)
    listed = listed_event_ids(caller)
    assert len(listed) == len(set(listed)), "an event is there twice"
    assert done.event_ids <= set(listed), "an acknowledged event was lost"
    assert set(listed) <= done.event_ids | done.unanswered_events, "an event came from nowhere"
    rows = caller.get("/api/integrations/status")["integrations"]
    counted = next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"]
    assert counted == len(listed), "the count and the list differ"


def test_kill_9_under_load_loses_nothing_acknowledged(servers):
    # Snapshots as often as can be, so that kills land in the middle of them too.
    server = servers.start(
        env={
            "COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20),
            "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
            "COUNTERSIGN_SNAPSHOT_LOG_BYTES": str(64 << 10),
        }
    )
    token = server.admin().mint("usage:write", "usage:read", "status:read")
    done = Acknowledged()
    # Once in peace: on a slow machine no round may be long enough for its twelve hashes.
    Load(server, token, done).use_code()
    for _ in range(ROUNDS):
        with Load(server, token, done) as load:
            time.sleep(random.uniform(0.2, 0.8))
            server.kill()
            load.stop.set()
        server.start()
        check_facts(server, token, done, everything=False)
    check_facts(server, token, done, everything=True)
    assert len(done.event_ids) > ROUNDS and len(done.emails) > ROUNDS / 2
    assert len(done.ended_cookies) > ROUNDS / 2 and done.used_codes


def test_a_password_change_and_the_end_of_other_sessions_are_one_fact(servers):
    server = servers.start()
    for _ in range(5):
        owner, other = server.client(), server.client()
        owner.register()
        other.login(owner.email)
        thread = threading.Timer(random.uniform(0, 0.08), server.kill)
        thread.start()
        try:
            owner.post(
                "/api/auth/password/change",
                {"current_password": PASSWORD, "new_password": "an entirely new one"},
            )
        except OSError:
            pass
        thread.join()
        server.start()
        changed = (
            server.client()
            .request(
                "POST",
                "/api/auth/login",
                json={"email": owner.email, "password": "an entirely new one"},
            )
            .status_code
            == 200
        )
        assert other.on(server.url).signed_in() is not changed


# Refusing to start


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
