"""What a caller can't do with the gateway: choose the host, leave the path, reach a private
address, or hide one request within another."""

import pytest
import requests

from harness import (
    Gateway,
    Refused,
    Wire,
    ask,
    check_our_error,
    native_slot,
    provider_environment,
    request_head,
)
from upstream import Answer

PATH = "/v1/models"
CONFIGURATION = 78


def check_refused_and_not_forwarded(gateway: Gateway, answer, *statuses: int) -> None:
    """A 4xx of ours, or a closed connection, and nothing has left."""
    assert gateway.upstream["openai"].calls == []
    if answer is not None:
        assert answer.status in statuses or (not statuses and 400 <= answer.status < 500), answer
        check_our_error(answer, answer.status)


# The host


def test_the_host_header_of_a_caller_goes_nowhere(gateway, upstream):
    slot, _ = native_slot("openai", gateway.token("call:openai"))
    head = request_head("GET", gateway.path("openai", PATH), slot, host="evil.example")
    assert ask(gateway.port, head).status == 200
    # `leaks` would hold a wrong Host as well.
    assert upstream["openai"].only_call().header("host") == upstream["openai"].authority


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "api.openai.com"])
def test_an_absolute_target_reaches_no_other_host(gateway, upstream, host):
    slot, _ = native_slot("openai", gateway.token("call:openai"))
    target = f"http://{host}{gateway.path('openai', PATH)}"
    answer = ask(gateway.port, request_head("GET", target, slot, host=host))
    if answer is None or answer.status != 200:
        check_refused_and_not_forwarded(gateway, answer)
    else:
        assert upstream["openai"].only_call().target == PATH


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/v1/models",
        "///evil.example/v1/models",
        "/http://evil.example/v1/models",
        "/https:/evil.example/",
        "/@evil.example/",
        "/:1/",
        "/%40evil.example/",
    ],
)
def test_a_host_in_the_path_is_a_path(gateway, upstream, path):
    answer = gateway.raw("GET", "openai", path)
    for call in upstream["openai"].calls:
        assert call.target == path and call.header("host") == upstream["openai"].authority
    if not upstream["openai"].calls:
        check_refused_and_not_forwarded(gateway, answer)


@pytest.mark.parametrize("glued", ["@evil.example/", ".evil.example/", ":1/", "%2f"])
def test_nothing_can_be_glued_to_the_host(gateway, glued):
    slot, _ = native_slot("openai", gateway.token("call:openai"))
    target = f"/api/integrations/openai/call{glued}"
    check_refused_and_not_forwarded(gateway, ask(gateway.port, request_head("GET", target, slot)))


def test_connect_and_trace_are_not_for_callers(gateway):
    slot, _ = native_slot("openai", gateway.token("call:openai"))
    for head in (
        request_head("CONNECT", "evil.example:443", slot),
        gateway.head("TRACE", "openai", PATH),
    ):
        answer = ask(gateway.port, head)
        assert gateway.upstream["openai"].calls == []
        assert answer is None or 400 <= answer.status < 600


# The path


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../models",
        "/..",
        "/../../status",
        "/v1/./models",
        "/v1/models/..",
        "/v1/models/.",
        "/v1/%2e%2e/models",
        "/v1/%2E%2e/models",
        "/v1/.%2e/models",
        "/v1/%2e./models",
        "/v1/%2e/models",
        "/v1/..%2fmodels",
        "/v1/%2e%2e%2fmodels",
        "/v1/x%2f..%2f..%2fmodels",
        "/v1/..%5cmodels",
        "/v1/%2e%2e%5cmodels",
        "/v1/models%5c..%5cx",
        "/v1/..\\models",
        "/v1\\models",
        "/\\evil.example/v1/models",
        "/v1/models%00",
        "/v1/models%00.json",
        "/v1/models%0d%0aHost:%20evil.example",
        "/v1/models%0aX-Injected:%201",
        "/v1/models%0D",
    ],
)
def test_a_path_that_could_escape_is_refused_and_not_forwarded(gateway, path):
    check_refused_and_not_forwarded(gateway, gateway.raw("GET", "openai", path))


@pytest.mark.parametrize("path", ["/v1/%", "/v1/%2", "/v1/%zz", "/v1/mod els", "/v1/a\x01b"])
def test_a_path_that_is_none_is_refused(gateway, path):
    answer = gateway.raw("GET", "openai", path)
    for call in gateway.upstream["openai"].calls:
        # A lone percent sign can only be passed on as it is.
        assert "%" in path and call.target == path
    if not gateway.upstream["openai"].calls:
        check_refused_and_not_forwarded(gateway, answer)


@pytest.mark.parametrize(
    "path",
    [
        "/v1//models",
        "/v1/models//",
        "/v1/models/ft%3Agpt-5%3Aorg",
        "/v1/models/%e2%82%ac",
        "/v1/models/%E2%82%AC",
        "/v1/models/a%20b+c",
        "/v1/models/%7Euser",
        "/v1/models/a%252e%252e%252fb",
        "/v1/models/...",
        "/v1/models/..a",
        "/v1/models/a;b=c,d@e:f!$&'()*~_-",
        "/v1/models?",
        "/v1/models?a=%2F&b=c%20d&a=2&e&=f&g=h=i",
        "/v1/models?path=../..&next=%2e%2e%2f",
        "/v1/models?a=b?c=d/e",
        "/",
    ],
)
def test_every_other_path_and_query_passes_byte_for_byte(gateway, upstream, path):
    upstream["openai"].next(Answer(body=b"ok"))
    assert gateway.raw("GET", "openai", path).body == b"ok"
    assert upstream["openai"].only_call().target == path


def test_an_unknown_integration_is_404(gateway):
    slot = {"Authorization": f"Bearer {gateway.token('call:openai')}"}
    for name in ("nowhere", "OpenAI", "openai%2f", "..", "openai;x"):
        target = f"/api/integrations/{name}/call{PATH}"
        answer = ask(gateway.port, request_head("GET", target, slot))
        check_our_error(answer, answer.status)
        assert 400 <= answer.status < 500
    assert gateway.upstream["openai"].calls == []


# Private addresses


def test_a_private_upstream_needs_the_flag(servers, own_upstream):
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "0.0.0.0"):
        environment = provider_environment(own_upstream)
        origin = own_upstream["openai"]
        environment["COUNTERSIGN_OPENAI_BASE_URL"] = f"http://{host}:{origin.port}"
        server = servers.make(env=environment)
        try:
            server.start()
        except Refused as refusal:
            assert refusal.exit_code == CONFIGURATION, refusal.output
        else:
            token = server.admin().mint("call:openai")
            answer = requests.get(
                f"{server.url}/api/integrations/openai/call{PATH}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
            )
            assert answer.status_code >= 400
            check_our_error(answer, answer.status_code)
            server.kill()
        assert origin.connections == [], host


@pytest.mark.parametrize(
    "address", ["127.0.0.1:9/v1", "user:pw@127.0.0.1:9", "127.0.0.1:9?x", "127.0.0.1:99999", ""]
)
def test_a_base_url_is_an_origin_and_nothing_more(servers, own_upstream, address):
    environment = provider_environment(own_upstream)
    environment["COUNTERSIGN_OPENAI_BASE_URL"] = f"http://{address}"
    with pytest.raises(Refused) as refusal:
        servers.start(env=environment, args=("--allow-private-upstreams",))
    assert refusal.value.exit_code == CONFIGURATION
    assert "COUNTERSIGN_OPENAI_BASE_URL" in refusal.value.output
    assert "user:pw" not in refusal.value.output


# Smuggling by a caller


@pytest.mark.parametrize(
    "headers, body",
    [
        (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n"),
        (["Content-Length: 5", "Content-Length: 6"], b"hello!"),
        (["Content-Length: 5, 6"], b"hello!"),
        (["Content-Length: +5"], b"hello"),
        (["Content-Length: 5 5"], b"hello"),
        (["Transfer-Encoding: chunked, identity"], b"0\r\n\r\n"),
        (["Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
        (["Transfer-Encoding : chunked"], b"0\r\n\r\n"),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
        (["X-Folded: a", " Content-Length: 5"], b"hello"),
        (["X-Null: a\x00b", "Content-Length: 0"], b""),
        (["X-Bare: a\rContent-Length: 5", "Content-Length: 0"], b""),
    ],
)
def test_a_smuggling_shape_is_refused_and_nothing_is_forwarded(gateway, headers, body):
    head = gateway.head("POST", "openai", "/v1/files").removesuffix(b"\r\n")
    head += "\r\n".join([*headers, "", ""]).encode("latin-1")
    smuggled = gateway.head("DELETE", "openai", "/v1/smuggled")
    with Wire(gateway.port) as wire:
        wire.send(head + body + smuggled)
        everything = wire.read_to_end()
    assert everything == b"" or everything.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
    assert b" 200 " not in everything
    assert not any("smuggled" in call.target for call in gateway.upstream["openai"].requests)


@pytest.mark.parametrize(
    "chunks", [b"zz\r\nhello\r\n", b"-5\r\nhello\r\n", b"5\r\nhelloworld\r\n", b"5\nhello\n0\n\n"]
)
def test_a_bad_chunk_never_becomes_a_whole_request(gateway, chunks):
    head = gateway.head("POST", "openai", "/v1/files", {"Transfer-Encoding": "chunked"})
    with Wire(gateway.port) as wire:
        wire.send(head + chunks + b"0\r\n\r\n")
        everything = wire.read_to_end()
    assert b" 200 " not in everything.partition(b"\r\n")[0]
    assert not any(call.complete for call in gateway.upstream["openai"].calls)
