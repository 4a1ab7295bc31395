"""The mock is what the providers' own clients expect: each talks to it directly, with the real
key. What the other tests show of the gateway is worth as much as this."""

import pytest
import requests

from harness import CREDENTIALS, Cut, Wire, request_head, sdks
from upstream import CLOSE, HANG, Answer, Gate, Raw, Upstream, json_answer, sse_answer
from upstream.providers import anthropic, fred, openai, twilio

MESSAGES = [{"role": "user", "content": "hello"}]
SID = CREDENTIALS["TWILIO_ACCOUNT_SID"]


@pytest.fixture(scope="module")
def lenient():
    """Takes the key wherever the provider would."""
    with Upstream(CREDENTIALS, strict=False) as upstream:
        yield upstream


@pytest.fixture
def mock(lenient):
    lenient.reset()
    yield lenient
    assert lenient.leaks == []


def test_openai(mock):
    client = sdks.openai_client(mock["openai"].url, CREDENTIALS["OPENAI_API_KEY"])
    assert [model.id for model in client.models.list()][0] == openai.MODEL
    chat = client.chat.completions.create(model=openai.MODEL, messages=MESSAGES)
    assert chat.choices[0].message.content == "Countersigned."
    assert chat.usage.prompt_tokens_details.cached_tokens == 4
    for wanted in (True, False):
        options = {"stream_options": {"include_usage": True}} if wanted else {}
        chunks = list(
            client.chat.completions.create(
                model=openai.MODEL, messages=MESSAGES, stream=True, **options
            )
        )
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert text == "Countersigned." and bool(chunks[-1].usage) is wanted
    assert client.responses.create(model=openai.MODEL, input="hello").output_text == (
        "Countersigned."
    )
    events = list(client.responses.create(model=openai.MODEL, input="hello", stream=True))
    assert events[-1].type == "response.completed" and events[-1].response.usage.output_tokens == 7
    vectors = client.embeddings.create(model="e", input="hello", encoding_format="float")
    assert vectors.usage.prompt_tokens == 5 and len(vectors.data[0].embedding) == 3
    assert mock["openai"].calls[1].provider_id == chat._request_id


def test_openai_says_no_as_openai_does(mock):
    import openai as sdk

    client = sdks.openai_client(mock["openai"].url, "sk-wrong")
    with pytest.raises(sdk.AuthenticationError) as refusal:
        client.models.list()
    assert refusal.value.code == "invalid_api_key"
    mock["openai"].next(openai.rate_limited)
    client = sdks.openai_client(mock["openai"].url, CREDENTIALS["OPENAI_API_KEY"])
    with pytest.raises(sdk.RateLimitError):
        client.models.list()
    # Leaks are what is not the provider's; a wrong key is one.
    assert mock["openai"].leaks == [
        "openai: GET /v1/models -> header authorization: a credential of the caller's"
    ]
    mock.reset()


def test_anthropic(mock):
    import anthropic as sdk

    client = sdks.anthropic_client(mock["anthropic"].url, CREDENTIALS["ANTHROPIC_API_KEY"])
    asked = {"model": anthropic.MODEL, "max_tokens": 50, "messages": MESSAGES}
    whole = client.messages.create(**asked)
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (13, 9)
    with client.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    assert final.content[0].text == "Countersigned." and final.usage.output_tokens == 9
    assert [model.id for model in client.models.list()] == [anthropic.MODEL]
    counted = client.messages.count_tokens(model=anthropic.MODEL, messages=MESSAGES)
    assert counted.input_tokens == 13
    mock["anthropic"].next(sse_answer(anthropic.failing_frames()))
    with pytest.raises(sdk.APIStatusError), client.messages.stream(**asked) as stream:
        stream.get_final_message()


def test_twilio(mock):
    client = sdks.twilio_client(mock["twilio"].url, SID, CREDENTIALS["TWILIO_AUTH_TOKEN"])
    created = client.messages.create(to="+14155550100", from_=twilio.GOOD_FROM, body="hello")
    assert created.sid == mock["twilio"].only_call().provider_id and created.status == "queued"
    assert client.messages(created.sid).fetch().status == "delivered"
    assert len(client.messages.list()) == 3
    assert client.api.accounts(SID).fetch().status == "active"


@pytest.mark.parametrize(
    "code, changed",
    [
        (21212, {"from_": "+15005550001"}),
        (21606, {"from_": "+15005550007"}),
        (21611, {"from_": "+15005550008"}),
        (21211, {"to": "+15005550001"}),
        (21612, {"to": "+15005550002"}),
        (21408, {"to": "+15005550003"}),
        (21610, {"to": "+15005550004"}),
        (21614, {"to": "+15005550009"}),
        (21609, {"status_callback": "http://localhost:8080/callback"}),
        (21609, {"status_callback": "http://127.0.0.1/callback"}),
        (21609, {"status_callback": "ftp://public.example/callback"}),
        (21617, {"body": "x" * 1601}),
    ],
)
def test_twilio_honours_the_magic_numbers(mock, code, changed):
    from twilio.base.exceptions import TwilioRestException

    client = sdks.twilio_client(mock["twilio"].url, SID, CREDENTIALS["TWILIO_AUTH_TOKEN"])
    good = {"to": "+14155550100", "from_": twilio.GOOD_FROM, "body": "hello"}
    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(**{**good, **changed})
    assert (refusal.value.code, refusal.value.status) == (code, 400)


def test_alpaca(mock):
    from alpaca.data.requests import StockBarsRequest, StockLatestQuoteRequest
    from alpaca.data.timeframe import TimeFrame
    from alpaca.trading.enums import OrderSide, TimeInForce
    from alpaca.trading.requests import MarketOrderRequest

    pair = CREDENTIALS["APCA_API_KEY_ID"], CREDENTIALS["APCA_API_SECRET_KEY"]
    trading = sdks.alpaca_trading_client(mock["alpaca"].url, *pair)
    assert trading.get_clock().is_open and trading.get_account().cash == "100000"
    assert trading.get_all_positions()[0].symbol == "AAPL"
    order = trading.submit_order(
        MarketOrderRequest(symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
    )
    assert trading.get_order_by_id(order.id).id == order.id
    trading.cancel_order_by_id(order.id)
    data = sdks.alpaca_data_client(mock["alpaca-data"].url, *pair)
    quote = data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAPL"))
    assert quote["AAPL"].ask_price == 181.2
    bars = data.get_stock_bars(StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Day))
    assert len(bars["AAPL"]) == 2


@pytest.mark.parametrize("make", [sdks.polygon_client, sdks.massive_client])
def test_polygon_and_massive(mock, make):
    client = make(mock["polygon"].url, CREDENTIALS["POLYGON_API_KEY"])
    assert client.get_market_status().market == "open"
    bars = list(client.list_aggs("AAPL", 1, "day", "2026-11-23", "2026-11-24"))
    assert len(bars) == 2 and len(mock["polygon"].calls) == 3


def test_finnhub_newsapi_and_fred(mock):
    finnhub = sdks.finnhub_client(mock["finnhub"].url, CREDENTIALS["FINNHUB_API_KEY"])
    assert finnhub.quote("AAPL")["c"] == 181.1
    assert mock["finnhub"].only_call().raw_path == "/api/v1//quote"
    news = sdks.newsapi_client(mock["newsapi"].url, CREDENTIALS["NEWSAPI_KEY"])
    assert news.get_top_headlines(q="x")["totalResults"] == 1
    assert news.get_sources()["sources"][0]["id"] == "mock-times"
    series = sdks.fred_client(mock["fred"].url, CREDENTIALS["FRED_API_KEY"])
    assert series.get_series_info("GNPCA")["title"] == fred.SERIES["title"]
    assert len(series.get_series("GNPCA")) == 3
    with pytest.raises(ValueError, match="api_key"):
        sdks.fred_client(mock["fred"].url, "wrong").get_series_info("GNPCA")
    mock.reset()


# The strict one, which is what the gateway meets


def test_the_strict_mock_takes_a_key_in_one_place_only_and_collects_what_must_not_arrive():
    with Upstream(CREDENTIALS) as upstream:
        origin, key = upstream["anthropic"], CREDENTIALS["ANTHROPIC_API_KEY"]
        good = {"x-api-key": key, "anthropic-version": "2023-06-01", "Accept-Encoding": "gzip"}
        assert requests.get(origin.url + "/v1/models", headers=good, timeout=10).ok
        assert upstream.leaks == []
        for bad in (
            {"Authorization": f"Bearer {key}"},
            {**good, "Cookie": "a=b"},
            {**good, "X-Forwarded-For": "10.0.0.1"},
            {**good, "X-Real-IP": "10.0.0.1"},
            {**good, "X-HTTP-Method-Override": "DELETE"},
            {**good, "TE": "trailers"},
            {**good, "Connection": "x-custom"},
            {**good, "X-Note": "cs_k_0123456789abcdef"},
            {**good, "Authorization": "Basic Y3NfbV8wMTIzNDU2Nzg5YWJjZGVm"},
            {**good, "Host": "evil.example"},
        ):
            before = len(origin.leaks)
            requests.get(origin.url + "/v1/models", headers=bad, timeout=10)
            assert len(origin.leaks) > before, bad
        requests.get(origin.url + "/v1/models?%61piKey=1", headers=good, timeout=10)
        assert "parameter apiKey" in origin.leaks[-1]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_the_mock_refuses_what_is_no_http(own_upstream, head):
    origin = own_upstream["openai"]
    with Wire(origin.port) as wire:
        wire.send(head)
        assert wire.read_head().status == 400 and wire.read_to_end() == b""
    assert len(origin.malformed) == 1 and own_upstream.leaks


def test_scripts_come_before_the_providers_own_answers(own_upstream):
    origin, gate = own_upstream["openai"], Gate()
    origin.next(
        json_answer({"n": 1}, 418),
        Answer(pieces=[b"one", gate, b"two"]),
        Answer(pieces=[b"half", CLOSE]),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 2\r\n\r\nok"),
        Raw(HANG),
    )
    get = request_head("GET", "/v1/models")
    with Wire(origin.port) as wire:
        wire.send(get)
        assert wire.read_answer().status == 418
        wire.send(get)
        assert wire.read_head().status == 200 and wire.read_chunk() == b"one"
        gate.wait_reached()
        gate.open()
        assert wire.read_chunk() == b"two" and wire.read_chunk() == b""
        wire.send(get)
        with pytest.raises(Cut) as cut:
            wire.read_answer()
        assert cut.value.received == b"half"
    with Wire(origin.port) as wire:
        wire.send(get, get)
        assert wire.read_answer().body == b"ok"
        connection = origin.wait_for_calls(5)[-1].connection
        assert not connection.closed.is_set()
    assert connection.closed.wait(10)
    assert requests.get(origin.url + "/v1/models", timeout=10).status_code == 401


def test_a_body_can_be_left_in_the_socket_and_probes_do_not_use_up_scripts(own_upstream):
    origin, gate = own_upstream["openai"], Gate()
    origin.next(Answer(read_body_after=gate))
    probe = {"User-Agent": "countersign/1", "Authorization": "Bearer x"}
    assert requests.get(origin.url + "/v1/models", headers=probe, timeout=10).status_code == 401
    with Wire(origin.port) as wire:
        wire.send(request_head("POST", "/v1/files", {"Content-Length": "5"}), b"hello")
        call = origin.wait_for_calls(1)[0]
        gate.wait_reached()
        assert call.body_bytes_so_far == 0
        gate.open()
        assert wire.read_answer().status == 200 and call.body == b"hello"
    assert len(origin.requests) == 2 and len(origin.calls) == 1


def test_the_mock_holds_512_streams_at_once(own_upstream):
    origin, gate = own_upstream["openai"], Gate()
    origin.always(lambda _: sse_answer([b"data: 1\n\n", gate, b"data: 2\n\n"]))
    wires = [Wire(origin.port) for _ in range(512)]
    for wire in wires:
        wire.send(request_head("GET", "/v1/models"))
    gate.wait_reached(512)
    gate.open()
    for wire in wires:
        assert wire.read_answer().body == b"data: 1\n\ndata: 2\n\n"
        wire.close()
