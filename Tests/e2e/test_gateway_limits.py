"""How much is too much: bodies, heads, and calls at the same time."""

import threading

import pytest

from harness import Wire, check_our_error
from upstream import CLOSE, Answer, Gate, Raw

MIB = 1 << 20
BODY_BYTES_TOO_MANY = 33 * MIB
PATH = "/v1/models"
# One shared connection serves no two calls at once, so each held call has a thread of its own.
HELD = 2


@pytest.mark.parametrize(
    "integration, path",
    [("anthropic", "/v1/messages"), ("newsapi", "/v2/everything"), ("alpaca", "/v2/orders")],
)
def test_a_body_over_the_limit_is_a_readable_413_and_not_forwarded(gateway, integration, path):
    length = {"Content-Length": str(BODY_BYTES_TOO_MANY)}
    with Wire(gateway.port) as wire:
        # The length alone is enough; nobody has to send all of it to be told.
        wire.send(gateway.head("POST", integration, path, length))
        check_our_error(wire.read_answer(), 413, "body_too_large")
    assert gateway.upstream[integration].calls == []


def test_a_chunked_body_over_the_limit_is_a_readable_413_and_never_whole(gateway, upstream):
    with Wire(gateway.port) as wire:
        chunked = {"Transfer-Encoding": "chunked"}
        wire.send(gateway.head("POST", "anthropic", "/v1/messages", chunked))
        try:
            for _ in range(BODY_BYTES_TOO_MANY // MIB):
                wire.send_chunk(b"x" * MIB)
            wire.send(b"0\r\n\r\n")
        except OSError:
            pass  # It stopped reading, as it may.
        check_our_error(wire.read_answer(), 413, "body_too_large")
    calls = upstream["anthropic"].calls
    for call in calls:
        assert call.connection.closed.wait(10) and not call.complete


def test_a_head_over_the_limit_is_431_and_not_forwarded(gateway):
    reply = gateway.raw("GET", "openai", PATH, {"X-Huge": "x" * (64 << 10)})
    check_our_error(reply, 431, "headers_too_large")
    assert gateway.upstream["openai"].calls == []


class HeldCalls:
    """So many calls that are under way at the provider until the block ends."""

    def __init__(self, gateway, integration: str, token: str, count: int = HELD):
        self._gate = Gate()
        gateway.upstream[integration].always(
            lambda _: Answer(200, {"content-type": "text/plain"}, pieces=[b"a", self._gate, b"b"])
        )
        self._count = count
        self.answers: list = []
        self._threads = [
            threading.Thread(target=self._call, args=(gateway, integration, token))
            for _ in range(count)
        ]

    def _call(self, gateway, integration, token) -> None:
        self.answers.append(gateway.call("GET", integration, "/v1/held", token=token))

    def __enter__(self) -> "HeldCalls":
        for thread in self._threads:
            thread.start()
        self._gate.wait_reached(self._count)
        return self

    def __exit__(self, *_) -> None:
        self._gate.open()
        for thread in self._threads:
            thread.join()
        assert [answer.content for answer in self.answers] == [b"ab"] * self._count


def check_overloaded(answer) -> None:
    refusal = check_our_error(answer, 503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1
    assert refusal.get("retry_after_seconds", 1) >= 1


def test_one_token_has_so_many_calls_at_once_and_no_more(start_gateway):
    gateway = start_gateway(env={"COUNTERSIGN_CALLS_CONCURRENCY_PER_TOKEN_MAX": str(HELD)})
    greedy, other = gateway.admin.mint("call:openai", "call:fred"), gateway.token("call:openai")
    with HeldCalls(gateway, "openai", greedy):
        refused = gateway.call("GET", "openai", PATH, token=greedy)
        check_overloaded(refused)
        # The bound is the token's, wherever it calls.
        check_overloaded(gateway.call("GET", "fred", "/fred/series", token=greedy))
        assert len(gateway.upstream["openai"].calls) == HELD
        gateway.upstream["openai"].next(Answer(body=b"other"))
        assert gateway.call("GET", "openai", PATH, token=other).content == b"other"
        event = gateway.event_of("openai", refused.headers["x-trace-id"])
        assert event["status"] == "refused" and event["error_code"] == "overloaded"
        assert event["http_status"] is None
    gateway.upstream["openai"].always(None)
    assert gateway.call("GET", "openai", PATH, token=greedy).status_code == 200


def test_one_integration_has_so_many_calls_at_once_and_the_others_go_on(start_gateway):
    gateway = start_gateway(env={"COUNTERSIGN_CALLS_CONCURRENCY_PER_INTEGRATION_MAX": str(HELD)})
    one, other = gateway.admin.mint("call:openai"), gateway.admin.mint("call:openai")
    with HeldCalls(gateway, "openai", one):
        check_overloaded(gateway.call("GET", "openai", PATH, token=other))
        assert gateway.call("GET", "alpaca", "/v2/clock").status_code == 200
    gateway.upstream["openai"].always(None)
    assert gateway.call("GET", "openai", PATH, token=other).status_code == 200


def test_calls_that_ended_badly_give_their_place_back(start_gateway):
    gateway = start_gateway(env={"COUNTERSIGN_CALLS_CONCURRENCY_PER_TOKEN_MAX": str(HELD)})
    origin = gateway.upstream["openai"]
    for _ in range(HELD + 1):
        origin.next(Raw(b"nonsense\r\n\r\n", CLOSE))
        check_our_error(gateway.call("GET", "openai", PATH), 502)
    for _ in range(HELD + 1):
        gate = Gate()
        origin.next(Answer(pieces=[b"a", gate]))
        with Wire(gateway.port) as wire:
            wire.send(gateway.head("GET", "openai", PATH))
            trace = wire.read_head().headers["x-trace-id"]
            assert wire.read_chunk() == b"a"
        assert gateway.event_of("openai", trace)["status"] == "aborted_client"
    assert gateway.call("GET", "openai", PATH).status_code == 200
