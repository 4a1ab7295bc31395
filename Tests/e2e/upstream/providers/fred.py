"""FRED: a series and its observations, in XML unless JSON is asked for."""

from xml.sax.saxutils import quoteattr

from ..answers import Answer, json_answer
from ..request import Request

SERIES = {
    "id": "GNPCA",
    "realtime_start": "2026-11-25",
    "realtime_end": "2026-11-25",
    "title": "Real Gross National Product",
    "observation_start": "1929-01-01",
    "observation_end": "2025-01-01",
    "frequency": "Annual",
    "units": "Billions of Chained 2017 Dollars",
}
# A single dot is how FRED writes that there is no value.
OBSERVATIONS = [("2023-01-01", "22671.096"), ("2024-01-01", "."), ("2025-01-01", "23876.2")]


def answer(request: Request, env: dict[str, str]) -> Answer:
    if request.method == "GET" and request.query.get("series_id"):
        match request.raw_path:
            case "/fred/series":
                return listing(request, "seriess", "series", [SERIES])
            case "/fred/series/observations":
                rows = [{"date": date, "value": value} for date, value in OBSERVATIONS]
                return listing(request, "observations", "observation", rows)
    return failure(request, 404, "Not Found")


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    """No 401: only the text says what is wrong."""
    what = "is not registered" if "api_key" in request.query else "is not set"
    return failure(request, 400, f"Bad Request.  The value for variable api_key {what}.")


def listing(request: Request, outer: str, inner: str, rows: list[dict]) -> Answer:
    if request.query.get("file_type") == "json":
        return json_answer({"count": len(rows), outer: rows})
    elements = "".join(f"  <{inner}{attributes(row)}/>\n" for row in rows)
    return xml(f'<{outer} count="{len(rows)}">\n{elements}</{outer}>')


def failure(request: Request, status: int, message: str) -> Answer:
    if request.query.get("file_type") == "json":
        return json_answer({"error_code": status, "error_message": message}, status)
    return xml(f"<error{attributes({'code': str(status), 'message': message})}/>", status)


def attributes(members: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in members.items())


def xml(text: str, status: int = 200) -> Answer:
    document = f'<?xml version="1.0" encoding="utf-8" ?>\n{text}\n'
    return Answer(status, {"content-type": "text/xml; charset=UTF-8"}, document.encode())
