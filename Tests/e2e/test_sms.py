"""Text messages: each is sent once, what may have been sent never again, all are on record."""

import socket
import threading

import pytest
import requests

from harness import check_our_error
from harness.sms import (
    GENEROUS,
    PUBLIC_URL,
    WEBHOOK_PATH,
    event_of,
    fresh_number,
    listed,
    report,
    send,
    twilio_failure,
)
from upstream import HANG, RESET, Raw, json_answer


# Sending


def test_the_test_button_sends_to_the_own_phone(sms, messages):
    number = fresh_number()
    sms.admin.patch("/api/auth/profile", {"phone_e164": number})
    sent = sms.admin.post("/api/alerts/sms/test")
    assert sent["status"] == "queued" and sent["provider_message_id"].startswith("SM")
    (form,) = messages.to(number)
    assert form["From"] == "+15005550006" and "test" in form["Body"]
    assert form["StatusCallback"] == PUBLIC_URL + WEBHOOK_PATH
    row = event_of(sms, sent["event_id"])
    assert (row["status"], row["http_status"]) == ("ok", 201)
    assert row["trace_id"] == sent["trace_id"]
    assert row["operation"] == "POST /2010-04-01/Accounts/{sid}/Messages.json"
    (message,) = listed(sms)
    assert message["provider_message_id"] == sent["provider_message_id"]
    assert message["event_id"] == sent["event_id"] and message["trace_id"] == sent["trace_id"]
    assert message["status"] == "queued" and message["test"] is True


def test_another_number_is_for_admins_only(sms, messages):
    other = fresh_number()
    sms.admin.post("/api/alerts/sms/test", {"to": other})
    assert len(messages.to(other)) == 1
    member = sms.server.client()
    member.register()
    refused = member.post("/api/alerts/sms/test", expect=422)
    assert refused["field"] == "phone_e164"
    member.patch("/api/auth/profile", {"phone_e164": other})
    refused = member.post("/api/alerts/sms/test", {"to": fresh_number()}, expect=403)
    assert refused["error_code"] == "forbidden" and refused["field"] == "to"
    member.post("/api/alerts/sms/test", {"to": other})
    refused = sms.admin.post("/api/alerts/sms/test", {"to": "0415 555"}, expect=422)
    assert (refused["error_code"], refused["field"]) == ("phone_invalid", "to")
    assert len(messages.forms) == 2


def test_alerts_need_the_scope_or_an_admin(sms, sender, messages):
    number = fresh_number()
    sent = send(sender, number)
    assert sent["status"] == "queued" and messages.to(number)[0]["Body"].startswith("Disk full: 97")
    send(sms.admin, number)
    member = sms.server.client()
    member.register()
    assert send(member, number, expect=403)["error_code"] == "forbidden"
    assert send(sms.admin.with_token("status:read"), number, expect=403)["error_code"] == (
        "scope_missing"
    )
    assert send(sms.server.client(), number, expect=401)["error_code"] == "not_signed_in"
    assert len(messages.to(number)) == 2


@pytest.mark.parametrize(
    "body, field",
    [
        ({"to": "4155550100"}, "to"),
        ({"to": "+1 415 555 0100"}, "to"),
        ({"body": ""}, "body"),
        ({"body": " \n"}, "body"),
        ({"body": "x" * 1601}, "body"),
        ({"body": None}, "body"),
    ],
)
def test_what_twilio_would_refuse_is_refused_here(sender, messages, body, field):
    assert send(sender, fresh_number(), expect=422, **body)["field"] == field
    assert messages.forms == []


def test_the_longest_body_is_sent(sender, messages):
    number = fresh_number()
    send(sender, number, body="ü😀" * 800)
    assert messages.to(number)[0]["Body"] == "ü😀" * 800


def test_a_refusal_says_what_to_do_and_whom_not(sms, sender, messages):
    for number, code, status in [
        ("+15005550001", "bad_recipient", 422),
        ("+15005550003", "geo_permission", 502),
        ("+15005550009", "bad_recipient", 422),
    ]:
        refused = send(sender, number, expect=status)
        assert refused["error_code"] == code and number not in str(refused)
        assert refused["status"] == "failed" and refused["provider_message_id"] is None
        row = event_of(sms, refused["event_id"])
        assert (row["status"], row["http_status"], row["error_code"]) == ("error", 400, code)
    assert [row["error_code"] for row in listed(sms)][-1] == "bad_recipient"
    assert len(messages.forms) == 3


# Keys


def test_a_key_sends_once(sms, sender, messages):
    number = fresh_number()
    first = send(sender, number, key="alert-1")
    again = send(sender, number, key="alert-1")
    for member in ("status", "provider_message_id", "event_id"):
        assert again[member] == first[member]
    assert len(messages.to(number)) == 1
    for body in ({"body": "Something else"}, {"to": fresh_number()}):
        refused = send(sender, number, expect=409, key="alert-1", **body)
        assert refused["error_code"] == "idempotency_conflict"
    other = send(sms.admin, number, key="alert-1")
    assert other["provider_message_id"] != first["provider_message_id"]
    assert send(sender, number, expect=400, key="k" * 257)["field"] == "Idempotency-Key"
    sms.server.crash_and_restart()
    sender.on(sms.server.url)
    again = send(sender, number, key="alert-1")
    assert again["provider_message_id"] == first["provider_message_id"]
    assert len(messages.to(number)) == 2


def test_parallel_requests_with_one_key_send_once(sender, messages, in_parallel):
    number = fresh_number()
    twins = [sender.twin() for _ in range(16)]
    answers = in_parallel(16, lambda n: send(twins[n], number, key="alert-1"))
    assert len({answer["provider_message_id"] for answer in answers}) == 1
    assert len(messages.to(number)) == 1


def test_a_stored_failure_is_told_again(sender, messages):
    first = send(sender, "+15005550001", expect=422, key="alert-1")
    again = send(sender, "+15005550001", expect=422, key="alert-1")
    for member in ("error_code", "message", "status", "provider_message_id", "event_id"):
        assert again[member] == first[member]
    assert len(messages.forms) == 1


# What may have been sent


@pytest.mark.parametrize(
    "answer",
    [
        twilio_failure(20500, 500),
        Raw(RESET),
        Raw(b"HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{", RESET),
        json_answer({"no": "sid"}, 201),
        Raw(b"not HTTP at all\r\n\r\n"),
    ],
    ids=["500", "reset", "cut", "nameless", "garbage"],
)
def test_what_may_have_been_sent_is_never_sent_again(sms, sender, messages, answer):
    number = fresh_number()
    messages.next(answer)
    first = send(sender, number, expect=502, key="alert-1")
    assert first["error_code"] == "ambiguous" and first["status"] == "ambiguous"
    assert first["provider_message_id"] is None and first["event_id"]
    again = send(sender, number, expect=502, key="alert-1")
    assert (again["error_code"], again["event_id"]) == ("ambiguous", first["event_id"])
    assert len(messages.to(number)) == 1
    assert listed(sms)[0]["status"] == "ambiguous"


def test_kill_9_while_sending_leaves_an_ambiguous_message(sms, sender, messages):
    number = fresh_number()
    messages.next(Raw(HANG))

    def ask():
        with pytest.raises(requests.RequestException):
            send(sender.twin(), number, key="alert-1")

    asking = threading.Thread(target=ask)
    asking.start()
    messages.wait_for(number)
    sms.server.crash_and_restart()
    asking.join()
    sms.restarted()
    sender.on(sms.server.url)
    for _ in range(2):
        refused = send(sender, number, expect=502, key="alert-1")
        assert refused["error_code"] == "ambiguous" and refused["status"] == "ambiguous"
    row = event_of(sms, refused["event_id"])
    assert row["status"] == "interrupted"
    assert [message["status"] for message in listed(sms)] == ["ambiguous"]
    assert len(messages.to(number)) == 1
    assert send(sender, number, key="alert-2")["status"] == "queued"


def test_what_never_left_frees_its_key(start_gateway, messages):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    env = {**GENEROUS, "COUNTERSIGN_TWILIO_BASE_URL": f"http://127.0.0.1:{port}"}
    gateway = start_gateway(env=env)
    sender = gateway.admin.with_token("alerts:send")
    number = fresh_number()
    refused = send(sender, number, expect=502, key="alert-1")
    assert (refused["error_code"], refused["status"]) == ("upstream_unreachable", "failed")
    gateway.server.stop()
    gateway.server.env["COUNTERSIGN_TWILIO_BASE_URL"] = messages.origin.url
    gateway.server.start()
    gateway.restarted()
    sent = send(sender.on(gateway.server.url), number, key="alert-1")
    assert sent["status"] == "queued" and len(messages.to(number)) == 1


# What is sent again


def test_too_many_requests_are_tried_again(sms, sender, messages):
    number = fresh_number()
    messages.next(*[twilio_failure(20429, 429, {"Retry-After": "1"}) for _ in range(2)])
    sent = send(sender, number)
    assert sent["status"] == "queued" and len(messages.to(number)) == 3
    rows = [row for row in sms.events("twilio") if row["trace_id"] == sent["trace_id"]]
    assert [row["http_status"] for row in rows] == [201, 429, 429]
    assert rows[0]["id"] == sent["event_id"]


def test_too_many_for_too_long_is_told_and_may_be_asked_again(sender, messages):
    number = fresh_number()
    messages.always(twilio_failure(20429, 429))
    refused = send(sender, number, expect=429, key="alert-1")
    assert refused["error_code"] == "rate_limited" and refused["retry_after_seconds"] >= 1
    assert refused["status"] == "failed" and len(messages.to(number)) == 4
    messages.always(None)
    assert send(sender, number, key="alert-1")["status"] == "queued"


def test_a_callback_that_twilio_cannot_reach_is_left_out(start_gateway, messages):
    gateway = start_gateway(env={**GENEROUS, "COUNTERSIGN_PUBLIC_URL": "http://localhost:8080"})
    number = fresh_number()
    assert send(gateway.admin, number)["status"] == "queued"
    callbacks = [form.get("StatusCallback") for form in messages.to(number)]
    assert callbacks == [f"http://localhost:8080{WEBHOOK_PATH}", None]
    assert gateway.server.stop() == 0
    assert "public_url" in gateway.server.output()


def test_without_public_url_no_callback_is_asked_for_or_taken(start_gateway, messages):
    gateway = start_gateway(env={**GENEROUS, "COUNTERSIGN_PUBLIC_URL": ""})
    number = fresh_number()
    sent = send(gateway.admin, number)
    assert "StatusCallback" not in messages.to(number)[0]
    refused = report(gateway.server.url, sent["provider_message_id"], "delivered")
    check_our_error(refused, 503, "not_configured")
    assert gateway.admin.get("/api/alerts/status")["delivery_reports"] is False
