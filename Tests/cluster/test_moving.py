"""From a server with a log of its own into a cluster, and back."""

import base64
import hmac
import struct
import time

from harness.checks import eventually, make_admin, mint, pages
from harness.servers import PASSWORD, Caller, Members


def totp(secret: str, steps: int = 0) -> str:
    """RFC 6238, so many steps of half a minute from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    moment = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(key, moment, "sha1").digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at:at + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def everything(admin: Caller, url: str) -> dict:
    """What the installation knows, but for when something was used last."""
    def read(path):
        answer = admin.send("GET", url + path)
        assert answer.status_code == 200, answer.text
        return {name: value for name, value in answer.json().items() if name != "trace_id"}

    found = {
        path: pages(admin, url, path, member) for path, member in (
            ("/api/admin/users", "users"), ("/api/integrations/openai/events", "events"),
            ("/api/auth/activity", "events"))
    } | {path: read(path) for path in (
        "/api/tokens", "/api/auth/sessions", "/api/alerts/status")}
    for session in found["/api/auth/sessions"]["sessions"]:
        del session["last_seen_at"], session["idle_expires_at"]
    for token in found["/api/tokens"]["tokens"]:
        del token["last_used_at"]
    return found


def test_a_server_with_its_own_log_moves_in(engine, tmp_path):
    members = Members(tmp_path / "servers", engine.urls)
    first = members.all[0]
    alone = first.alone()
    eventually(alone.is_ready)
    admin = Caller()
    assert admin.register(alone.url, "admin@example.com").status_code == 201
    answer = admin.send("POST", alone.url + "/api/tokens",
                        {"name": "load", "scopes": ["usage:write"]})
    reporter = Caller(Authorization=f"Bearer {answer.json()['token']}")
    events = [
        {"source": "t", "id": f"e{number}", "integration": "openai", "operation": "POST /x",
         "status": "ok"}
        for number in range(300)
    ]
    assert reporter.send(
        "POST", alone.url + "/api/usage/events", events).json()["accepted"] == 300
    refused = first.migrate()
    assert refused.returncode == 73, "beside a running server"
    assert alone.stop() == 0
    moved = first.migrate()
    assert moved.returncode == 0 and "16 shards" in moved.stdout, moved.stderr
    again = first.migrate()
    assert again.returncode == 78 and "already" in again.stderr, again.stderr
    try:
        members.start()
        for member in members.all:
            found = pages(admin, member.url, "/api/integrations/openai/events", "events")
            assert {event["event_id"] for event in found} == {event["id"] for event in events}
            answer = reporter.send("POST", member.url + "/api/usage/events", events[:10]).json()
            assert (answer["accepted"], answer["duplicates"]) == (0, 10)
        more = [{**event, "id": event["id"] + "-more"} for event in events]
        assert reporter.send(
            "POST", first.url + "/api/usage/events", more).json()["accepted"] == 300
        owner = members.owner()
        owner.kill()
        other = members.owner(other_than=owner)
        found = pages(admin, other.url, "/api/integrations/openai/events", "events")
        assert len(found) == 600 and len({event["event_id"] for event in found}) == 600
    finally:
        members.end()


def test_a_cluster_moves_back_to_one_server(engine, tmp_path):
    members = Members(tmp_path / "servers", engine.urls)
    first = members.all[0]
    alone = None
    try:
        members.start()
        members.wait_spread()
        admin = make_admin(members)
        reporter = Caller(Authorization=f"Bearer {mint(admin, members)}")
        guarded = Caller()
        assert guarded.register(first.url, "guarded@example.com").status_code == 201
        secret = guarded.send("POST", first.url + "/api/auth/2fa/setup").json()["secret"]
        confirmed = guarded.send(
            "POST", first.url + "/api/auth/2fa/confirm", {"code": totp(secret)})
        assert confirmed.status_code == 200, confirmed.text
        assert Caller().register(first.url, "member@example.com").status_code == 201

        def event(number):
            return {"source": "t", "id": f"e{number}", "integration": "openai",
                    "operation": "POST /x", "status": "ok"}

        def report(url, numbers):
            answer = reporter.send(
                "POST", url + "/api/usage/events", [event(number) for number in numbers])
            return answer.json()["accepted"], answer.json()["duplicates"]

        assert report(first.url, range(300)) == (300, 0)
        # Some of it is only in snapshots by then, and the rest only in the streams.
        time.sleep(7)
        assert report(first.url, range(300, 400)) == (100, 0)
        assert Caller().register(first.url, "late@example.com").status_code == 201
        before = everything(admin, first.url)

        refused = first.migrate(to="directory", folder="back")
        assert refused.returncode == 73 and "Stop all servers" in refused.stderr, refused.stderr
        assert not (first.home / "back").exists()
        # What only snapshots have is in those of the server that it happened on.
        owner = members.owner()
        for member in members.all:
            assert member is owner or member.stop() == 0
        owner.kill()
        (first.home / "full").mkdir()
        (first.home / "full" / "note").write_text("")
        refused = first.migrate(to="directory", folder="full")
        assert refused.returncode == 1 and "is there already" in refused.stderr, refused.stderr
        # One that was interrupted right at its end.
        (first.home / "back").mkdir()
        for name in ("manifest-unfinished.tmp", f"snapshot-{1:020}.snap", f"wal-{2:020}.log"):
            (first.home / "back" / name).write_text("half of it")
        moved = first.migrate(to="directory", folder="back")
        assert moved.returncode == 0 and "16 shards" in moved.stdout, moved.stderr
        again = first.migrate(to="directory", folder="back")
        assert again.returncode == 1, again.stderr
        whole = first.run("verify", "--data-dir", str(first.home / "back"))
        assert whole.returncode == 0, whole.stdout + whole.stderr

        first.start()
        assert first.process.wait(timeout=60) == 78
        assert "moved into a directory" in first.output()

        alone = first.alone("back")
        eventually(alone.is_ready)
        assert everything(admin, alone.url) == before
        tokens = admin.send("GET", alone.url + "/api/tokens").json()["tokens"]
        assert tokens[0]["last_used_at"], "only snapshots have it"
        checked = admin.send("POST", alone.url + "/api/admin/usage/self-check").json()
        assert checked["differences"] == [], checked
        assert report(alone.url, range(400)) == (0, 400)
        assert report(alone.url, range(400, 410)) == (10, 0)
        login = Caller().send("POST", alone.url + "/api/auth/login",
                              {"email": "guarded@example.com", "password": PASSWORD}).json()
        assert login["requires_2fa"], "its second factor is sealed under the data keys"
        verified = Caller().send(
            "POST", alone.url + "/api/auth/2fa/verify",
            {"temp_token": login["temp_token"], "code": totp(secret, steps=1)})
        assert verified.status_code == 200, verified.text
        assert alone.stop() == 0
        alone.start()
        eventually(alone.is_ready)
        assert report(alone.url, range(410)) == (0, 410)
        alone.kill()

        # The cluster is as it was, should it be wanted after all.
        undone = first.migrate("--undo", to="directory")
        assert undone.returncode == 0, undone.stderr
        members.start()
        members.wait_spread()
        assert everything(admin, first.url) == before
    finally:
        members.end()
        if alone:
            alone.kill()
