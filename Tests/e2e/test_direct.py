"""The two hottest requests are answered on a way of their own; nobody can tell which way it was.

A query, or a parameter of the content type, sends the same request the long way.
"""

import json
import threading

import pytest
from harness import usage_event
from harness.raw import exchange

SESSION = "/api/auth/session"
LONG_SESSION = SESSION + "?long=way"
EVENTS = "/api/usage/events"
LONG_JSON = "application/json; charset=utf-8"
DIFFERENT = {"x-trace-id", "traceparent", "date"}
# Of a session: when it was asked for.
MOVING = {"last_seen_at", "idle_expires_at"}


@pytest.fixture(scope="module")
def caller(admin):
    return admin.with_token("usage:write", "usage:read", "status:read", "session:read")


def without_ids(answer) -> tuple[dict, dict]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = {name: value for name, value in answer.json().items() if name != "trace_id"}
    if "session" in body:
        body["session"] = {k: v for k, v in body["session"].items() if k not in MOVING}
    return {name: value for name, value in headers.items() if name not in DIFFERENT}, body


def report(caller, events, content_type="application/json", **options):
    return caller.request(
        "POST",
        EVENTS,
        data=events if isinstance(events, str) else json.dumps(events),
        headers={"Content-Type": content_type, **options.pop("headers", {})},
        **options,
    )


def served(admin, method: str, route: str) -> int:
    lines = admin.request("GET", "/metrics").text.splitlines()
    head = f'countersign_http_requests_total{{method="{method}",route="{route}"'
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(head))


@pytest.mark.parametrize("credential", ["cookie", "bearer"])
def test_a_session_check_is_the_same_both_ways(member, credential):
    if credential == "bearer":
        member.token, member.cookie = member.cookie, None
    direct = member.request("GET", SESSION, expect=200)
    assert set(direct.json()["session"]) >= MOVING
    assert without_ids(direct) == without_ids(member.request("GET", LONG_SESSION, expect=200))


def test_a_report_is_the_same_both_ways(caller):
    first, second = usage_event(), usage_event()
    for events in ([first], [first], [], [second, {**second, "status": "error"}, 7, {"id": "x"}]):
        direct = report(caller, events)
        again = report(caller, json.loads(json.dumps(events).replace('"id": "', '"id": "again-')))
        long = report(
            caller,
            json.loads(json.dumps(events).replace('"id": "', '"id": "long-')),
            LONG_JSON,
        )
        assert direct.status_code == 200
        assert without_ids(direct) == without_ids(long) == without_ids(again)


def test_lines_are_read_as_lines(caller):
    lines = "\n".join(json.dumps(usage_event()) for _ in range(3)) + "\nno json\n"
    answer = report(caller, lines, "application/x-ndjson").json()
    assert answer["accepted"] == 3
    assert [item["error_code"] for item in answer["rejected"]] == ["malformed_json"]


@pytest.mark.parametrize("body", ["[{]", "{}", '"text"', "[1", "\x00"])
def test_what_is_wrong_is_refused_as_on_the_long_way(caller, body):
    direct, long = report(caller, body), report(caller, body, LONG_JSON)
    assert direct.status_code == long.status_code >= 400
    assert without_ids(direct) == without_ids(long)


def test_who_may_not_is_refused_as_on_the_long_way(admin, shared_server, member):
    reader = admin.with_token("usage:read")
    stranger = shared_server.client()
    for client, code in ((reader, "scope_missing"), (stranger, "not_signed_in")):
        assert report(client, [usage_event()]).json()["error_code"] == code
    twin = member.twin()
    member.post("/api/auth/logout")
    assert twin.get(SESSION, expect=401)["error_code"] == "not_signed_in"
    stranger.token = "cs_s_0000" + "A" * 43
    assert stranger.get(SESSION, expect=401)["error_code"] == "token_invalid"


def test_a_disabled_account_has_no_session(shared_server, admin):
    client = shared_server.client()
    client.register()
    assert client.get(SESSION)["user"]["disabled"] is False
    admin.post(f"/api/admin/users/{client.user['id']}/disable")
    assert client.request("GET", SESSION).status_code in (401, 403)


def test_the_callers_trace_is_continued(member):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = member.request(
        "GET", SESSION, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    )
    assert answer.json()["trace_id"] == answer.headers["x-trace-id"] == trace
    assert answer.headers["traceparent"].startswith(f"00-{trace}-")
    assert answer.headers["traceparent"].endswith("-01")


def test_both_ways_are_counted_as_one_route(admin, member, caller):
    before = served(admin, "GET", SESSION), served(admin, "POST", EVENTS)
    for path in (SESSION, LONG_SESSION):
        member.get(path)
    for content_type in ("application/json", LONG_JSON):
        report(caller, [usage_event()], content_type, expect=200)
    after = served(admin, "GET", SESSION), served(admin, "POST", EVENTS)
    assert (after[0] - before[0], after[1] - before[1]) == (2, 2)


def test_the_access_log_has_both(servers):
    server = servers.start()
    admin = server.admin()
    caller = admin.with_token("usage:write")
    ids = [admin.request("GET", SESSION).headers["x-trace-id"]]
    ids.append(report(caller, [usage_event()]).headers["x-trace-id"])
    server.stop()
    lines = [json.loads(line) for line in server.stderr_path.read_text().splitlines()]
    found = {line["trace_id"]: line for line in lines if line.get("kind") == "access"}
    session, event = (found[trace] for trace in ids)
    assert (session["route"], session["status"], session["caller"]) == (SESSION, 200, "session")
    assert session["user_id"] == admin.user["id"] and session["bytes"] > 0
    assert (event["route"], event["status"], event["caller"]) == (EVENTS, 200, "token")


def request(method: str, path: str, token: str, body: bytes = b"", more: str = "") -> bytes:
    length = f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n"
    return (head + length + more + "\r\n").encode() + body


def test_requests_sent_ahead_are_answered_in_order(shared_server, member, caller):
    event = json.dumps([usage_event()]).encode()
    session = request("GET", SESSION, member.cookie)
    pieces = [
        session,
        request("POST", EVENTS, caller.token, event),
        session,
        request("GET", LONG_SESSION, member.cookie),
        request("POST", EVENTS, caller.token, event, "Connection: close\r\n"),
    ]
    answer = exchange(shared_server.port, b"".join(pieces), read_all=True)
    bodies = [
        json.loads(part.split(b"\r\n\r\n", 1)[1])
        for part in answer.everything.split(b"HTTP/1.1 200 OK\r\n")[1:]
    ]
    assert ["user" in body for body in bodies] == [True, False, True, True, False]
    assert (bodies[1]["accepted"], bodies[4]["duplicates"]) == (1, 1)


def test_a_body_in_pieces_and_a_client_that_says_no_more(shared_server, caller):
    event = json.dumps([usage_event()]).encode()
    whole = request("POST", EVENTS, caller.token, event)
    pieces = [whole[index : index + 7] for index in range(0, len(whole), 7)]
    answer = exchange(shared_server.port, *pieces, half_close=True)
    assert answer.status == 200 and answer.json["accepted"] == 1
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("asked", "told"), [("Connection: keep-alive\r\n", "keep-alive"), ("", "close")]
)
def test_http_1_0(shared_server, member, asked, told):
    asking = request("GET", SESSION, member.cookie, more=asked).replace(b"HTTP/1.1", b"HTTP/1.0")
    answer = exchange(shared_server.port, asking)
    assert answer.status == 200 and answer.headers["connection"] == told


def test_one_of_many_at_once_is_accepted_and_survives(servers):
    server = servers.start()
    caller = server.admin().with_token("usage:write", "status:read")
    event, answers = usage_event(), []

    def send(client):
        for _ in range(20):
            answers.append(report(client, [event]).json())

    threads = [threading.Thread(target=send, args=(caller.twin(),)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(answer["duplicates"] for answer in answers) == 16 * 20 - 1
    server.crash_and_restart()
    rows = caller.on(server.url).get("/api/integrations/status")["integrations"]
    assert next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"] == 1


def test_a_configured_limit_is_heeded(servers):
    server = servers.start(
        env={
            "COUNTERSIGN_RATE_LIMITS_READS_QUOTA": "3",
            "COUNTERSIGN_RATE_LIMITS_READS_BURST": "3",
        }
    )
    admin = server.admin()
    statuses = [admin.request("GET", SESSION).status_code for _ in range(5)]
    assert statuses[0] == 200 and statuses[-1] == 429
