"""Twilio as a sender of text messages sees it, and as it reports on them."""

import itertools
import threading
import time
from collections import deque

import requests
from twilio.request_validator import RequestValidator

from upstream import Answer, Raw, json_answer
from upstream.origin import Origin
from upstream.request import Request

from .client import REQUEST_SECONDS_MAX, Client
from .gateway import CREDENTIALS, Gateway

PUBLIC_URL = "https://id.example.com"
WEBHOOK_PATH = "/api/webhooks/twilio/status"
WAIT_SECONDS_MAX = 15
# Limits that no test meets by accident.
GENEROUS = {
    "COUNTERSIGN_PUBLIC_URL": PUBLIC_URL,
    "COUNTERSIGN_RATE_LIMITS_SMS_TEST_QUOTA": "1000",
    "COUNTERSIGN_ALERTS_TEST_PER_USER_DAY": "1000",
    "COUNTERSIGN_ALERTS_TEST_PER_INSTALLATION_DAY": "1000",
}

_numbers = itertools.count(14155550100)


def fresh_number() -> str:
    """A number of the test's own: limits and opt-outs are by number."""
    return f"+{next(_numbers)}"


def send(client: Client, number: str, expect: int = 200, key: str | None = None, **more) -> dict:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"to": number, "body": "Disk full: 97 % & rising\n+1", **more}
    return client.post("/api/alerts/sms", body, expect=expect, headers=headers)


def listed(gateway: Gateway) -> list[dict]:
    return gateway.admin.get("/api/alerts/status")["messages"]


def event_of(gateway: Gateway, event_id: str) -> dict:
    return next(row for row in gateway.events("twilio") if row["id"] == event_id)


def twilio_failure(code: int, status: int = 400, headers: dict | None = None) -> Answer:
    """Twilio's envelope; its text repeats the number, as the real one does."""
    body = {
        "code": code,
        "message": "The number +14155550100 is refused",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return json_answer(body, status, headers or {})


class Messages:
    """The messages that arrive at the mock. Requests are told apart by what they are and not by
    who sends them: the server's own come with its own name, like its probes."""

    def __init__(self, origin: Origin):
        self.origin = origin
        self._answers: deque[Answer | Raw] = deque()
        self._always: Answer | Raw | None = None
        self._lock = threading.Lock()
        origin.always(self._answer, probes=True)

    def _answer(self, request: Request) -> Answer | Raw | None:
        if not is_message(request):
            return None
        with self._lock:
            return self._answers.popleft() if self._answers else self._always

    def next(self, *answers: Answer | Raw) -> None:
        with self._lock:
            self._answers.extend(answers)

    def always(self, answer: Answer | Raw | None) -> None:
        with self._lock:
            self._always = answer

    @property
    def forms(self) -> list[dict[str, str]]:
        requests_so_far = list(self.origin.requests)
        return [request.form for request in requests_so_far if is_message(request)]

    def to(self, number: str) -> list[dict[str, str]]:
        return [form for form in self.forms if form.get("To") == number]

    def wait_for(self, number: str, count: int = 1) -> None:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while len(self.to(number)) < count:
            assert time.monotonic() < deadline, f"{len(self.to(number))} of {count} messages"
            time.sleep(0.01)


def is_message(request: Request) -> bool:
    return request.method == "POST" and request.raw_path.endswith("/Messages.json")


def report(
    server_url: str,
    message_id: str,
    status: str,
    *,
    token: str = CREDENTIALS["TWILIO_AUTH_TOKEN"],
    algorithm: str | None = None,
    signed_url: str = PUBLIC_URL + WEBHOOK_PATH,
    idempotency_token: str | None = None,
    change: dict | None = None,
    **more: str,
) -> requests.Response:
    """Twilio's report on a message, signed by its own library; `change` is done to the fields
    after they were signed."""
    fields = {
        "MessageSid": message_id,
        "MessageStatus": status,
        "SmsSid": message_id,
        "SmsStatus": status,
        "AccountSid": CREDENTIALS["TWILIO_ACCOUNT_SID"],
        "To": "+14155550100",
        "From": CREDENTIALS["TWILIO_FROM_NUMBER"],
        "ApiVersion": "2010-04-01",
        **more,
    }
    validator = RequestValidator(token)
    headers = {"X-Twilio-Signature": validator.compute_signature(signed_url, fields, algorithm)}
    if algorithm:
        headers["X-Twilio-Webhooks-Signature-Settings"] = (
            f"key=webhooks_sharedkey_1,algorithm={algorithm}"
        )
    if idempotency_token:
        headers["I-Twilio-Idempotency-Token"] = idempotency_token
    return requests.post(
        server_url + WEBHOOK_PATH,
        data={**fields, **(change or {})},
        headers=headers,
        timeout=REQUEST_SECONDS_MAX,
    )
