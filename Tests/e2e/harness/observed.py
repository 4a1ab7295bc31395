"""What every call through the gateway has to leave behind, checked around the call of a client."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from upstream import Request

from .gateway import CALLERS_ACCOUNT_SID, CREDENTIALS, Gateway, forms_of_secrets
from .wiretap import Wiretap

OPERATION_BYTES_MAX = 256
OPERATION = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /[^?#\s]*")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Parts of the tests' own paths and queries that a route template has no business to contain.
IDENTIFIERS = ("AAPL", "2026-", "cursor", "cs_k_", CALLERS_ACCOUNT_SID, "SM0", "gpt-", "claude-")


@dataclass
class Observation:
    """`base` is where to point the client; the rest is filled in when the block ends."""

    base: str
    events: list[dict] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def event(self) -> dict:
        assert len(self.events) == 1, self.events
        return self.events[0]

    @property
    def request(self) -> Request:
        assert len(self.requests) == 1, [str(request) for request in self.requests]
        return self.requests[0]


@contextmanager
def observed(
    gateway: Gateway,
    integration: str,
    *,
    calls: int = 1,
    status: str = "ok",
    http_status: int = 200,
    operation: str | None = None,
    names_itself: bool = False,
) -> Iterator[Observation]:
    """Within it exactly `calls` calls of the integration must happen, all with this outcome.
    `names_itself`: the provider gives each call an id of its own, which the event has to keep."""
    origin = gateway.upstream[integration]
    ids_before = {row["id"] for row in gateway.events(integration)}
    proof_before = gateway.status(integration)["proof_of_use_count_24h"]
    requests_before = len(origin.calls)
    with Wiretap(gateway.port) as tap:
        seen = Observation(tap.url + gateway.path(integration, ""))
        yield seen
        received, trace_ids = tap.received, tap.trace_ids
    # No waiting: the last byte has come, so the outcome must be there.
    seen.events = [row for row in gateway.events(integration) if row["id"] not in ids_before]
    seen.requests = origin.calls[requests_before:]
    assert len(seen.events) == calls, seen.events
    assert len(seen.requests) == calls, [str(request) for request in seen.requests]
    assert sorted(row["trace_id"] for row in seen.events) == sorted(trace_ids)
    for row in seen.events:
        check_event(row, integration, status, http_status, operation)
    assert all(request.has_right_key for request in seen.requests)
    assert gateway.upstream.leaks == []
    if names_itself:
        named = {row["provider_request_id"] for row in seen.events}
        assert named == {request.provider_id for request in seen.requests}
    proof = gateway.status(integration)["proof_of_use_count_24h"] - proof_before
    assert proof == (calls if status == "ok" else 0)
    for name, value in forms_of_secrets().items():
        assert value.encode() not in received, f"{name} is in an answer"
        assert value not in str(seen.events), f"{name} is in an event"


def check_event(
    row: dict, integration: str, status: str, http_status: int, operation: str | None
) -> None:
    assert row["integration"] == integration and row["source"] == "observed", row
    assert row["status"] == status and row["http_status"] == http_status, row
    assert (row["error_code"] is None) == (status == "ok"), row
    assert row["latency_ms"] >= 0 and row["upstream_ms"] >= 0, row
    assert row["bytes_in"] >= 0 and row["bytes_out"] >= 0, row
    assert MOMENT.fullmatch(row["at"]), row
    text = row["operation"]
    assert OPERATION.fullmatch(text) and len(text.encode()) <= OPERATION_BYTES_MAX, text
    for identifier in (*IDENTIFIERS, CREDENTIALS["TWILIO_ACCOUNT_SID"]):
        assert identifier not in text, f"{identifier} is in {text}"
    assert operation is None or text == operation, text
