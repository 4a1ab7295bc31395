"""State-changing calls with the cookie are for our own pages and for callers without a page."""

import pytest

from harness import PASSWORD, fresh_email

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_cannot_act_with_the_cookie(member, headers):
    for method, path in [
        ("POST", "/api/auth/logout"),
        ("PATCH", "/api/auth/profile"),
        ("POST", "/api/auth/2fa/setup"),
        ("POST", "/api/auth/sessions/end-others"),
        ("DELETE", "/api/auth/sessions/ses_x"),
    ]:
        refused = member.request(method, path, headers=headers, json={}, expect=403).json()
        assert refused["error_code"] == "cross_site", path
    assert member.signed_in()


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_cannot_sign_a_visitor_in(member, shared_server, headers):
    stranger = shared_server.client()
    for path, body in [
        ("/api/auth/login", {"email": member.email, "password": PASSWORD}),
        ("/api/auth/register", {"email": fresh_email(), "password": PASSWORD}),
        ("/api/auth/2fa/verify", {"temp_token": "x", "code": "123456"}),
    ]:
        refused = stranger.post(path, body, headers=headers, expect=403)
        assert refused["error_code"] == "cross_site" and stranger.cookie is None


def test_our_own_page_may_act(member, shared_server):
    own = f"http://127.0.0.1:{shared_server.port}"
    member.post(
        "/api/auth/sessions/end-others", headers={"Sec-Fetch-Site": "same-origin", "Origin": own}
    )
    member.post("/api/auth/sessions/end-others", headers={"Origin": own})
    member.post("/api/auth/sessions/end-others", headers={"Sec-Fetch-Site": "none"})


def test_a_bearer_caller_is_exempt(admin):
    caller = admin.with_token("usage:write")
    caller.post(
        "/api/usage/events",
        [],
        headers={"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"},
    )


def test_reading_is_not_hindered(member):
    member.get("/api/auth/session", headers={"Sec-Fetch-Site": "cross-site"})


def test_no_other_origin_may_read_answers(member):
    answer = member.request("GET", "/api/auth/session", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
