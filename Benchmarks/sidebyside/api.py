"""Calls of a JSON API, around any proxy of the environment."""

import json
import ssl
import urllib.error
import urllib.request

CALL_SECONDS_MAX = 60


def call(url: str, body=None, token: str | None = None, method: str | None = None):
    """Answers the JSON and the session's cookie; an answer that is no success is raised."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with opener().open(request, timeout=CALL_SECONDS_MAX) as answer:
        cookie = answer.headers.get("set-cookie", "")
        return json.loads(answer.read() or b"null"), cookie.split(";")[0].partition("=")[2]


def ask(request: urllib.request.Request, context=None) -> tuple[int, str]:
    """The status and the body, whatever they are."""
    try:
        with opener(context).open(request, timeout=CALL_SECONDS_MAX) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode(errors="replace")


def opener(context: ssl.SSLContext | None = None) -> urllib.request.OpenerDirector:
    handlers = [urllib.request.ProxyHandler({})]
    if context:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)
