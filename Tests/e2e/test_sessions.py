"""Sessions: their tokens, their ends, their limits, step-up."""

import time

from harness import PASSWORD


def test_the_cookie_signs_in_and_logging_out_ends_it(member, shared_server):
    answer = member.get("/api/auth/session")
    assert answer["user"]["id"] == member.user["id"] and answer["session"]["current"] is True
    stolen = member.twin()
    out = member.request("POST", "/api/auth/logout", expect=200)
    assert "max-age=0" in out.headers["set-cookie"].lower()
    assert stolen.get("/api/auth/session", expect=401)["error_code"] == "not_signed_in"


def test_every_sign_in_has_a_token_of_its_own_and_an_old_cookie_is_not_renewed(member):
    first = member.cookie
    member.login()
    second = member.cookie
    assert first != second
    assert len({first, second}) == 2 and member.signed_in()


def test_sessions_are_listed_with_where_and_when(member, shared_server):
    other = shared_server.client()
    other.request(
        "POST",
        "/api/auth/login",
        json={"email": member.email, "password": PASSWORD},
        headers={"User-Agent": "laptop of the test"},
        expect=200,
    )
    sessions = member.get("/api/auth/sessions")["sessions"]
    assert len(sessions) == 2 and [s["current"] for s in sessions].count(True) == 1
    laptop = next(s for s in sessions if not s["current"])
    assert laptop["user_agent"] == "laptop of the test" and laptop["address"] == "127.0.0.1"
    assert laptop["created_at"] and laptop["last_seen_at"]


def test_one_session_can_be_ended_and_is_dead_at_the_next_request(member, shared_server):
    other = shared_server.client()
    other.login(member.email)
    ids = [s["id"] for s in member.get("/api/auth/sessions")["sessions"] if not s["current"]]
    member.delete(f"/api/auth/sessions/{ids[0]}")
    assert not other.signed_in() and member.signed_in()
    assert (
        member.delete(f"/api/auth/sessions/{ids[0]}", expect=404)["error_code"] == "session_unknown"
    )


def test_nobody_ends_a_session_of_somebody_else(member, admin):
    foreign = admin.get("/api/auth/sessions")["sessions"][0]["id"]
    assert (
        member.delete(f"/api/auth/sessions/{foreign}", expect=404)["error_code"]
        == "session_unknown"
    )
    assert admin.signed_in()


def test_the_other_sessions_can_be_ended_at_once(member, shared_server):
    others = [shared_server.client() for _ in range(3)]
    for other in others:
        other.login(member.email)
    member.post("/api/auth/sessions/end-others")
    assert member.signed_in() and not any(other.signed_in() for other in others)
    assert len(member.get("/api/auth/sessions")["sessions"]) == 1


def test_an_ended_session_stays_dead_after_a_crash(server):
    client = server.admin()
    ended = client.twin()
    client.post("/api/auth/logout")
    server.crash_and_restart()
    assert not ended.on(server.url).signed_in()


def test_an_idle_session_ends_and_a_used_one_lives_on(servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_SESSION_IDLE_SECONDS": "2"})
    used, idle = server.client(), server.client()
    used.register()
    idle.login(used.email)
    deadline = time.monotonic() + 2.8
    while time.monotonic() < deadline:
        assert used.signed_in()
        time.sleep(0.1)
    assert not idle.signed_in()


def test_no_session_outlives_its_absolute_limit(servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_SESSION_ABSOLUTE_SECONDS": "1"})
    client = server.client()
    client.register()
    deadline = time.monotonic() + 5
    while client.signed_in():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_sensitive_calls_need_a_recent_proof_before_any_code_is_judged(servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_STEP_UP_SECONDS": "1"})
    client = server.admin()
    authenticator, _ = client.enroll()
    time.sleep(1.1)
    calls = [
        ("POST", "/api/auth/2fa/setup", None),
        ("POST", "/api/auth/2fa/disable", {"code": authenticator.wrong_code()}),
        ("POST", "/api/auth/2fa/backup-codes", {"code": authenticator.wrong_code()}),
        ("POST", "/api/auth/password/change", {"current_password": "x", "new_password": "y"}),
        ("PATCH", "/api/auth/profile", {"phone_e164": None}),
        ("POST", "/api/auth/sessions/end-others", None),
        ("DELETE", "/api/auth/sessions/ses_x", None),
        ("POST", "/api/tokens", {"name": "x", "scopes": ["usage:write"]}),
        ("POST", f"/api/admin/users/{client.user['id']}/end-sessions", None),
    ]
    for method, path, body in calls * 2:
        refused = client.request(method, path, json=body, expect=403).json()
        assert refused["error_code"] == "step_up_required", path
    assert client.signed_in()

    # None of those wrong codes counted, and proving again opens the calls under a new cookie.
    before = client.cookie
    client.step_up(code=authenticator.code())
    assert client.cookie != before
    client.post("/api/auth/sessions/end-others")
    stale = client.twin()
    stale.cookie = before
    assert not stale.signed_in()


def test_step_up_asks_for_everything_that_a_sign_in_asks_for(member):
    assert member.step_up(expect=200)["user"]["id"] == member.user["id"]
    authenticator, codes = member.enroll()
    assert member.step_up(expect=422)["error_code"] == "validation_failed"
    assert (
        member.step_up(expect=401, code=authenticator.wrong_code())["error_code"] == "code_invalid"
    )
    right, member.password = member.password, "not the password"
    assert (
        member.step_up(expect=401, code=authenticator.code())["error_code"] == "invalid_credentials"
    )
    member.password = right
    member.step_up(backup_code=codes[0])


def test_a_bearer_token_with_session_read_may_show_a_users_cookie(member, admin):
    service = admin.with_token("session:read")
    service.cookie = member.cookie
    assert service.get("/api/auth/session")["user"]["id"] == member.user["id"]
    service.cookie = None
    assert service.get("/api/auth/session", expect=401)["error_code"] == "not_signed_in"
