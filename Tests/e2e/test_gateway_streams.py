"""Streams: each frame at once, 512 of them, and what becomes of those that do not end well."""

import asyncio
import json

import pytest

from harness import Cut, Wire
from harness.streams import open_streams
from upstream import CLOSE, HANG, RESET, Gate, Raw, sse_answer
from upstream.providers import anthropic, openai

STREAMS = 512
FRAMES = 64
CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
USAGE = {"input_tokens": 11, "output_tokens": 7}


def start(wire: Wire, gateway, integration="openai", path=CHAT) -> str:
    """Asks for a stream and reads the head; answers the trace id."""
    body = json.dumps({"model": "m", "stream": True, "stream_options": {"include_usage": True}})
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    wire.send(gateway.head("POST", integration, path, headers), body.encode())
    head = wire.read_head()
    assert head.status == 200 and head.headers["content-type"].startswith("text/event-stream")
    return head.headers["x-trace-id"]


def with_gates(frames: list[bytes]) -> tuple[list, list[Gate]]:
    """The frames, each of which waits until the one before has been received."""
    gates = [Gate() for _ in frames[1:]]
    steps = [frames[0]]
    for gate, frame in zip(gates, frames[1:], strict=True):
        steps += [gate, frame]
    return steps, gates


@pytest.mark.parametrize(
    "integration, path, frames, units",
    [
        ("openai", CHAT, openai.chat_frames(), USAGE),
        ("openai", "/v1/responses", openai.response_frames(), USAGE),
        ("anthropic", MESSAGES, anthropic.message_frames(), {"input_tokens": 13}),
    ],
)
def test_each_frame_arrives_before_the_next_one_is_sent(
    gateway, upstream, integration, path, frames, units
):
    steps, gates = with_gates(frames)
    upstream[integration].next(sse_answer(steps))
    with Wire(gateway.port) as wire:
        trace = start(wire, gateway, integration, path)
        received = b""
        for number in range(len(frames)):
            # The provider sends nothing more until this very frame is here.
            while len(received) < sum(map(len, frames[: number + 1])):
                received += wire.read_chunk()
            if number < len(gates):
                gates[number].open()
        assert wire.read_chunk() == b""
    assert received == b"".join(frames)
    event = gateway.event_of(integration, trace)
    assert event["status"] == "ok" and units.items() <= event["units"].items()


def test_a_frame_may_come_in_pieces_and_several_at_once(gateway, upstream):
    whole = b"".join(openai.chat_frames())
    for size in (1, 7, 1000, len(whole)):
        pieces = [whole[n : n + size] for n in range(0, len(whole), size)]
        upstream["openai"].next(sse_answer(pieces))
        with Wire(gateway.port) as wire:
            trace = start(wire, gateway)
            received = b""
            while piece := wire.read_chunk():
                received += piece
        assert received == whole
        event = gateway.event_of("openai", trace)
        assert event["status"] == "ok" and USAGE.items() <= event["units"].items()


def test_512_streams_at_once_lose_no_frame(gateway, upstream):
    gate = Gate()

    def answer(request):
        mark = request.header("x-mark")
        frames = [f"data: {mark} {n}\n\n".encode() for n in range(FRAMES)]
        return sse_answer([frames[0], gate, *frames[1:], openai.DONE])

    upstream["openai"].always(answer)
    ok_before = gateway.status("openai")["proof_of_use_count_24h"]

    async def run() -> None:
        def request(number: int) -> bytes:
            headers = {"X-Mark": str(number), "Content-Length": "2"}
            return gateway.head("POST", "openai", CHAT, headers) + b"{}"

        streams = await open_streams(gateway.port, STREAMS, request)
        firsts = await asyncio.gather(*(stream.frame() for stream in streams))
        assert firsts == [f"data: {n} 0".encode() for n in range(STREAMS)]
        # All are open at the provider at once; only now may any of them go on.
        gate.wait_reached(STREAMS)
        gate.open()
        rests = await asyncio.gather(*(stream.frames() for stream in streams))
        for number, rest in enumerate(rests):
            wanted = [f"data: {number} {n}".encode() for n in range(1, FRAMES)]
            assert rest == [*wanted, b"data: [DONE]"], f"stream {number}"
        for stream in streams:
            stream.close()

    asyncio.run(run())
    assert gateway.status("openai")["proof_of_use_count_24h"] == ok_before + STREAMS
    assert len({call.connection.number for call in upstream["openai"].calls}) == STREAMS


# Ends


def read_until_cut(wire: Wire) -> bytes:
    received = b""
    while True:
        try:
            piece = wire.read_chunk()
        except Cut:
            return received
        assert piece, "it looks whole"
        received += piece


@pytest.mark.parametrize("ending", [CLOSE, RESET])
@pytest.mark.parametrize(
    "integration, path, frames",
    [
        ("openai", CHAT, openai.chat_frames()[:3]),
        ("openai", CHAT, openai.chat_frames()[:-1]),
        ("openai", "/v1/responses", openai.response_frames()[:3]),
        ("anthropic", MESSAGES, anthropic.message_frames()[:4]),
    ],
)
def test_a_stream_that_breaks_off_is_cut_at_the_caller_too(
    gateway, upstream, integration, path, frames, ending
):
    gate = Gate()
    upstream[integration].next(sse_answer([*frames, gate, ending]))
    with Wire(gateway.port) as wire:
        trace = start(wire, gateway, integration, path)
        # What came before the break is not held back.
        received = b""
        while len(received) < len(b"".join(frames)):
            received += wire.read_chunk()
        assert received == b"".join(frames)
        gate.open()
        assert read_until_cut(wire) == b""
    event = gateway.event_of(integration, trace)
    assert event["status"] == "aborted_upstream" and event["http_status"] == 200
    assert event["units"] is None and event["bytes_out"] >= 0
    assert upstream.leaks == []


@pytest.mark.parametrize(
    "integration, path, frames",
    [
        ("openai", CHAT, openai.chat_frames()[:-1]),
        ("openai", "/v1/responses", openai.response_frames()[:-1]),
        ("anthropic", MESSAGES, anthropic.message_frames()[:-1]),
        ("anthropic", MESSAGES, anthropic.failing_frames()),
        ("openai", CHAT, [b'data: {"error": {"message": "no", "code": "server_error"}}\n\n']),
    ],
)
def test_a_stream_that_ends_without_its_protocols_end_is_a_failure(
    gateway, upstream, integration, path, frames
):
    proof = gateway.status(integration)["proof_of_use_count_24h"]
    upstream[integration].next(sse_answer(frames))
    with Wire(gateway.port) as wire:
        trace = start(wire, gateway, integration, path)
        received = b""
        try:
            while piece := wire.read_chunk():
                received += piece
        except Cut as cut:
            received += cut.received
    assert received == b"".join(frames)
    event = gateway.event_of(integration, trace)
    assert event["status"] in {"error", "aborted_upstream"} and event["http_status"] == 200
    assert event["units"] is None
    assert gateway.status(integration)["proof_of_use_count_24h"] == proof


def test_a_caller_that_leaves_is_followed_by_the_gateway(gateway, upstream):
    gate, origin = Gate(), upstream["openai"]
    origin.next(sse_answer([*openai.chat_frames()[:2], gate]))
    with Wire(gateway.port) as wire:
        trace = start(wire, gateway)
        wire.read_chunk()
        gate.wait_reached()
    assert origin.only_call().connection.closed.wait(10)
    event = gateway.event_of("openai", trace)
    assert event["status"] == "aborted_client" and event["units"] is None


def test_a_caller_that_leaves_before_the_first_byte_is_followed_too(gateway, upstream):
    gate, origin = Gate(), upstream["openai"]
    origin.next(Raw(gate, HANG))
    trace = "5bf92f3577b34da6a3ce929d0e0e4736"
    with Wire(gateway.port) as wire:
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        wire.send(gateway.head("GET", "openai", "/v1/models", headers))
        gate.wait_reached()
    assert origin.only_call().connection.closed.wait(10)
    event = gateway.event_of("openai", trace)
    assert event["status"] == "aborted_client" and event["http_status"] is None


def test_a_caller_may_close_right_after_the_end(gateway, upstream):
    """What ended as its protocol says was a success, whoever closes first."""
    frames, gate = openai.chat_frames(), Gate()
    upstream["openai"].next(sse_answer([*frames, gate]))
    with Wire(gateway.port) as wire:
        trace = start(wire, gateway)
        received = b""
        while openai.DONE not in received:
            received += wire.read_chunk()
    event = gateway.event_of("openai", trace)
    assert event["status"] == "ok" and USAGE.items() <= event["units"].items()
    gate.open()
