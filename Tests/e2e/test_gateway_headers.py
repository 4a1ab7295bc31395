"""What is passed on and what is not, in both directions: headers, and keys in the query."""

import pytest

from harness import CREDENTIALS, ask, check_our_error, request_head
from upstream import Answer

PATH = "/v1/models"


# Request headers


DROPPED = {
    "Cookie": "theirs=1; __Host-countersign=cs_s_0123456789",
    "Forwarded": "for=10.1.2.3",
    "X-Forwarded-For": "10.1.2.3",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "1",
    "X-Real-IP": "10.1.2.3",
    "X-HTTP-Method-Override": "DELETE",
    "X-HTTP-Method": "DELETE",
    "X-Method-Override": "DELETE",
    "Keep-Alive": "timeout=5",
    "Proxy-Connection": "keep-alive",
    "Proxy-Authorization": "Basic eDp5",
    "TE": "trailers",
    "Trailer": "X-Sum",
    "Upgrade": "websocket",
    "Connection": "keep-alive, X-Named, upgrade, te",
    "X-Named": "by Connection",
    "x-api-key": "sk-ant-the-callers-own",
    "X-Finnhub-Token": "the-callers-own",
    "APCA-API-KEY-ID": "the-callers-own",
    "APCA-API-SECRET-KEY": "the-callers-own",
}
KEPT = {
    "Accept": "application/json",
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "their-program/1.0 (+https://their.example)",
    "Idempotency-Key": "abc-123",
    "OpenAI-Organization": "org-theirs",
    "OpenAI-Project": "proj-theirs",
    "OpenAI-Beta": "assistants=v2",
    "X-Stainless-Lang": "python",
    "X-Custom": 'a "quoted", value; q=1',
}


def test_what_is_not_the_providers_business_is_dropped_and_the_rest_is_kept(gateway, upstream):
    answer = gateway.raw("GET", "openai", PATH, {**DROPPED, **KEPT})
    assert answer.status == 200
    call = upstream["openai"].only_call()
    assert not call.names & ({name.lower() for name in DROPPED} - {"connection"})
    for name, value in KEPT.items():
        assert call.all(name) == [value], name
    assert "their" not in " ".join(call.all("connection"))
    assert call.all("authorization") == [f"Bearer {CREDENTIALS['OPENAI_API_KEY']}"]


def test_a_header_sent_twice_arrives_twice(gateway, upstream):
    gateway.raw("GET", "openai", PATH, [("X-Twice", "one"), ("X-Twice", "two")])
    values = upstream["openai"].only_call().all("x-twice")
    assert values in (["one", "two"], ["one, two"])


def test_accept_encoding_is_narrowed_to_what_can_be_read(gateway, upstream):
    gateway.raw("GET", "openai", PATH, {"Accept-Encoding": "br, zstd;q=0.9, gzip, deflate;q=0.5"})
    accepted = upstream["openai"].only_call().header("accept-encoding") or "identity"
    codings = {part.partition(";")[0].strip() for part in accepted.split(",")}
    assert codings <= {"gzip", "deflate", "identity"} and "gzip" in codings


@pytest.mark.parametrize(
    "query, forwarded",
    [
        ("token=x", ""),
        ("apiKey=x", ""),
        ("apikey=x", ""),
        ("api_key=x", ""),
        ("a=%2F&token=x&b=%20", "a=%2F&b=%20"),
        ("api_key=x&a=1", "a=1"),
        ("a=1&apiKey=x", "a=1"),
        ("api%4Bey=x&a=1", "a=1"),
        ("%74oken=x&a=1", "a=1"),
        ("token=x&token=y&a=1&apikey=z", "a=1"),
        ("token&a=1", "a=1"),
        ("page_token=1&tokens=2&my_api_key=3", "page_token=1&tokens=2&my_api_key=3"),
    ],
)
@pytest.mark.parametrize("integration", ["finnhub", "polygon", "newsapi"])
def test_keys_in_the_query_are_dropped(gateway, upstream, integration, query, forwarded):
    origin = upstream[integration]
    origin.next(Answer(body=b"ok"))
    assert gateway.raw("GET", integration, f"/v1/x?{query}").status == 200
    call = origin.only_call()
    assert call.raw_path == "/v1/x" and call.raw_query == forwarded


def test_a_key_in_the_query_neither_shadows_nor_doubles_ours(gateway, upstream):
    token = gateway.token("call:fred")
    path = gateway.path("fred", f"/fred/series?api_key={token}&series_id=GNPCA&api_key=theirs")
    answer = ask(gateway.port, request_head("GET", path))
    calls = upstream["fred"].calls
    if answer.status == 200:
        assert [v for n, v in calls[0].query_items if n == "api_key"] == [
            CREDENTIALS["FRED_API_KEY"]
        ]
    else:
        check_our_error(answer, answer.status)
        assert calls == []


# Response headers


def test_what_is_not_the_callers_business_is_dropped_and_the_rest_is_kept(gateway, upstream):
    dropped = {
        "Set-Cookie": "session=theirs",
        "Alt-Svc": 'h3=":443"',
        "Strict-Transport-Security": "max-age=31536000",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "x",
        "Keep-Alive": "timeout=5",
        "Proxy-Authenticate": "Basic",
        "Trailer": "X-Sum",
        "Upgrade": "h2c",
        "X-Named": "by Connection",
    }
    kept = {
        "Content-Type": "application/json",
        "X-Request-Id": "req_1",
        "X-Ratelimit-Remaining-Requests": "9",
        "Retry-After": "7",
        "ETag": '"1"',
        "X-Custom": "value",
    }
    upstream_trace = "00-11111111111111111111111111111111-2222222222222222-01"
    headers = {
        **dropped,
        **kept,
        "Connection": "keep-alive, X-Named",
        "traceparent": upstream_trace,
        "x-trace-id": "1" * 32,
    }
    upstream["openai"].next(Answer(200, headers, b"{}"))
    answer = gateway.raw("GET", "openai", PATH)
    assert answer.status == 200 and answer.body == b"{}"
    assert not answer.headers.keys() & {name.lower() for name in dropped}
    for name, value in kept.items():
        assert answer.all(name) == [value], name
    assert "named" not in answer.headers.get("connection", "").lower()
    traces = answer.all("traceparent"), answer.all("x-trace-id")
    assert [len(values) for values in traces] == [1, 1]
    assert traces[1][0] in traces[0][0] and traces[1][0] != "1" * 32
    assert float(answer.headers["x-gateway-overhead-us"]) >= 0
    assert float(answer.headers["x-upstream-ms"]) >= 0
    assert "no-store" in answer.headers["cache-control"]


def test_two_cookies_of_a_provider_are_dropped_both(gateway, upstream):
    pairs = [("Set-Cookie", "a=1"), ("X-Between", "1"), ("set-cookie", "b=2")]
    upstream["openai"].next(Answer(200, pairs, b"{}"))
    answer = gateway.raw("GET", "openai", PATH)
    assert answer.all("set-cookie") == [] and answer.headers["x-between"] == "1"


def test_the_trace_of_the_caller_is_continued(gateway, upstream):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = gateway.raw("GET", "openai", PATH, {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["x-trace-id"] == trace
    assert gateway.newest_event("openai")["trace_id"] == trace
    sent = upstream["openai"].only_call().header("traceparent")
    assert sent is None or trace in sent
