"""Row P2: the brief's own proof by curl, as one story on one server."""

from harness import Authenticator

from .ledger import shows
from .messages import SEND, TEST, arrived
from .pages import Section
from .world import PASSWORD, Proof

EMAIL = "ada@example.com"
PHONE = "+14155550123"
TWILIO = '.integrations[] | select(.id=="twilio")'
STATUS = "/api/integrations/status"
EVENTS = "/api/integrations/twilio/events?limit=5"


@shows("P2", "curl", "from the first account to the proof of use")
def story(proof: Proof, section: Section) -> str:
    """One account registers, signs in, turns the second factor on, signs in with it, sends a test
    message and finds it in the events and in the status."""
    server, upstream = proof.with_providers()
    caller = proof.caller(section, server)

    section.say("**1. Register and sign in without a second factor.**")
    registered = caller.register(EMAIL, PASSWORD, phone_e164=PHONE)
    assert registered.session and registered.json["user"]["two_factor_enabled"] is False
    assert caller.login(EMAIL, PASSWORD).session

    section.say("**2. Turn the second factor on.** The code comes from `oathtool --totp -b`.")
    setup = caller("POST", "/api/auth/2fa/setup").json
    authenticator = Authenticator(setup["secret"])
    confirmed = caller("POST", "/api/auth/2fa/confirm", {"code": authenticator.code()}).json
    assert confirmed["user"]["two_factor_enabled"] is True
    assert len(confirmed["backup_codes"]) == 10

    section.say("**3. Sign in: the password alone is no longer enough.**")
    challenge = caller.login(EMAIL, PASSWORD)
    assert challenge.json["requires_2fa"] is True and not challenge.session
    body = {"temp_token": challenge.json["temp_token"], "code": authenticator.code()}
    verified = caller("POST", "/api/auth/2fa/verify", body, session="")
    assert verified.session and verified.json["user"]["email"] == EMAIL

    section.say("**4. The status before anything was sent.**")
    before = caller("GET", STATUS, jq=TWILIO).rows[0]
    assert before["proof_of_use_count_24h"] == 0 and before["connected"] is False
    assert before["error_code"] == "unproven" and before["last_used_at"] is None

    section.say("**5. Send a test message, and one as an internal caller.**")
    test = caller("POST", TEST)
    assert test.json["status"] == "queued"
    mint = {"name": "ops", "scopes": ["alerts:send"]}
    token = caller("POST", "/api/tokens", mint, expect=201).json["token"]
    alert = {"to": PHONE, "body": "Disk nearly full: 97 %"}
    internal = caller("POST", SEND, alert, token=token)
    assert internal.json["status"] == "queued"
    assert [one.form["To"] for one in arrived(upstream)] == [PHONE, PHONE]

    section.say("**6. The usage events that they have left.**")
    events = caller("GET", EVENTS, jq=".events[]").rows
    traces = [event["trace_id"] for event in events]
    assert traces == [internal.trace_id, test.trace_id], traces
    assert all(event["status"] == "ok" for event in events)

    section.say("**7. The status afterwards.**")
    after = caller("GET", STATUS, jq=TWILIO).rows[0]
    assert after["proof_of_use_count_24h"] == len(events) > 0 and after["connected"] is True
    assert after["last_used_at"] == events[0]["at"]

    section.say("**8. Turn the second factor off again.**")
    code = {"code": authenticator.code()}
    disabled = caller("POST", "/api/auth/2fa/disable", code).json
    assert disabled["user"]["two_factor_enabled"] is False
    assert caller.login(EMAIL, PASSWORD, quiet=True).session
    return (
        "a session without the second factor; `requires_2fa` with it, and a session after verify; "
        f"{len(events)} messages, {len(events)} usage events with their trace ids; "
        f"proof_of_use_count_24h from 0 to {after['proof_of_use_count_24h']}"
    )
