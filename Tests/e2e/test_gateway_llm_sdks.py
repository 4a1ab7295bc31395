"""The clients of OpenAI and Anthropic through the gateway: whole answers, streams, errors, and the
tokens that were used. What holds for every client is in `harness/observed.py`."""

import asyncio

import pytest

from harness import CREDENTIALS, observed, sdks
from upstream.providers import anthropic, openai

MESSAGES = [{"role": "user", "content": "hello"}]
CHAT = {"model": openai.MODEL, "messages": MESSAGES}
MESSAGE = {"model": anthropic.MODEL, "max_tokens": 50, "messages": MESSAGES}


def check_units(units: dict, input_tokens: int, output_tokens: int) -> None:
    assert units["input_tokens"] == input_tokens and units["output_tokens"] == output_tokens, units


# OpenAI


@pytest.fixture
def openai_token(gateway):
    return gateway.token("call:openai")


def test_openai_models(gateway, openai_token):
    with (
        observed(gateway, "openai", operation="GET /v1/models", names_itself=True) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
    ):
        assert [model.id for model in client.models.list()][0] == openai.MODEL
    assert seen.event["units"] is None
    assert seen.request.header("authorization") == f"Bearer {CREDENTIALS['OPENAI_API_KEY']}"


def test_openai_one_model_is_counted_under_the_template_of_its_route(gateway, openai_token):
    with observed(gateway, "openai") as seen, sdks.openai_client(seen.base, openai_token) as client:
        assert client.models.retrieve("gpt-5").id == "gpt-5"
    assert seen.event["operation"].startswith("GET /v1/models/{")


def test_openai_chat(gateway, openai_token):
    with (
        observed(
            gateway, "openai", operation="POST /v1/chat/completions", names_itself=True
        ) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
    ):
        answer = client.chat.completions.with_raw_response.create(**CHAT)
        assert answer.parse().choices[0].message.content == "Countersigned."
    check_units(seen.event["units"], 11, 7)
    assert seen.event["units"]["cached_tokens"] == 4
    assert answer.headers["x-trace-id"] == seen.event["trace_id"]
    assert answer.headers["x-request-id"] == seen.event["provider_request_id"]
    for kept in ("x-ratelimit-remaining-requests", "openai-processing-ms"):
        assert kept in answer.headers
    assert float(answer.headers["x-gateway-overhead-us"]) >= 0
    assert float(answer.headers["x-upstream-ms"]) >= 0
    # The request is the client's own, its telling headers included.
    assert "x-stainless-lang" in seen.request.names and seen.request.json["messages"] == MESSAGES
    assert seen.event["bytes_out"] > 0 and seen.event["bytes_in"] > 0


def test_openai_chat_as_a_stream_with_usage(gateway, openai_token):
    with (
        observed(
            gateway, "openai", operation="POST /v1/chat/completions", names_itself=True
        ) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
    ):
        chunks = list(
            client.chat.completions.create(
                **CHAT, stream=True, stream_options={"include_usage": True}
            )
        )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == (
        "Countersigned."
    )
    assert chunks[-1].usage.total_tokens == 18
    check_units(seen.event["units"], 11, 7)
    assert seen.event["units"]["cached_tokens"] == 4


def test_openai_chat_as_a_stream_without_usage_has_unknown_units_and_is_not_changed(
    gateway, openai_token
):
    with observed(gateway, "openai") as seen, sdks.openai_client(seen.base, openai_token) as client:
        chunks = list(client.chat.completions.create(**CHAT, stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert seen.event["units"] is None
    assert "stream_options" not in seen.request.json


def test_openai_responses(gateway, openai_token):
    with (
        observed(gateway, "openai", operation="POST /v1/responses", names_itself=True) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
    ):
        answer = client.responses.create(model=openai.MODEL, input="hello")
        assert answer.output_text == "Countersigned."
    check_units(seen.event["units"], 11, 7)


def test_openai_responses_as_a_stream(gateway, openai_token):
    with (
        observed(gateway, "openai", operation="POST /v1/responses", names_itself=True) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
    ):
        events = list(client.responses.create(model=openai.MODEL, input="hello", stream=True))
    assert events[-1].type == "response.completed"
    check_units(seen.event["units"], 11, 7)
    assert seen.event["units"]["cached_tokens"] == 4


def test_openai_embeddings(gateway, openai_token):
    with (
        observed(gateway, "openai", operation="POST /v1/embeddings", names_itself=True) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
    ):
        client.embeddings.create(model="text-embedding-3-small", input="hello")
    assert seen.event["units"]["input_tokens"] == 5


def test_openai_asynchronously(gateway, openai_token):
    async def calls(base: str) -> None:
        async with sdks.openai_client(base, openai_token, asynchronous=True) as client:
            answers = await asyncio.gather(
                *(client.chat.completions.create(**CHAT) for _ in range(4))
            )
            assert len(answers) == 4
            stream = await client.chat.completions.create(**CHAT, stream=True)
            assert len([chunk async for chunk in stream]) > 3

    with observed(gateway, "openai", calls=5, names_itself=True) as seen:
        asyncio.run(calls(seen.base))


def test_openai_errors_arrive_as_the_clients_own_exceptions(gateway, openai_token):
    import openai as sdk

    gateway.upstream["openai"].next(openai.rate_limited)
    with (
        observed(gateway, "openai", status="error", http_status=429, names_itself=True) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
        pytest.raises(sdk.RateLimitError) as refusal,
    ):
        client.chat.completions.create(**CHAT)
    assert refusal.value.code == "rate_limit_exceeded"
    assert refusal.value.response.headers["retry-after"] == "1"
    assert seen.event["error_code"] == "rate_limited" and seen.event["units"] is None
    with (
        observed(gateway, "openai", status="error", http_status=404, names_itself=True) as seen,
        sdks.openai_client(seen.base, openai_token) as client,
        pytest.raises(sdk.NotFoundError),
    ):
        client.post("/nowhere", cast_to=object)


def test_openai_refuses_a_wrong_token_as_its_client_expects(gateway):
    import openai as sdk

    base = gateway.server.url + gateway.path("openai", "")
    with (
        sdks.openai_client(base, "cs_k_" + "0" * 47) as client,
        pytest.raises(sdk.AuthenticationError) as refusal,
    ):
        client.models.list()
    assert refusal.value.body["error_code"] == "token_invalid"
    assert gateway.upstream["openai"].calls == []


# Anthropic


@pytest.fixture
def anthropic_token(gateway):
    return gateway.token("call:anthropic")


def test_anthropic_messages(gateway, anthropic_token):
    with (
        observed(gateway, "anthropic", operation="POST /v1/messages", names_itself=True) as seen,
        sdks.anthropic_client(seen.base, anthropic_token) as client,
    ):
        answer = client.messages.create(**MESSAGE)
        assert answer.content[0].text == "Countersigned."
    check_units(seen.event["units"], 13, 9)
    assert seen.request.header("x-api-key") == CREDENTIALS["ANTHROPIC_API_KEY"]
    assert seen.request.header("authorization") is None


def test_anthropic_messages_as_a_stream_whose_usage_is_cumulative(gateway, anthropic_token):
    with (
        observed(gateway, "anthropic", operation="POST /v1/messages", names_itself=True) as seen,
        sdks.anthropic_client(seen.base, anthropic_token) as client,
    ):
        with client.messages.stream(**MESSAGE) as stream:
            final = stream.get_final_message()
    assert final.usage.output_tokens == 9
    check_units(seen.event["units"], 13, 9)


def test_anthropic_models_and_counting(gateway, anthropic_token):
    with observed(gateway, "anthropic", calls=2, names_itself=True) as seen:
        with sdks.anthropic_client(seen.base, anthropic_token) as client:
            assert [model.id for model in client.models.list()] == [anthropic.MODEL]
            counted = client.messages.count_tokens(model=anthropic.MODEL, messages=MESSAGES)
    assert counted.input_tokens == 13
    operations = [event["operation"] for event in seen.events]
    assert operations == ["POST /v1/messages/count_tokens", "GET /v1/models"]


def test_anthropic_version_is_the_callers_or_a_default(gateway, anthropic_token):
    for version in ("2026-10-21", None):
        gateway.upstream.reset()
        headers = {"anthropic-version": version, "anthropic-beta": "files-api-2025-04-14"}
        answer = gateway.call("GET", "anthropic", "/v1/models", headers=headers)
        assert answer.status_code == 200
        call = gateway.upstream["anthropic"].only_call()
        assert call.header("anthropic-version") == (version or "2023-06-01")
        assert call.header("anthropic-beta") == headers["anthropic-beta"]
