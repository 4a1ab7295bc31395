"""One call of each provider, as a program makes it that knows the provider's own API."""

from dataclasses import dataclass, field

from harness import Gateway
from upstream.providers import anthropic, openai

from .caller import Caller
from .shell import Answer

# So many failures in a row end a connection.
FAILURES = 5


@dataclass(frozen=True)
class Call:
    kind: str
    integration: str
    path: str
    body: dict | None = None
    headers: tuple[str, ...] = ()
    form: dict[str, str] = field(default_factory=dict)
    expect: int = 200


HELLO = [{"role": "user", "content": "Hello"}]
CALLS = [
    Call("market data", "polygon", "/v1/marketstatus/now"),
    Call("market data", "finnhub", "/api/v1/quote?symbol=AAPL"),
    Call("market data", "alpaca-data", "/v2/stocks/quotes/latest?symbols=AAPL"),
    Call("broker", "alpaca", "/v2/account"),
    Call("LLM", "openai", "/v1/chat/completions", {"model": openai.MODEL, "messages": HELLO}),
    Call(
        "LLM",
        "anthropic",
        "/v1/messages",
        {"model": anthropic.MODEL, "max_tokens": 64, "messages": HELLO},
        ("anthropic-version: 2023-06-01",),
    ),
    Call("news", "newsapi", "/v2/top-headlines?q=markets"),
    Call("alt data", "fred", "/fred/series?series_id=GNPCA&file_type=json"),
    Call(
        "SMS",
        "twilio",
        "/2010-04-01/Accounts/AC11111111111111111111111111111111/Messages.json",
        form={"To": "+14155550100", "From": "+15005550006", "Body": "Hello"},
        expect=201,
    ),
]
PROVIDERS = {call.integration for call in CALLS}


def make(caller: Caller, gateway: Gateway, call: Call, **more) -> Answer:
    """Makes the call with a token that may do this and nothing else."""
    options = [word for pair in call.form.items() for word in ("--data-urlencode", "=".join(pair))]
    return caller(
        "POST" if call.body or call.form else "GET",
        gateway.path(call.integration, call.path),
        call.body,
        **{"expect": call.expect, **more},
        token=gateway.token(f"call:{call.integration}"),
        headers=call.headers,
        options=tuple(options),
    )
