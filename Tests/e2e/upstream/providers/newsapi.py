"""NewsAPI: headlines and sources."""

from ..answers import Answer, json_answer
from ..request import Request

SOURCE = {
    "id": "mock-times",
    "name": "The Mock Times",
    "description": "News that nobody made.",
    "url": "https://news.example",
    "category": "general",
    "language": "en",
    "country": "us",
}
ARTICLE = {
    "source": {"id": "mock-times", "name": "The Mock Times"},
    "author": None,
    "title": "A quiet day",
    "description": "Nothing happened.",
    "url": "https://news.example/quiet",
    "urlToImage": None,
    "publishedAt": "2026-11-25T08:00:00Z",
    "content": None,
}


def answer(request: Request, env: dict[str, str]) -> Answer:
    match request.method, request.raw_path:
        case "GET", "/v2/top-headlines" | "/v2/everything":
            return json_answer({"status": "ok", "totalResults": 1, "articles": [ARTICLE]})
        case "GET", "/v2/top-headlines/sources" | "/v2/sources":
            return json_answer({"status": "ok", "sources": [SOURCE]})
    return failure(404, "unexpectedError", "There is nothing here.")


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    return failure(401, "apiKeyInvalid", "Your API key is invalid or incorrect.")


def failure(status: int, code: str, message: str) -> Answer:
    return json_answer({"status": "error", "code": code, "message": message}, status)
