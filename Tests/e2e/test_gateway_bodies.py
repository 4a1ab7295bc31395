"""Bodies of every kind: large ones in bounded memory, compressed ones, none at all; and callers
with old or unusual manners."""

import gzip
import hashlib
import json
import os
import zlib
from pathlib import Path

import pytest

from harness import Wire, request_head, wait_until_settled
from upstream import Answer, Gate, json_answer, sse_answer
from upstream.providers import openai

PATH = "/v1/models"
CHAT = "/v1/chat/completions"
MIB = 1 << 20
PIECE = os.urandom(MIB)
# 32 MB, which is as much as Anthropic takes.
UPLOAD_PIECES = 30
DOWNLOAD_PIECES = 64
# What the sockets of both sides, a few buffers and the allocator's own pools may hold; seen are 6
# to 14 MiB, whatever the size of the body, which is several times as large.
GROWTH_BYTES_MAX = 20 * MIB


def resident_bytes(gateway) -> int:
    text = Path(f"/proc/{gateway.server.process.pid}/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) << 10


def digest(pieces) -> str:
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(piece)
    return hashed.hexdigest()


# Large ones


def test_a_large_upload_streams_and_a_slow_provider_holds_the_caller_back(start_gateway):
    gateway = start_gateway()
    gateway.call("GET", "anthropic", PATH, headers={"anthropic-version": "2023-06-01"})
    gate, origin = Gate(), gateway.upstream["anthropic"]
    origin.reset()
    origin.next(Answer(body=b"taken", read_body_after=gate))
    before = resident_bytes(gateway)
    with Wire(gateway.port) as wire:
        length = {"Content-Length": str(UPLOAD_PIECES * MIB)}
        wire.send(gateway.head("POST", "anthropic", "/v1/messages", length))
        # The request is on its way before its body is complete, and then waits for the provider.
        call = origin.wait_for_calls(1)[0]
        gate.wait_reached()
        wire.send_in_background([PIECE] * UPLOAD_PIECES)
        assert not wire.all_sent(seconds=2), "nobody read it, and yet it was taken"
        assert resident_bytes(gateway) - before < GROWTH_BYTES_MAX
        gate.open()
        assert wire.read_answer().body == b"taken" and wire.all_sent(seconds=20)
    assert resident_bytes(gateway) - before < GROWTH_BYTES_MAX
    assert hashlib.sha256(call.body).hexdigest() == digest([PIECE] * UPLOAD_PIECES)
    event = gateway.newest_event("anthropic")
    assert UPLOAD_PIECES * MIB in {event["bytes_in"], event["bytes_out"]}


def test_a_large_chunked_upload_arrives_whole(gateway, upstream):
    upstream["anthropic"].next(Answer(body=b"taken"))
    with Wire(gateway.port) as wire:
        chunked = {"Transfer-Encoding": "chunked"}
        wire.send(gateway.head("POST", "anthropic", "/v1/messages", chunked))
        for _ in range(UPLOAD_PIECES):
            wire.send_chunk(PIECE)
        wire.send(b"0\r\n\r\n")
        assert wire.read_answer().body == b"taken"
    call = upstream["anthropic"].only_call()
    assert hashlib.sha256(call.body).hexdigest() == digest([PIECE] * UPLOAD_PIECES)


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_a_large_download_streams_and_a_slow_caller_holds_the_provider_back(start_gateway, framing):
    gateway = start_gateway()
    gateway.call("GET", "openai", PATH)
    sent = 0

    def pieces():
        nonlocal sent
        for _ in range(DOWNLOAD_PIECES):
            sent += 1
            yield PIECE

    length = {"Content-Length": str(DOWNLOAD_PIECES * MIB)} if framing == "length" else {}
    gateway.upstream["openai"].next(Answer(200, length, pieces=pieces(), framing=framing))
    before = resident_bytes(gateway)
    with Wire(gateway.port, receive_bytes=64 << 10) as wire:
        wire.send(gateway.head("GET", "openai", "/v1/files/large/content"))
        head = wire.read_head()
        settled = wait_until_settled(lambda: sent)
        assert settled < DOWNLOAD_PIECES, "nobody read it, and yet all of it was taken"
        assert resident_bytes(gateway) - before < GROWTH_BYTES_MAX
        answer = wire.read_body(head)
    assert resident_bytes(gateway) - before < GROWTH_BYTES_MAX
    assert len(answer.body) == DOWNLOAD_PIECES * MIB
    assert hashlib.sha256(answer.body).hexdigest() == digest([PIECE] * DOWNLOAD_PIECES)
    assert gateway.newest_event("openai")["status"] == "ok"


def test_a_provider_that_leaves_in_the_middle_of_an_upload_ends_it(gateway, upstream):
    upstream["openai"].next(Answer(500, body=b"no", early=True))
    with Wire(gateway.port) as wire:
        wire.send(gateway.head("POST", "openai", "/v1/files", {"Content-Length": str(8 * MIB)}))
        try:
            wire.send(*[PIECE] * 8)
        except OSError:
            pass  # It need not be read to its end.
        assert wire.read_answer().status in {500, 502}
    assert gateway.newest_event("openai")["status"] in {"error", "aborted_upstream"}


# Compressed ones


def compressed(coding: str, content: bytes) -> bytes:
    return gzip.compress(content) if coding == "gzip" else zlib.compress(content)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_answer_passes_unchanged_and_its_units_are_read(gateway, upstream, coding):
    packed = compressed(coding, json.dumps(openai.chat()).encode())
    headers = {"content-type": "application/json", "content-encoding": coding}
    upstream["openai"].next(Answer(200, headers, packed))
    asked = {"Accept-Encoding": "gzip, deflate", "Content-Length": "2"}
    answer = gateway.raw("POST", "openai", CHAT, asked, b"{}")
    assert answer.body == packed and answer.headers["content-encoding"] == coding
    units = gateway.newest_event("openai")["units"]
    assert (units["input_tokens"], units["output_tokens"]) == (11, 7)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_stream_passes_unchanged_and_its_units_are_read(gateway, upstream, coding):
    packed = compressed(coding, b"".join(openai.chat_frames()))
    pieces = [packed[n : n + 50] for n in range(0, len(packed), 50)]
    upstream["openai"].next(sse_answer(pieces, {"content-encoding": coding}))
    body = b'{"stream":true}'
    asked = {"Accept-Encoding": "gzip, deflate", "Content-Length": str(len(body))}
    answer = gateway.raw("POST", "openai", CHAT, asked, body)
    assert answer.body == packed
    event = gateway.newest_event("openai")
    assert event["status"] == "ok" and event["units"]["output_tokens"] == 7


def test_a_compressed_answer_that_is_broken_or_enormous_is_passed_on_and_does_no_harm(
    gateway, upstream
):
    bomb = gzip.compress(b'{"a":"' + b"x" * (256 * MIB) + b'"}')
    for packed in (b"\x1f\x8b nonsense", gzip.compress(b"{}")[:-5], bomb):
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        upstream["openai"].next(Answer(200, headers, packed))
        answer = gateway.raw("POST", "openai", CHAT, {"Content-Length": "2"}, b"{}")
        assert answer.body == packed
        assert gateway.newest_event("openai")["units"] is None
    assert resident_bytes(gateway) < 512 * MIB


# None at all


def test_head_has_the_head_of_get_and_no_body(gateway, upstream):
    upstream["openai"].next(Answer(200, {"Content-Length": "1234", "X-A": "b"}))
    with Wire(gateway.port) as wire:
        for _ in range(2):
            wire.send(gateway.head("HEAD", "openai", PATH))
            answer = wire.read_answer("HEAD")
            assert answer.status == 200 and answer.body == b""
    assert {call.method for call in upstream["openai"].calls} == {"HEAD"}
    assert gateway.newest_event("openai")["operation"] == "HEAD /v1/models"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_leaves_the_connection_usable(gateway, upstream, status):
    upstream["openai"].next(Answer(status, {"ETag": '"1"'}), json_answer({"n": 2}))
    with Wire(gateway.port) as wire:
        wire.send(gateway.head("GET", "openai", PATH, {"If-None-Match": '"1"'}))
        answer = wire.read_answer()
        assert answer.status == status and answer.headers["etag"] == '"1"'
        assert "transfer-encoding" not in answer.headers
        wire.send(gateway.head("GET", "openai", PATH))
        assert wire.read_answer().json == {"n": 2}
    assert upstream["openai"].calls[0].header("if-none-match") == '"1"'
    assert gateway.newest_event("openai")["status"] == "ok"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_passes_with_and_without_a_body(gateway, upstream, method):
    for body in (b"", b"some bytes \x00\xff"):
        upstream.reset()
        upstream["openai"].next(Answer(body=b"ok"))
        length = {"Content-Length": str(len(body))} if body else {}
        assert gateway.raw(method, "openai", "/v1/any", length, body).body == b"ok"
        call = upstream["openai"].only_call()
        assert (call.method, call.body) == (method, body)


def test_chunked_answers_and_an_empty_one_arrive_whole(gateway, upstream):
    for pieces in ([], [b"a"], [b"a", b"b" * 100_000, b"c"]):
        upstream["openai"].next(Answer(pieces=pieces))
        assert gateway.raw("GET", "openai", PATH).body == b"".join(pieces)


# Manners


def test_expect_100_continue_is_answered_before_the_body(gateway, upstream):
    headers = {"Content-Length": "5", "Expect": "100-continue"}
    upstream["openai"].next(Answer(body=b"ok"))
    with Wire(gateway.port) as wire:
        wire.send(gateway.head("POST", "openai", "/v1/files", headers))
        assert wire.read_head().status == 100
        wire.send(b"hello")
        assert wire.read_answer().body == b"ok"
    assert upstream["openai"].only_call().body == b"hello"


def test_pipelined_calls_are_answered_in_their_order(gateway, upstream):
    upstream["openai"].always(lambda request: Answer(body=request.target.encode()))
    targets = [f"/v1/models?n={n}" for n in range(20)]
    with Wire(gateway.port) as wire:
        wire.send(b"".join(gateway.head("GET", "openai", target) for target in targets))
        assert [wire.read_answer().body.decode() for _ in targets] == targets
    assert len(upstream["openai"].calls) == len(targets)


def test_calls_and_the_servers_own_endpoints_share_a_connection(gateway):
    with Wire(gateway.port) as wire:
        for _ in range(3):
            wire.send(gateway.head("GET", "openai", PATH))
            assert wire.read_answer().json["object"] == "list"
            wire.send(request_head("GET", "/health"))
            assert wire.read_answer().status == 200


def test_connection_close_of_the_caller_is_the_callers_own(gateway, upstream):
    # Connections to a provider belong to one of the server's event loops, of which each core has
    # one; more calls than loops have to share some.
    calls = 4 * (os.cpu_count() or 1)
    for _ in range(calls):
        with Wire(gateway.port) as wire:
            wire.send(gateway.head("GET", "openai", PATH, {"Connection": "close"}))
            assert wire.read_answer().status == 200 and wire.read_to_end() == b""
    connections = {call.connection.number for call in upstream["openai"].calls}
    assert len(connections) <= calls // 4
