"""Row I2: the events that calls of all kinds leave."""

import json

from harness import sdks
from upstream.providers import openai

from .caller import compact
from .calls import CALLS, HELLO, PROVIDERS, make
from .ledger import shows
from .pages import Section
from .world import Proof


@shows("I2", "integrations", "an event for every call")
def events_of_calls(proof: Proof, section: Section) -> str:
    """Every provider is called once through the gateway by curl, and OpenAI once more by its own
    Python client; each call must leave exactly one event with the trace id of its answer."""
    gateway = proof.gateway()
    caller = proof.caller(section, gateway.server)
    rows, kinds = [], set()
    for call in CALLS:
        answer = make(caller, gateway, call)
        (event,) = gateway.events(call.integration)
        assert event["trace_id"] == answer.trace_id and event["source"] == "observed", event
        assert event["status"] == "ok" and event["http_status"] == call.expect, event
        kinds.add(call.kind)
        rows.append(told(call.kind, "curl", event))
    section.say("The client that OpenAI's users have, with only its base URL and key changed:")
    base = gateway.server.url + gateway.path("openai", "")
    token = gateway.token("call:openai")
    client = sdks.openai_client(base, token)
    said = client.chat.completions.create(model=openai.MODEL, messages=HELLO)
    section.code(
        'client = OpenAI(base_url=f"{api}/api/integrations/openai/call/v1", api_key=‹token›)\n'
        f'client.chat.completions.create(model="{openai.MODEL}", messages={json.dumps(HELLO)})\n'
        f"→ {said.choices[0].message.content!r}"
    )
    first, second = gateway.events("openai")[::-1]
    assert second["units"] == first["units"] and second["units"]["output_tokens"] > 0
    rows.append(told("LLM", "its Python client", second))
    section.say("The events:")
    head = ["kind", "integration", "called by", "operation", "status", "units", "trace_id"]
    section.table(head, rows)
    states = caller(
        "GET", "/api/integrations/status", token=gateway.token("status:read"), quiet=True
    ).json
    counts = {row["id"]: row["proof_of_use_count_24h"] for row in states["integrations"]}
    assert all(count == (2 if id == "openai" else 1) for id, count in counts.items()), counts
    keys = {one.has_right_key for id in PROVIDERS for one in gateway.upstream[id].requests}
    assert keys == {True}, "a call came without the provider's real key"
    return (
        f"{len(rows)} calls of {len(PROVIDERS)} providers ({', '.join(sorted(kinds))}) left "
        f"{len(rows)} events, each with the trace id of its answer; all carried the provider's "
        "real key, which no caller had"
    )


def told(kind: str, by: str, event: dict) -> list:
    units = compact(event["units"]) if event["units"] else None
    operation = f"`{event['operation']}`"
    return [kind, event["integration"], by, operation, event["status"], units, event["trace_id"]]
