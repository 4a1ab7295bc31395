"""What a server has confirmed, and so must keep for ever: kept beside it, and held against it after
each crash. Nothing may be lost, nothing doubled, nothing in another order, nothing from nowhere."""

import random
import threading
from dataclasses import dataclass, field

from .client import PASSWORD, Client
from .gateway import Gateway
from .server import Server

# Hashing a password takes some 20 ms, so of the older facts only a few are asked again each round.
NEWEST = 2
OLDER = 3
PAGE_EVENTS = 200
EVENTS_PATH = "/api/integrations/openai/events"
CALLED = "alpaca"
OUTCOMES = {"ok", "error", "interrupted", "aborted_client", "aborted_upstream", "ambiguous"}


@dataclass
class Facts:
    lock: threading.Lock = field(default_factory=threading.Lock)
    emails: list[str] = field(default_factory=list)
    live_cookies: list[str] = field(default_factory=list)
    ended_cookies: list[str] = field(default_factory=list)
    used_codes: list[tuple[str, str, str]] = field(default_factory=list)  # email, factor, code
    live_tokens: list[str] = field(default_factory=list)
    revoked_tokens: list[str] = field(default_factory=list)
    # Of each reporter, in the order in which it was told that they are accepted.
    events: dict[str, list[str]] = field(default_factory=dict)
    # Sent, but the server was gone before the answer came: both outcomes are right.
    unanswered_events: set[str] = field(default_factory=set)
    calls_sent: set[str] = field(default_factory=set)
    calls_answered: set[str] = field(default_factory=set)
    # What has been looked at, newest last; it may never change again.
    listed: list[str] = field(default_factory=list)
    tried_codes: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def event_ids(self) -> set[str]:
        return {event for events in self.events.values() for event in events}

    def summary(self) -> str:
        return (
            f"{len(self.emails)} registrations, {len(self.live_cookies)} live and "
            f"{len(self.ended_cookies)} ended sessions, {len(self.used_codes)} used codes, "
            f"{len(self.live_tokens)} live and {len(self.revoked_tokens)} revoked tokens, "
            f"{len(self.event_ids)} events, {len(self.calls_answered)} calls"
        )


def some(values: list, everything: bool) -> list:
    """All, or the newest and a few of the others."""
    if everything or len(values) <= NEWEST + OLDER:
        return list(values)
    return values[-NEWEST:] + random.sample(values[:-NEWEST], OLDER)


def check_facts(gateway: Gateway, token: str, facts: Facts, *, everything: bool) -> None:
    """After each crash the newest facts and a few of the others, at the end all of them."""
    server = gateway.server
    check_accounts(server, facts, everything)
    check_tokens(server, facts, everything)
    check_events(server.client(token=token), facts, everything)
    check_calls(gateway, facts)


def check_accounts(server: Server, facts: Facts, everything: bool) -> None:
    client = server.client()
    for email in some(facts.emails, everything)[-8:]:
        assert client.login(email, PASSWORD)["user"]["email"] == email, "a registration was lost"
    for cookie in some(facts.live_cookies, everything):
        client.cookie = cookie
        assert client.signed_in(), "a session was lost"
    for cookie in some(facts.ended_cookies, everything):
        client.cookie = cookie
        assert not client.signed_in(), "an ended session lives"
    for used in facts.used_codes[-1:]:
        # Each try counts as a failure of its account, and after ten of them nothing is judged.
        if used in facts.tried_codes:
            continue
        facts.tried_codes.add(used)
        email, factor, code = used
        client.login(email, PASSWORD)
        refused = client.verify(client.challenge(), expect=401, **{factor: code})
        assert refused["error_code"] == "code_invalid", "a used code was usable again"


def check_tokens(server: Server, facts: Facts, everything: bool) -> None:
    for token in some(facts.live_tokens, everything):
        answer = server.client(token=token).request("GET", "/api/integrations/status")
        assert answer.status_code == 200, "a token was lost"
    for token in some(facts.revoked_tokens, everything):
        answer = server.client(token=token).request("GET", "/api/integrations/status")
        assert answer.status_code == 401, "a revoked token lives"


def check_events(caller: Client, facts: Facts, everything: bool) -> None:
    known = [] if everything else facts.listed
    newest = listed_events(caller, until=known[-1] if known else None)
    listed = known + newest
    assert listed[: len(facts.listed)] == facts.listed, "what was listed once has changed"
    facts.listed = listed
    assert len(listed) == len(set(listed)), "an event is there twice"
    lost = facts.event_ids - set(listed)
    assert not lost, f"{len(lost)} of {len(facts.event_ids)} acknowledged events were lost"
    foreign = set(listed) - facts.event_ids - facts.unanswered_events
    assert not foreign, f"events came from nowhere: {sorted(foreign)[:5]}"
    for reporter, acknowledged in facts.events.items():
        mine = set(acknowledged)
        assert [event for event in listed if event in mine] == acknowledged, (
            f"the events of {reporter} are in another order"
        )
    rows = caller.get("/api/integrations/status")["integrations"]
    counted = next(row for row in rows if row["id"] == "openai")["reported_count_24h"]
    assert counted == len(listed), "the count and the list differ"


def listed_events(caller: Client, until: str | None) -> list[str]:
    """The ids of events that came after this one, or of all, oldest first."""
    ids, cursor = [], None
    while True:
        query = {"limit": PAGE_EVENTS, **({"cursor": cursor} if cursor else {})}
        page = caller.get(EVENTS_PATH, params=query)
        for event in page["events"]:
            # What the server has observed itself is its own probes of the provider.
            if event["source"] != "reported":
                continue
            if event["event_id"] == until:
                return ids[::-1]
            ids.append(event["event_id"])
        if (cursor := page["next_cursor"]) is None:
            assert until is None, "the newest event of the round before was lost"
            return ids[::-1]


def check_calls(gateway: Gateway, facts: Facts) -> None:
    events = gateway.events(CALLED)
    traces = [event["trace_id"] for event in events]
    statuses = {event["trace_id"]: event["status"] for event in events}
    assert len(traces) == len(statuses), "a call is on record twice"
    assert set(statuses.values()) <= OUTCOMES, set(statuses.values())
    lost = facts.calls_answered - statuses.keys()
    assert not lost, f"{len(lost)} answered calls are not on record"
    assert {statuses[trace] for trace in facts.calls_answered} <= {"ok"}
    assert statuses.keys() <= facts.calls_sent, "a call came from nowhere"
    arrived = {call.header("x-attempt") for call in gateway.upstream[CALLED].calls}
    assert arrived <= statuses.keys(), "something left before its attempt was durable"
