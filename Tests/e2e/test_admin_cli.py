"""The operator's commands: the same beside a running server and without one."""

import json
import stat

import pytest

from harness import PASSWORD


@pytest.fixture(params=["beside a running server", "without a server"])
def place(request, server):
    """A server with an admin; in the second half of the runs it is stopped before a command."""
    server.operator_runs_alone = request.param == "without a server"
    server.admin()
    return server


def command(server, *arguments: str, expect: int = 0) -> str:
    if server.operator_runs_alone:
        assert server.stop() == 0
    done = server.command(*arguments)
    assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
    if server.operator_runs_alone:
        server.start()
    return done.stdout if expect == 0 else done.stdout + done.stderr


def command_json(server, *arguments: str):
    return json.loads(command(server, *arguments, "--json"))


def member_of(server):
    client = server.client()
    client.register("member@example.com")
    return client


def test_users_are_added_with_a_reset_token_and_listed(place):
    added = command_json(place, "users", "add", "grace@example.com")
    place.client().post(
        "/api/auth/password/reset",
        {"reset_token": added["reset_token"], "new_password": PASSWORD},
    )
    grace = place.client()
    assert grace.login("grace@example.com")["user"]["role"] == "member"
    users = command_json(place, "users", "list")["users"]
    assert {user["email"] for user in users} == {"admin@example.com", "grace@example.com"}
    assert "grace@example.com" in command(place, "users", "list")


def test_an_address_that_is_taken_is_refused(place):
    assert "already" in command(place, "users", "add", "admin@example.com", expect=1)


def test_roles_are_given_and_taken(place):
    member = member_of(place)
    command(place, "users", "make-admin", "member@example.com")
    assert member.on(place.url).get("/api/auth/session")["user"]["role"] == "admin"
    command(place, "users", "make-member", "member@example.com")
    assert member.on(place.url).get("/api/auth/session")["user"]["role"] == "member"
    assert "administrator" in command(place, "users", "make-member", "admin@example.com", expect=1)


def test_accounts_are_disabled_and_enabled_and_the_owner_sees_it(place):
    member = member_of(place)
    command(place, "users", "disable", "member@example.com")
    assert not member.on(place.url).signed_in()
    command(place, "users", "enable", "member@example.com")
    member.on(place.url).login()
    kinds = [event["kind"] for event in member.get("/api/auth/activity")["events"]]
    assert {"disabled", "enabled"} <= set(kinds)


def test_sessions_are_ended(place):
    member = member_of(place)
    command(place, "users", "end-sessions", "member@example.com")
    assert not member.on(place.url).signed_in()


def test_a_second_factor_is_reset(place):
    member = member_of(place)
    member.enroll()
    command(place, "users", "reset-second-factor", "member@example.com")
    assert member.on(place.url).login()["user"]["two_factor_enabled"] is False


def test_a_password_is_reset_by_a_one_time_token(place):
    member = member_of(place)
    issued = command_json(place, "users", "reset-password", "member@example.com")
    body = {"reset_token": issued["reset_token"], "new_password": "another good password"}
    place.client().post("/api/auth/password/reset", body)
    place.client().post("/api/auth/password/reset", body, expect=401)
    assert not member.on(place.url).signed_in()
    member.login(password="another good password")


def test_an_unknown_user_is_refused(place):
    refused = command(place, "users", "disable", "nobody@example.com", expect=1)
    assert "nobody@example.com" in refused or "no user" in refused.lower()


def test_tokens_are_minted_listed_and_revoked(place):
    minted = command_json(
        place,
        "tokens",
        "mint",
        "--name",
        "nightly",
        "--scope",
        "status:read",
        "--scope",
        "usage:write",
    )
    caller = place.client(token=minted["token"])
    caller.get("/api/integrations/status")
    listing = command(place, "tokens", "list", "--json")
    assert minted["token"] not in listing
    assert [row["name"] for row in json.loads(listing)["tokens"]] == ["nightly"]
    command(place, "tokens", "revoke", minted["id"])
    assert caller.on(place.url).get("/api/integrations/status", expect=401)


def test_the_control_socket_is_for_its_owner_only_and_goes_with_the_server(server):
    sockets = [path for path in server.data.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
    assert len(sockets) == 1 and stat.S_IMODE(sockets[0].stat().st_mode) == 0o600
    assert server.stop() == 0
    assert not sockets[0].exists()


def test_a_socket_left_by_a_crash_hinders_nobody(server):
    server.admin()
    server.kill()
    done = server.command("users", "list", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["users"][0]["email"] == "admin@example.com"
    server.start()


def test_the_first_admin_can_be_made_before_the_server_ever_ran(servers):
    server = servers.make(env={"COUNTERSIGN_REGISTRATION": "closed"})
    done = server.command("users", "add", "root@example.com", "--json")
    assert done.returncode == 0, done.stderr
    token = json.loads(done.stdout)["reset_token"]
    client = server.start().client()
    client.post("/api/auth/password/reset", {"reset_token": token, "new_password": PASSWORD})
    assert client.login("root@example.com")["user"]["role"] == "admin"
