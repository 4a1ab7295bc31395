"""Row I1: what the status says of each integration, held against its events."""

from upstream import Answer, json_answer

from .caller import Caller
from .calls import CALLS, FAILURES, PROVIDERS, make
from .ledger import shows
from .pages import Section
from .world import Proof

STATUS = "/api/integrations/status"
MEMBERS = [
    "configured",
    "connected",
    "last_used_at",
    "proof_of_use_count_24h",
    "failures_24h",
    "missing_env_vars",
    "error_code",
]


@shows("I1", "integrations", "the status before and after calls")
def status(proof: Proof, section: Section) -> str:
    """A server whose providers were never called and that has no key for one; then one provider
    answers, one refuses the key and one is down; each number is held against the events."""
    gateway = proof.gateway(without=("FRED_API_KEY",))
    caller = proof.admin(section, gateway)
    before = look(caller, section)
    for id, row in before.items():
        unproven = "not_configured" if id == "fred" else "unproven"
        assert row["error_code"] == unproven and row["suggested_fix"], row
        assert not row["connected"] and row["evidence"] is None and not row["last_used_at"], row
        assert row["proof_of_use_count_24h"] == 0, row
        assert row["configured"] == (id != "fred"), row
    assert before["fred"]["missing_env_vars"] == ["FRED_API_KEY"]

    section.say(
        "OpenAI answers twice. Polygon answers 401. Finnhub answers 503 five times. The rest is "
        "left alone."
    )
    by_id = {call.integration: call for call in CALLS}
    used = [make(caller, gateway, by_id["openai"], quiet=True) for _ in range(2)]
    gateway.upstream["polygon"].next(json_answer({"error": "Unknown API Key"}, 401))
    make(caller, gateway, by_id["polygon"], expect=401, quiet=True)
    gateway.upstream["finnhub"].next(*[Answer(503, body=b"down")] * FAILURES)
    for _ in range(FAILURES):
        make(caller, gateway, by_id["finnhub"], expect=503, quiet=True)
    after = look(caller, section)
    openai_row, polygon, finnhub = (after[id] for id in ("openai", "polygon", "finnhub"))
    assert openai_row["connected"] and openai_row["proof_of_use_count_24h"] == len(used)
    assert openai_row["error_code"] is None and openai_row["evidence"]["kind"] == "traffic"
    assert openai_row["evidence"]["trace_id"] == used[-1].trace_id
    assert not polygon["connected"] and polygon["error_code"] == "auth_failed"
    assert "POLYGON_API_KEY" in polygon["suggested_fix"]
    assert not finnhub["connected"] and finnhub["error_code"] == "provider_down"
    for id, row in after.items():
        events = gateway.events(id)
        good = sum(event["status"] == "ok" for event in events)
        assert row["proof_of_use_count_24h"] == good, f"{id}: {row} with {good} events that are ok"
        assert row["failures_24h"] == len(events) - good, f"{id}: {row}"
        assert row["last_used_at"] == (events[0]["at"] if events else None), f"{id}: {row}"
        untouched = id not in {"openai", "polygon", "finnhub"}
        assert not untouched or row == before[id], f"{id} was not called and says {row}"
    section.say("One of them in full:")
    caller("GET", STATUS, jq='.integrations[] | select(.id=="polygon")')
    return (
        f"{len(before)} integrations, none connected before a call; then OpenAI is connected with "
        f"{len(used)} uses and the trace id of the last as evidence, Polygon `auth_failed`, "
        "Finnhub `provider_down`, and the others are as before; all counts are those of the events"
    )


def look(caller: Caller, section: Section) -> dict[str, dict]:
    """The status of all, shown as a table."""
    answer = caller("GET", STATUS, quiet=True)
    rows = {row["id"]: row for row in answer.json["integrations"]}
    assert set(rows) == PROVIDERS, rows.keys()
    section.say(f"`GET {STATUS}`, trace id `{answer.trace_id}`:")
    shorter = [name.removesuffix("_count_24h").removesuffix("_24h") for name in MEMBERS]
    lines = [[id, *(row[name] for name in MEMBERS)] for id, row in rows.items()]
    section.table(["id", *shorter], lines)
    return rows
