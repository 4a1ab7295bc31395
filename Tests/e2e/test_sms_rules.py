"""Text messages: who is sent none, how many there may be, what Twilio reports (its own library
signs), and what nobody is told."""

import pytest
import requests

from harness import check_our_error, home_files
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

UNKNOWN_ID = "SM" + "f" * 32


# Opt-outs and limits


def test_who_has_opted_out_is_left_alone(sms, sender, messages):
    number = "+15005550004"
    refused = send(sender, number, expect=409)
    assert (refused["error_code"], refused["status"]) == ("opted_out", "failed")
    for _ in range(2):
        refused = send(sender, number, expect=409)
        assert (refused["error_code"], refused["status"]) == ("opted_out", "refused")
        row = event_of(sms, refused["event_id"])
        assert (row["status"], row["error_code"]) == ("refused", "opted_out")
        sms.server.crash_and_restart()
        sms.restarted()
        sender.on(sms.server.url)
    assert len(messages.to(number)) == 1
    send(sender, fresh_number())


def test_tests_are_limited_by_minute_and_by_day(start_gateway, messages):
    gateway = start_gateway(
        env={
            "COUNTERSIGN_ALERTS_TEST_PER_USER_DAY": "3",
            "COUNTERSIGN_ALERTS_TEST_PER_INSTALLATION_DAY": "4",
            "COUNTERSIGN_RATE_LIMITS_SMS_TEST_QUOTA": "5",
        }
    )
    gateway.admin.patch("/api/auth/profile", {"phone_e164": fresh_number()})
    for _ in range(3):
        gateway.admin.post("/api/alerts/sms/test")
    gateway.server.crash_and_restart()
    gateway.restarted()
    refused = gateway.admin.post("/api/alerts/sms/test", expect=429)
    assert refused["error_code"] == "rate_limited"
    assert 86_000 < refused["retry_after_seconds"] <= 86_400
    member = gateway.server.client()
    member.register()
    member.patch("/api/auth/profile", {"phone_e164": fresh_number()})
    member.post("/api/alerts/sms/test")
    assert "installation" in member.post("/api/alerts/sms/test", expect=429)["message"]
    answers = [member.request("POST", "/api/alerts/sms/test") for _ in range(5)]
    assert all(answer.status_code == 429 for answer in answers)
    assert int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["ratelimit-policy"] == '"sms_test";q=5;w=60'
    assert len(messages.forms) == 4


def test_a_number_is_limited_by_the_hour(start_gateway, messages):
    gateway = start_gateway(env={"COUNTERSIGN_ALERTS_PER_NUMBER_HOUR": "2"})
    number = fresh_number()
    for _ in range(2):
        send(gateway.admin, number)
    gateway.server.crash_and_restart()
    gateway.restarted()
    refused = send(gateway.admin, number, expect=429)
    assert 3500 < refused["retry_after_seconds"] <= 3600 and number not in str(refused)
    send(gateway.admin, fresh_number())
    assert len(messages.to(number)) == 2


# What is missing


@pytest.mark.parametrize(
    "name, value, code",
    [
        ("TWILIO_AUTH_TOKEN", None, "not_configured"),
        ("TWILIO_FROM_NUMBER", None, "not_configured"),
        ("TWILIO_FROM_NUMBER", "555-0100", "env_malformed"),
        ("TWILIO_ACCOUNT_SID", "AC123", "env_malformed"),
    ],
)
def test_without_usable_variables_nothing_is_pretended(start_gateway, messages, name, value, code):
    env = {**GENEROUS, **({name: value} if value else {})}
    gateway = start_gateway(env=env, without=() if value else (name,))
    refused = send(gateway.admin, fresh_number(), expect=503)
    assert refused["error_code"] == code and name in refused["suggested_fix"]
    assert (refused["status"], refused["provider_message_id"]) == ("refused", None)
    row = event_of(gateway, refused["event_id"])
    assert (row["status"], row["error_code"], row["http_status"]) == ("refused", code, None)
    gateway.admin.post("/api/alerts/sms/test", {"to": fresh_number()}, expect=503)
    status = gateway.admin.get("/api/alerts/status")
    assert status["configured"] is False and status["connected"] is False
    assert status["missing_env_vars"] == ([] if value else [name])
    assert status["error_code"] == code and status["messages"] == []
    assert messages.forms == []


# Reports


def test_reports_move_a_message_forward_only(sms, sender):
    sent = send(sender, fresh_number())
    message_id = sent["provider_message_id"]

    def hear(status: str, **more) -> dict:
        assert report(sms.server.url, message_id, status, **more).status_code == 200
        return listed(sms)[0]

    assert hear("sent", idempotency_token="a")["status"] == "sent"
    assert hear("sending")["status"] == "sent"
    assert hear("delivered", idempotency_token="a")["status"] == "sent"
    assert hear("delivered", idempotency_token="b", NewField="ü & +")["status"] == "delivered"
    assert hear("undelivered", ErrorCode="30003")["status"] == "delivered"
    assert hear("read")["status"] == "read"
    sms.server.crash_and_restart()
    sms.restarted()
    assert listed(sms)[0]["status"] == "read" and listed(sms)[0]["error_code"] is None
    other = send(sender.on(sms.server.url), fresh_number())
    message_id = other["provider_message_id"]
    assert hear("undelivered", ErrorCode="30003")["error_code"] == "30003"
    assert report(sms.server.url, UNKNOWN_ID, "delivered").status_code == 200
    assert report(sms.server.url, message_id, "novel").status_code == 200
    assert [row["status"] for row in listed(sms)] == ["undelivered", "read"]


@pytest.mark.parametrize("algorithm", [None, "HMAC_SHA1", "HMAC_SHA256"])
@pytest.mark.parametrize("port", ["", ":443"])
def test_twilios_signature_is_believed(sms, sender, algorithm, port):
    sent = send(sender, fresh_number())
    answer = report(
        sms.server.url,
        sent["provider_message_id"],
        "delivered",
        algorithm=algorithm,
        signed_url=f"{PUBLIC_URL}{port}{WEBHOOK_PATH}",
    )
    assert answer.status_code == 200 and listed(sms)[0]["status"] == "delivered"
    assert sms.status("twilio")["evidence"] is not None


def test_no_other_signature_is(sms, sender):
    message_id = send(sender, fresh_number())["provider_message_id"]
    url = sms.server.url
    for answer in (
        report(url, message_id, "delivered", token="another"),
        report(url, message_id, "sent", change={"MessageStatus": "delivered"}),
        report(url, message_id, "delivered", change={"More": ""}),
        report(url, message_id, "delivered", signed_url=url + WEBHOOK_PATH),
        report(url, message_id, "delivered", signed_url=PUBLIC_URL + "/other"),
        requests.post(
            url + WEBHOOK_PATH, data={"MessageSid": message_id, "MessageStatus": "x"}, timeout=10
        ),
        requests.post(
            url + WEBHOOK_PATH,
            data={"MessageSid": message_id},
            headers={"X-Twilio-Signature": ""},
            timeout=10,
        ),
    ):
        check_our_error(answer, 403, "signature_invalid")
    assert listed(sms)[0]["status"] == "queued"


# Privacy


def test_no_number_and_no_text_is_kept_or_told(start_gateway, messages):
    """The account's own number is in its profile; the numbers of alerts are nowhere."""
    gateway = start_gateway(
        env={
            **GENEROUS,
            "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
            "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "4096",
            "COUNTERSIGN_LOG_LEVEL": "debug",
        }
    )
    sender = gateway.admin.with_token("alerts:send")
    numbers = ["+491715550177", "+491715550178", "+15005550001", "+15005550004", "+15005550009"]
    secrets = [*(number[1:] for number in numbers), "5005550006", "canary-text", "canary-key"]
    answers = []
    messages.next(twilio_failure(21211, 400), twilio_failure(20500, 500))
    for number in numbers + numbers:
        answers.append(
            sender.request(
                "POST",
                "/api/alerts/sms",
                json={"to": number, "body": "canary-text"},
                headers={"Idempotency-Key": f"canary-key-{number}-{len(answers)}"},
            ).text
        )
    answers.append(str(gateway.admin.get("/api/alerts/status")))
    answers.append(str(gateway.events("twilio")))
    answers.append(str(gateway.status("twilio")))
    assert gateway.server.stop() == 0
    files = [path.read_bytes() for path in home_files(gateway.server)]
    assert len(messages.forms) > 5 and len(files) > 3
    for secret in secrets:
        assert not any(secret in answer for answer in answers), secret
        assert not any(secret.encode() in content for content in files), secret
