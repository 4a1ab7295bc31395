"""The whole main job, as a newcomer does it, through a kill -9."""

from harness import Authenticator, Client, usage_event


def status_of(client: Client, integration: str) -> dict:
    rows = client.get("/api/integrations/status")["integrations"]
    return next(row for row in rows if row["id"] == integration)


def test_a_newcomer_signs_in_with_a_second_factor_and_everything_survives_a_crash(server):
    # Register: the first account is the admin.
    client = server.client()
    user = client.register("ada@example.com")["user"]
    assert user["role"] == "admin" and user["two_factor_enabled"] is False

    # Log in without a second factor.
    assert client.login()["user"]["id"] == user["id"]

    # Turn TOTP on.
    setup = client.post("/api/auth/2fa/setup")
    authenticator = Authenticator(setup["secret"])
    confirmed = client.post("/api/auth/2fa/confirm", {"code": authenticator.code()})
    assert confirmed["user"]["two_factor_enabled"] is True
    assert len(set(confirmed["backup_codes"])) == 10

    # Log in again: the password alone is no longer enough.
    challenge = client.login()
    assert challenge["requires_2fa"] is True and client.cookie is None
    verified = client.verify(challenge["temp_token"], code=authenticator.code())
    assert verified["user"]["id"] == user["id"] and verified["backup_codes_remaining"] == 10

    # Mint a token, post events, see them counted.
    token = client.mint("usage:write", "usage:read", "status:read", name="tour")
    caller = server.client(token=token)
    events = [usage_event(integration="openai") for _ in range(3)]
    posted = caller.post("/api/usage/events", events)
    assert (posted["accepted"], posted["duplicates"], posted["rejected"]) == (3, 0, [])
    before = status_of(caller, "openai")
    assert before["proof_of_use_count_24h"] == 3 and before["reported_count_24h"] == 3
    assert before["connected"] is False and before["last_used_at"] is not None
    listed = caller.get("/api/integrations/openai/events")["events"]

    server.crash_and_restart()
    client.on(server.url)
    caller.on(server.url)

    # All of it is still there: session, second factor, token, events, counts.
    assert client.get("/api/auth/session")["user"]["two_factor_enabled"] is True
    assert status_of(caller, "openai") == before
    assert caller.get("/api/integrations/openai/events")["events"] == listed
    assert caller.post("/api/usage/events", events)["duplicates"] == 3
    challenge = client.login()
    assert (
        client.verify(challenge["temp_token"], code=authenticator.code())["user"]
        == verified["user"]
    )


def test_a_clean_stop_keeps_everything_too(server):
    client = server.admin()
    authenticator, _ = client.enroll()
    caller = client.with_token("usage:write", "status:read")
    caller.post("/api/usage/events", [usage_event(integration="fred", status="error")])
    before = status_of(caller, "fred")
    assert server.stop() == 0
    server.start()
    client.on(server.url)
    assert client.get("/api/auth/session")["user"]["id"] == client.user["id"]
    assert status_of(caller.on(server.url), "fred") == before
    assert (
        client.verify(client.challenge(), code=authenticator.code())["user"]["id"]
        == client.user["id"]
    )
