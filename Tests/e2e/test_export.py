"""`export`: all that is known as lines of JSON, beside a server and without one, and no secret."""

import json
import subprocess

import pytest

from harness import BINARY, PASSWORD, fresh_email, usage_event
from harness.program import clean_environment

KINDS = ["user", "event", "token", "activity", "message"]


def lines(result) -> list[dict]:
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def filled(servers):
    server = servers.start()
    server.owner = server.admin()
    _, server.codes = server.owner.enroll()
    caller = server.owner.with_token("usage:write", "status:read", "usage:read")
    server.caller = caller
    caller.post("/api/usage/events", [usage_event() for _ in range(30)])
    server.client().register(fresh_email())
    return server


def of(kind: str, rows: list[dict]) -> list[dict]:
    return [row[kind] for row in rows if kind in row]


def test_online_and_offline_tell_the_same(filled):
    online = lines(filled.command("export"))
    assert all(len(row) == 1 and set(row) <= set(KINDS) for row in online)
    filled.kill()
    key, filled.key = filled.key, ""
    offline = lines(filled.command("export"))
    assert offline == online
    filled.key = key
    assert len(of("user", online)) == 2
    assert len(of("event", online)) == 30
    assert len(of("token", online)) == 1
    kinds = {row["kind"] for row in of("activity", online)}
    assert {"registered", "two_factor_enabled"} <= kinds


def test_rows_are_those_of_the_api(filled):
    rows = lines(filled.command("export", "--what", "users,events,tokens"))
    listed = json.loads(filled.command("users", "list", "--json").stdout)["users"]
    assert {row["id"] for row in of("user", rows)} == {row["id"] for row in listed}
    for row in of("user", rows):
        same = next(one for one in listed if one["id"] == row["id"])
        assert {key: row[key] for key in same if key in row} == same
    tokens = json.loads(filled.command("tokens", "list", "--json").stdout)["tokens"]
    assert [row["id"] for row in of("token", rows)] == [row["id"] for row in tokens]
    events = of("event", rows)
    integration = events[0]["integration"]
    page = filled.caller.get(f"/api/integrations/{integration}/events?limit=200")["events"]
    assert [row for row in events if row["integration"] == integration] == page[::-1]


def test_only_what_was_asked_for(filled):
    assert {next(iter(row)) for row in lines(filled.command("export", "--what", "tokens"))} == {
        "token"
    }
    assert filled.command("export", "--what", "secrets").returncode == 64


def test_no_secret_and_no_hash_is_in_it(filled):
    text = filled.command("export").stdout
    for secret in (
        PASSWORD,
        filled.key,
        filled.owner.cookie,
        filled.caller.token,
        *filled.codes,
        "$argon2",
        "hash",
        "digest",
        "sealed",
    ):
        assert secret not in text, secret


def test_a_pipe_that_closes_is_no_crash(filled):
    process = subprocess.Popen(
        [str(BINARY), "export", "--data-dir", str(filled.data)],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    process.wait(timeout=30)
    assert process.returncode == 74, process.stderr.read()
