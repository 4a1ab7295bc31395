"""Sensitive changes ask again who it is, right where they are made, when the last proof is old."""

import time

import pytest
from playwright.sync_api import expect

from harness import PASSWORD, Authenticator, Client

from .factor import APP_CODE, SET_UP, app_for, scan
from .inspection import inspect

STEP_UP_SECONDS = 3
ASKED = "Confirm that it’s you"
NEW_CODES = "Make new backup codes"
WAIT_SECONDS_MAX = 15


@pytest.fixture
def server(servers):
    return servers.start(env={"COUNTERSIGN_AUTH_STEP_UP_SECONDS": str(STEP_UP_SECONDS)})


@pytest.fixture
def person(server) -> Client:
    return server.admin()


@pytest.fixture
def factor(person) -> tuple[Authenticator, list[str]]:
    """The second factor of `person`."""
    return person.enroll()


@pytest.fixture
def settings(consoles, server, person):
    """Settings, with the session of `person`."""
    console = consoles(server, person)
    console.watch.provokes(403)
    console.open("settings").heading("Settings")
    return console


def wait_until_old(person: Client) -> None:
    """Until the last proof of this session is too old. The question changes nothing."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    question = "/api/auth/sessions/ses_of_nobody"
    while person.request("DELETE", question).status_code != 403:
        assert time.monotonic() < deadline, "the proof does not grow old"
        time.sleep(0.05)


def test_the_password_is_asked_for_inline(settings, person, tmp_path):
    page = settings.page
    wait_until_old(person)
    settings.watch.provokes(401)
    settings.press(SET_UP)
    settings.see(ASKED)
    expect(settings.field("Password", settings.dialog)).to_be_focused()
    expect(settings.field(APP_CODE)).to_be_hidden()
    inspect(settings, "step-up")
    # Closing it changes nothing and says nothing.
    page.keyboard.press("Escape")
    settings.no_dialog()
    expect(settings.alert).to_have_count(0)
    expect(settings.button(SET_UP)).to_be_focused()

    settings.press(SET_UP)
    settings.fill("Password", "not the password", settings.dialog)
    settings.press("Confirm")
    settings.see("do not belong together")
    settings.fill("Password", PASSWORD, settings.dialog)
    page.keyboard.press("Enter")
    # The call is made again by itself.
    app_for(scan(settings, tmp_path), person.email)


def test_with_a_second_factor_a_code_is_asked_for_too(factor, settings, person):
    authenticator, codes = factor
    wait_until_old(person)
    settings.press("Turn off")
    settings.press("Use a backup code", settings.dialog)
    settings.fill("Backup code", codes[0], settings.dialog)
    settings.press("Turn off", settings.dialog)
    settings.see(ASKED)
    inspect(settings, "step-up with a code")
    settings.fill("Password", PASSWORD, settings.dialog)
    settings.fill(APP_CODE, authenticator.code(), settings.dialog)
    settings.press("Confirm")
    settings.see("Two-factor authentication is off.")
    settings.no_dialog()


def test_a_code_confirms_only_once(factor, settings, person):
    authenticator, _ = factor
    wait_until_old(person)
    settings.press(NEW_CODES)
    code = authenticator.code()
    settings.fill(APP_CODE, code, settings.dialog)
    settings.press(NEW_CODES, settings.dialog)
    settings.see(ASKED)
    settings.fill("Password", PASSWORD, settings.dialog)
    settings.fill(APP_CODE, code, settings.dialog)
    settings.press("Confirm")
    # Said at once, and not by an attempt that would count as a wrong code.
    settings.see("works only once")
    inspect(settings, "code used")
    settings.lead(person)
    activity = person.get("/api/auth/activity")["events"]
    assert "code_refused" not in {event["kind"] for event in activity}
    settings.page.keyboard.press("Escape")
    settings.no_dialog()


def test_a_phone_number_needs_it_too(settings, person):
    wait_until_old(person)
    settings.press("Add phone number")
    settings.fill("Phone number", "+14155550123")
    settings.press("Save phone number")
    settings.see(ASKED)
    settings.fill("Password", PASSWORD, settings.dialog)
    settings.press("Confirm")
    settings.see("Phone number saved.")
    settings.lead(person)
    assert person.get("/api/auth/session")["user"]["phone_e164"] == "+14155550123"
