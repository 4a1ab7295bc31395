"""A server with a day behind it: integrations in all their states, with real calls and reports."""

import random

from harness import Gateway, at, usage_event
from upstream import Answer, json_answer
from upstream.providers import openai

from .calls import CALLS, FAILURES, HELLO

# The same day in every run.
SEED = 4
DAY_SECONDS = 23 * 3600
OPENAI_CALLS = 60
REPORTS = [
    ("openai", "POST /v1/chat/completions", 420, 0.04),
    ("anthropic", "POST /v1/messages", 90, 0.02),
    ("polygon", "GET /v1/marketstatus/now", 160, 0.03),
    ("finnhub", "GET /api/v1/quote", 240, 0.01),
]
CHAT = {"model": openai.MODEL, "messages": HELLO}


def fill(gateway: Gateway) -> None:
    """Finnhub is down, NewsAPI was never called, Twilio waits for its first message."""
    report(gateway)
    for call in CALLS:
        if call.integration in {"alpaca", "alpaca-data", "anthropic", "polygon"}:
            gateway.call(
                "POST" if call.body else "GET",
                call.integration,
                call.path,
                json=call.body,
                headers=dict(header.split(": ") for header in call.headers),
            )
    gateway.upstream["finnhub"].next(*[Answer(503, body=b"down")] * FAILURES)
    for _ in range(FAILURES):
        gateway.call("GET", "finnhub", "/api/v1/quote?symbol=AAPL")
    call_openai(gateway)


def report(gateway: Gateway) -> None:
    chance = random.Random(SEED)
    writer = gateway.admin.with_token("usage:write")
    for integration, operation, count, failing in REPORTS:
        events = []
        for _ in range(count):
            fails = chance.random() < failing
            events.append(
                usage_event(
                    source="worker",
                    integration=integration,
                    operation=operation,
                    status="error" if fails else "ok",
                    http_status=500 if fails else 200,
                    error_code="provider_down" if fails else None,
                    at=at(-chance.uniform(60, DAY_SECONDS)),
                    latency_ms=int(chance.lognormvariate(5.5, 0.6)),
                )
            )
        assert writer.post("/api/usage/events", events)["accepted"] == count


def call_openai(gateway: Gateway) -> None:
    """Most go well; one in a dozen meets a limit of the provider's."""
    for number in range(OPENAI_CALLS):
        if number % 12 == 7:
            limit = {"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}
            gateway.upstream["openai"].next(json_answer(limit, 429))
        path = "/v1/models" if number % 5 == 3 else "/v1/chat/completions"
        body = None if path == "/v1/models" else CHAT
        gateway.call("POST" if body else "GET", "openai", path, json=body)
