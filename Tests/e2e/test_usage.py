"""Usage events: batches, duplicates, late ones, counts, paging while events arrive."""

import json
import threading

import pytest

from harness import at, usage_event

BODY_BYTES_MAX = 8 << 20


@pytest.fixture
def caller(server):
    return server.admin().with_token("usage:write", "usage:read", "status:read")


def post(caller, events) -> dict:
    return caller.post("/api/usage/events", events)


def counts(caller, integration="openai") -> tuple[int, int, int]:
    rows = caller.get("/api/integrations/status")["integrations"]
    row = next(row for row in rows if row["id"] == integration)
    return row["proof_of_use_count_24h"], row["failures_24h"], row["reported_count_24h"]


def test_an_array_is_accepted_listed_and_counted(caller):
    event = usage_event(
        at=at(-5),
        latency_ms=12,
        http_status=200,
        units={"input_tokens": 7, "output_tokens": 9},
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
    )
    answer = post(caller, [event])
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (1, 0, [])
    row = caller.get("/api/integrations/openai/events")["events"][0]
    assert row["reporter"] == event["source"] and row["event_id"] == event["id"]
    for member in ("at", "operation", "status", "latency_ms", "http_status", "units", "trace_id"):
        assert row[member] == event[member], member
    assert row["source"] == "reported" and row["integration"] == "openai"
    assert row["error_code"] is None and row["provider_request_id"] is None
    assert counts(caller) == (1, 0, 1)


def test_unknown_values_are_null_and_not_zero(caller):
    post(caller, [usage_event()])
    row = caller.get("/api/integrations/openai/events")["events"][0]
    for member in ("http_status", "latency_ms", "units", "error_code"):
        assert row[member] is None, member
    assert row["at"] and row["trace_id"]


def test_ndjson_is_accepted_line_by_line(caller):
    lines = [json.dumps(usage_event(integration="newsapi")) for _ in range(5)]
    answer = caller.request(
        "POST",
        "/api/usage/events",
        data="\n".join(lines) + "\n",
        expect=200,
        headers={"Content-Type": "application/x-ndjson"},
    ).json()
    assert answer["accepted"] == 5
    assert counts(caller, "newsapi") == (5, 0, 5)


def test_a_bad_item_is_rejected_alone(caller):
    good, bad = usage_event(), usage_event(status="excellent")
    broken = usage_event()
    del broken["operation"]
    answer = post(caller, [good, bad, broken, usage_event(integration="nowhere"), 7])
    assert answer["accepted"] == 1
    assert [item["index"] for item in answer["rejected"]] == [1, 2, 3, 4]
    assert [item["error_code"] for item in answer["rejected"]] == [
        "validation_failed",
        "validation_failed",
        "integration_unknown",
        "validation_failed",
    ]
    assert all(item["message"] for item in answer["rejected"])


@pytest.mark.parametrize(
    "members",
    [
        {"source": ""},
        {"source": "s" * 257},
        {"id": ""},
        {"id": "i" * 257},
        {"id": 5},
        {"operation": "o" * 257},
        {"operation": ""},
        {"status": "pending"},
        {"status": None},
        {"latency_ms": -1},
        {"latency_ms": "12"},
        {"http_status": 99},
        {"http_status": 1000},
        {"at": "yesterday"},
        {"units": {"input_tokens": -1}},
        {"units": []},
        {"trace_id": "short"},
    ],
)
def test_what_no_event_can_be_is_rejected(shared_server, admin, members):
    caller = admin.with_token("usage:write")
    answer = post(caller, [usage_event(**members)])
    assert answer["accepted"] == 0
    assert answer["rejected"][0]["error_code"] == "validation_failed", members


def test_a_repeated_event_is_a_duplicate_also_in_one_batch_and_in_another_member_order(caller):
    event = usage_event(units={"a": 1, "b": 2}, latency_ms=3, at=at(-1))
    turned = dict(reversed(event.items()))
    turned["units"] = {"b": 2, "a": 1}
    answer = post(caller, [event, event])
    assert (answer["accepted"], answer["duplicates"]) == (1, 1)
    answer = post(caller, [turned])
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (0, 1, [])
    assert counts(caller) == (1, 0, 1)


def test_the_same_key_with_another_content_is_a_conflict(caller):
    event = usage_event(latency_ms=3)
    post(caller, [event])
    answer = post(caller, [{**event, "latency_ms": 4}])
    assert answer["rejected"][0]["error_code"] == "event_conflict"
    assert (answer["accepted"], answer["duplicates"]) == (0, 0)


def test_the_key_is_injective_over_source_and_id(caller):
    pairs = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc", "x"),
        ("a\u0000b", "c"),
        ("a", "\u0000bc"),
        ("A", "bc"),
    ]
    answer = post(caller, [usage_event(source=source, id=id) for source, id in pairs])
    assert answer["accepted"] == len(pairs)


def test_events_too_old_or_in_the_future_are_rejected(caller):
    hour = 3600
    answer = post(
        caller,
        [
            usage_event(at=at(-24 * hour + 60)),
            usage_event(at=at(-24 * hour - 60)),
            usage_event(at=at(4 * 60)),
            usage_event(at=at(6 * 60)),
        ],
    )
    assert answer["accepted"] == 2
    assert [(item["index"], item["error_code"]) for item in answer["rejected"]] == [
        (1, "event_too_old"),
        (3, "event_in_future"),
    ]


def test_counts_tell_outcomes_apart(caller):
    statuses = ["ok", "ok", "ok", "error", "timeout", "aborted_client", "interrupted"]
    post(caller, [usage_event(status=status) for status in statuses])
    proof, _, reported = counts(caller)
    assert proof == 3
    assert counts(caller, "finnhub") == (0, 0, 0)
    listed = caller.get("/api/integrations/openai/events")["events"]
    assert sorted(event["status"] for event in listed) == sorted(statuses)
    assert reported in {3, 7}


def test_reports_never_make_an_integration_connected(caller):
    post(caller, [usage_event(integration="twilio") for _ in range(3)])
    rows = caller.get("/api/integrations/status")["integrations"]
    assert {row["id"] for row in rows} == {
        "twilio",
        "alpaca",
        "alpaca-data",
        "polygon",
        "finnhub",
        "openai",
        "anthropic",
        "newsapi",
        "fred",
    }
    assert not any(row["connected"] for row in rows)
    twilio = next(row for row in rows if row["id"] == "twilio")
    assert twilio["configured"] is False and twilio["error_code"] == "not_configured"
    assert set(twilio["missing_env_vars"]) == {
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_FROM_NUMBER",
    }
    assert twilio["suggested_fix"] and twilio["last_used_at"]


def test_configured_follows_the_environment(servers):
    server = servers.start(
        env={
            "FRED_API_KEY": "0123456789abcdef0123456789abcdef",
            "TWILIO_ACCOUNT_SID": "not-a-sid",
            "TWILIO_AUTH_TOKEN": "x" * 32,
            "TWILIO_FROM_NUMBER": "+14155550100",
        }
    )
    rows = server.admin().get("/api/integrations/status")["integrations"]
    by_id = {row["id"]: row for row in rows}
    assert by_id["fred"]["configured"] is True and by_id["fred"]["missing_env_vars"] == []
    assert by_id["fred"]["connected"] is False and by_id["fred"]["error_code"] == "unproven"
    assert by_id["twilio"]["error_code"] == "env_malformed"
    assert "not-a-sid" not in json.dumps(rows)


def test_pages_have_no_gap_and_no_double_while_events_arrive(server, caller):
    first = [usage_event(id=f"before-{n}") for n in range(500)]
    post(caller, first)
    stop = threading.Event()

    def keep_posting():
        writer = caller.twin()
        while not stop.is_set():
            post(writer, [usage_event() for _ in range(20)])

    thread = threading.Thread(target=keep_posting)
    thread.start()
    try:
        seen, cursor = [], None
        while True:
            query = {"limit": 37, **({"cursor": cursor} if cursor else {})}
            page = caller.get("/api/integrations/openai/events", params=query)
            seen += [event["event_id"] for event in page["events"]]
            if (cursor := page["next_cursor"]) is None:
                break
    finally:
        stop.set()
        thread.join()
    assert len(seen) == len(set(seen))
    assert [id for id in seen if id.startswith("before-")] == [
        event["id"] for event in reversed(first)
    ]


def test_the_last_thousand_events_can_be_listed_and_counts_go_beyond_the_ring(servers):
    server = servers.start(env={"COUNTERSIGN_USAGE_RING_EVENTS": "1000"})
    caller = server.admin().with_token("usage:write", "usage:read", "status:read")
    for _ in range(4):
        assert post(caller, [usage_event() for _ in range(700)])["accepted"] == 700
    assert counts(caller) == (2800, 0, 2800)
    server.crash_and_restart()
    caller.on(server.url)
    assert counts(caller) == (2800, 0, 2800)
    seen, cursor = 0, None
    while True:
        query = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = caller.get("/api/integrations/openai/events", params=query)
        seen += len(page["events"])
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == 1000


@pytest.mark.parametrize(
    "query, field",
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("cursor=nonsense", "cursor"),
    ],
)
def test_a_bad_page_request_is_refused(shared_server, admin, query, field):
    refused = admin.get(f"/api/integrations/openai/events?{query}", expect=422)
    assert refused["field"] == field
    assert refused["error_code"] == ("cursor_invalid" if field == "cursor" else "validation_failed")


def test_an_unknown_integration_has_no_events(shared_server, admin):
    assert (
        admin.get("/api/integrations/nowhere/events", expect=404)["error_code"]
        == "integration_unknown"
    )


def test_a_body_of_8_mib_is_accepted_and_a_larger_one_is_refused_readably(caller):
    events = []
    size = 2
    while size < BODY_BYTES_MAX - 600:
        event = usage_event(operation="o" * 250)
        events.append(json.dumps(event))
        size += len(events[-1]) + 1
    body = ("[" + ",".join(events) + "]").ljust(BODY_BYTES_MAX)
    headers = {"Content-Type": "application/json"}
    answer = caller.request(
        "POST", "/api/usage/events", data=body, headers=headers, expect=200
    ).json()
    assert answer["accepted"] == len(events)
    refused = caller.request(
        "POST", "/api/usage/events", data=body + " ", headers=headers, expect=413
    )
    assert refused.json()["error_code"] == "body_too_large"


def test_a_body_that_is_no_list_is_refused_as_a_whole(shared_server, admin):
    caller = admin.with_token("usage:write")
    for body, status, code in [
        ('[{"source":', 400, "malformed_json"),
        ("", 400, "malformed_json"),
        ('"text"', 422, "validation_failed"),
    ]:
        refused = caller.request(
            "POST",
            "/api/usage/events",
            data=body,
            headers={"Content-Type": "application/json"},
            expect=status,
        ).json()
        assert refused["error_code"] == code


# The self-check


def test_the_self_check_counts_the_log_again_and_finds_no_difference(servers):
    # Snapshots as often as can be, so that both they and the log behind them are counted.
    server = servers.start(env={"COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1"})
    admin = server.admin()
    caller = admin.with_token("usage:write")
    for count in (1, 700, 1500):
        caller.post("/api/usage/events", [usage_event() for _ in range(count)])
    caller.post("/api/usage/events", [usage_event(integration="fred")])
    for _ in range(2):
        found = admin.post("/api/admin/usage/self-check")
        totals = {row["integration"]: row["events"] for row in found["totals"]}
        assert totals["openai"] == 2201 and totals["fred"] == 1 and totals["twilio"] == 0
        assert found["differences"] == [] and found["record"] > 0
        server.crash_and_restart()
        admin.on(server.url)
    member = server.client()
    member.register()
    member.post("/api/admin/usage/self-check", expect=403)
