"""Providers that answer badly: what is no HTTP becomes a 502 of ours, nothing is mistaken for the
answer to another call, and nothing is sent twice that must not be."""

import socket

import pytest

from harness import Cut, Wire, ask, check_our_error
from upstream import CLOSE, HANG, RESET, Answer, Gate, Raw, json_answer

PATH = "/v1/models"
CHAT = "/v1/chat/completions"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
FAILED = {"error", "aborted_upstream"}


def with_head(*lines: bytes, body: bytes = b"ok") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", b""]) + body


def check_next_call_is_good_and_on_another_connection(gateway, first) -> None:
    origin = gateway.upstream["openai"]
    before = len(origin.calls)
    answer = gateway.call("GET", "openai", PATH)
    assert answer.status_code == 200 and answer.json()["object"] == "list"
    assert origin.calls[before].connection is not first.connection


# Answers that are none


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"<html>no head at all</html>",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes",
        with_head(b"Content-Length: 2", b"Content-Length: 3"),
        with_head(b"Content-Length: 2, 3"),
        with_head(
            b"Content-Length: 2", b"Transfer-Encoding: chunked", body=b"2\r\nok\r\n0\r\n\r\n"
        ),
        with_head(b"Content-Length: -2"),
        with_head(b"Content-Length: +2"),
        with_head(b"Content-Length: 0x2"),
        with_head(b"Content-Length: 2 2"),
        with_head(b"Content-Length: 99999999999999999999999"),
        with_head(b"Transfer-Encoding: xchunked", body=b"2\r\nok\r\n0\r\n\r\n"),
        with_head(b"Transfer-Encoding: chunked, identity", body=b"2\r\nok\r\n0\r\n\r\n"),
        with_head(b"Content-Length : 2"),
        with_head(b"Content-Length: 2", b"X-Folded: a", b" b"),
        with_head(b" X-First: folded", b"Content-Length: 2"),
        with_head(b"Content-Length: 2", b"X-Bare: a\rb"),
        with_head(b"Content-Length: 2", b"X-Null: a\x00b"),
        with_head(b"Content-Length: 2", b"no colon"),
        with_head(b"Content-Length: 2", b": no name"),
        with_head(b"Content-Length: 2", b"X Space: a"),
        with_head(b"Content-Length: 2", b"X-Huge: " + b"x" * (256 << 10)),
        with_head(*(b"X-%d: y" % n for n in range(20_000)), b"Content-Length: 2"),
    ],
    ids=lambda answer: answer[:60].decode("latin-1").encode("unicode_escape").decode(),
)
def test_what_is_no_answer_is_a_502_of_ours(gateway, upstream, answer):
    upstream["openai"].next(Raw(answer, CLOSE))
    reply = gateway.raw("GET", "openai", PATH)
    refusal = check_our_error(reply, 502, "upstream_invalid")
    event = gateway.event_of("openai", refusal["trace_id"])
    assert event["status"] in FAILED and event["error_code"] == "upstream_invalid"
    assert event["units"] is None
    first = upstream["openai"].only_call()
    assert first.connection.closed.wait(10)
    check_next_call_is_good_and_on_another_connection(gateway, first)


@pytest.mark.parametrize("before", [b"", b"HTTP", b"HTTP/1.1 200 OK\r\nContent-Le"])
@pytest.mark.parametrize("ending", [CLOSE, RESET])
def test_a_connection_that_ends_before_the_head_does_is_a_502(gateway, upstream, before, ending):
    upstream["openai"].always(Raw(*([before] if before else []), ending))
    reply = gateway.raw("POST", "openai", CHAT, {"Content-Length": "2"}, b"{}")
    refusal = check_our_error(reply, 502)
    assert refusal["error_code"] in {"upstream_invalid", "upstream_unreachable"}
    assert gateway.event_of("openai", refusal["trace_id"])["status"] in FAILED
    # A request that may have been acted on is never sent again.
    assert len(upstream["openai"].calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nok\r\n0\r\n\r\n",
        b"-2\r\nok\r\n0\r\n\r\n",
        b"2\r\nokay\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nok\r\n0\r\n\r\n",
        b"2\nok\n0\n\n",
        b"2\r\nok\r\n0\r\nbad trailer\r\n\r\n",
        b"2\r\nok\r\n",
        b"2\r\no",
        b"2" + b"0" * 5000,
        b"2;" + b"x" * (1 << 20) + b"\r\nok\r\n0\r\n\r\n",
    ],
    ids=range(10),
)
def test_a_broken_chunked_body_never_looks_whole(gateway, upstream, body):
    upstream["openai"].next(Raw(with_head(b"Transfer-Encoding: chunked", body=body), CLOSE))
    with Wire(gateway.port) as wire:
        wire.send(gateway.head("GET", "openai", PATH))
        try:
            reply = wire.read_answer()
        except Cut:
            reply = None  # Its head was on its way already.
    if reply is not None:
        check_our_error(reply, 502, "upstream_invalid")
    event = gateway.newest_event("openai")
    assert event["status"] in FAILED and event["units"] is None, event
    check_next_call_is_good_and_on_another_connection(gateway, upstream["openai"].only_call())


def test_a_body_shorter_than_its_length_is_cut_and_not_whole(gateway, upstream):
    upstream["openai"].next(Raw(with_head(b"Content-Length: 100", body=b"x" * 50), CLOSE))
    with Wire(gateway.port) as wire:
        wire.send(gateway.head("GET", "openai", PATH))
        try:
            check_our_error(wire.read_answer(), 502)
        except Cut as cut:
            assert cut.received in {b"", b"x" * 50}
    assert gateway.newest_event("openai")["status"] == "aborted_upstream"


# Answers that are unusual and right


def test_an_answer_may_come_byte_by_byte(gateway, upstream):
    whole = with_head(
        b"Transfer-Encoding: chunked", b"X-A: b", body=b"2\r\nok\r\n0\r\nT: u\r\n\r\n"
    )
    upstream["openai"].next(Raw(*(bytes([byte]) for byte in whole)))
    reply = gateway.raw("GET", "openai", PATH)
    assert reply.status == 200 and reply.body == b"ok" and reply.headers["x-a"] == "b"


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n" * 3,
    ],
)
def test_an_interim_answer_is_not_the_answer(gateway, upstream, first):
    upstream["openai"].next(Raw(first + OK))
    reply = gateway.raw("GET", "openai", PATH)
    assert reply.status == 200 and reply.body == b"ok"
    assert gateway.newest_event("openai")["http_status"] == 200


def test_endless_interim_answers_end(gateway, upstream):
    upstream["openai"].next(Raw(*[b"HTTP/1.1 102 Processing\r\n\r\n" * 100] * 1000, CLOSE))
    reply = gateway.raw("POST", "openai", CHAT, {"Content-Length": "2"}, b"{}")
    assert reply is None or reply.status == 502


def test_a_body_may_end_with_the_connection(gateway, upstream):
    upstream["openai"].next(Answer(body=b"until the end", framing="close"))
    reply = gateway.raw("GET", "openai", PATH)
    assert reply.body == b"until the end"
    assert gateway.newest_event("openai")["status"] == "ok"
    check_next_call_is_good_and_on_another_connection(gateway, upstream["openai"].only_call())


def test_an_answer_before_the_body_was_read_is_passed_on(gateway, upstream):
    upstream["openai"].next(Answer(413, body=b"too much", early=True))
    with Wire(gateway.port) as wire:
        length = {"Content-Length": str(4 << 20)}
        try:
            wire.send(gateway.head("POST", "openai", "/v1/files", length), b"x" * (4 << 20))
        except OSError:
            pass  # It need not read what nobody wants.
        reply = wire.read_answer()
    assert reply.status in {413, 502}


# Connections


def test_a_good_connection_is_used_again_and_one_that_says_close_is_not(gateway, upstream):
    origin = upstream["openai"]
    for _ in range(3):
        assert gateway.call("GET", "openai", PATH).status_code == 200
    assert len({call.connection.number for call in origin.calls}) == 1
    origin.next(Answer(200, {"Connection": "close"}, b"ok"))
    gateway.call("GET", "openai", PATH)
    check_next_call_is_good_and_on_another_connection(gateway, origin.calls[-1])


def test_bytes_after_an_answer_are_nobodys_answer(gateway, upstream):
    origin = upstream["openai"]
    origin.next(Raw(OK + POISON, HANG))
    assert gateway.raw("GET", "openai", PATH).body == b"ok"
    check_next_call_is_good_and_on_another_connection(gateway, origin.only_call())


def test_bytes_on_an_idle_connection_are_nobodys_answer(gateway, upstream):
    origin, gate = upstream["openai"], Gate()
    origin.next(Raw(OK, gate, POISON, HANG))
    assert gateway.raw("GET", "openai", PATH).body == b"ok"
    gate.wait_reached()
    gate.open()
    first = origin.only_call()
    # The gateway has to hang up on such a provider by itself.
    assert first.connection.closed.wait(10)
    check_next_call_is_good_and_on_another_connection(gateway, first)


def test_an_answer_to_head_has_no_body_even_if_the_provider_sends_one(gateway, upstream):
    upstream["openai"].next(Raw(OK, HANG))
    reply = gateway.raw("HEAD", "openai", PATH)
    assert reply.status == 200
    check_next_call_is_good_and_on_another_connection(gateway, upstream["openai"].only_call())


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_the_same_host_is_passed_on_and_not_followed(gateway, upstream, status):
    origin = upstream["openai"]
    for location in ("/v1/elsewhere?a=b", "elsewhere", f"{origin.url}/v1/elsewhere"):
        origin.reset()
        origin.next(Answer(status, {"Location": location}, b"moved"))
        reply = gateway.raw("GET", "openai", PATH)
        assert reply.status == status and reply.headers["location"] == location
        assert reply.body == b"moved" and len(origin.calls) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/v1/models",
        "http://evil.example/",
        "//evil.example/v1/models",
        "http://{host}@evil.example/",
        "http://{host}.evil.example/",
        "http://evil.example\\@{host}/",
        "http:\\\\evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "https:evil.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://[::1/",
    ],
)
def test_a_redirect_elsewhere_is_blocked(gateway, upstream, location):
    origin = upstream["openai"]
    location = location.format(host=origin.authority)
    origin.next(Answer(302, {"Location": location}, b"moved"))
    reply = gateway.raw("GET", "openai", PATH)
    refusal = check_our_error(reply, 502, "redirect_blocked")
    assert "location" not in reply.headers and "evil.example" not in str(refusal)
    assert len(origin.calls) == 1
    event = gateway.event_of("openai", refusal["trace_id"])
    assert event["status"] == "error" and event["error_code"] == "redirect_blocked"


def test_two_locations_are_not_a_choice(gateway, upstream):
    upstream["openai"].next(Answer(302, [("Location", "/x"), ("Location", "http://evil.example")]))
    check_our_error(gateway.raw("GET", "openai", PATH), 502)


# Retries


def test_a_get_on_a_stale_connection_is_sent_once_more(gateway, upstream):
    origin = upstream["openai"]
    assert gateway.call("GET", "openai", PATH).status_code == 200
    origin.next(Raw(CLOSE))
    assert gateway.call("GET", "openai", PATH).status_code == 200
    first, stale, again = origin.calls
    assert stale.connection is first.connection and again.connection is not first.connection
    # One call of the caller's is one event, however often it was sent.
    assert len([e for e in gateway.events("openai") if e["trace_id"]]) >= 2
    traces = [event["trace_id"] for event in gateway.events("openai")[:2]]
    assert len(set(traces)) == 2


def test_a_get_is_not_sent_a_third_time(gateway, upstream):
    origin = upstream["openai"]
    assert gateway.call("GET", "openai", PATH).status_code == 200
    origin.always(Raw(CLOSE))
    check_our_error(gateway.call("GET", "openai", PATH), 502)
    assert len(origin.calls) <= 3


def test_a_post_is_sent_once_also_on_a_stale_connection(gateway, upstream):
    for integration, path in [("openai", CHAT), ("alpaca", "/v2/orders")]:
        origin = upstream[integration]
        gateway.call("GET", integration, PATH)
        origin.reset()
        origin.always(Raw(CLOSE))
        check_our_error(gateway.call("POST", integration, path, json={"a": 1}), 502)
        assert len(origin.calls) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
def test_a_failure_of_the_provider_is_passed_on_and_not_repeated(gateway, upstream, status):
    origin = upstream["openai"]
    origin.always(json_answer({"error": {"code": "x"}}, status, {"retry-after": "3600"}))
    for method in ("GET", "POST"):
        reply = gateway.call(method, "openai", PATH)
        assert reply.status_code == status and reply.json() == {"error": {"code": "x"}}
        event = gateway.newest_event("openai")
        assert event["status"] == "error" and event["http_status"] == status
        assert event["error_code"] in {"rate_limited", "provider_down"}
    assert len(origin.calls) == 2


def test_an_upstream_that_is_not_there_is_unreachable(start_gateway):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gateway = start_gateway(env={"COUNTERSIGN_OPENAI_BASE_URL": f"http://127.0.0.1:{port}"})
    reply = gateway.call("GET", "openai", PATH)
    check_our_error(reply, 502, "upstream_unreachable")
    event = gateway.newest_event("openai")
    assert event["status"] == "error" and event["http_status"] is None
    assert event["error_code"] == "upstream_unreachable"
    assert gateway.status("openai")["proof_of_use_count_24h"] == 0


def test_a_provider_that_speaks_no_tls_is_unreachable(start_gateway, own_upstream):
    origin = own_upstream["openai"]
    env = {"COUNTERSIGN_OPENAI_BASE_URL": f"https://127.0.0.1:{origin.port}"}
    gateway = start_gateway(env=env)
    check_our_error(gateway.call("GET", "openai", PATH), 502, "upstream_unreachable")
    assert origin.calls == []


def test_a_caller_of_http_1_0_gets_a_whole_answer_and_a_close(gateway, upstream):
    upstream["openai"].next(Answer(pieces=[b"one", b"two"]))
    head = gateway.head("GET", "openai", PATH).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    reply = ask(gateway.port, head)
    # No chunks: HTTP/1.0 does not know them.
    assert reply.status == 200 and reply.body == b"onetwo"
    assert "transfer-encoding" not in reply.headers
