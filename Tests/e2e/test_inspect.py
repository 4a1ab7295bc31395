"""`inspect`: what happened around a time, and the state at a past moment with its reasons."""

import datetime
import json
import time

import pytest

from harness import PASSWORD, fresh_email, usage_event


def inspect(server, *arguments: str):
    result = server.command("inspect", *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


@pytest.fixture
def story(servers):
    """An account that was guessed at, and then disabled."""
    server = servers.start()
    admin = server.admin()
    victim = server.client()
    victim.register(fresh_email())
    victim.authenticator, server.codes = victim.enroll()
    server.before = now()
    time.sleep(0.05)
    for _ in range(3):
        token = victim.challenge()
        for _ in range(5):
            victim.verify(token, code="000000", expect=None)
    server.guessed = now()
    time.sleep(0.05)
    assert server.command("users", "disable", victim.email).returncode == 0
    server.disabled = now()
    admin.with_token("usage:write").post("/api/usage/events", [usage_event() for _ in range(5)])
    server.victim = victim
    return server


def test_why_a_login_was_refused_at_that_moment(story):
    at = {
        moment: inspect(story, "--at", getattr(story, moment), "--user", story.victim.email)
        for moment in ("before", "guessed", "disabled")
    }
    assert at["before"]["account"]["obstacles"] == []
    guessed = at["guessed"]["account"]
    assert guessed["failures_in_a_row"] >= 10 and guessed["blocked_until"]
    assert any("no code is judged until" in text for text in guessed["obstacles"])
    assert any("temp tokens have no guess left" in text for text in guessed["obstacles"])
    assert not guessed["user"]["disabled"]
    disabled = at["disabled"]["account"]
    assert disabled["user"]["disabled"]
    assert "disabled" in disabled["obstacles"][0]
    text = story.command("inspect", "--at", story.guessed, "--user", story.victim.email).stdout
    assert "What stood against signing in" in text and "code_refused" in text


def test_records_around_a_time(story):
    rows = inspect(story, "--list", "--user", story.victim.email, "--limit", "1000")
    kinds = [row["kind"] for row in rows]
    assert kinds[0] == "registered" and kinds.count("guess debited") >= 10
    assert {row["user"] for row in rows} == {story.victim.email}
    assert rows == sorted(rows, key=lambda row: row["record"])
    around = inspect(
        story, "--list", "--at", story.guessed, "--user", story.victim.email, "--limit", "2"
    )
    assert len(around) == 4
    assert "disabled changed" in [row["kind"] for row in around[2:]]
    everything = inspect(story, "--list", "--limit", "1000")
    assert {"event", "token minted", "session started"} <= {row["kind"] for row in everything}


def test_a_record_by_its_number_beside_the_server_and_without_it(story):
    rows = inspect(story, "--list", "--user", story.victim.email, "--limit", "1000")
    debits = [row for row in rows if row["kind"] == "guess debited"]
    place = ["--at", str(debits[2]["record"]), "--user", story.victim.email]
    online = inspect(story, *place)
    assert online["account"]["failures_in_a_row"] == 3
    assert online["kind"] == "guess debited"
    story.kill()
    key, story.key = story.key, ""
    assert inspect(story, *place) == online
    story.key = key


def test_no_secret_is_shown(story):
    outputs = [
        story.command("inspect", "--list", "--limit", "1000").stdout,
        story.command("inspect", "--at", story.disabled, "--user", story.victim.email).stdout,
    ]
    for secret in (PASSWORD, story.key, story.victim.cookie or "-none-", *story.codes, "$argon2"):
        for output in outputs:
            assert secret not in output


def test_what_can_not_be_shown_is_refused_with_words(story):
    def refused(*arguments: str) -> str:
        result = story.command("inspect", *arguments)
        assert result.returncode == 1, (result.stdout, result.stderr)
        return result.stderr

    assert "not there yet" in refused("--at", "999999", "--shard", "0")
    assert "There are shards" in refused("--at", "1", "--shard", "99")
    assert "did not exist" in refused("--at", now(), "--user", "nobody@example.com")
    assert "no email address" in refused("--at", "1", "--user", "nobody")
    for arguments in (["--at", "yesterday"], [], ["--at", "5"], ["--list", "--at", "5"]):
        assert story.command("inspect", *arguments).returncode == 64
