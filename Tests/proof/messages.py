"""Rows S1 to S4: text messages through Twilio, which is the strict mock here."""

from harness import CREDENTIALS
from harness.sms import event_of, twilio_failure
from upstream import RESET, Raw, Upstream
from upstream.request import Request

from .ledger import shows
from .pages import Section
from .world import Proof

PAGE = "messages"
VARIABLES = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM_NUMBER")
PHONE = "+14155550100"
TEST = "/api/alerts/sms/test"
SEND = "/api/alerts/sms"
EVENT = "{status, http_status, error_code, operation, trace_id}"


def arrived(upstream: Upstream) -> list[Request]:
    """The messages that the mock has got."""
    requests = list(upstream["twilio"].requests)
    return [one for one in requests if one.raw_path.endswith("/Messages.json")]


@shows("S1", PAGE, "Twilio by its three variables")
def variables(proof: Proof, section: Section) -> str:
    """A server without them says which are missing and sends nothing; with them the message that
    arrives at Twilio has the credentials and the number of the environment."""
    without = proof.gateway(without=VARIABLES)
    caller = proof.admin(section, without)
    missing = caller("GET", "/api/alerts/status", jq="{configured, missing_env_vars, error_code}")
    state = missing.rows[0]
    assert state["configured"] is False and set(state["missing_env_vars"]) == set(VARIABLES)
    refused = caller("POST", TEST, {"to": PHONE}, expect=503)
    assert refused.json["error_code"] == "not_configured" and not arrived(without.upstream)

    gateway = proof.gateway()
    caller = proof.admin(section, gateway)
    section.say("With them:")
    sent = caller("POST", TEST, {"to": PHONE})
    (request,) = arrived(gateway.upstream)
    assert request.has_right_key and request.form["From"] == CREDENTIALS["TWILIO_FROM_NUMBER"]
    assert CREDENTIALS["TWILIO_ACCOUNT_SID"] in request.target and request.form["To"] == PHONE
    assert sent.json["provider_message_id"].startswith("SM")
    section.say("What has arrived there, with the right credential in `Authorization: Basic`:")
    fields = "\n".join(f"{name}: {value}" for name, value in request.form.items())
    section.code(f"{request.method} {request.target}\n\n{fields}")
    return (
        "without: 503 `not_configured`, the three names, and nothing at Twilio; with: one message "
        "by this account from this number"
    )


@shows("S2", PAGE, "the test message")
def test_message(proof: Proof, section: Section) -> str:
    """An account sends a test message to its own phone."""
    gateway = proof.shared
    caller = proof.caller(section)
    caller("POST", TEST, {}, expect=401, session="", quiet=True)
    phone = "+14155550102"
    caller.register("s2@example.com", "correct horse battery staple", True, phone_e164=phone)
    before = len(arrived(gateway.upstream))
    sent = caller("POST", TEST).json
    (request,) = arrived(gateway.upstream)[before:]
    assert request.form["To"] == phone and sent["status"] == "queued", sent
    event = event_of(gateway, sent["event_id"])
    assert event["trace_id"] == sent["trace_id"] and event["status"] == "ok", event
    return "401 without a session; with one, one message to its own number, queued at Twilio"


@shows("S3", PAGE, "messages of internal callers")
def internal_message(proof: Proof, section: Section) -> str:
    """With a token of the scope alerts:send; without it; and the same key again."""
    gateway = proof.shared
    caller = proof.caller(section)
    token = gateway.token("alerts:send")
    body = {"to": "+14155550103", "body": "Disk nearly full: 97 %"}
    once = ("idempotency-key: disk-97",)
    before = len(arrived(gateway.upstream))
    sent = caller("POST", SEND, body, token=token, headers=once)
    section.say("The same key and the same message again:")
    again = caller("POST", SEND, body, token=token, headers=once)
    same = {"provider_message_id", "event_id", "status"}
    assert {name: sent.json[name] for name in same} == {name: again.json[name] for name in same}
    (request,) = arrived(gateway.upstream)[before:]
    assert request.form["Body"] == body["body"] and request.form["To"] == body["to"]
    section.say("A token without the scope:")
    other = gateway.token("status:read")
    refused = caller("POST", SEND, body, token=other, expect=403)
    return (
        f"one message at Twilio, the stored answer for the second call, and "
        f"403 `{refused.json['error_code']}` without the scope"
    )


@shows("S4", PAGE, "an event for every attempt")
def events(proof: Proof, section: Section) -> str:
    """Four attempts, of which Twilio takes one, refuses one, answers one with 500, and cuts one
    off after it has come."""
    gateway = proof.gateway()
    token = gateway.token("alerts:send")
    caller = proof.caller(section, gateway.server)
    endings = [
        ("taken", None, 200),
        ("refused", twilio_failure(21211), 422),
        ("an error of Twilio's", twilio_failure(20500, 500), None),
        ("cut off", Raw(RESET), 502),
    ]
    members = ["status", "http_status", "error_code", "trace_id"]
    rows, traces = [], []
    for number, (what, answer, expect) in enumerate(endings):
        gateway.upstream["twilio"].always(answer, probes=True)
        body = {"to": f"+1415555011{number}", "body": "Attempt"}
        sent = caller("POST", SEND, body, token=token, expect=expect, quiet=True)
        traces.append(sent.trace_id)
        event = event_of(gateway, sent.json["event_id"])
        assert event["trace_id"] == sent.trace_id and event["status"] != "pending", event
        assert (event["status"] == "ok") == (what == "taken"), event
        rows.append([what, sent.status, *(event[name] for name in members)])
    section.table(["at Twilio", "our answer", *members], rows)
    reader = gateway.token("usage:read")
    path = "/api/integrations/twilio/events?limit=10"
    listed = caller("GET", path, token=reader, jq=f".events[] | {EVENT}").rows
    assert [row["trace_id"] for row in reversed(listed)] == traces, "not one event an attempt"
    assert len(arrived(gateway.upstream)) == len(endings), "an attempt was repeated"
    return f"{len(listed)} attempts, {len(listed)} events with status and trace id, none repeated"
