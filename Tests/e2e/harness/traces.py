"""Traces: ids of the tests' own, and what is told under one."""

import secrets

from .client import Client


def fresh_trace() -> str:
    return secrets.token_hex(16)


def traced(trace: str) -> dict[str, str]:
    """The header of a caller that continues this trace."""
    return {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}


def story(client: Client, trace: str) -> dict:
    """What happened, as this caller is told it."""
    told = client.get(f"/api/traces/{trace}")["trace"]
    assert told["id"] == trace
    for part in ("security_events", "usage_events", "messages"):
        assert all(row["trace_id"] == trace for row in told[part]), told[part]
    for part in ("requests", "security_events", "messages"):
        times = [row["at"] for row in told[part]]
        assert times == sorted(times), f"{part} are not in the order in which they happened"
    return told


def only_request(told: dict) -> dict:
    assert len(told["requests"]) == 1, told["requests"]
    return told["requests"][0]


def check_unknown(client: Client, trace: str) -> None:
    """This caller is told nothing, not even whether there is something."""
    refused = client.get(f"/api/traces/{trace}", expect=404)
    assert refused["error_code"] == "trace_unknown"
