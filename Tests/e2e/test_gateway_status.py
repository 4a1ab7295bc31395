"""What the status says of each integration, and what stands behind it: never more than was seen."""

import time
from datetime import datetime

import pytest

from harness import check_our_error, usage_event
from upstream import CLOSE, Answer, Raw, json_answer, sse_answer

MODELS = "/v1/models"
INTEGRATIONS = {
    "twilio": "sms",
    "alpaca": "broker",
    "alpaca-data": "market_data",
    "polygon": "market_data",
    "finnhub": "market_data",
    "openai": "llm",
    "anthropic": "llm",
    "newsapi": "news",
    "fred": "alt_data",
}
# Each test says itself what is seen.
NO_PROBES = {"COUNTERSIGN_PROBES_ENABLED": "false"}
PROBE_SECONDS_MAX = 20
# After five failures in a row the next trial comes within 16 s, spread by a quarter.
WAIT_SECONDS_MAX = 40
DAY_SECONDS = 86_400


def wait_for(look, wanted, what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{what} is {seen!r} and not {wanted!r}"
        time.sleep(0.05)


def refusal() -> Answer:
    return json_answer(
        {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, status=401
    )


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
def quiet(start_gateway):
    return start_gateway(env=NO_PROBES)


def test_all_integrations_are_listed_and_none_is_connected_unproven(quiet):
    rows = quiet.admin.get("/api/integrations/status")["integrations"]
    assert {row["id"]: row["category"] for row in rows} == INTEGRATIONS
    for row in rows:
        assert row["configured"] is True and row["connected"] is False, row
        assert row["error_code"] == "unproven" and row["suggested_fix"], row
        assert row["evidence"] is None and row["last_used_at"] is None, row
        assert row["missing_env_vars"] == []


def test_a_call_is_evidence_with_its_trace_and_an_expiry(quiet):
    answer = quiet.call("GET", "openai", MODELS)
    row = quiet.status("openai")
    assert row["connected"] is True and row["error_code"] is None, row
    evidence = row["evidence"]
    assert evidence["kind"] == "traffic" and evidence["http_status"] == 200
    assert evidence["trace_id"] == answer.headers["x-trace-id"]
    assert seconds(evidence["expires_at"]) - seconds(evidence["at"]) == DAY_SECONDS
    assert row["proof_of_use_count_24h"] == 1 and row["failures_24h"] == 0
    assert row["last_used_at"] == quiet.newest_event("openai")["at"]
    assert quiet.status("anthropic")["connected"] is False


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429])
def test_answers_that_prove_the_credentials_keep_a_connection(quiet, status):
    quiet.upstream["openai"].next(json_answer({"error": {"message": "no"}}, status=status))
    assert quiet.call("GET", "openai", MODELS).status_code == status
    row = quiet.status("openai")
    assert row["connected"] is True and row["evidence"]["http_status"] == status, row
    assert row["error_code"] == ("rate_limited" if status == 429 else None)
    assert row["proof_of_use_count_24h"] == 0 and row["failures_24h"] == 1


def test_one_definite_refusal_ends_it_and_one_success_restores_it(quiet):
    quiet.call("GET", "openai", MODELS)
    quiet.upstream["openai"].next(refusal())
    refused = quiet.call("GET", "openai", MODELS)
    row = quiet.status("openai")
    assert row["connected"] is False and row["error_code"] == "auth_failed", row
    assert "OPENAI_API_KEY" in row["suggested_fix"]
    assert row["evidence"]["trace_id"] == refused.headers["x-trace-id"]
    quiet.call("GET", "openai", MODELS)
    assert quiet.status("openai")["connected"] is True


def test_five_server_errors_in_a_row_end_it_and_one_success_restores_it(quiet):
    quiet.call("GET", "openai", MODELS)
    for count in range(1, 6):
        quiet.upstream["openai"].next(Answer(status=503, body=b"down"))
        assert quiet.call("GET", "openai", MODELS).status_code == 503
        assert quiet.status("openai")["connected"] is (count < 5), count
    assert quiet.status("openai")["error_code"] == "provider_down"
    quiet.call("GET", "openai", MODELS)
    row = quiet.status("openai")
    assert row["connected"] is True and row["error_code"] is None


def test_five_broken_connections_in_a_row_end_it(quiet):
    quiet.call("GET", "openai", MODELS)
    for count in range(1, 6):
        quiet.upstream["openai"].next(Raw(CLOSE))
        quiet.call("POST", "openai", "/v1/embeddings", json={})
        assert quiet.status("openai")["connected"] is (count < 5), count
    assert quiet.status("openai")["error_code"] == "unreachable"


def test_money_that_is_gone_is_no_broken_connection(quiet):
    body = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    quiet.upstream["openai"].next(json_answer(body, status=429))
    quiet.call("GET", "openai", MODELS)
    row = quiet.status("openai")
    assert row["connected"] is True and row["error_code"] == "quota_exhausted", row
    assert row["suggested_fix"]


@pytest.mark.parametrize(
    ("integration", "path", "body", "code"),
    [
        ("newsapi", "/v2/everything", {"status": "error", "code": "apiKeyInvalid"}, "auth_failed"),
        ("polygon", "/v1/marketstatus/now", {"status": "ERROR", "error": "Unknown API Key"}, None),
    ],
)
def test_an_error_inside_a_200_is_a_failure(quiet, integration, path, body, code):
    quiet.upstream[integration].next(json_answer(body))
    assert quiet.call("GET", integration, path).status_code == 200
    row = quiet.status(integration)
    assert row["proof_of_use_count_24h"] == 0 and row["failures_24h"] == 1, row
    assert quiet.newest_event(integration)["status"] == "error"
    if code:
        assert row["connected"] is False and row["error_code"] == code


def test_a_truncated_stream_is_a_failure_and_no_use(quiet):
    quiet.upstream["openai"].next(sse_answer([b"data: {}\n\n"]))
    quiet.call("POST", "openai", "/v1/chat/completions", json={"stream": True})
    row = quiet.status("openai")
    assert row["proof_of_use_count_24h"] == 0 and row["failures_24h"] == 1, row


def test_a_key_that_only_fred_names_in_words_is_recognised(quiet):
    body = {"error_code": 400, "error_message": "Bad Request.  The value for variable api_key ..."}
    quiet.upstream["fred"].next(json_answer(body, status=400))
    quiet.call("GET", "fred", "/fred/series", params={"series_id": "GNPCA"})
    row = quiet.status("fred")
    assert row["error_code"] == "auth_failed" and "FRED_API_KEY" in row["suggested_fix"], row


def test_reports_prove_a_use_and_never_a_connection(quiet):
    caller = quiet.admin.with_token("usage:write")
    caller.post("/api/usage/events", [usage_event(integration="openai")])
    row = quiet.status("openai")
    assert row["connected"] is False and row["error_code"] == "unproven", row
    assert row["proof_of_use_count_24h"] == 1 and row["reported_count_24h"] == 1


def test_evidence_outlives_a_restart_and_a_crash_but_not_other_credentials(quiet):
    answer = quiet.call("GET", "openai", MODELS)
    before = quiet.status("openai")
    quiet.server.crash_and_restart()
    assert quiet.restarted().status("openai") == before
    quiet.server.stop()
    quiet.server.start()
    assert quiet.restarted().status("openai") == before
    quiet.server.stop()
    quiet.server.env["OPENAI_API_KEY"] = "sk-proj-another-key-altogether"
    quiet.server.start()
    row = quiet.restarted().status("openai")
    assert row["connected"] is False and row["error_code"] == "unproven", row
    assert row["evidence"] is None and row["proof_of_use_count_24h"] == 1
    assert answer.ok


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TWILIO_ACCOUNT_SID", "AC123", "TWILIO_ACCOUNT_SID"),
        ("TWILIO_FROM_NUMBER", "0049 170 1234567", "TWILIO_FROM_NUMBER"),
        ("TWILIO_AUTH_TOKEN", "your_auth_token", "TWILIO_AUTH_TOKEN"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_is_not(start_gateway, variable, value, words):
    gateway = start_gateway(env={**NO_PROBES, variable: value})
    row = gateway.status("twilio")
    assert row["configured"] is False and row["connected"] is False, row
    assert row["error_code"] == "env_malformed" and words in row["suggested_fix"]
    assert value not in str(row)


def test_a_missing_variable_is_named(start_gateway):
    gateway = start_gateway(env=NO_PROBES, without=("APCA_API_SECRET_KEY",))
    for integration in ("alpaca", "alpaca-data"):
        row = gateway.status(integration)
        assert row["error_code"] == "not_configured", row
        assert row["missing_env_vars"] == ["APCA_API_SECRET_KEY"]
        assert "APCA_API_SECRET_KEY" in row["suggested_fix"]


# Probes


def probes(gateway, integration: str) -> list[dict]:
    return gateway.events(integration, source="probe")


def wait_for_probes(gateway, integration: str, count: int = 1) -> list[dict]:
    deadline = time.monotonic() + PROBE_SECONDS_MAX
    while len(rows := probes(gateway, integration)) < count:
        assert time.monotonic() < deadline, f"{len(rows)} of {count} probes of {integration}"
        time.sleep(0.05)
    return rows


def test_a_probe_is_evidence_and_never_a_use(start_gateway):
    gateway = start_gateway()
    for integration in INTEGRATIONS:
        row = wait_for_probes(gateway, integration)[0]
        status = gateway.status(integration)
        assert status["connected"] is True, status
        assert status["evidence"]["kind"] == "probe"
        assert status["evidence"]["trace_id"] == row["trace_id"]
        assert status["proof_of_use_count_24h"] == 0 and status["failures_24h"] == 0
        assert status["last_used_at"] is None
    # Every probe has its credential in the right place, or the mock would have refused it.
    assert gateway.upstream.leaks == []


def test_a_refused_probe_is_not_repeated(start_gateway):
    gateway = start_gateway(
        env={"OPENAI_API_KEY": "sk-proj-wrong", "COUNTERSIGN_PROBES_AFTER_SECONDS": "1"}
    )
    wait_for_probes(gateway, "openai")
    # Others are probed again and again meanwhile.
    wait_for_probes(gateway, "finnhub", 4)
    assert len(probes(gateway, "openai")) == 1
    assert gateway.status("openai")["error_code"] == "auth_failed"


def test_a_provider_that_comes_back_is_noticed_without_traffic(start_gateway):
    gateway = start_gateway(env={"COUNTERSIGN_PROBES_AFTER_SECONDS": "1"})
    wait_for_probes(gateway, "openai")
    gateway.upstream["openai"].always(Answer(status=503, body=b"down"), probes=True)
    # On a slow machine the proof may run out before enough calls have failed.
    while gateway.status("openai")["error_code"] != "provider_down":
        gateway.call("GET", "openai", MODELS)
    gateway.upstream["openai"].always(None)
    wait_for(lambda: gateway.status("openai")["connected"], True, "connected")


def test_an_admin_can_probe_now_and_others_can_not(quiet):
    answer = quiet.admin.post("/api/integrations/openai/probe")
    row = answer["status"]
    assert row["connected"] is True and row["evidence"]["kind"] == "probe", row
    assert row["evidence"]["trace_id"] == answer["trace_id"]
    member = quiet.server.client()
    member.register()
    member.post("/api/integrations/openai/probe", expect=403)
    quiet.admin.post("/api/integrations/nonsense/probe", expect=404)


def test_a_probe_without_credentials_is_refused(start_gateway):
    gateway = start_gateway(env=NO_PROBES, without=("OPENAI_API_KEY",))
    answer = gateway.admin.request("POST", "/api/integrations/openai/probe")
    assert "OPENAI_API_KEY" in check_our_error(answer, 503, "not_configured")["suggested_fix"]


def test_probes_are_limited(quiet):
    for _ in range(6):
        quiet.admin.post("/api/integrations/openai/probe")
    assert quiet.admin.post("/api/integrations/openai/probe", expect=429)["retry_after_seconds"] > 0


# Statistics


def test_statistics_count_by_hour_and_remember_the_providers_limits(quiet):
    for _ in range(3):
        quiet.call("GET", "openai", MODELS)
    limits = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "6m0s",
    }
    quiet.upstream["openai"].next(
        json_answer({"error": {"message": "no"}}, status=400, headers=limits)
    )
    quiet.call("GET", "openai", MODELS)
    stats = quiet.admin.get("/api/integrations/openai/stats", params={"hours": 2})
    assert len(stats["hours"]) == 2
    assert sum(hour["ok"] for hour in stats["hours"]) == 3
    assert sum(hour["failed"] for hour in stats["hours"]) == 1
    assert (
        stats["latency_ms"]["p50"] >= 0 and stats["latency_ms"]["p99"] >= stats["latency_ms"]["p50"]
    )
    limits = {row["name"]: row for row in stats["rate_limits"]["limits"]}
    assert limits["requests"]["limit"] == "60" and limits["requests"]["remaining"] == "59"
    assert limits["requests"]["reset"] == "6m0s"
    assert quiet.admin.get("/api/integrations/fred/stats")["rate_limits"] is None


@pytest.mark.parametrize("hours", ["0", "25", "x", "-1", ""])
def test_hours_out_of_range_are_refused(quiet, hours):
    answer = quiet.admin.get("/api/integrations/openai/stats", expect=422, params={"hours": hours})
    assert answer["field"] == "hours"
