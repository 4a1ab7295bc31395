"""Calls that take too long, and limits that an operator sets: each wait has an end, and says so."""

import re
import socket
import time
from pathlib import Path

import pytest

from harness import REPOSITORY, check_our_error
from upstream import HANG, Answer, Gate, Raw

MODELS = "/v1/models"
CATALOGUE = REPOSITORY / "config" / "integrations.yaml"


def hasty_catalogue(folder: Path) -> str:
    """The shipped catalogue with waits of one second: an operator's own, as --integrations."""
    head, *entries = CATALOGUE.read_text().split("\n  - id: ")
    hasty = "    limits:\n      first_byte_seconds: 1\n      idle_seconds: 1\n"
    for index, entry in enumerate(entries):
        # An entry's limits are a block of deeper lines; whatever it says, ours takes its place.
        entry = re.sub(r"(?m)^    limits:\n(?:      .*\n)+", "", entry + "\n")
        first, rest = entry.split("\n", 1)
        entries[index] = f"{first}\n{hasty}{rest}".rstrip("\n")
    path = folder / "integrations.yaml"
    path.write_text("\n  - id: ".join([head, *entries]) + "\n")
    return str(path)


@pytest.fixture
def hasty(start_gateway, tmp_path):
    path = hasty_catalogue(tmp_path)
    return start_gateway(args=("--allow-private-upstreams", "--integrations", path))


def test_a_provider_that_never_answers_is_a_timeout(hasty):
    hasty.upstream["openai"].next(Raw(HANG))
    began = time.monotonic()
    answer = hasty.call("GET", "openai", MODELS)
    assert 0.9 < time.monotonic() - began < 5
    check_our_error(answer, 504, "upstream_timeout")
    event = hasty.newest_event("openai")
    assert event["status"] == "timeout" and event["http_status"] is None, event
    assert event["error_code"] == "upstream_timeout" and event["latency_ms"] >= 900
    # Its connection is not used again.
    assert hasty.call("GET", "openai", MODELS).status_code == 200
    assert len({call.connection.number for call in hasty.upstream["openai"].calls}) == 2


def test_what_can_not_be_repeated_is_ambiguous_after_a_timeout(hasty):
    hasty.upstream["alpaca"].next(Raw(HANG))
    answer = hasty.call("POST", "alpaca", "/v2/orders", json={"symbol": "AAPL"})
    check_our_error(answer, 502, "ambiguous")
    assert hasty.newest_event("alpaca")["status"] == "ambiguous"
    assert len(hasty.upstream["alpaca"].calls) == 1


def test_a_body_that_stops_in_the_middle_is_cut(hasty):
    gate = Gate()
    hasty.upstream["openai"].next(Answer(pieces=[b"begun", gate]))
    began = time.monotonic()
    with pytest.raises(OSError):
        hasty.call("GET", "openai", MODELS)
    assert time.monotonic() - began < 5
    event = hasty.newest_event("openai")
    assert event["status"] in {"timeout", "aborted_upstream"}, event
    assert event["http_status"] == 200
    gate.open()


def test_calls_can_be_limited_and_say_so_as_every_limit_does(start_gateway):
    gateway = start_gateway(
        env={
            "COUNTERSIGN_RATE_LIMITS_CALLS_QUOTA": "3",
            "COUNTERSIGN_RATE_LIMITS_CALLS_WINDOW_SECONDS": "60",
        }
    )
    for left in (2, 1, 0):
        answer = gateway.call("GET", "openai", MODELS)
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-remaining"] == str(left)
        assert answer.headers["ratelimit-policy"] == '"calls";q=3;w=60'
    refused = gateway.call("GET", "openai", MODELS)
    body = check_our_error(refused, 429, "rate_limited")
    assert refused.headers["retry-after"] == str(body["retry_after_seconds"])
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert len(gateway.upstream["openai"].calls) == 3
    # Other tokens have a limit of their own.
    other = gateway.admin.mint("call:openai", name="other")
    assert gateway.call("GET", "openai", MODELS, token=other).status_code == 200


def test_no_event_is_lost_and_the_counter_says_so(start_gateway):
    gateway = start_gateway()
    gateway.call("GET", "openai", MODELS)
    metrics = gateway.admin.request("GET", "/metrics").text
    assert "\ncountersign_usage_events_lost_total 0\n" in metrics
    assert '\ncountersign_calls_under_way{integration="openai"} 0\n' in metrics


def test_callers_that_leave_at_any_moment_are_counted_once(start_gateway):
    gateway = start_gateway(env={"COUNTERSIGN_PROBES_ENABLED": "false"})
    head = gateway.head("GET", "openai", MODELS)
    # From before the provider has the call to after its event is on the disk.
    for step in range(400):
        with socket.create_connection(("127.0.0.1", gateway.port)) as caller:
            caller.sendall(head)
            time.sleep(step * 10e-6)
    # A call whose answer has come to its end follows all of them.
    assert gateway.call("GET", "openai", MODELS).status_code == 200
    metrics = gateway.admin.request("GET", "/metrics").text
    # The one that asks for the metrics.
    assert "\ncountersign_http_requests_in_flight 1\n" in metrics
