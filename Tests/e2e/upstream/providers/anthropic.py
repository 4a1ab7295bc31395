"""Anthropic: messages whole and as a stream, models, and counting tokens."""

import json

from ..answers import Answer, json_answer, sse_answer
from ..request import Request

MODEL = "claude-sonnet-5"
TEXT = ["Count", "ersigned", "."]
INPUT_TOKENS, OUTPUT_TOKENS = 13, 9
USAGE = {
    "input_tokens": INPUT_TOKENS,
    "output_tokens": OUTPUT_TOKENS,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
}


def answer(request: Request, env: dict[str, str]) -> Answer:
    if not request.header("anthropic-version"):
        return failure(request, 400, "invalid_request_error", "anthropic-version is required")
    match request.method, request.raw_path.split("/")[1:]:
        case (("GET" | "HEAD"), ["v1", "models"]):
            page = {"data": [model()], "has_more": False, "first_id": MODEL, "last_id": MODEL}
            return reply(request, page)
        case "POST", ["v1", "messages", "count_tokens"]:
            return reply(request, {"input_tokens": INPUT_TOKENS})
        case "POST", ["v1", "messages"]:
            return messages(request)
    return failure(request, 404, "not_found_error", "Not found")


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    return failure(request, 401, "authentication_error", "invalid x-api-key")


def headers(request: Request) -> list[tuple[str, str]]:
    request.provider_id = "req_" + request.provider_id.removeprefix("req_")
    pairs = [("request-id", request.provider_id)]
    for kind, limit in [
        ("requests", 50),
        ("tokens", 60_000),
        ("input-tokens", 50_000),
        ("output-tokens", 10_000),
    ]:
        pairs += [
            (f"anthropic-ratelimit-{kind}-limit", str(limit)),
            (f"anthropic-ratelimit-{kind}-remaining", str(limit - 1)),
            (f"anthropic-ratelimit-{kind}-reset", "2026-11-25T10:00:00Z"),
        ]
    return pairs


def reply(request: Request, value: dict) -> Answer:
    return json_answer(value, headers=headers(request))


def failure(request: Request, status: int, kind: str, message: str) -> Answer:
    pairs = headers(request)
    error = {"type": kind, "message": message}
    body = {"type": "error", "error": error, "request_id": request.provider_id}
    return json_answer(body, status, pairs)


def messages(request: Request) -> Answer:
    try:
        asked = request.json
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or not {"model", "max_tokens", "messages"} <= asked.keys():
        return failure(request, 400, "invalid_request_error", "model, max_tokens and messages")
    if asked.get("stream"):
        return sse_answer(message_frames(), headers(request))
    return reply(request, message("".join(TEXT), "end_turn", USAGE))


# Bodies


def model() -> dict:
    return {
        "type": "model",
        "id": MODEL,
        "display_name": "Claude of the mock",
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def message(text: str, stop_reason: str | None, usage: dict) -> dict:
    return {
        "id": "msg_mock",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


def message_frames() -> list[bytes]:
    """Usage in `message_delta` is cumulative: adding up the two of them would be wrong."""
    return [
        event("message_start", message=message("", None, {**USAGE, "output_tokens": 1})),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        event("ping"),
        *(
            event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
            for text in TEXT
        ),
        event("content_block_stop", index=0),
        event("message_delta", delta=stopped(None), usage={"output_tokens": OUTPUT_TOKENS - 4}),
        event("message_delta", delta=stopped("end_turn"), usage={"output_tokens": OUTPUT_TOKENS}),
        event("message_stop"),
    ]


def failing_frames() -> list[bytes]:
    """A stream that began well: its status has long been 200."""
    error = {"type": "overloaded_error", "message": "Overloaded"}
    return [*message_frames()[:4], event("error", error=error)]


def stopped(reason: str | None) -> dict:
    return {"stop_reason": reason, "stop_sequence": None}


def event(kind: str, **members) -> bytes:
    data = json.dumps({"type": kind, **members})
    return f"event: {kind}\ndata: {data}\n\n".encode()
