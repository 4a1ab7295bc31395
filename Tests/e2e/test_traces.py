"""What happened under one trace id: told to those whom it happened to, and to admins."""

import pytest

from harness import Client, fresh_email, usage_event
from harness.sms import GENEROUS, fresh_number
from harness.traces import check_unknown, fresh_trace, only_request, story, traced
from upstream import json_answer

WRONG = "wrong wrong wrong"
CALL_ROUTE = "/api/integrations/{id}/call/{path}"
MODELS = "/v1/models"
# Every scope that a token can have.
SCOPES = (
    "session:read",
    "usage:write",
    "usage:read",
    "alerts:send",
    "status:read",
    "metrics:read",
    "call:openai",
)


@pytest.fixture
def other(shared_server, admin) -> Client:
    """Another account than `member`."""
    client = shared_server.client()
    client.register()
    return client


def change_phone(client: Client, number: str = "+14155550177", **options) -> str:
    """Something that a person changes; answers its trace id."""
    return client.patch("/api/auth/profile", {"phone_e164": number}, **options)["trace_id"]


def kinds(told: dict) -> list[str]:
    return [row["kind"] for row in told["security_events"]]


# Whose it is


def test_a_change_is_told_to_its_owner_and_to_admins_and_to_nobody_else(
    shared_server, admin, member, other
):
    trace = change_phone(member)
    told = story(member, trace)
    request = only_request(told)
    assert (request["method"], request["route"]) == ("PATCH", "/api/auth/profile")
    assert request["status"] == 200 and request["error_code"] is None
    assert 0 < request["duration_us"] < 30_000_000
    assert request["caller"] == {
        "kind": "session",
        "id": member.user["id"],
        "name": member.email,
    }
    assert request["decision"]["outcome"] == "allowed" and request["decision"]["reason"]
    assert kinds(told) == ["phone_changed"]
    event = told["security_events"][0]
    assert event["count"] == 1 and event["address"] == "127.0.0.1" and event["user_agent"]
    assert told["usage_events"] == [] and told["messages"] == []
    assert "14155550177" not in str(told)
    assert story(admin, trace) == told
    check_unknown(other, trace)


def test_strangers_and_programs_may_not_look(shared_server, admin, member):
    trace = change_phone(member)
    stranger = shared_server.client().get(f"/api/traces/{trace}", expect=401)
    assert stranger["error_code"] == "not_signed_in"
    token = admin.with_token(*SCOPES)
    assert token.get(f"/api/traces/{trace}", expect=403)["error_code"] == "forbidden"
    # Their own tries are no reason to be told of it either.
    continued = shared_server.client().get(
        f"/api/traces/{trace}", expect=401, headers=traced(trace)
    )
    assert continued["trace_id"] == trace and "trace" not in continued


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "0" * 32,
        "a" * 31,
        "a" * 33,
        "A" * 32,
        "g" * 32,
        "%00" * 32,
        "%20" + "a" * 31,
        "é" * 16,
        "a" * 30 + "%2F",
        "evt_00000000000c",
        "00-" + "a" * 32 + "-00f067aa0ba902b7-01",
        "f" * 32,
    ],
)
def test_what_is_no_trace_id_or_nobodys_is_unknown(admin, text):
    check_unknown(admin, text)


def test_reads_that_went_well_leave_nothing_to_explain(admin):
    for path in ("/api/integrations/status", "/api/auth/activity", "/", "/health"):
        answer = admin.request("GET", path, expect=200)
        check_unknown(admin, answer.headers["x-trace-id"])


# What is told


def test_a_refused_login_is_told_with_its_reason_and_its_security_event(
    shared_server, admin, member, other
):
    trace = shared_server.client().login(member.email, WRONG, expect=401)["trace_id"]
    told = story(member, trace)
    request = only_request(told)
    assert (request["method"], request["route"]) == ("POST", "/api/auth/login")
    assert (request["status"], request["error_code"]) == (401, "invalid_credentials")
    assert request["caller"] == {"kind": "anonymous"}
    assert request["decision"]["outcome"] == "refused"
    assert "password" in request["decision"]["reason"]
    assert kinds(told) == ["sign_in_refused"]
    assert story(admin, trace) == told and WRONG not in str(told)
    check_unknown(other, trace)


def test_a_login_to_no_account_is_told_to_admins_only(shared_server, admin, other):
    email = fresh_email()
    trace = shared_server.client().login(email, WRONG, expect=401)["trace_id"]
    told = story(admin, trace)
    assert only_request(told)["decision"]["outcome"] == "refused"
    assert told["security_events"] == [] and email not in str(told)
    check_unknown(other, trace)


def test_what_is_wrong_with_a_request_is_no_decision_about_its_caller(member):
    answer = member.patch("/api/auth/profile", {"phone_e164": "nonsense"}, expect=422)
    request = only_request(story(member, answer["trace_id"]))
    assert (request["status"], request["error_code"]) == (422, "phone_invalid")
    assert request["decision"]["outcome"] == "allowed"
    trace = member.get("/api/admin/users", expect=403)["trace_id"]
    request = only_request(story(member, trace))
    assert request["error_code"] == "forbidden" and request["decision"]["outcome"] == "refused"


def test_a_path_is_never_told_but_only_its_route(admin, member):
    trace = member.delete("/api/auth/sessions/ses_secret", expect=404)["trace_id"]
    told = story(member, trace)
    assert only_request(told)["route"] == "/api/auth/sessions/{id}"
    assert "ses_secret" not in str(told)
    # Where there is no route, nobody is asked who they are: it is a stranger's request.
    trace = member.get("/api/secret?password=secret", expect=404)["trace_id"]
    told = story(admin, trace)
    assert only_request(told)["route"] == "-" and "secret" not in str(told)
    assert only_request(told)["caller"] == {"kind": "anonymous"}
    check_unknown(member, trace)


# Several requests


def test_all_requests_that_continue_a_trace_are_one_story(shared_server, admin, member, other):
    trace = fresh_trace()
    headers = traced(trace)
    assert change_phone(member, headers=headers) == trace
    member.post("/api/auth/step-up", {"password": member.password}, headers=headers)
    member.delete("/api/auth/sessions/ses_x", expect=404, headers=headers)
    member.get("/api/auth/session", headers=headers)  # It went well, and is not told.
    body = {"email": member.email, "password": WRONG}
    shared_server.client().post("/api/auth/login", body, expect=401, headers=headers)
    told = story(member, trace)
    assert [(row["method"], row["status"]) for row in told["requests"]] == [
        ("PATCH", 200),
        ("POST", 200),
        ("DELETE", 404),
        ("POST", 401),
    ]
    assert [row["caller"]["kind"] for row in told["requests"]] == ["session"] * 3 + ["anonymous"]
    assert kinds(told) == ["phone_changed", "stepped_up", "sign_in_refused"]
    assert story(admin, trace) == told
    check_unknown(other, trace)


def test_who_continues_the_trace_of_others_does_not_learn_who_they_are(admin, member, other):
    trace = change_phone(member)
    other.delete("/api/auth/sessions/ses_x", expect=404, headers=traced(trace))
    told = story(other, trace)
    assert [row["method"] for row in told["requests"]] == ["PATCH", "DELETE"]
    assert [row["caller"].get("name") for row in told["requests"]] == [None, other.email]
    assert told["security_events"] == []
    assert member.email not in str(told) and member.user["id"] not in str(told)
    named = [row["caller"]["name"] for row in story(admin, trace)["requests"]]
    assert named == [member.email, other.email]
    # Nor does the owner of the trace learn who came after.
    assert other.email not in str(story(member, trace))


# The gateway


@pytest.fixture
def quiet(start_gateway):
    """A gateway that sends messages, and makes no calls of its own."""
    return start_gateway(env={**GENEROUS, "COUNTERSIGN_PROBES_ENABLED": "false"})


def new_member(gateway) -> Client:
    client = gateway.server.client()
    client.register()
    return client


def test_a_call_is_told_with_its_token_its_event_and_the_providers_id(quiet):
    quiet.admin.mint("call:openai", name="not this one")
    token = quiet.admin.mint("call:openai", name="billing job")
    answer = quiet.call("GET", "openai", MODELS, token=token)
    trace = answer.headers["x-trace-id"]
    told = story(quiet.admin, trace)
    request = only_request(told)
    assert (request["method"], request["route"]) == ("GET", CALL_ROUTE)
    assert request["status"] == 200 and request["error_code"] is None
    assert request["caller"]["kind"] == "token" and request["caller"]["name"] == "billing job"
    tokens = {row["id"]: row["name"] for row in quiet.admin.get("/api/tokens")["tokens"]}
    assert tokens[request["caller"]["id"]] == "billing job"
    assert request["decision"]["outcome"] == "allowed" and request["decision"]["reason"]
    (event,) = told["usage_events"]
    assert event == quiet.newest_event("openai")
    provider_id = quiet.upstream["openai"].only_call().provider_id
    assert event["provider_request_id"] == provider_id and provider_id.startswith("req_")
    assert token not in str(told)
    check_unknown(new_member(quiet), trace)


def test_a_call_that_is_refused_never_had_an_event(quiet):
    for token, code in [(quiet.token("call:fred"), "scope_missing"), ("sk-x", "token_invalid")]:
        answer = quiet.call("GET", "openai", MODELS, token=token)
        told = story(quiet.admin, answer.headers["x-trace-id"])
        request = only_request(told)
        assert request["error_code"] == code and request["decision"]["outcome"] == "refused"
        assert request["caller"]["kind"] == ("token" if code == "scope_missing" else "anonymous")
        assert told["usage_events"] == [] and token not in str(told)


def test_a_providers_refusal_is_no_decision_of_ours(quiet):
    refusal = {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}
    quiet.upstream["openai"].next(json_answer(refusal, status=401))
    answer = quiet.call("GET", "openai", MODELS)
    assert answer.status_code == 401
    told = story(quiet.admin, answer.headers["x-trace-id"])
    request = only_request(told)
    assert (request["status"], request["error_code"]) == (401, None)
    assert request["decision"]["outcome"] == "allowed"
    assert [row["error_code"] for row in told["usage_events"]] == ["auth_failed"]


def test_a_test_message_is_told_with_its_call(quiet):
    member, number = new_member(quiet), fresh_number()
    member.patch("/api/auth/profile", {"phone_e164": number})
    sent = member.post("/api/alerts/sms/test")
    told = story(member, sent["trace_id"])
    request = only_request(told)
    assert request["route"] == "/api/alerts/sms/test"
    assert request["caller"]["id"] == member.user["id"]
    (message,) = told["messages"]
    assert message["provider_message_id"] == sent["provider_message_id"]
    assert message["event_id"] == sent["event_id"] and message["test"] is True
    (event,) = told["usage_events"]
    assert event["id"] == sent["event_id"] and event["integration"] == "twilio"
    assert number not in str(told)
    assert story(quiet.admin, sent["trace_id"]) == told
    check_unknown(new_member(quiet), sent["trace_id"])


def test_a_reported_event_is_told_under_the_trace_that_its_reporter_gave(quiet):
    trace, caller = fresh_trace(), quiet.admin.with_token("usage:write")
    event = usage_event(trace_id=trace, integration="finnhub", status="timeout")
    caller.post("/api/usage/events", [event, usage_event()])
    told = story(quiet.admin, trace)
    assert told["requests"] == [] and told["security_events"] == [] and told["messages"] == []
    (row,) = told["usage_events"]
    assert (row["reporter"], row["event_id"]) == (event["source"], event["id"])
    assert (row["source"], row["status"]) == ("reported", "timeout")
    # It happened to no account, so it is nobody's but the admins'.
    check_unknown(new_member(quiet), trace)


def test_a_trace_that_is_used_too_often_is_told_in_part(quiet):
    trace, caller = fresh_trace(), quiet.admin.with_token("usage:write")
    events = [usage_event(trace_id=trace) for _ in range(250)]
    caller.post("/api/usage/events", events)
    rows = story(quiet.admin, trace)["usage_events"]
    assert [row["event_id"] for row in rows] == [event["id"] for event in events[:200]]


def test_a_persons_request_and_the_calls_of_programs_under_it_are_one_story(quiet):
    member, trace = new_member(quiet), fresh_trace()
    change_phone(member, headers=traced(trace))
    for integration, path in [("openai", MODELS), ("finnhub", "/api/v1/quote?symbol=AAPL")]:
        answer = quiet.call("GET", integration, path, headers=traced(trace))
        assert answer.headers["x-trace-id"] == trace
    told = story(member, trace)
    assert [row["route"] for row in told["requests"]] == [
        "/api/auth/profile",
        CALL_ROUTE,
        CALL_ROUTE,
    ]
    assert [row["integration"] for row in told["usage_events"]] == ["openai", "finnhub"]
    assert [row["caller"].get("name") for row in told["requests"]] == [member.email, None, None]
    names = [row["caller"]["name"] for row in story(quiet.admin, trace)["requests"]]
    assert names == [member.email, "test", "test"]


# A crash


def test_what_must_not_be_forgotten_is_there_after_a_crash(quiet):
    member, trace = new_member(quiet), fresh_trace()
    headers = traced(trace)
    change_phone(member, fresh_number(), headers=headers)
    member.post("/api/alerts/sms/test", headers=headers)
    quiet.call("GET", "openai", MODELS, headers=headers)
    quiet.admin.with_token("usage:write").post(
        "/api/usage/events", [usage_event(trace_id=trace, integration="fred")]
    )
    body = {"email": member.email, "password": WRONG}
    quiet.server.client().post("/api/auth/login", body, expect=401, headers=headers)
    own, all_of_it = story(member, trace), story(quiet.admin, trace)
    assert len(own["requests"]) == 4 and len(own["messages"]) == 1
    assert kinds(own) == ["phone_changed", "sign_in_refused"]
    assert [row["integration"] for row in own["usage_events"]] == ["twilio", "openai", "fred"]
    quiet.server.crash_and_restart()
    quiet.restarted()
    # Requests are remembered by the process only; everything else is in the log.
    assert story(quiet.admin, trace) == {**all_of_it, "requests": []}
    assert story(member.on(quiet.server.url), trace) == {**own, "requests": []}
