"""What an admin sees first: what needs attention, the last hour, and how the server is."""

import base64
import itertools
import os
import time
from datetime import datetime

import pytest

from harness import Client, fresh_email, run_program, usage_event
from upstream import Answer, json_answer

PATH = "/api/admin/overview"
MODELS = "/v1/models"
# Each test says itself what is called.
NO_PROBES = {"COUNTERSIGN_PROBES_ENABLED": "false"}
COUNTS = ("requests", "client_errors", "server_errors", "calls", "call_failures")
MINUTE_SECONDS = 60
# A server that has just started: more than a page of memory, and less than this machine has.
MEMORY_BYTES = range(8 << 20, 2 << 30)


def overview(client: Client) -> dict:
    return client.get(PATH)


def codes(client: Client) -> list[str]:
    return [row["code"] for row in overview(client)["attention"]]


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
def quiet(start_gateway):
    return start_gateway(env=NO_PROBES)


@pytest.fixture
def two_factor_admin(quiet) -> Client:
    """The admin, of whose own account nothing needs attention."""
    quiet.admin.enroll()
    return quiet.admin


# Who may look


def test_only_admins_are_shown_it(shared_server, admin, member):
    assert overview(admin)["attention"]
    assert member.get(PATH, expect=403)["error_code"] == "forbidden"
    assert shared_server.client().get(PATH, expect=401)["error_code"] == "not_signed_in"
    token = admin.with_token("status:read", "usage:read", "metrics:read", "session:read")
    assert token.get(PATH, expect=403)["error_code"] == "forbidden"


# What needs attention


def test_a_second_factor_that_is_off_is_told_to_the_admin_whose_it_is(server):
    admin = server.admin()
    (item,) = overview(admin)["attention"]
    assert (item["code"], item["severity"]) == ("second_factor_off", "warning")
    assert item["title"] and item["message"] and "Settings" in item["suggested_fix"]
    assert item["integration"] is None and item["since"] is None
    authenticator, _ = admin.enroll()
    assert codes(admin) == []
    other, email = server.client(), fresh_email()
    other.register(email)
    assert server.command("users", "make-admin", email).returncode == 0
    assert codes(other) == ["second_factor_off"] and codes(admin) == []
    admin.post("/api/auth/2fa/disable", {"password": admin.password, "code": authenticator.code()})
    assert codes(admin) == ["second_factor_off"]


def test_refused_credentials_are_told_first_and_no_more_after_a_success(quiet):
    admin, origin = quiet.admin, quiet.upstream["openai"]
    quiet.call("GET", "openai", MODELS)
    assert codes(admin) == ["second_factor_off"]
    error = {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}
    origin.next(json_answer(error, status=401))
    quiet.call("GET", "openai", MODELS)
    items = overview(admin)["attention"]
    assert [row["code"] for row in items] == ["auth_failed", "second_factor_off"]
    item, status = items[0], quiet.status("openai")
    assert item["severity"] == "critical" and item["integration"] == "openai"
    assert "OpenAI" in item["title"] and item["since"] == status["evidence"]["at"]
    assert "OPENAI_API_KEY" in item["suggested_fix"]
    assert item["suggested_fix"] == status["suggested_fix"]
    assert "1 call failed" in item["message"] and "1 went well" in item["message"]
    quiet.call("GET", "openai", MODELS)
    assert codes(admin) == ["second_factor_off"]


def test_limits_are_warnings_and_a_provider_that_is_down_is_critical(two_factor_admin, quiet):
    quota = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    quiet.upstream["openai"].next(json_answer(quota, status=429))
    quiet.call("GET", "openai", MODELS)
    quiet.upstream["anthropic"].always(Answer(status=503, body=b"down"))
    quiet.call("GET", "anthropic", MODELS)
    seen = [(row["code"], row["severity"]) for row in overview(two_factor_admin)["attention"]]
    assert seen == [("provider_down", "critical"), ("quota_exhausted", "warning")]
    quiet.upstream["anthropic"].always(None)
    quiet.call("GET", "anthropic", MODELS)
    assert codes(two_factor_admin) == ["quota_exhausted"]


def test_what_is_not_used_needs_no_attention_but_what_cannot_be_right_does(start_gateway):
    env = {**NO_PROBES, "TWILIO_ACCOUNT_SID": "AC123"}
    gateway = start_gateway(env=env, without=("POLYGON_API_KEY",))
    gateway.admin.enroll()
    rows = gateway.admin.get("/api/integrations/status")["integrations"]
    assert {row["error_code"] for row in rows} == {"unproven", "not_configured", "env_malformed"}
    (item,) = overview(gateway.admin)["attention"]
    assert (item["code"], item["severity"]) == ("env_malformed", "warning")
    assert item["integration"] == "twilio" and "TWILIO_ACCOUNT_SID" in item["suggested_fix"]
    assert "AC123" not in str(item) and item["since"] is None


def test_a_rotation_of_keys_is_pending_until_the_old_key_is_gone(servers):
    server = servers.start()
    admin = server.admin()
    admin.enroll()
    assert codes(admin) == []
    assert server.stop() == 0
    old, server.key = server.key, base64.b64encode(os.urandom(32)).decode()
    server.env["APP_ENC_KEY_PREVIOUS"] = old
    server.start()
    (item,) = overview(admin.on(server.url))["attention"]
    assert (item["code"], item["severity"]) == ("key_rotation_pending", "warning")
    assert "APP_ENC_KEY_PREVIOUS" in item["suggested_fix"] and old not in str(item)
    assert server.stop() == 0
    del server.env["APP_ENC_KEY_PREVIOUS"]
    server.start()
    assert codes(admin.on(server.url)) == []


# The last hour


def sums(hour: dict) -> dict[str, int]:
    return {name: sum(minute[name] for minute in hour["minutes"]) for name in COUNTS}


def check_hour(client: Client) -> dict[str, int]:
    """The counts of the last hour, which agree with its minutes."""
    hour = overview(client)["last_hour"]
    counts = {name: hour[name] for name in COUNTS}
    assert sums(hour) == counts
    starts = [seconds(minute["at"]) for minute in hour["minutes"]]
    assert len(starts) == 60 and starts[-1] % MINUTE_SECONDS == 0
    assert all(b - a == MINUTE_SECONDS for a, b in itertools.pairwise(starts))
    assert -1 < time.time() - starts[-1] < MINUTE_SECONDS + 1
    return counts


def test_the_counts_of_the_last_hour_are_what_was_sent(quiet):
    caller = quiet.admin.with_token("usage:write")
    token = quiet.token("call:openai")
    before = check_hour(quiet.admin)
    for _ in range(3):
        caller.get("/health")
        caller.get("/api/nothing", expect=404)
    caller.get("/api/auth/session", expect=403)
    for status in (200, 200, 503, 404):
        if status != 200:
            quiet.upstream["openai"].next(Answer(status=status, body=b"no"))
        assert quiet.call("GET", "openai", MODELS, token=token).status_code == status
    assert quiet.call("GET", "openai", MODELS, token="sk-x").status_code == 401
    caller.post(
        "/api/usage/events",
        [usage_event(), usage_event(status="error"), usage_event(integration="fred")],
    )
    after = check_hour(quiet.admin)
    assert {name: after[name] - before[name] for name in COUNTS} == {
        # The look from before, 7 of ours, 5 calls, and the reports.
        "requests": 1 + 7 + 5 + 1,
        # Also what a provider answered, and who was turned away.
        "client_errors": 4 + 1 + 1,
        "server_errors": 1,
        # Of observed and reported ones; what was turned away was no call.
        "calls": 4 + 3,
        "call_failures": 2 + 1,
    }


def test_reports_count_in_the_minute_in_which_they_happened(quiet):
    caller = quiet.admin.with_token("usage:write")
    now = time.time()
    # The last one is out of the hour, the others are in it also if a minute ends meanwhile.
    ages = (0, 600, 3400, 3700)
    events = [
        usage_event(at=datetime.fromtimestamp(now - age).astimezone().isoformat()) for age in ages
    ]
    assert caller.post("/api/usage/events", events)["accepted"] == len(ages)
    minutes = overview(quiet.admin)["last_hour"]["minutes"]
    calls = {seconds(minute["at"]): minute["calls"] for minute in minutes if minute["calls"]}
    assert calls == {(now - age) // MINUTE_SECONDS * MINUTE_SECONDS: 1 for age in ages[:3]}


def test_calls_survive_a_crash_and_requests_are_those_since_the_start(quiet):
    quiet.call("GET", "openai", MODELS)
    quiet.admin.get("/api/nothing", expect=404)
    before = check_hour(quiet.admin)
    assert before["calls"] == 1 and before["requests"] > 2 and before["client_errors"] == 1
    quiet.server.crash_and_restart()
    quiet.restarted()
    after = check_hour(quiet.admin)
    assert (after["requests"], after["client_errors"]) == (0, 0)
    assert after["calls"] == 1 and after["call_failures"] == 0
    assert check_hour(quiet.admin)["requests"] == 1


# The server


def test_the_figures_of_the_server_are_plausible(servers):
    start = time.time()
    server = servers.start()
    admin = server.admin()
    figures = overview(admin)["server"]
    assert figures["version"] in run_program("version").stdout
    assert start - 1 < seconds(figures["started_at"]) < time.time() + 1
    assert figures["memory_bytes"] in MEMORY_BYTES
    disk = os.statvfs(server.data)
    free = disk.f_bavail * disk.f_frsize
    assert abs(figures["disk_free_bytes"] - free) < max(1 << 30, free // 10)
    assert (figures["users"], figures["sessions"], figures["events_lost"]) == (1, 1, 0)
    for _ in range(3):
        server.client().register()
    admin.twin().login()
    figures = overview(admin)["server"]
    assert (figures["users"], figures["sessions"]) == (4, 5)
    log_bytes = figures["log_bytes"]
    admin.with_token("usage:write").post("/api/usage/events", [usage_event() for _ in range(100)])
    # An event has more than its dozen numbers, and less than a page.
    assert 100 * 50 < overview(admin)["server"]["log_bytes"] - log_bytes < 100 * 4096


def test_a_clean_stop_leaves_no_log_to_replay(server):
    admin = server.admin()
    admin.with_token("usage:write").post("/api/usage/events", [usage_event() for _ in range(100)])
    assert overview(admin)["server"]["log_bytes"] > 5000
    started = overview(admin)["server"]["started_at"]
    assert server.stop() == 0
    server.start()
    figures = overview(admin.on(server.url))["server"]
    assert figures["log_bytes"] < 5000 and figures["started_at"] > started
    assert (figures["users"], figures["sessions"]) == (1, 1)
