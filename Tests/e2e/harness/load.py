"""Writers of every kind against one server, until it is killed under them."""

import itertools
import random
import threading
import time

from .client import Client
from .events import usage_event
from .facts import CALLED, Facts
from .gateway import Gateway

ORDER = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
# Far fewer than the server can take: the rounds are about the kill and not about the load.
REPORT_PAUSE_SECONDS = 0.004
# One batch in four is large, so that segments fill up and kills land in their changes.
BATCHES = ((1, 10), (1, 10), (12, 40), (300, 250))

_reports = itertools.count(1)
_calls = itertools.count(1)


class Load:
    """Runs until it is told to stop or the server is gone."""

    def __init__(self, gateway: Gateway, token: str, facts: Facts):
        self.gateway, self.server = gateway, gateway.server
        self.token, self.facts = token, facts
        self.stop = threading.Event()
        self.failures: list[BaseException] = []
        work = [self.register, self.end_session, self.use_code, self.change_tokens, self.call]
        self.threads = [threading.Thread(target=self._repeat, args=(each,)) for each in work]
        for number in range(2):
            reporter = f"reporter-{number}"
            facts.events.setdefault(reporter, [])
            self.threads.append(
                threading.Thread(target=self._repeat, args=(self.post_events, reporter))
            )

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures[0]

    def _repeat(self, work, *arguments) -> None:
        client = self.server.client()
        while not self.stop.is_set():
            try:
                work(client, *arguments)
            except OSError:
                return  # The server is gone; `requests` raises subclasses of OSError.
            except BaseException as failure:  # noqa: BLE001 - handed to the test's own thread
                self.failures.append(failure)
                return

    def post_events(self, caller: Client, reporter: str) -> None:
        caller.token = self.token
        first = next(_reports)
        count, length = random.choice(BATCHES)
        events = [
            usage_event(source=reporter, id=f"{reporter}-{first}-{number}", operation="o" * length)
            for number in range(count)
        ]
        ids = [event["id"] for event in events]
        with self.facts.lock:
            self.facts.unanswered_events.update(ids)
        answer = caller.post("/api/usage/events", events)
        assert answer["accepted"] == len(events), answer
        with self.facts.lock:
            self.facts.unanswered_events.difference_update(ids)
            self.facts.events[reporter] += ids
        if first % 5 == 0:
            again = caller.post("/api/usage/events", events)
            assert (again["accepted"], again["duplicates"]) == (0, len(events)), again
        time.sleep(REPORT_PAUSE_SECONDS)

    def register(self, client: Client) -> None:
        client.cookie = None
        client.register()
        with self.facts.lock:
            self.facts.emails.append(client.email)
            self.facts.live_cookies.append(client.cookie)

    def end_session(self, client: Client) -> None:
        client.cookie = None
        client.register()
        cookie = client.cookie
        client.post("/api/auth/logout")
        with self.facts.lock:
            self.facts.ended_cookies.append(cookie)

    def use_code(self, client: Client) -> None:
        client.cookie = None
        client.register()
        authenticator, backup_codes = client.enroll()
        confirmed_with = authenticator.code_at(authenticator.last_step)
        self._used(client, "code", confirmed_with)
        client.verify(client.challenge(), backup_code=backup_codes[0])
        self._used(client, "backup_code", backup_codes[0])
        code = authenticator.code()
        client.verify(client.challenge(), code=code)
        self._used(client, "code", code)

    def _used(self, client: Client, factor: str, code: str) -> None:
        with self.facts.lock:
            self.facts.used_codes.append((client.email, factor, code))

    def change_tokens(self, client: Client) -> None:
        client.cookie = self.gateway.admin.cookie
        kept, gone = (
            client.post("/api/tokens", {"name": "load", "scopes": ["status:read"]}, expect=201)
            for _ in range(2)
        )
        with self.facts.lock:
            self.facts.live_tokens.append(kept["token"])
        client.delete(f"/api/tokens/{gone['id']}")
        with self.facts.lock:
            self.facts.revoked_tokens.append(gone["token"])
        time.sleep(REPORT_PAUSE_SECONDS)

    def call(self, _: Client) -> None:
        trace = f"{random.getrandbits(96):024x}{next(_calls):08x}"
        with self.facts.lock:
            self.facts.calls_sent.add(trace)
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "X-Attempt": trace}
        answer = self.gateway.call("POST", CALLED, "/v2/orders", headers=headers, json=ORDER)
        assert answer.status_code in {200, 201}, answer.text
        assert answer.headers["x-trace-id"] == trace
        with self.facts.lock:
            self.facts.calls_answered.add(trace)
        time.sleep(REPORT_PAUSE_SECONDS)
