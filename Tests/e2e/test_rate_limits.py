"""The default limits, their headers, and what they are counted by."""

import re

from harness import PASSWORD, fresh_email

SIGN_IN_BURST = 30


def attempt(client, **headers):
    return client.request(
        "POST",
        "/api/auth/login",
        headers=headers,
        json={"email": fresh_email(), "password": "wrong wrong wrong"},
    )


def test_sign_in_is_limited_with_all_headers(servers):
    server = servers.start(limits=True)
    client = server.client()
    first = attempt(client)
    assert first.status_code == 401
    assert re.search(r";q=60;w=60$", first.headers["ratelimit-policy"])
    assert re.search(r";r=\d+;t=\d+$", first.headers["ratelimit"])
    for name in ("limit", "remaining", "reset"):
        assert first.headers[f"x-ratelimit-{name}"].isdigit()
    statuses = [attempt(client).status_code for _ in range(SIGN_IN_BURST + 10)]
    assert 429 in statuses
    # One a second comes back while they run, so a few more than the burst may pass.
    assert SIGN_IN_BURST - 1 <= statuses.index(429) + 1 <= SIGN_IN_BURST + 8
    limited = attempt(client)
    while limited.status_code != 429:
        limited = attempt(client)
    body = limited.json()
    assert body["error_code"] == "rate_limited" and body["retry_after_seconds"] >= 1
    assert limited.headers["retry-after"] == str(body["retry_after_seconds"])
    assert limited.headers["x-ratelimit-remaining"] == "0"


def test_registration_is_limited(servers):
    server = servers.start(limits=True)
    statuses = []
    for _ in range(40):
        answer = server.client().request(
            "POST", "/api/auth/register", json={"email": fresh_email(), "password": "1"}
        )
        statuses.append(answer.status_code)
    assert statuses[0] == 422 and statuses[-1] == 429


def test_limits_follow_the_configuration(servers):
    server = servers.start(
        limits=True,
        env={
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA": "2",
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_WINDOW_SECONDS": "3600",
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_BURST": "2",
        },
    )
    client = server.client()
    assert [attempt(client).status_code for _ in range(4)] == [401, 401, 429, 429]


def test_a_limit_survives_a_graceful_restart(servers):
    server = servers.start(
        limits=True,
        env={
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA": "2",
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_WINDOW_SECONDS": "3600",
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_BURST": "2",
        },
    )
    client = server.client()
    assert [attempt(client).status_code for _ in range(3)] == [401, 401, 429]
    assert server.stop() == 0
    assert attempt(client.on(server.start().url)).status_code == 429


def test_a_forwarded_address_is_believed_from_trusted_proxies_only(servers):
    limits = {
        "COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA": "2",
        "COUNTERSIGN_RATE_LIMITS_SIGN_IN_WINDOW_SECONDS": "3600",
        "COUNTERSIGN_RATE_LIMITS_SIGN_IN_BURST": "2",
    }
    trusting = servers.start(
        limits=True, env={**limits, "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.0/8"}
    )
    client = trusting.client()
    for n in range(5):
        assert attempt(client, **{"X-Forwarded-For": f"198.51.100.{n}"}).status_code == 401
    # One IPv6 network of /64 is one source.
    statuses = [
        attempt(client, **{"X-Forwarded-For": f"2001:db8:1:2::{n}"}).status_code
        for n in range(1, 5)
    ]
    assert statuses == [401, 401, 429, 429]

    plain = servers.start(limits=True, env=limits)
    client = plain.client()
    statuses = [
        attempt(client, **{"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(4)
    ]
    assert statuses == [401, 401, 429, 429]


def test_reads_and_ingest_are_not_limited_by_default(servers):
    server = servers.start(limits=True)
    client = server.admin()
    caller = client.with_token("usage:write")
    for _ in range(300):
        client.request("GET", "/api/auth/session", expect=200)
        caller.request("POST", "/api/usage/events", json=[], expect=200)


def test_signing_in_still_works_for_others_while_one_source_is_limited(servers):
    server = servers.start(limits=True, env={"COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.0/8"})
    owner = server.client()
    owner.request(
        "POST",
        "/api/auth/register",
        json={"email": "o@example.com", "password": PASSWORD},
        headers={"X-Forwarded-For": "192.0.2.7"},
        expect=201,
    )
    for _ in range(SIGN_IN_BURST + 10):
        attempt(server.client(), **{"X-Forwarded-For": "203.0.113.1"})
    owner.request(
        "POST",
        "/api/auth/login",
        json={"email": "o@example.com", "password": PASSWORD},
        headers={"X-Forwarded-For": "192.0.2.7"},
        expect=200,
    )
