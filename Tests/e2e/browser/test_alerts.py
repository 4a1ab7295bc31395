"""Alerts: what is missing and how to mend it, a test message followed to the phone, and what became
of the last ones."""

import re

import pytest
from playwright.sync_api import expect

from harness import CREDENTIALS
from harness.sms import GENEROUS, fresh_number, report, send, twilio_failure
from upstream import RESET, Raw

from .inspection import inspect

TWILIO = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM_NUMBER"]
STEPS = ["Twilio has it", "The carrier has it", "The phone has it"]
QUIET = {"COUNTERSIGN_PROBES_ENABLED": "false"}


@pytest.fixture
def gateway(start_gateway, messages):
    return start_gateway(env={**GENEROUS, **QUIET})


@pytest.fixture
def alerts(consoles, gateway):
    """The page as the administrator has it, who has a phone."""
    gateway.phone = fresh_number()
    gateway.admin.patch("/api/auth/profile", {"phone_e164": gateway.phone})
    console = consoles(gateway.server, gateway.admin)
    console.open("alerts").heading("Alerts")
    return console


def steps(console) -> list[str]:
    """Each step with what a screen reader hears of its state."""
    return console.page.locator(".progress-steps li").all_text_contents()


def send_test(console) -> dict:
    with console.page.expect_response("**/api/alerts/sms/test") as answered:
        console.press("Send test message")
    return answered.value.json()


def test_what_is_missing_is_named_with_its_fix(consoles, servers):
    server = servers.start()
    admin = server.admin()
    console = consoles(server, admin)
    console.open("alerts")
    card = console.card("Twilio")
    console.see("Not configured", card)
    status = admin.get("/api/alerts/status")
    assert status["missing_env_vars"] == TWILIO
    for name in TWILIO:
        console.press(f"Copy the name {name}", card)
        console.see(f"Copied the name {name}.", card)
        assert console.copied() == name
    assert " ".join(card.locator(".fix").inner_text().split()) == status["suggested_fix"]
    console.see("Nothing can be sent before Twilio is configured.")
    expect(console.button("Send test message")).to_have_count(0)
    console.see("No message yet")
    inspect(console, "Twilio is missing")


def test_one_wrong_variable_is_told_from_missing_ones(consoles, servers):
    malformed = {name: CREDENTIALS[name] for name in TWILIO} | {"TWILIO_FROM_NUMBER": "0815"}
    server = servers.start(env=malformed)
    console = consoles(server, server.admin())
    console.open("alerts")
    card = console.card("Twilio")
    console.see("Can’t be right", card)
    console.see(re.compile("TWILIO_FROM_NUMBER"), card)
    expect(console.button("Send test message")).to_have_count(0)


def test_a_message_is_followed_to_the_phone(alerts, gateway, messages):
    page = alerts.page
    alerts.see(gateway.phone)
    sent = send_test(alerts)
    (form,) = messages.to(gateway.phone)
    assert form["Body"]
    alerts.see("Queued: Twilio has it in its queue.")
    assert steps(alerts) == [
        f"{STEPS[0]}: done",
        f"{STEPS[1]}: waiting for it",
        f"{STEPS[2]}: not reached",
    ]
    inspect(alerts, "on its way")
    # Twilio reports, signed; the page tells by itself.
    page.evaluate("window.isTheSamePage = true")
    id = sent["provider_message_id"]
    assert report(gateway.server.url, id, "sent").status_code == 200
    alerts.see("Sent: The carrier has it.")
    assert report(gateway.server.url, id, "delivered").status_code == 200
    alerts.see("Delivered: The carrier says that the phone has it.")
    assert steps(alerts) == [f"{step}: done" for step in STEPS]
    assert page.evaluate("window.isTheSamePage")
    # The proof of use beside it, and the message in the list.
    card = alerts.card("Twilio")
    expect(card.locator("dl.counts dd").first).to_have_text("1")
    row = alerts.card("Last messages").get_by_role("row").nth(1)
    for text in ("Delivered", "Test", id):
        alerts.see(text, row)
    inspect(alerts, "delivered")
    alerts.link(f"Trace {sent['trace_id']}", row).click()
    alerts.heading("Trace")
    alerts.see("Test message")


def test_a_forged_report_changes_nothing(alerts, gateway):
    sent = send_test(alerts)
    alerts.see("Queued: Twilio has it in its queue.")
    id = sent["provider_message_id"]
    assert report(gateway.server.url, id, "delivered", token="not the token").status_code == 403
    with alerts.page.expect_response("**/api/alerts/status"):
        alerts.look_again()
    alerts.see("Queued: Twilio has it in its queue.")


def test_a_message_that_is_not_delivered(alerts, gateway):
    id = send_test(alerts)["provider_message_id"]
    report(gateway.server.url, id, "sent")
    report(gateway.server.url, id, "undelivered", ErrorCode="30003")
    alerts.see("Undelivered: The carrier could not deliver it.")
    row = alerts.card("Last messages").get_by_role("row").nth(1)
    link = alerts.link("30003", row)
    expect(link).to_have_attribute("href", "https://www.twilio.com/docs/errors/30003")
    inspect(alerts, "undelivered")


def test_a_number_that_is_refused(alerts, messages):
    alerts.watch.provokes(409, 422)
    field = alerts.field("Another number (optional)")
    field.fill("0415 555")
    alerts.press("Send test message")
    expect(field).to_have_attribute("aria-invalid", "true")
    # They have answered STOP.
    messages.next(twilio_failure(21610))
    field.fill(fresh_number())
    refusal = send_test(alerts)
    alerts.see(refusal["message"])
    alerts.see(refusal["suggested_fix"])
    row = alerts.card("Last messages").get_by_role("row").nth(1)
    for text in ("Failed", "opted_out"):
        alerts.see(text, row)
    inspect(alerts, "refused")


def test_what_may_have_been_sent_looks_like_neither(alerts, gateway, messages):
    alerts.watch.provokes(502)
    messages.next(Raw(RESET))
    assert send_test(alerts)["error_code"] == "ambiguous"
    alerts.see("It may or may not have been sent", alerts.alert)
    alerts.see("1 message ambiguous.", alerts.card("Last messages"))
    assert len(messages.to(gateway.phone)) == 1
    inspect(alerts, "ambiguous")


def test_the_limit_counts_down(consoles, start_gateway, messages):
    limits = {"COUNTERSIGN_RATE_LIMITS_SMS_TEST_QUOTA": "1"}
    gateway = start_gateway(env={**GENEROUS, **QUIET, **limits})
    gateway.admin.patch("/api/auth/profile", {"phone_e164": fresh_number()})
    console = consoles(gateway.server, gateway.admin)
    console.watch.provokes(429)
    console.open("alerts")
    send_test(console)
    console.see("Queued: Twilio has it in its queue.")
    send_test(console)
    console.see(re.compile(r"Try again in \d+ s\."), console.alert)
    expect(console.button(re.compile("^Wait "))).to_have_attribute("aria-disabled", "true")
    inspect(console, "limited")


def test_without_reports_it_says_what_cannot_be_known(consoles, start_gateway, messages):
    gateway = start_gateway(env={**GENEROUS, **QUIET, "COUNTERSIGN_PUBLIC_URL": ""})
    gateway.admin.patch("/api/auth/profile", {"phone_e164": fresh_number()})
    console = consoles(gateway.server, gateway.admin)
    console.open("alerts")
    console.see("COUNTERSIGN_PUBLIC_URL", console.card("Twilio"))
    send_test(console)
    console.see("This is all that will be known")
    inspect(console, "without reports")


def test_a_member_without_a_phone_is_led_to_settings(consoles, gateway):
    member = gateway.server.client()
    member.register()
    console = consoles(gateway.server, member)
    console.open("alerts")
    console.see("Your account has no phone number")
    console.link("Add your number in Settings").click()
    console.press("Add phone number")
    console.fill("Phone number", fresh_number())
    console.press("Save phone number")
    console.see("Phone number saved.")
    console.go("Alerts")
    # Others' numbers are for administrators.
    expect(console.field("Another number (optional)")).to_have_count(0)
    assert send_test(console)["status"] == "queued"


def test_alerts_of_programs_are_listed_too(alerts, gateway):
    sent = send(gateway.admin.with_token("alerts:send"), fresh_number())
    alerts.look_again()
    row = alerts.card("Last messages").get_by_role("row").nth(1)
    alerts.see(sent["provider_message_id"], row)
    alerts.see("Alert", row)
