"""Who may call what: tokens, scopes, keys sent by mistake, missing credentials."""

import json

import pytest
import requests

from harness import (
    CALLERS_ACCOUNT_SID,
    CREDENTIALS,
    SECRETS,
    check_our_error,
    forms_of_secrets,
    home_files,
    native_slot,
)
from upstream import json_answer
from upstream.providers import openai, twilio

PATH = "/v1/models"
ACCOUNT = f"/2010-04-01/Accounts/{CALLERS_ACCOUNT_SID}.json"
ORDER = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
# What anybody could ask of each provider, and the key that they would have for it.
EXAMPLES = {
    "openai": (PATH, "OPENAI_API_KEY"),
    "anthropic": (PATH, "ANTHROPIC_API_KEY"),
    "twilio": (ACCOUNT, "TWILIO_AUTH_TOKEN"),
    "alpaca": ("/v2/clock", "APCA_API_SECRET_KEY"),
    "alpaca-data": ("/v2/stocks/quotes/latest?symbols=AAPL", "APCA_API_SECRET_KEY"),
    "polygon": ("/v1/marketstatus/now", "POLYGON_API_KEY"),
    "finnhub": ("/api/v1/quote?symbol=AAPL", "FINNHUB_API_KEY"),
    "newsapi": ("/v2/top-headlines?q=x", "NEWSAPI_KEY"),
    "fred": ("/fred/series?series_id=GNPCA", "FRED_API_KEY"),
}


def check_nothing_left(gateway) -> None:
    assert all(origin.calls == [] for origin in gateway.upstream.origins.values())


def test_a_call_without_a_token_is_401(gateway):
    for integration, (path, _) in EXAMPLES.items():
        url = gateway.server.url + gateway.path(integration, path)
        check_our_error(requests.get(url, timeout=10), 401)
    check_nothing_left(gateway)


def test_an_unknown_or_ended_token_is_401_in_every_slot(gateway):
    ended = gateway.admin.mint("call:openai", name="to be ended")
    row = next(
        row for row in gateway.admin.get("/api/tokens")["tokens"] if row["name"] == "to be ended"
    )
    gateway.admin.delete(f"/api/tokens/{row['id']}")
    for token in (ended, "cs_k_" + "0" * 47):
        for integration, (path, _) in EXAMPLES.items():
            answer = gateway.call("GET", integration, path, token=token)
            check_our_error(answer, 401, "token_invalid")
            assert token not in answer.text
    check_nothing_left(gateway)


def test_a_token_needs_the_scope_of_the_integration(gateway):
    for scope in ("call:anthropic", "usage:read", "status:read"):
        answer = gateway.call("GET", "openai", PATH, token=gateway.token(scope))
        refusal = check_our_error(answer, 403, "scope_missing")
        assert "call:openai" in refusal["message"] + refusal["suggested_fix"]
    # One name begins with the other.
    answer = gateway.call("GET", "alpaca-data", "/v2/x", token=gateway.token("call:alpaca"))
    check_our_error(answer, 403, "scope_missing")
    answer = gateway.call("GET", "alpaca", "/v2/clock", token=gateway.token("call:alpaca-data"))
    check_our_error(answer, 403, "scope_missing")
    check_nothing_left(gateway)


def test_a_scope_for_reading_allows_get_and_head_only(gateway, upstream):
    token = gateway.token("call:alpaca:read")
    assert gateway.call("GET", "alpaca", "/v2/clock", token=token).status_code == 200
    assert gateway.call("HEAD", "alpaca", "/v2/clock", token=token).status_code == 200
    before = len(upstream["alpaca"].calls)
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = gateway.call(method, "alpaca", "/v2/orders", token=token, json=ORDER)
        refusal = check_our_error(answer, 403, "scope_missing")
        assert "call:alpaca" in refusal["message"] + refusal["suggested_fix"]
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        gateway.call("GET", "alpaca", "/v2/clock", token=token, headers={header: "DELETE"})
    assert {call.method for call in upstream["alpaca"].calls} == {"GET", "HEAD"}
    assert len(upstream["alpaca"].calls) == before + 3
    answer = gateway.call("POST", "alpaca", "/v2/orders", json=ORDER)
    assert answer.status_code == 200


def test_a_session_may_not_call(gateway):
    answer = gateway.admin.request("GET", gateway.path("openai", PATH), expect=403)
    assert answer.json()["error_code"] == "forbidden"
    session = gateway.admin.cookie
    answer = gateway.call("GET", "openai", PATH, token=session)
    assert answer.status_code in {401, 403}
    check_our_error(answer, answer.status_code)
    check_nothing_left(gateway)


@pytest.mark.parametrize("integration", EXAMPLES)
def test_a_real_key_sent_by_mistake_is_refused_with_a_hint_and_shown_nowhere(gateway, integration):
    path, variable = EXAMPLES[integration]
    # The caller's own, which this server has never seen, and the one that it holds.
    own = {
        "OPENAI_API_KEY": "sk-proj-mistakenOpenAI0123456789abcdef",
        "ANTHROPIC_API_KEY": "sk-ant-api03-mistakenAnthropic0123456789",
    }.get(variable, "mistaken0" + variable.lower().replace("_", "0") + "0123456789")
    for key in (own, CREDENTIALS[variable]):
        answer = gateway.call("GET", integration, path, token=key)
        refusal = check_our_error(answer, 401, "token_invalid")
        assert "Countersign" in refusal["suggested_fix"] or "call:" in refusal["suggested_fix"]
        assert key not in answer.text and key not in str(answer.headers)
        assert key not in gateway.server.output()
        assert key not in json.dumps(gateway.events(integration))
    check_nothing_left(gateway)


# Credentials that the integration does not have


@pytest.mark.parametrize(
    "integration, missing",
    [
        ("twilio", ["TWILIO_AUTH_TOKEN"]),
        ("twilio", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]),
        ("alpaca", ["APCA_API_SECRET_KEY"]),
        ("polygon", ["POLYGON_API_KEY"]),
        ("openai", ["OPENAI_API_KEY"]),
        ("newsapi", ["NEWSAPI_KEY"]),
        ("fred", ["FRED_API_KEY"]),
    ],
)
def test_missing_credentials_are_named_and_the_attempt_is_on_record(
    start_gateway, integration, missing
):
    gateway = start_gateway(without=tuple(missing))
    path, _ = EXAMPLES[integration]
    answer = gateway.call("GET", integration, path)
    refusal = check_our_error(answer, 503, "not_configured")
    for name in missing:
        assert name in refusal["suggested_fix"]
    event = gateway.newest_event(integration)
    assert event["status"] == "refused" and event["http_status"] is None
    assert event["error_code"] == "not_configured" and event["units"] is None
    assert event["trace_id"] == answer.headers["x-trace-id"]
    row = gateway.status(integration)
    assert row["configured"] is False and row["connected"] is False
    assert set(row["missing_env_vars"]) == set(missing)
    assert row["proof_of_use_count_24h"] == 0
    check_nothing_left(gateway)


def test_malformed_credentials_are_not_sent(start_gateway):
    gateway = start_gateway(env={"TWILIO_ACCOUNT_SID": "not-a-sid"})
    answer = gateway.call("GET", "twilio", ACCOUNT)
    refusal = check_our_error(answer, 503)
    assert "TWILIO_ACCOUNT_SID" in refusal["suggested_fix"] and "not-a-sid" not in answer.text
    assert gateway.status("twilio")["error_code"] == "env_malformed"
    check_nothing_left(gateway)


# Secrets


def test_no_secret_and_no_content_is_found_in_any_file_line_or_event(start_gateway):
    gateway = start_gateway()
    # What the provider echoes is the provider's, but it must not be written down here.
    private = {
        "body": "a very private sentence",
        "query": "private-query-value",
        "number": "+14155550123",
        "traveller": "private-header-value",
    }
    for integration, (path, _) in EXAMPLES.items():
        extra = ("&" if "?" in path else "?") + f"q={private['query']}"
        headers = {"X-Note": private["traveller"]}
        gateway.call("GET", integration, path + extra, headers=headers)
        gateway.call("GET", integration, path, token="wrong-token-of-a-caller")
    form = {"To": private["number"], "From": twilio.GOOD_FROM, "Body": private["body"]}
    messages = f"/2010-04-01/Accounts/{CALLERS_ACCOUNT_SID}/Messages.json"
    assert gateway.call("POST", "twilio", messages, data=form).status_code == 201
    assert gateway.call("POST", "twilio", messages, data={**form, "To": "+1"}).status_code == 400
    events = json.dumps([gateway.events(integration) for integration in EXAMPLES])
    pages = [events, json.dumps(gateway.admin.get("/api/integrations/status"))]
    pages.append(gateway.admin.request("GET", "/metrics").text)
    tokens = {f"token {n}": gateway.token(f"call:{n}") for n in EXAMPLES}
    assert gateway.server.stop() == 0
    files = {str(path): path.read_bytes() for path in home_files(gateway.server)}
    searched = {**files, **{f"answer {n}": page.encode() for n, page in enumerate(pages)}}
    for what, text in {**forms_of_secrets(), **private, **tokens}.items():
        for where, content in searched.items():
            assert text.encode() not in content, f"{what} is in {where}"


def test_an_error_body_of_the_provider_that_echoes_a_key_is_not_logged(gateway, upstream):
    for integration, variable in [("openai", "OPENAI_API_KEY"), ("polygon", "POLYGON_API_KEY")]:
        key = SECRETS[variable]
        echo = {"error": {"message": f"Incorrect API key provided: {key}"}, "key": key}
        upstream[integration].next(json_answer(echo, 401))
        gateway.call("GET", integration, EXAMPLES[integration][0])
        assert key not in gateway.server.output()
        assert key not in json.dumps(gateway.newest_event(integration))
        assert key not in json.dumps(gateway.status(integration))


def test_a_definite_refusal_by_the_provider_ends_connected_at_once(gateway, upstream):
    assert gateway.call("GET", "openai", PATH).status_code == 200
    assert gateway.status("openai")["connected"] is True
    upstream["openai"].next(lambda request: openai.unauthorized(request, {}))
    answer = gateway.call("GET", "openai", PATH)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "invalid_api_key"
    row = gateway.status("openai")
    assert row["connected"] is False and row["error_code"] == "auth_failed"
    assert "OPENAI_API_KEY" in row["suggested_fix"]
    assert gateway.newest_event("openai")["error_code"] == "auth_failed"
    assert gateway.call("GET", "openai", PATH).status_code == 200
    assert gateway.status("openai")["connected"] is True


def test_slots_are_compared_as_tokens_and_not_as_names(gateway):
    """A key id beside the token is the caller's own business and decides nothing."""
    slot, _ = native_slot("alpaca", gateway.token("call:alpaca"))
    for key_id in ("x", "PK" + "0" * 18, CREDENTIALS["APCA_API_KEY_ID"]):
        headers = {**slot, "APCA-API-KEY-ID": key_id}
        assert gateway.call("GET", "alpaca", "/v2/clock", headers=headers).status_code == 200
