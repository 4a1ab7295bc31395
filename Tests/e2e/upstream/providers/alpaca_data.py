"""Alpaca's market data API: the latest quotes, and bars on two pages."""

from ..answers import Answer
from ..request import Request
from . import alpaca

PAGE_TOKEN = "QUFQTHxNfDIwMjYtMTEtMjQ="
unauthorized = alpaca.unauthorized


def answer(request: Request, env: dict[str, str]) -> Answer:
    symbols = request.query.get("symbols", "").split(",")
    match request.method, request.raw_path:
        case "GET", "/v2/stocks/quotes/latest":
            return alpaca.reply(request, {"quotes": {symbol: quote() for symbol in symbols}})
        case "GET", "/v2/stocks/bars":
            first = "page_token" not in request.query
            return alpaca.reply(
                request,
                {
                    "bars": {symbol: [bar(24 if first else 25)] for symbol in symbols},
                    "next_page_token": PAGE_TOKEN if first else None,
                },
            )
    return alpaca.failure(request, 404, 40410000, "endpoint not found")


def quote() -> dict:
    return {
        "t": "2026-11-25T14:30:00Z",
        "ax": "V",
        "ap": 181.2,
        "as": 3,
        "bx": "V",
        "bp": 181.1,
        "bs": 2,
        "c": ["R"],
        "z": "C",
    }


def bar(day: int) -> dict:
    return {
        "t": f"2026-11-{day}T05:00:00Z",
        "o": 180.0,
        "h": 182.0,
        "l": 179.5,
        "c": 181.0,
        "v": 51_000_000,
        "n": 610_000,
        "vw": 180.9,
    }
