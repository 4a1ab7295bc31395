"""Finnhub: quotes, also under the path with two slashes that its own client asks for."""

import time

from ..answers import Answer, json_answer
from ..request import Request

QUOTE = {"c": 181.1, "d": 0.2, "dp": 0.11, "h": 182, "l": 179.5, "o": 180, "pc": 180.9, "t": 1}


def answer(request: Request, env: dict[str, str]) -> Answer:
    if request.method == "GET" and request.raw_path in {"/api/v1//quote", "/api/v1/quote"}:
        return json_answer(QUOTE, headers=headers())
    return json_answer({"error": "You don't have access to this resource."}, 403, headers())


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    return json_answer({"error": "Invalid API key"}, 401, headers())


def headers() -> list[tuple[str, str]]:
    return [
        ("X-Ratelimit-Limit", "60"),
        ("X-Ratelimit-Remaining", "59"),
        ("X-Ratelimit-Reset", str(int(time.time()) + 60)),
    ]
