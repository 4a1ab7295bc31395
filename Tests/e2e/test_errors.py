"""Every failure says what went wrong, what to do and under which trace id; the process lives on."""

import json
import re

import pytest
import requests

from harness import exchange

MEMBERS = {"error_code", "message", "suggested_fix", "trace_id"}


def request_bytes(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def check_refusal(server, *pieces: bytes, status: int, code: str) -> None:
    reply = exchange(server.port, *pieces)
    assert reply.status == status, reply.everything
    assert MEMBERS <= reply.json.keys() and reply.json["error_code"] == code
    assert reply.headers["x-trace-id"] == reply.json["trace_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", reply.json["trace_id"])
    assert server.is_alive()


def test_an_unknown_path_is_404(shared_server):
    client = shared_server.client()
    for path in (
        "/api/nothing",
        "/nothing",
        "/api/auth/login/",
        "//api/auth/session",
        "/api/%2e%2e/x",
    ):
        assert client.get(path, expect=404)["error_code"] == "not_found"


def test_a_wrong_method_is_405_with_the_right_ones(shared_server):
    answer = shared_server.client().request("DELETE", "/api/auth/login", expect=405)
    assert answer.json()["error_code"] == "method_not_allowed"
    assert "POST" in answer.headers["allow"] and "DELETE" not in answer.headers["allow"]
    answer = shared_server.client().request("POST", "/health", expect=405)
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.headers["allow"].split(",")}


def test_a_missing_session_is_401_everywhere(shared_server):
    client = shared_server.client()
    for method, path in [
        ("GET", "/api/auth/session"),
        ("GET", "/api/auth/sessions"),
        ("GET", "/api/auth/activity"),
        ("POST", "/api/auth/logout"),
        ("POST", "/api/auth/2fa/setup"),
        ("GET", "/api/tokens"),
        ("GET", "/api/integrations/status"),
        ("POST", "/api/usage/events"),
    ]:
        assert client.request(method, path, expect=401).json()["error_code"] == "not_signed_in", (
            path
        )


def test_malformed_json_is_400(shared_server):
    client = shared_server.client()
    for body in (
        b"{",
        b"",
        b"{'a':1}",
        b"\xff\xfe",
        b'{"email":"a@b.example",}',
        b'{"a":1} trailing',
    ):
        answer = client.request(
            "POST",
            "/api/auth/login",
            data=body,
            headers={"Content-Type": "application/json"},
            expect=400,
        )
        assert answer.json()["error_code"] == "malformed_json", body


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "email"),
        ({"email": "a@b.example"}, "password"),
        ({"email": 5, "password": "x" * 9}, "email"),
        ({"email": None, "password": "x" * 9}, "email"),
        ({"email": "a@b.example", "password": ["x"]}, "password"),
    ],
)
def test_a_missing_or_mistyped_member_is_422_and_named(shared_server, body, field):
    refused = shared_server.client().post("/api/auth/login", body, expect=422)
    assert refused["error_code"] == "validation_failed" and refused["field"] == field


def test_json_that_is_no_object_is_422(shared_server):
    for body in ([], "text", 5, True):
        refused = shared_server.client().post("/api/auth/login", body, expect=422)
        assert refused["error_code"] == "validation_failed"


def test_deeply_nested_json_does_no_harm(shared_server):
    answer = shared_server.client().request(
        "POST", "/api/auth/login", data=b"[" * 500_000, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422} and shared_server.is_alive()


def test_another_content_type_is_415(shared_server):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", None):
        answer = shared_server.client().request(
            "POST",
            "/api/auth/login",
            data=b'{"email":"a@b.example","password":"12345678"}',
            headers={"Content-Type": content_type},
            expect=415,
        )
        assert answer.json()["error_code"] == "unsupported_media_type"


def test_a_body_over_the_limit_is_a_readable_413(shared_server):
    client = shared_server.client()
    body = b'{"email":"' + b"x" * (1 << 20) + b'"}'
    headers = {"Content-Type": "application/json"}
    for data in (body, iter([body])):  # with a length, and chunked
        answer = client.request("POST", "/api/auth/login", data=data, headers=headers, expect=413)
        assert answer.json()["error_code"] == "body_too_large"


def test_the_catalogue_lists_every_code_with_status_and_fix(shared_server):
    answer = shared_server.client().get("/api/errors")
    rows = {row["error_code"]: row for row in answer["errors"]}
    assert {"not_found", "code_invalid", "storage_full", "step_up_required"} <= rows.keys()
    for row in rows.values():
        assert 400 <= row["status"] <= 599 and row["message"].endswith(".") and row["suggested_fix"]


def test_a_valid_traceparent_is_continued_and_an_invalid_one_is_not(shared_server):
    client, trace = shared_server.client(), "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = client.request(
        "GET", "/api/nothing", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    )
    assert answer.json()["trace_id"] == trace
    for bad in (
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"ff-{trace}-00f067aa0ba902b7-01",
        f"00-{trace.upper()}-00f067aa0ba902b7-01",
        trace,
        f"00-{trace}-{'0' * 16}-01",
    ):
        answer = client.request("GET", "/api/nothing", headers={"traceparent": bad})
        assert answer.json()["trace_id"] != trace, bad


def test_answers_carry_security_headers(shared_server):
    answer = shared_server.client().request("GET", "/api/nothing")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers or "hummingbird" not in answer.headers["server"].lower()


# What the HTTP parser refuses


@pytest.mark.parametrize(
    "line",
    [
        "GET",
        "GET /",
        "GET / HTTP/9.9",
        "GET / HTTP/x",
        "G@T / HTTP/1.1",
        " GET / HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "\x00\x01\x02\x03",
    ],
)
def test_a_bad_request_line_is_400_with_a_body(shared_server, line):
    check_refusal(shared_server, request_bytes(line, "Host: x"), status=400, code="invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5, 6"],
        ["Content-Length: -1"],
        ["Content-Length: +5"],
        ["Content-Length: 0x5"],
        ["Content-Length: 99999999999999999999999"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Bad Header: x"],
        ["X-Folded: a", " continued"],
        ["X-Null: a\x00b"],
    ],
)
def test_a_smuggling_shape_is_refused_and_nothing_behind_it_is_served(shared_server, headers):
    smuggled = request_bytes("GET /health HTTP/1.1", "Host: x")
    reply = exchange(
        shared_server.port,
        request_bytes(
            "POST /api/auth/login HTTP/1.1",
            "Host: x",
            "Content-Type: application/json",
            *headers,
            body=b"0\r\n\r\n" + smuggled,
        ),
    )
    assert reply.status in {0, 400, 501}, reply.everything
    assert b"HTTP/1.1 200" not in reply.everything
    if reply.status:
        assert MEMBERS <= reply.json.keys()
    assert shared_server.is_alive()


@pytest.mark.parametrize("hosts", [[], ["Host: a", "Host: b"]])
def test_a_request_needs_exactly_one_host(shared_server, hosts):
    check_refusal(
        shared_server,
        request_bytes("GET /health HTTP/1.1", *hosts),
        status=400,
        code="invalid_request",
    )


def test_huge_headers_are_431(shared_server):
    check_refusal(
        shared_server,
        request_bytes("GET /health HTTP/1.1", "Host: x", "X-Huge: " + "x" * 40_000),
        status=431,
        code="headers_too_large",
    )
    many = [f"X-{n}: {'y' * 90}" for n in range(300)]
    check_refusal(
        shared_server,
        request_bytes("GET /health HTTP/1.1", "Host: x", *many),
        status=431,
        code="headers_too_large",
    )


def test_a_huge_target_is_414(shared_server):
    check_refusal(
        shared_server,
        request_bytes(f"GET /{'x' * 12_000} HTTP/1.1", "Host: x"),
        status=414,
        code="uri_too_long",
    )


def test_a_broken_chunk_is_refused(shared_server):
    reply = exchange(
        shared_server.port,
        request_bytes(
            "POST /api/auth/login HTTP/1.1",
            "Host: x",
            "Content-Type: application/json",
            "Transfer-Encoding: chunked",
            body=b"zz\r\nnonsense\r\n0\r\n\r\n",
        ),
    )
    assert reply.status in {0, 400} and shared_server.is_alive()


def test_an_unknown_expectation_is_417_and_a_known_one_is_answered(shared_server):
    head = ["POST /api/auth/login HTTP/1.1", "Host: x", "Content-Type: application/json"]
    check_refusal(
        shared_server,
        request_bytes(*head, "Content-Length: 2", "Expect: a-miracle", body=b"{}"),
        status=417,
        code="expectation_failed",
    )
    import socket

    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=10) as connection:
        connection.sendall(request_bytes(*head, "Content-Length: 2", "Expect: 100-continue"))
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"{}")
        assert connection.recv(4096).startswith(b"HTTP/1.1 422 ")


def test_a_caller_that_hangs_up_midway_does_no_harm(shared_server):
    import socket

    for body in (b"", b'{"ema'):
        with socket.create_connection(("127.0.0.1", shared_server.port)) as connection:
            connection.sendall(
                request_bytes(
                    "POST /api/auth/login HTTP/1.1",
                    "Host: x",
                    "Content-Type: application/json",
                    "Content-Length: 100",
                    body=body,
                )
            )
    assert shared_server.client().get("/health")
    assert shared_server.is_alive()


def test_head_is_answered_like_get_without_a_body(shared_server):
    answer = shared_server.client().request("HEAD", "/health", expect=200)
    assert answer.content == b""


def test_openapi_describes_what_is_there(shared_server):
    document = requests.get(shared_server.url + "/openapi.json", timeout=10).json()
    assert document["openapi"].startswith("3.")
    assert "post" in document["paths"]["/api/auth/login"]
    assert "{id}" in json.dumps(list(document["paths"]))


def test_health_ready_and_metrics_answer(shared_server):
    client = shared_server.client()
    client.get("/health")
    client.get("/ready")
    metrics = client.request("GET", "/metrics", expect=200)
    assert metrics.headers["content-type"].startswith("text/plain") and "# TYPE " in metrics.text
