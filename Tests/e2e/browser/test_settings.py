"""Settings: phone, password, sessions, and what has happened to the account."""

import re

import pytest
from playwright.sync_api import expect

from harness import PASSWORD

from .console import described
from .inspection import inspect

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) <img src=x> Safari/605"
NEW_PASSWORD = "a quite different secret"


@pytest.fixture
def settings(inside):
    inside.open("settings").heading("Settings")
    return inside


@pytest.fixture
def phone(consoles, shared_server, member):
    """The same person on another device, signed in there."""
    console = consoles(shared_server, user_agent=IPHONE)
    console.sign_in(member.email)
    console.lands_on("connections")
    return console


def test_the_phone_number(settings, member):
    settings.watch.provokes(422)
    page = settings.page
    settings.press("Add phone number")
    field = settings.field("Phone number")
    expect(field).to_be_focused()
    field.fill("415")
    settings.press("Save phone number")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert "not a phone number" in described(field)
    inspect(settings, "phone refused")
    field.fill("+14155550123")
    settings.press("Save phone number")
    settings.see("Phone number saved.")
    expect(settings.button("Change phone number")).to_be_focused()
    assert member.get("/api/auth/session")["user"]["phone_e164"] == "+14155550123"
    settings.press("Change phone number")
    field.fill("+14155550199")
    settings.press("Cancel")
    settings.see("+14155550123", settings.card("Profile"))
    settings.press("Remove phone number")
    inspect(settings, "removing asks")
    settings.press("Cancel", settings.dialog)
    settings.press("Remove phone number")
    settings.press("Remove phone number", settings.dialog)
    settings.see("Phone number removed.")
    expect(page.locator("#edit-phone")).to_be_focused()
    assert member.get("/api/auth/session")["user"]["phone_e164"] is None


def test_the_password(settings, phone, member, shared_server):
    settings.watch.provokes(401, 422)
    phone.watch.provokes(401)
    settings.press("Change password")
    expect(settings.field("Current password")).to_be_focused()
    settings.fill("Current password", "not the password")
    settings.fill("New password", NEW_PASSWORD)
    settings.press("Set new password")
    expect(settings.field("Current password")).to_have_attribute("aria-invalid", "true")
    assert "not the current password" in described(settings.field("Current password"))
    inspect(settings, "password refused")
    settings.fill("Current password", PASSWORD)
    settings.fill("New password", "password")
    settings.press("Set new password")
    expect(settings.field("New password")).to_have_attribute("aria-invalid", "true")
    settings.press("Show password", settings.page.locator(".field", has_text="New password"))
    settings.fill("New password", NEW_PASSWORD)
    settings.press("Set new password")
    settings.see("Password changed. All other sessions have ended.")
    # Still signed in here, and nowhere else.
    settings.page.reload()
    settings.heading("Settings")
    phone.open("settings").heading("Sign in")
    fresh = shared_server.client()
    fresh.login(member.email, PASSWORD, expect=401)
    fresh.login(member.email, NEW_PASSWORD)


def test_one_session_is_ended(settings, phone):
    phone.watch.provokes(401)
    settings.page.reload()
    sessions = settings.card("Sessions")
    settings.see("This session", sessions)
    settings.see("Safari on iPhone", sessions)
    inspect(settings, "sessions")
    settings.press(re.compile("^End the session on Safari on iPhone"))
    inspect(settings, "ending asks")
    settings.press("End session")
    settings.see("Session ended.")
    settings.see_no("Safari on iPhone", sessions)
    phone.open("settings").heading("Sign in")


def test_all_others_are_ended(settings, phone, member):
    phone.watch.provokes(401)
    member.twin().login()
    settings.page.reload()
    settings.press("End all others")
    settings.see("End all other sessions?")
    inspect(settings, "ending all others asks")
    settings.press("End all others", settings.dialog)
    settings.see("2 sessions ended.")
    expect(settings.button("End all others")).to_be_hidden()
    phone.open("settings").heading("Sign in")
    assert member.signed_in()


def test_activity_tells_what_happened_and_leads_to_the_trace(settings, member):
    activity = settings.card("Recent activity")
    settings.see("Registered", activity)
    member.twin().login(password="not the password", expect=401)
    settings.page.reload()
    refused = activity.get_by_role("listitem").filter(has_text="Sign-in refused")
    expect(refused).to_have_count(1)
    (event,) = [
        one
        for one in member.get("/api/auth/activity")["events"]
        if one["kind"] == "sign_in_refused"
    ]
    settings.press("Copy trace id", refused)
    settings.see("Copied trace id.")
    assert settings.copied() == event["trace_id"]
    settings.link(f"Trace {event['trace_id']}", refused).click()
    settings.heading("Trace")
    settings.lands_on(f"traces/{event['trace_id']}")
    settings.see("Answered 401")


def test_a_long_list_is_opened_on_demand(settings, member):
    for _ in range(9):
        member.twin().login()
    settings.page.reload()
    sessions = settings.card("Sessions")
    expect(sessions.get_by_role("listitem")).to_have_count(8)
    settings.press("Show all 10", sessions)
    expect(sessions.get_by_role("listitem")).to_have_count(10)
    inspect(settings, "all sessions")
