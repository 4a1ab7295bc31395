"""kill -9 under load: nothing that was acknowledged is lost."""

import os
import random
import threading
import time

from harness import PASSWORD, Client, Server, usage_event

# Each round is a start, a load of a fraction of a second and a kill.
ROUNDS = int(os.environ.get("ROUNDS", "20"))


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
    lost = done.event_ids - set(listed)
    assert not lost, f"{len(lost)} of {len(done.event_ids)} acknowledged events were lost"
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
            # Every event of all rounds has to be listed at the end.
            "COUNTERSIGN_USAGE_RING_EVENTS": "10000000",
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
