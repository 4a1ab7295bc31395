"""Nine integrations in nine states, each made by what makes it in life."""

from harness import Gateway, at, usage_event
from harness.sms import GENEROUS
from upstream import CLOSE, Answer, Raw, Upstream, json_answer

# Each test says itself what is seen.
ENVIRONMENT = {"COUNTERSIGN_PROBES_ENABLED": "false", **GENEROUS}
PLACEHOLDER = {"NEWSAPI_KEY": "your_api_key"}
ERROR_CODES = {
    "openai": None,
    "alpaca": "unproven",
    "twilio": "quota_exhausted",
    "anthropic": "rate_limited",
    "polygon": "auth_failed",
    "alpaca-data": "unreachable",
    "finnhub": "provider_down",
    "newsapi": "env_malformed",
    "fred": "not_configured",
}
IN_A_ROW = 5
CHAT = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
ANTHROPIC_VERSION = {"anthropic-version": "2023-06-01"}


def start(servers, upstream: Upstream, **more) -> Gateway:
    """A gateway with all credentials but FRED's, and a placeholder for NewsAPI's."""
    env = {**ENVIRONMENT, **PLACEHOLDER, **more}
    return Gateway.start(servers, upstream, env=env, without=("FRED_API_KEY",))


def chat(gateway: Gateway, **more) -> str:
    """A call that is used for real; answers its trace id."""
    answer = gateway.call("POST", "openai", "/v1/chat/completions", json={**CHAT, **more})
    assert answer.status_code == 200, answer.text
    return answer.headers["x-trace-id"]


def failing_chat(gateway: Gateway, status: int = 400) -> str:
    body = {"error": {"message": "The context is too long.", "code": "context_length_exceeded"}}
    gateway.upstream["openai"].next(json_answer(body, status=status))
    answer = gateway.call("POST", "openai", "/v1/chat/completions", json=CHAT)
    assert answer.status_code == status, answer.text
    return answer.headers["x-trace-id"]


def refuse_credentials(gateway: Gateway) -> str:
    """OpenAI refuses the key once."""
    body = {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}
    gateway.upstream["openai"].next(json_answer(body, status=401))
    return gateway.call("GET", "openai", "/v1/models").headers["x-trace-id"]


def make_states(gateway: Gateway) -> None:
    upstream = gateway.upstream
    for _ in range(60):
        chat(gateway)
    for _ in range(3):
        failing_chat(gateway)
    gateway.call("GET", "openai", "/v1/models")

    limits = {
        "retry-after": "20",
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
    }
    error = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
    gateway.call("GET", "anthropic", "/v1/models", headers=ANTHROPIC_VERSION)
    upstream["anthropic"].next(json_answer(error, status=429, headers=limits))
    gateway.call("GET", "anthropic", "/v1/models", headers=ANTHROPIC_VERSION)

    gateway.call("GET", "polygon", "/v1/marketstatus/now")
    refusal = {"status": "ERROR", "error": "Unknown API Key"}
    upstream["polygon"].next(json_answer(refusal, status=401))
    gateway.call("GET", "polygon", "/v1/marketstatus/now")

    upstream["twilio"].next(json_answer({"message": "No funds", "status": 402}, status=402))
    gateway.call("GET", "twilio", "/2010-04-01/Accounts/me.json")
    for _ in range(IN_A_ROW):
        upstream["finnhub"].next(Answer(status=503, body=b"down"))
        gateway.call("GET", "finnhub", "/api/v1/quote", params={"symbol": "AAPL"})
    upstream["alpaca-data"].always(Raw(CLOSE))
    for _ in range(IN_A_ROW):
        gateway.call("GET", "alpaca-data", "/v2/stocks/bars", params={"symbols": "AAPL"})
    upstream["alpaca-data"].always(None)

    # Reports prove a use, and no connection: not of what was never called through here, nor of
    # what this server has no key for.
    reporter = gateway.admin.with_token("usage:write")
    for integration, hours in (("alpaca", 2), ("fred", 5)):
        event = usage_event(
            integration=integration, operation="GET /", source="worker", at=at(-hours * 3600)
        )
        reporter.post("/api/usage/events", [event])
