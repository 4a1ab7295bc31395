"""Service tokens: minted by admins, shown once, scoped, listed, revoked, expiring."""

import pytest

from harness import usage_event


def test_a_minted_token_is_shown_once_and_listed_without_its_secret(server):
    admin = server.admin()
    minted = admin.post(
        "/api/tokens", {"name": "ingest", "scopes": ["usage:write", "usage:read"]}, expect=201
    )
    assert minted["name"] == "ingest" and minted["expires_at"] is None
    assert set(minted["scopes"]) == {"usage:write", "usage:read"}
    listing = admin.request("GET", "/api/tokens", expect=200)
    assert minted["token"] not in listing.text
    rows = listing.json()["tokens"]
    assert [row["id"] for row in rows] == [minted["id"]] and rows[0]["last_used_at"] is None
    server.client(token=minted["token"]).post("/api/usage/events", [usage_event()])
    assert admin.get("/api/tokens")["tokens"][0]["last_used_at"] is not None


def test_only_an_admin_mints_tokens(member):
    refused = member.post("/api/tokens", {"name": "x", "scopes": ["usage:write"]}, expect=403)
    assert refused["error_code"] == "forbidden"


def test_a_revoked_token_is_refused_at_once_leaves_the_list_and_stays_dead(server):
    admin = server.admin()
    minted = admin.post("/api/tokens", {"name": "gone", "scopes": ["status:read"]}, expect=201)
    caller = server.client(token=minted["token"])
    caller.get("/api/integrations/status")
    admin.delete(f"/api/tokens/{minted['id']}")
    assert caller.get("/api/integrations/status", expect=401)["error_code"] == "token_invalid"
    assert admin.get("/api/tokens")["tokens"] == []
    assert admin.delete(f"/api/tokens/{minted['id']}", expect=404)["error_code"] == "token_unknown"
    server.crash_and_restart()
    assert caller.on(server.url).get("/api/integrations/status", expect=401)


@pytest.mark.parametrize(
    "scope, method, path",
    [
        ("status:read", "GET", "/api/integrations/status"),
        ("usage:read", "GET", "/api/integrations/openai/events"),
        ("usage:write", "POST", "/api/usage/events"),
    ],
)
def test_a_scope_opens_its_own_endpoint_and_no_other(admin, scope, method, path):
    options = {"json": [usage_event()]} if method == "POST" else {}
    admin.with_token(scope).request(method, path, expect=200, **options)
    others = {"status:read", "usage:read", "usage:write", "session:read"} - {scope}
    refused = admin.with_token(*others).request(method, path, expect=403, **options).json()
    assert refused["error_code"] == "scope_missing" and scope in refused["message"]


@pytest.mark.parametrize(
    "body, code, field",
    [
        ({"name": "x", "scopes": ["everything"]}, "scope_unknown", "scopes"),
        ({"name": "x", "scopes": ["call:nowhere"]}, "scope_unknown", "scopes"),
        ({"name": "x", "scopes": []}, "validation_failed", "scopes"),
        ({"name": "", "scopes": ["usage:read"]}, "validation_failed", "name"),
        (
            {"name": "x", "scopes": ["usage:read"], "expires_in_days": 0},
            "validation_failed",
            "expires_in_days",
        ),
        ({"scopes": ["usage:read"]}, "validation_failed", "name"),
        ({"name": 7, "scopes": ["usage:read"]}, "validation_failed", "name"),
    ],
)
def test_what_no_token_can_be_is_refused_with_its_field(admin, body, code, field):
    refused = admin.post("/api/tokens", body, expect=422)
    assert (refused["error_code"], refused["field"]) == (code, field)


def test_a_token_can_expire_and_name_a_call_scope(admin):
    minted = admin.post(
        "/api/tokens",
        {"name": "calls", "scopes": ["call:alpaca", "call:openai:read"], "expires_in_days": 30},
        expect=201,
    )
    assert minted["expires_at"] is not None
    assert set(minted["scopes"]) == {"call:alpaca", "call:openai:read"}


@pytest.mark.parametrize("secret", ["nonsense", "cs_k_0000" + "A" * 43, "cs_s_0000" + "A" * 43, ""])
def test_what_is_no_token_is_refused(shared_server, admin, secret):
    client = shared_server.client(token=secret)
    refused = client.get("/api/integrations/status", expect=401)
    assert refused["error_code"] in {"token_invalid", "not_signed_in"}
    assert secret == "" or secret not in str(refused)
