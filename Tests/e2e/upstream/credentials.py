"""Where each provider takes its key, and whether the right one is there and no other."""

import base64
from dataclasses import dataclass

from .request import Request

# Every place where any of the nine providers takes a key. Beside the one that is right, none of
# them may be filled: it could only be the caller's.
KEY_HEADERS = {
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-finnhub-token",
    "apca-api-key-id",
    "apca-api-secret-key",
}
KEY_PARAMETERS = {"token", "apikey", "api_key"}


@dataclass(frozen=True)
class Slot:
    """A filled place for a key: a header, or a parameter of the query."""

    kind: str
    name: str
    value: str


def header(name: str, value: str) -> Slot:
    return Slot("header", name, value)


def parameter(name: str, value: str) -> Slot:
    return Slot("parameter", name, value)


def basic(user: str, password: str) -> Slot:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return header("authorization", f"Basic {pair}")


def bearer(key: str) -> Slot:
    return header("authorization", f"Bearer {key}")


def ways_in(integration: str, env: dict[str, str]) -> list[set[Slot]]:
    """All ways in which the provider takes its key. The gateway has to use the first; the others
    are what official clients send when they talk to the provider directly."""
    match integration:
        case "twilio":
            return [{basic(env["TWILIO_ACCOUNT_SID"], env["TWILIO_AUTH_TOKEN"])}]
        case "alpaca" | "alpaca-data":
            key, secret = env["APCA_API_KEY_ID"], env["APCA_API_SECRET_KEY"]
            pair = {header("apca-api-key-id", key), header("apca-api-secret-key", secret)}
            return [pair, {basic(key, secret)}]
        case "polygon":
            key = env["POLYGON_API_KEY"]
            return [{bearer(key)}, {parameter("apiKey", key)}]
        case "finnhub":
            key = env["FINNHUB_API_KEY"]
            return [{header("x-finnhub-token", key)}, {parameter("token", key)}]
        case "openai":
            return [{bearer(env["OPENAI_API_KEY"])}]
        case "anthropic":
            key = env["ANTHROPIC_API_KEY"]
            return [{header("x-api-key", key)}, {bearer(key)}]
        case "newsapi":
            key = env["NEWSAPI_KEY"]
            return [
                {header("x-api-key", key)},
                {header("authorization", key)},
                {parameter("apiKey", key)},
            ]
        case "fred":
            return [{parameter("api_key", env["FRED_API_KEY"])}]
        case _:
            raise KeyError(integration)


def filled_slots(request: Request) -> list[Slot]:
    headers = [
        header(name.lower(), value)
        for name, value in request.headers
        if name.lower() in KEY_HEADERS
    ]
    # Names as the provider would decode them: `api%4Bey` is `apiKey`.
    parameters = [
        parameter(name, value)
        for name, value in request.query_items
        if name.lower() in KEY_PARAMETERS
    ]
    return headers + parameters


def judge(request: Request, ways: list[set[Slot]]) -> tuple[bool, list[Slot]]:
    """Whether the right key is in a right place, and what else was in such places."""
    filled = filled_slots(request)
    for way in ways:
        if way <= set(filled):
            return True, [slot for slot in filled if slot not in way or filled.count(slot) > 1]
    return False, filled
