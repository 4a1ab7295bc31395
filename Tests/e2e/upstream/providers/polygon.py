"""Polygon, also called Massive: aggregates on two pages, and whether the markets are open."""

from ..answers import Answer, json_answer
from ..request import Request

CURSOR = "YWRqdXN0ZWQ9dHJ1ZQ"


def answer(request: Request, env: dict[str, str]) -> Answer:
    match request.method, request.raw_path.split("/")[1:]:
        case (("GET" | "HEAD"), ["v1", "marketstatus", "now"]):
            return json_answer(market_status())
        case "GET", ["v2", "aggs", "ticker", ticker, "range", _, _, _, _]:
            return json_answer(aggregates(request, ticker))
    return json_answer({"status": "NOT_FOUND", "request_id": request.provider_id}, 404)


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    error = {"status": "ERROR", "request_id": request.provider_id, "error": "Unknown API Key"}
    return json_answer(error, 401)


def aggregates(request: Request, ticker: str) -> dict:
    """Names itself in the body and not in a header; the next page has an absolute address at the
    provider's own host, whatever host was asked."""
    first = "cursor" not in request.query
    moment = 1_795_478_400_000 + (0 if first else 86_400_000)
    bar = {"o": 180, "h": 182, "l": 179.5, "c": 181, "v": 1000, "vw": 180.9, "t": moment, "n": 10}
    body = {
        "ticker": ticker,
        "queryCount": 1,
        "resultsCount": 1,
        "adjusted": True,
        "results": [bar],
        "status": "OK",
        "request_id": request.provider_id,
        "count": 1,
    }
    if first:
        body["next_url"] = f"https://api.polygon.io{request.raw_path}?cursor={CURSOR}"
    return body


def market_status() -> dict:
    return {
        "market": "open",
        "afterHours": False,
        "earlyHours": False,
        "exchanges": {"nasdaq": "open", "nyse": "open", "otc": "open"},
        "currencies": {"crypto": "open", "fx": "open"},
        "serverTime": "2026-11-25T09:30:00-05:00",
    }
