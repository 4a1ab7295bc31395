"""More of everything than the server has room for: it says so at once, and goes on serving."""

import json
import socket
import time

from harness import usage_event

MEGABYTE = 1 << 20


def head(path: str, token: str, length: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def connect(server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def answer(connection: socket.socket) -> tuple[int, dict, dict]:
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}"):
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    top, body = received.split(b"\r\n\r\n", 1)
    lines = top.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    return int(lines[0].split(" ")[1]), headers, json.loads(body)


def metrics(client) -> str:
    return client.request("GET", "/metrics", expect=200).text


def test_connections_beyond_the_limit_are_told_so_at_once(servers):
    server = servers.start(env={"COUNTERSIGN_HTTP_CONNECTIONS_MAX": "8"})
    held = [connect(server) for _ in range(8)]
    for connection in held:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
        assert answer(connection)[0] == 200
    for _ in range(20):
        with connect(server) as late:
            began = time.monotonic()
            late.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
            status, headers, body = answer(late)
            took = time.monotonic() - began
        assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
        assert body["error_code"] == "overloaded" and body["retry_after_seconds"] == 1
        assert took < 1
    # Those who are inside are served, and room that becomes free is given away again.
    held[0].sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
    assert answer(held[0])[0] == 200
    for connection in held:
        connection.close()
    deadline = time.monotonic() + 10
    while server.client().request("GET", "/health").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_bodies_beyond_the_memory_for_them_are_refused(servers):
    server = servers.start(env={"COUNTERSIGN_HTTP_BODIES_BYTES_MAX": str(4 * MEGABYTE)})
    admin = server.admin()
    caller = admin.with_token("usage:write")
    events, held = "/api/usage/events", []
    for _ in range(2):
        connection = connect(server)
        connection.sendall(head(events, caller.token, 2 * MEGABYTE) + b"[")
        held.append(connection)
    deadline = time.monotonic() + 10
    while f"countersign_http_body_bytes {4 * MEGABYTE}\n" not in metrics(admin):
        assert time.monotonic() < deadline, "the bodies do not arrive"
        time.sleep(0.01)
    with connect(server) as late:
        late.sendall(head(events, caller.token, MEGABYTE) + b"[")
        status, headers, body = answer(late)
    assert (status, headers["retry-after"]) == (503, "1")
    assert body["error_code"] == "overloaded"
    # Small ones, and everything that has no body, still have room.
    assert caller.post(events, [usage_event()])["accepted"] == 1
    assert admin.signed_in()
    for connection in held:
        connection.close()
    batch = [usage_event(operation="POST /" + "x" * 200) for _ in range(4000)]
    assert len(json.dumps(batch)) > MEGABYTE
    deadline = time.monotonic() + 10
    while caller.request("POST", events, json=batch).status_code != 200:
        assert time.monotonic() < deadline, "the memory for bodies is not given back"
        time.sleep(0.05)


def test_one_body_of_a_permitted_size_always_finds_room(servers):
    server = servers.start(env={"COUNTERSIGN_HTTP_BODIES_BYTES_MAX": str(MEGABYTE)})
    caller = server.admin().with_token("usage:write")
    batch = [usage_event(operation="POST /" + "x" * 200) for _ in range(4000)]
    assert len(json.dumps(batch)) > MEGABYTE
    assert caller.post("/api/usage/events", batch)["accepted"] == 4000
