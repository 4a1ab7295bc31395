"""Signing in with the second factor: a code, a backup code, and what ends the attempt."""

import re
import time
from datetime import datetime

import pytest
from playwright.sync_api import expect

from harness import Authenticator, Client

from .factor import APP_CODE
from .inspection import inspect

VERIFY = "**/api/auth/2fa/verify"


class Enrolled:
    """An account with the second factor on."""

    def __init__(self, client: Client):
        self.email = client.email
        self.authenticator: Authenticator
        self.authenticator, self.codes = client.enroll()


@pytest.fixture
def account(member) -> Enrolled:
    return Enrolled(member)


@pytest.fixture
def second_step(console, account):
    """A console that has given the password."""
    console.sign_in(account.email)
    console.heading("Second step")
    return console


def test_a_code_opens_the_door(second_step, account):
    console = second_step
    console.watch.provokes(401, 422)
    expect(console.field(APP_CODE)).to_be_focused()
    left = console.page.get_by_role("timer").inner_text()
    assert re.fullmatch(r"[45]:[0-5]\d", left), left
    inspect(console, "second step")
    console.fill(APP_CODE, account.authenticator.wrong_code())
    console.press("Continue")
    console.see("The code is wrong")
    expect(console.field(APP_CODE)).to_be_focused()
    expect(console.field(APP_CODE)).to_have_value("")
    inspect(console, "wrong code")
    console.fill(APP_CODE, "12")
    console.press("Continue")
    expect(console.field(APP_CODE)).to_have_attribute("aria-invalid", "true")
    console.fill(APP_CODE, account.authenticator.code())
    console.page.keyboard.press("Enter")
    console.lands_on("connections")


def test_a_backup_code_opens_it_once(second_step, account):
    console, code = second_step, account.codes[3]
    console.watch.provokes(401)
    console.press("Use a backup code")
    expect(console.field("Backup code")).to_be_focused()
    inspect(console, "backup code")
    # Typed carelessly.
    console.fill("Backup code", f" {code.lower().replace('-', ' ')} ")
    console.press("Continue")
    console.lands_on("connections")
    console.see("Signed in with a backup code. 9 are left.")
    console.sign_out()
    console.sign_in(account.email)
    console.press("Use a backup code")
    console.fill("Backup code", code)
    console.press("Continue")
    console.see("The code is wrong")
    console.press("Use a code from the app")
    console.fill(APP_CODE, account.authenticator.code())
    console.press("Continue")
    console.lands_on("connections")
    console.go("Settings")
    console.see("9 of 10 backup codes left")
    console.see("Backup code used", console.card("Recent activity"))


def test_five_wrong_codes_end_the_attempt(second_step, account):
    console, wrong = second_step, account.authenticator.wrong_code()
    console.watch.provokes(401)
    for attempt in range(1, 7):
        console.fill(APP_CODE, wrong)
        with console.page.expect_response(VERIFY) as answered:
            console.press("Continue")
        if answered.value.json()["error_code"] == "temp_token_exhausted":
            break
        expect(console.field(APP_CODE)).to_have_value("")
    assert attempt in (5, 6)
    console.see("Too many wrong codes")
    console.heading("Sign in")
    inspect(console, "too many wrong codes")


def test_the_step_expires_and_the_way_is_kept(consoles, servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_TEMP_TOKEN_SECONDS": "4"})
    account = Enrolled(server.admin())
    console = consoles(server)
    console.sign_in(account.email, path="sign-in?next=settings")
    console.heading("Second step")
    timer = console.page.get_by_role("timer")
    for left in ("0:03", "0:02"):
        expect(timer).to_have_text(left)
    console.see("The second step has expired")
    console.heading("Sign in")
    inspect(console, "expired step")
    console.enter(account.email)
    console.fill(APP_CODE, account.authenticator.code())
    console.press("Continue")
    console.heading("Settings")


def test_the_server_may_call_it_expired_first(consoles, servers):
    """On a computer whose clock stands still: the server's word counts."""
    seconds = 1
    server = servers.start(env={"COUNTERSIGN_AUTH_TEMP_TOKEN_SECONDS": str(seconds)})
    account = Enrolled(server.admin())
    console = consoles(server)
    console.watch.provokes(401)
    console.page.clock.set_fixed_time(datetime.now())
    console.sign_in(account.email)
    console.heading("Second step")
    # Nothing happens that could be awaited: time has to pass.
    time.sleep(seconds)
    console.fill(APP_CODE, account.authenticator.code())
    with console.page.expect_response(VERIFY) as answered:
        console.press("Continue")
    assert answered.value.json()["error_code"] == "temp_token_invalid"
    console.see("The second step has expired")


def test_a_reload_starts_again(second_step):
    second_step.page.reload()
    second_step.see("Start again with your password")
    second_step.heading("Sign in")


def test_it_can_be_left(second_step, admin):
    second_step.press("Sign in as somebody else")
    second_step.heading("Sign in")
    second_step.enter(admin.email)
    second_step.heading("Overview")
