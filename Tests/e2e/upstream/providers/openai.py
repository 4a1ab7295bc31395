"""OpenAI: models, chat completions, responses and embeddings, whole and as streams."""

import json

from ..answers import Answer, json_answer, sse_answer
from ..request import Request

MODEL = "gpt-5-mini"
TEXT = ["Count", "ersigned", "."]
CREATED = 1_790_000_000
CHAT_USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 0},
}
RESPONSES_USAGE = {
    "input_tokens": 11,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 18,
}
EMBEDDING_USAGE = {"prompt_tokens": 5, "total_tokens": 5}
DONE = b"data: [DONE]\n\n"


def answer(request: Request, env: dict[str, str]) -> Answer:
    match request.method, request.raw_path.split("/")[1:]:
        case (("GET" | "HEAD"), ["v1", "models"]):
            return reply(request, {"object": "list", "data": [model(MODEL), model("gpt-5")]})
        case "GET", ["v1", "models", name]:
            return reply(request, model(name))
        case "POST", ["v1", "chat", "completions"]:
            return created(request, chat, chat_frames)
        case "POST", ["v1", "responses"]:
            return created(request, lambda: response("completed"), response_frames)
        case "POST", ["v1", "embeddings"]:
            return reply(request, embeddings())
    return failure(request, 404, "invalid_request_error", "unknown_url", "Unknown request URL.")


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    return failure(
        request, 401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."
    )


def rate_limited(request: Request) -> Answer:
    """What callers meet in practice; the waiting time is short enough for a test."""
    answered = failure(request, 429, "requests", "rate_limit_exceeded", "Rate limit reached.")
    answered.headers = [*answered.headers, ("retry-after", "1"), ("retry-after-ms", "20")]
    return answered


def headers(request: Request) -> list[tuple[str, str]]:
    request.provider_id = "req_" + request.provider_id.removeprefix("req_")
    return [
        ("x-request-id", request.provider_id),
        ("openai-processing-ms", "12"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "500"),
        ("x-ratelimit-remaining-requests", "499"),
        ("x-ratelimit-reset-requests", "120ms"),
        ("x-ratelimit-limit-tokens", "200000"),
        ("x-ratelimit-remaining-tokens", "199989"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    ]


def reply(request: Request, value: dict) -> Answer:
    return json_answer(value, headers=headers(request))


def failure(request: Request, status: int, kind: str, code: str, message: str) -> Answer:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return json_answer({"error": error}, status, headers(request))


def created(request: Request, whole, frames) -> Answer:
    """The answer to something that can be asked for whole or as a stream."""
    try:
        asked = request.json
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or "model" not in asked:
        return failure(request, 400, "invalid_request_error", "missing_model", "No model is named.")
    if not asked.get("stream"):
        return reply(request, whole())
    wants_usage = bool((asked.get("stream_options") or {}).get("include_usage"))
    return sse_answer(frames(wants_usage), headers(request))


# Bodies


def model(name: str) -> dict:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "system"}


def chat() -> dict:
    message = {"role": "assistant", "content": "".join(TEXT), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return chat_object("chat.completion", [choice], CHAT_USAGE)


def chat_object(kind: str, choices: list, usage: dict | None) -> dict:
    return {
        "id": "chatcmpl-mock",
        "object": kind,
        "created": CREATED,
        "model": MODEL,
        "choices": choices,
        "usage": usage,
    }


def chat_frames(include_usage: bool = True) -> list[bytes]:
    """The usage chunk comes before `[DONE]` and only when it was asked for."""

    def frame(delta: dict, reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return data(chat_object("chat.completion.chunk", [choice], None))

    frames = [frame({"role": "assistant", "content": ""})]
    frames += [frame({"content": text}) for text in TEXT]
    frames.append(frame({}, "stop"))
    if include_usage:
        frames.append(data(chat_object("chat.completion.chunk", [], CHAT_USAGE)))
    return [*frames, DONE]


def response(status: str) -> dict:
    text = {"type": "output_text", "text": "".join(TEXT), "annotations": [], "logprobs": []}
    message = {
        "type": "message",
        "id": "msg_mock",
        "status": "completed",
        "role": "assistant",
        "content": [text],
    }
    done = status == "completed"
    return {
        "id": "resp_mock",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": MODEL,
        "output": [message] if done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": RESPONSES_USAGE if done else None,
    }


def response_frames(include_usage: bool = True) -> list[bytes]:
    """Ends with `response.completed`, which always carries the usage; there is no `[DONE]`."""
    where = {"item_id": "msg_mock", "output_index": 0, "content_index": 0, "logprobs": []}
    steps = [("response.created", {"response": response("in_progress")})]
    steps += [("response.output_text.delta", {**where, "delta": text}) for text in TEXT]
    steps.append(("response.output_text.done", {**where, "text": "".join(TEXT)}))
    steps.append(("response.completed", {"response": response("completed")}))
    return [
        f"event: {kind}\n".encode() + data({"type": kind, "sequence_number": number, **members})
        for number, (kind, members) in enumerate(steps)
    ]


def embeddings() -> dict:
    vector = {"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125]}
    return {
        "object": "list",
        "data": [vector],
        "model": "text-embedding-3-small",
        "usage": EMBEDDING_USAGE,
    }


def data(value: dict) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
