"""kill -9 in the middle of calls: afterwards every attempt is on record with an outcome, and the
counts agree with the list."""

import itertools
import os
import random
import threading
import time
from collections import Counter

import pytest

from harness import CALLERS_ACCOUNT_SID
from upstream import Answer, Gate
from upstream.providers import twilio

ROUNDS = int(os.environ.get("GATEWAY_ROUNDS", "5"))
MESSAGES = f"/2010-04-01/Accounts/{CALLERS_ACCOUNT_SID}/Messages.json"
FORM = {"To": "+14155550100", "From": twilio.GOOD_FROM, "Body": "hello"}
ORDER = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
CHAT = {"model": "m", "messages": []}
CALLS = {
    "openai": ("/v1/chat/completions", {"json": CHAT}),
    "twilio": (MESSAGES, {"data": FORM}),
    "alpaca": ("/v2/orders", {"json": ORDER}),
}
# Their attempts are durable before they leave; those of the others within 2 ms.
NOT_REPEATABLE = ("twilio", "alpaca")
OUTCOMES = {"ok", "error", "interrupted", "aborted_client", "aborted_upstream", "ambiguous"}

_numbers = itertools.count(1)


def new_trace() -> str:
    return f"{random.getrandbits(96):024x}{next(_numbers):08x}"


class Callers:
    """Calls with traces of their own, from several threads, until the server is killed."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.answered: dict[str, set[str]] = {name: set() for name in CALLS}
        self.sent: dict[str, set[str]] = {name: set() for name in CALLS}
        self.failures: list[BaseException] = []
        for name in CALLS:
            gateway.token(f"call:{name}")
        self.threads = [
            threading.Thread(target=self._repeat, args=(name,)) for name in [*CALLS] * 2
        ]

    def __enter__(self) -> "Callers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures[0]

    def _repeat(self, integration: str) -> None:
        path, body = CALLS[integration]
        try:
            while not self.stop.is_set():
                trace = new_trace()
                with self.lock:
                    self.sent[integration].add(trace)
                headers = {
                    "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
                    "X-Attempt": trace,
                }
                answer = self.gateway.call("POST", integration, path, headers=headers, **body)
                assert answer.status_code in {200, 201}, answer.text
                assert answer.headers["x-trace-id"] == trace
                with self.lock:
                    self.answered[integration].add(trace)
        except OSError:
            return  # The server is gone; `requests` raises subclasses of OSError.
        except BaseException as failure:  # noqa: BLE001 - handed to the test's own thread
            self.failures.append(failure)


def check_record(gateway, integration: str, answered: set[str], sent: set[str]) -> Counter:
    events = gateway.events(integration)
    traces = [event["trace_id"] for event in events]
    assert len(traces) == len(set(traces)), "an attempt is there twice"
    statuses = {event["trace_id"]: event["status"] for event in events}
    assert set(statuses.values()) <= OUTCOMES, Counter(statuses.values())
    lost = answered - statuses.keys()
    assert not lost, f"{len(lost)} answered calls of {integration} are not on record"
    assert {statuses[trace] for trace in answered} <= {"ok"}
    assert statuses.keys() <= sent, "an attempt came from nowhere"
    if integration in NOT_REPEATABLE:
        arrived = {call.header("x-attempt") for call in gateway.upstream[integration].calls}
        assert arrived <= statuses.keys(), "something left before its attempt was durable"
    counted = Counter(statuses.values())
    assert gateway.status(integration)["proof_of_use_count_24h"] == counted["ok"]
    return counted


def test_kill_9_under_load_leaves_every_attempt_on_record(start_gateway):
    gateway = start_gateway()
    answered = {name: set() for name in CALLS}
    sent = {name: set() for name in CALLS}
    for _ in range(ROUNDS):
        with Callers(gateway) as callers:
            # Some work first, then a moment that nobody has chosen.
            for name in CALLS:
                gateway.upstream[name].wait_for_calls(len(gateway.upstream[name].calls) + 5)
            time.sleep(random.uniform(0, 0.2))
            gateway.server.kill()
        gateway.server.start()
        gateway.restarted()
        for name in CALLS:
            answered[name] |= callers.answered[name]
            sent[name] |= callers.sent[name]
            check_record(gateway, name, answered[name], sent[name])
    assert all(len(traces) >= 5 * ROUNDS for traces in answered.values())
    assert gateway.upstream.leaks == []


@pytest.mark.parametrize("integration", CALLS)
def test_a_call_under_way_at_the_crash_is_interrupted_and_counts_as_no_use(
    start_gateway, integration
):
    gateway, gate, trace = start_gateway(), Gate(), new_trace()
    path, body = CALLS[integration]
    gateway.upstream[integration].next(Answer(pieces=[b"{", gate]))
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}

    def call() -> None:
        try:
            gateway.call("POST", integration, path, headers=headers, **body)
        except OSError:
            pass  # That is the crash.

    thread = threading.Thread(target=call)
    thread.start()
    gate.wait_reached()
    if integration not in NOT_REPEATABLE:
        time.sleep(0.1)  # Fifty times as long as such an attempt may take to be written.
    # While it is under way it is listed as such, and counts as nothing.
    rows = [row for row in gateway.events(integration) if row["trace_id"] == trace]
    assert [row["status"] for row in rows] == ["pending"]
    assert gateway.status(integration)["proof_of_use_count_24h"] == 0
    gateway.server.kill()
    thread.join()
    gateway.server.start()
    gateway.restarted()
    rows = [row for row in gateway.events(integration) if row["trace_id"] == trace]
    assert [row["status"] for row in rows] == ["interrupted"]
    assert rows[0]["units"] is None
    assert gateway.status(integration)["proof_of_use_count_24h"] == 0


def test_a_clean_stop_lets_calls_finish(start_gateway):
    gateway, gate = start_gateway(), Gate()
    gateway.upstream["openai"].next(Answer(pieces=[b"one", gate, b"two"]))
    answers: list = []

    def call() -> None:
        answers.append(gateway.call("GET", "openai", "/v1/models"))

    caller = threading.Thread(target=call)
    caller.start()
    gate.wait_reached()
    stopped: list[int] = []
    stopper = threading.Thread(target=lambda: stopped.append(gateway.server.stop()))
    stopper.start()
    stopper.join(0.3)
    assert not stopped, "it stopped in the middle of a call"
    gate.open()
    caller.join()
    stopper.join()
    assert stopped == [0] and answers[0].content == b"onetwo"
    gateway.server.start()
    gateway.restarted()
    assert gateway.newest_event("openai")["status"] == "ok"
