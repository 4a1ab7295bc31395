"""The trace page: what happened under one id, from the request to the answer."""

import re

import pytest
from playwright.sync_api import expect

from harness import usage_event

from . import farm as states
from .inspection import inspect

QUIET = {"COUNTERSIGN_PROBES_ENABLED": "false"}
UNKNOWN = "Nothing is known under this id"


@pytest.fixture
def gateway(start_gateway):
    return start_gateway(env=QUIET)


@pytest.fixture
def traces(consoles, gateway):
    """The look-up as the administrator has it."""
    console = consoles(gateway.server, gateway.admin)
    console.open("traces").heading("Trace")
    return console


def look_up(console, text: str) -> None:
    console.fill("Look up a trace id", text)
    console.press("Show")


def steps(console) -> list[str]:
    """The headings of the story, in its order."""
    expect(console.page.get_by_role("heading", name="What happened")).to_be_visible()
    texts = console.page.locator(".story h3").all_inner_texts()
    return [" ".join(text.split()) for text in texts]


def test_a_call_through_the_gateway(traces, gateway):
    console = traces
    console.see("Look up a trace")
    inspect(console, "look-up")
    trace = states.chat(gateway)
    event = gateway.event_of("openai", trace)
    # However it was copied.
    look_up(console, f"traceparent: 00-{trace.upper()}-00f067aa0ba902b7-01")
    console.lands_on(f"traces/{trace}")
    assert steps(console) == [
        "POST /api/integrations/{id}/call/{path}",
        "Allowed",
        "Use of openai",
        "Answered 200",
    ]
    story = console.card("What happened")
    (token,) = gateway.admin.get("/api/tokens")["tokens"]
    for text in (
        "A token with a scope for calls of this integration.",
        token["id"],
        event["operation"],
        event["provider_request_id"],
        event["id"],
        "11 input tokens",
    ):
        console.see(re.compile(re.escape(text)), story)
    console.press("Copy the provider’s request id", story)
    console.see("Copied the provider’s request id.", story)
    assert console.copied() == event["provider_request_id"]
    inspect(console, "a call")
    console.link("Use of openai", story).click()
    console.lands_on("connections?open=openai")


def test_a_call_that_failed(traces, gateway):
    trace = states.failing_chat(gateway)
    event = gateway.event_of("openai", trace)
    look_up(traces, trace)
    assert steps(traces)[2:] == ["Use of openai", "Answered 400"]
    traces.see(event["error_code"])
    inspect(traces, "a failed call")


def test_a_refused_sign_in(traces, gateway):
    stranger = gateway.server.client()
    refusal = stranger.login(gateway.admin.email, "not the password", expect=401)
    look_up(traces, refusal["trace_id"])
    told = steps(traces)
    assert told[0] == "POST /api/auth/login" and told[-1] == "Answered 401"
    assert {"Refused", "Sign-in refused"} <= set(told), told
    traces.see(refusal["error_code"])
    traces.see("python-requests", traces.card("What happened"))
    inspect(traces, "a refused sign-in")


def test_a_refused_call(traces, gateway):
    """What a token may not is told with the reason."""
    answer = gateway.call("GET", "fred", "/fred/series", token=gateway.token("status:read"))
    assert answer.status_code == 403
    look_up(traces, answer.json()["trace_id"])
    told = steps(traces)
    assert "Refused" in told and told[-1] == "Answered 403", told
    traces.see("scope_missing")


def test_a_report(traces, gateway):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    event = usage_event(trace_id=trace, source="worker-eu-1")
    gateway.admin.with_token("usage:write").post("/api/usage/events", [event])
    look_up(traces, trace)
    assert steps(traces) == ["Use of openai"]
    for text in ("worker-eu-1", event["id"]):
        traces.see(text, traces.card("What happened"))


def test_an_unknown_id(traces):
    traces.watch.provokes(404)
    look_up(traces, "0" * 31 + "1")
    traces.see(UNKNOWN)
    inspect(traces, "unknown")


def test_what_is_no_id(traces):
    look_up(traces, "not a trace")
    expect(traces.field("Look up a trace id")).to_have_attribute("aria-invalid", "true")
    inspect(traces, "no id")
    traces.open("traces/xyz")
    traces.see("That is no trace id")
    inspect(traces, "a malformed address")


def test_others_traces_are_unknown(consoles, gateway):
    trace = states.chat(gateway)
    member = gateway.server.client()
    member.register()
    own = member.get("/api/auth/activity")["events"][0]["trace_id"]
    console = consoles(gateway.server, member)
    console.watch.provokes(404)
    console.open(f"traces/{trace}")
    console.see(UNKNOWN)
    look_up(console, own)
    assert "Registered" in steps(console)
