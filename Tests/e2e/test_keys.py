"""`keys rotate`: a new data key while the server serves, resumable, and the old one goes only when
nothing needs it."""

import json
import subprocess
import time

import pytest

from harness import BINARY, Authenticator, fresh_email, usage_event
from harness.damage import frames
from harness.program import clean_environment
from harness.sms import GENEROUS

SMALL = {
    "COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20),
    "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
    "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "4096",
}


def rotate(server) -> dict:
    result = server.command("keys", "rotate", "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def enrolled(server, count: int = 3) -> list:
    """Accounts with a second factor each, and one whose setup is not confirmed yet."""
    clients = [server.admin()] + [server.client() for _ in range(count - 1)]
    for client in clients[1:]:
        client.register(fresh_email())
    for client in clients:
        client.authenticator, client.codes = client.enroll()
    return clients


def sign_in(client, url: str) -> None:
    client.on(url)
    client.verify(client.challenge(), code=client.authenticator.code())


def test_second_factors_work_on_after_a_rotation_beside_the_server(servers):
    server = servers.start()
    clients = enrolled(server)
    waiting = server.client()
    waiting.register(fresh_email())
    setup = waiting.post("/api/auth/2fa/setup")
    answer = rotate(server)
    assert answer["remaining"] == 0 and answer["keys"][-1] == 2
    # The log still has what was sealed under the first key.
    assert answer["keys"] == [1, 2] and answer["keptFor"]
    sign_in(clients[0], server.url)
    waiting.post("/api/auth/2fa/confirm", {"code": Authenticator(setup["secret"]).code()})
    server.crash_and_restart()
    sign_in(clients[1], server.url)
    assert server.stop() == 0
    assert server.command("verify").returncode == 0


def test_offline(servers):
    server = servers.start()
    clients = enrolled(server)
    assert server.stop() == 0
    assert rotate(server)["keys"][-1] == 2
    assert rotate(server)["keys"][-1] == 3
    server.start()
    sign_in(clients[0], server.url)


def test_the_old_key_goes_when_nothing_is_left_under_it(servers):
    server = servers.start(env=SMALL)
    clients = enrolled(server)
    caller = clients[0].with_token("usage:write")
    assert rotate(server)["keys"] == [1, 2]
    before = (server.data / "manifest").read_bytes()
    deadline = time.monotonic() + 60
    # Snapshots and segments come and go until nothing knows of the first key.
    while len((server.data / "manifest").read_bytes().rstrip(b"\0")) >= len(before.rstrip(b"\0")):
        assert time.monotonic() < deadline, "the old key is never dropped"
        caller.post("/api/usage/events", [usage_event(operation="o" * 200) for _ in range(100)])
        time.sleep(0.1)
    sign_in(clients[0], server.url)
    server.crash_and_restart()
    sign_in(clients[1], server.url)
    assert server.stop() == 0
    assert frames(server.data)
    assert server.command("verify").returncode == 0


def test_under_load_every_enrolment_survives(servers, in_parallel):
    server = servers.start()
    server.admin()

    def enrol(number: int):
        client = server.client()
        client.register(fresh_email())
        if number == 2:
            rotate(server)
        client.authenticator, _ = client.enroll()
        return client

    clients = in_parallel(6, enrol)
    server.crash_and_restart()
    for client in clients:
        sign_in(client, server.url)


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.3])
def test_a_crash_in_the_middle_loses_nothing(servers, moment):
    server = servers.start()
    clients = enrolled(server, 2)
    rotation = subprocess.Popen(
        [str(BINARY), "keys", "rotate", "--data-dir", str(server.data)],
        env=clean_environment({"APP_ENC_KEY": server.key, **server.env}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(moment)
    server.kill()
    rotation.wait(timeout=30)
    server.start()
    sign_in(clients[0], server.url)
    assert rotate(server)["remaining"] == 0
    server.crash_and_restart()
    sign_in(clients[1], server.url)


def test_what_is_recognised_by_a_keyed_hash_is_recognised_after_it(start_gateway, messages):
    gateway = start_gateway(env=GENEROUS)
    sender = gateway.admin.with_token("alerts:send")
    headers = {"Idempotency-Key": "one"}
    body = {"to": "+14155550123", "body": "hello"}
    first = sender.post("/api/alerts/sms", body, headers=headers)
    for _ in range(2):
        rotate(gateway.server)
    again = sender.post("/api/alerts/sms", body, headers=headers)
    assert again["provider_message_id"] == first["provider_message_id"]
    gateway.server.crash_and_restart()
    again = sender.on(gateway.server.url).post("/api/alerts/sms", body, headers=headers)
    assert again["provider_message_id"] == first["provider_message_id"]
