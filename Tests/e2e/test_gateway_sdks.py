"""Every provider's own client works through the gateway by its base URL alone, with a token of ours
where the provider's key used to be, and each call leaves one event that tells the truth. The two
makers of language models are in `test_gateway_llm_sdks.py`."""

import base64

import pytest
import requests

from harness import CALLERS_ACCOUNT_SID, CREDENTIALS, observed, sdks
from upstream import json_answer
from upstream.providers import fred, twilio

KEY_ID = "any-key-id"


# Twilio


@pytest.fixture
def twilio_token(gateway):
    return gateway.token("call:twilio")


def test_twilio_sends_a_message_from_our_account(gateway, twilio_token):
    with observed(gateway, "twilio", http_status=201, names_itself=True) as seen:
        client = sdks.twilio_client(seen.base, CALLERS_ACCOUNT_SID, twilio_token)
        created = client.messages.create(to="+14155550100", from_=twilio.GOOD_FROM, body="hello")
    assert created.status == "queued" and created.sid == seen.event["provider_request_id"]
    assert CREDENTIALS["TWILIO_ACCOUNT_SID"] in seen.request.target
    assert CALLERS_ACCOUNT_SID not in seen.request.target
    assert seen.request.form["Body"] == "hello"
    operation = seen.event["operation"]
    assert operation.startswith("POST /2010-04-01/Accounts/{")
    assert operation.endswith("/Messages.json")
    assert "4155550100" not in str(seen.event) and "hello" not in str(seen.event)


def test_twilio_lists_and_fetches(gateway, twilio_token):
    with observed(gateway, "twilio", calls=4) as seen:
        client = sdks.twilio_client(seen.base, CALLERS_ACCOUNT_SID, twilio_token)
        messages = client.messages.list()
        assert len(messages) == 3
        assert client.messages(messages[0].sid).fetch().status == "delivered"
        assert client.api.accounts(CALLERS_ACCOUNT_SID).fetch().status == "active"
    assert all(event["operation"].startswith("GET /2010-04-01/") for event in seen.events)


def test_twilio_errors_arrive_as_the_clients_own_exceptions(gateway, twilio_token):
    from twilio.base.exceptions import TwilioRestException

    for code, to, ours in [
        (21211, "+15005550001", "bad_recipient"),
        (21408, "+15005550003", "geo_permission"),
        (21610, "+15005550004", "opted_out"),
    ]:
        with observed(gateway, "twilio", status="error", http_status=400) as seen:
            client = sdks.twilio_client(seen.base, CALLERS_ACCOUNT_SID, twilio_token)
            with pytest.raises(TwilioRestException) as refusal:
                client.messages.create(to=to, from_=twilio.GOOD_FROM, body="hello")
        assert (refusal.value.code, refusal.value.status) == (code, 400)
        assert seen.event["error_code"] == ours


# Alpaca


def test_alpaca_trading(gateway):
    from alpaca.trading.enums import OrderSide, TimeInForce
    from alpaca.trading.requests import MarketOrderRequest

    token = gateway.token("call:alpaca")
    with observed(gateway, "alpaca", calls=4, names_itself=True) as seen:
        client = sdks.alpaca_trading_client(seen.base, KEY_ID, token)
        assert client.get_clock().is_open and client.get_account().cash == "100000"
        assert client.get_all_positions()[0].symbol == "AAPL"
        order = client.submit_order(
            MarketOrderRequest(
                symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY
            )
        )
    assert seen.requests[-1].json["symbol"] == "AAPL" and order.symbol == "AAPL"
    operations = [event["operation"] for event in reversed(seen.events)]
    assert operations == [
        "GET /v2/clock",
        "GET /v2/account",
        "GET /v2/positions",
        "POST /v2/orders",
    ]
    for request in seen.requests:
        assert request.header("apca-api-key-id") == CREDENTIALS["APCA_API_KEY_ID"]
        assert request.header("apca-api-secret-key") == CREDENTIALS["APCA_API_SECRET_KEY"]


def test_alpaca_cancels_an_order_with_an_empty_answer(gateway):
    order_id = "61e69015-8549-4bfd-b9c3-01e75843f47d"
    with observed(gateway, "alpaca", http_status=204, names_itself=True) as seen:
        client = sdks.alpaca_trading_client(seen.base, KEY_ID, gateway.token("call:alpaca"))
        client.cancel_order_by_id(order_id)
    assert order_id in seen.request.target and order_id not in seen.event["operation"]


def test_alpaca_data(gateway):
    from alpaca.data.requests import StockBarsRequest, StockLatestQuoteRequest
    from alpaca.data.timeframe import TimeFrame

    with observed(gateway, "alpaca-data", calls=3, names_itself=True) as seen:
        client = sdks.alpaca_data_client(seen.base, KEY_ID, gateway.token("call:alpaca-data"))
        quote = client.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAPL"))
        assert quote["AAPL"].ask_price == 181.2
        bars = client.get_stock_bars(
            StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Day)
        )
        # Two pages: `page_token` is no credential and must arrive.
        assert len(bars["AAPL"]) == 2
    operations = [event["operation"] for event in seen.events]
    assert operations[-1] == "GET /v2/stocks/quotes/latest"
    assert operations[0] == "GET /v2/stocks/bars"


# Polygon, Finnhub, NewsAPI, FRED


@pytest.mark.parametrize("make", [sdks.polygon_client, sdks.massive_client])
def test_polygon_and_massive(gateway, make):
    token = gateway.token("call:polygon")
    with observed(gateway, "polygon", operation="GET /v1/marketstatus/now") as seen:
        assert make(seen.base, token).get_market_status().market == "open"
    assert seen.request.header("authorization") == f"Bearer {CREDENTIALS['POLYGON_API_KEY']}"
    # The second page is at an absolute address, whose path and query the client takes.
    with observed(gateway, "polygon", calls=2, names_itself=True) as seen:
        bars = list(make(seen.base, token).list_aggs("AAPL", 1, "day", "2026-11-23", "2026-11-24"))
        assert len(bars) == 2
    template = "GET /v2/aggs/ticker/{ticker}/range/{multiplier}/{timespan}/{from}/{to}"
    assert {event["operation"] for event in seen.events} == {template}


def test_finnhub_whose_client_asks_with_two_slashes(gateway):
    with observed(gateway, "finnhub") as seen:
        client = sdks.finnhub_client(seen.base, gateway.token("call:finnhub"))
        assert client.quote("AAPL")["c"] == 181.1
    assert seen.request.target == "/api/v1//quote?symbol=AAPL"
    assert seen.request.header("x-finnhub-token") == CREDENTIALS["FINNHUB_API_KEY"]
    assert seen.event["operation"] in {"GET /api/v1//quote", "GET /api/v1/quote"}


def test_newsapi(gateway):
    with observed(gateway, "newsapi", calls=2) as seen:
        client = sdks.newsapi_client(seen.base, gateway.token("call:newsapi"))
        assert client.get_top_headlines(q="x")["totalResults"] == 1
        assert client.get_sources()["sources"][0]["id"] == "mock-times"
    operations = [event["operation"] for event in seen.events]
    assert operations == ["GET /v2/top-headlines/sources", "GET /v2/top-headlines"]
    for request in seen.requests:
        assert request.header("x-api-key") == CREDENTIALS["NEWSAPI_KEY"]


def test_newsapi_error_within_a_200_is_a_failure(gateway):
    from newsapi.newsapi_exception import NewsAPIException

    error = {"status": "error", "code": "apiKeyExhausted", "message": "No requests left."}
    gateway.upstream["newsapi"].next(json_answer(error))
    with observed(gateway, "newsapi", status="error", http_status=200) as seen:
        client = sdks.newsapi_client(seen.base, gateway.token("call:newsapi"))
        try:
            assert client.get_top_headlines(q="x")["status"] == "error"
        except NewsAPIException as refusal:
            assert refusal.get_code() == "apiKeyExhausted"
    assert seen.event["error_code"] == "quota_exhausted"


def test_fred_in_xml(gateway):
    with observed(gateway, "fred", calls=2) as seen:
        client = sdks.fred_client(seen.base, gateway.token("call:fred"))
        assert client.get_series_info("GNPCA")["title"] == fred.SERIES["title"]
        assert len(client.get_series("GNPCA")) == 3
    operations = [event["operation"] for event in seen.events]
    assert operations == ["GET /fred/series/observations", "GET /fred/series"]
    for request in seen.requests:
        assert request.query["api_key"] == CREDENTIALS["FRED_API_KEY"]
        assert request.query["series_id"] == "GNPCA"


# All of them


def test_every_place_where_a_provider_takes_a_key_takes_a_token(gateway):
    def basic(user: str, token: str) -> dict:
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}

    account = f"/2010-04-01/Accounts/{CALLERS_ACCOUNT_SID}.json"
    series = "/fred/series?series_id=GNPCA"
    for integration, path, slot in [
        ("openai", "/v1/models", lambda t: {"Authorization": f"Bearer {t}"}),
        ("anthropic", "/v1/models", lambda t: {"Authorization": f"Bearer {t}"}),
        ("anthropic", "/v1/models", lambda t: {"x-api-key": t}),
        ("twilio", account, lambda t: basic(CALLERS_ACCOUNT_SID, t)),
        ("alpaca", "/v2/clock", lambda t: {"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": t}),
        ("alpaca-data", "/v2/stocks/quotes/latest?symbols=A", lambda t: {"apca-api-secret-key": t}),
        ("polygon", "/v1/marketstatus/now", lambda t: {"Authorization": f"Bearer {t}"}),
        ("polygon", "/v1/marketstatus/now?apiKey=TOKEN", lambda t: {}),
        ("finnhub", "/api/v1/quote?symbol=A", lambda t: {"X-Finnhub-Token": t}),
        ("finnhub", "/api/v1/quote?symbol=A&token=TOKEN", lambda t: {}),
        ("newsapi", "/v2/top-headlines?q=a", lambda t: {"Authorization": t}),
        ("newsapi", "/v2/top-headlines?q=a", lambda t: {"X-Api-Key": t}),
        ("newsapi", "/v2/top-headlines?q=a&apiKey=TOKEN", lambda t: {}),
        ("fred", series + "&api_key=TOKEN", lambda t: {}),
    ]:
        gateway.upstream.reset()
        token = gateway.token(f"call:{integration}")
        answer = requests.get(
            gateway.server.url + gateway.path(integration, path.replace("TOKEN", token)),
            headers=slot(token),
            timeout=10,
        )
        assert answer.status_code == 200, (integration, path, answer.text)
        assert gateway.upstream[integration].only_call().has_right_key
        assert gateway.upstream.leaks == []


def test_real_calls_are_evidence_of_a_connection(gateway):
    for integration, path in [
        ("openai", "/v1/models"),
        ("alpaca", "/v2/clock"),
        ("fred", "/fred/series?series_id=GNPCA"),
    ]:
        answer = gateway.call("GET", integration, path)
        assert answer.status_code == 200
        row = gateway.status(integration)
        assert row["connected"] is True and row["error_code"] is None, row
        assert row["evidence"]["kind"] == "traffic" and row["evidence"]["http_status"] == 200
        assert row["evidence"]["trace_id"] == answer.headers["x-trace-id"]
        assert row["last_used_at"] == gateway.newest_event(integration)["at"]
