"""Visitors: registering, signing in and out, and what stands at a field or in a panel when it is
refused."""

import re

import pytest
from playwright.sync_api import expect

from harness import COOKIE_NAME, PASSWORD, fresh_email

from .console import described
from .inspection import inspect

HOME = "connections"
ADMINS_PAGES = ("Overview", "Tokens")


def test_a_visitor_registers_and_is_inside(console, shared_server):
    email = fresh_email()
    console.open().heading("Sign in")
    console.link("Register").click()
    console.heading("Register")
    inspect(console, "Register")
    console.fill("Email", email)
    console.fill("Password", PASSWORD)
    console.fill("Phone number (optional)", "+14155550123")
    console.press("Register")
    console.lands_on(HOME)
    console.see(email)
    for name in ADMINS_PAGES:
        expect(console.link(name)).to_have_count(0)
    console.go("Settings")
    console.see("+14155550123", console.card("Profile"))
    assert shared_server.client().login(email, PASSWORD)["user"]["phone_e164"] == "+14155550123"


def test_the_first_one_is_the_administrator(consoles, servers):
    console = consoles(servers.start())
    console.register(fresh_email())
    console.heading("Overview")
    console.see("Administrator")
    for name in ADMINS_PAGES:
        console.go(name)


def test_signing_in_and_out(console, shared_server):
    client = shared_server.client()
    client.register()
    console.sign_in(client.email)
    console.lands_on(HOME)
    (cookie,) = console.context.cookies()
    assert cookie["name"] == COOKIE_NAME and cookie["httpOnly"] and cookie["secure"]
    console.page.reload()
    console.heading("Connections")
    console.go("Settings")
    console.go("Alerts")
    console.sign_out()
    console.heading("Sign in")
    inspect(console, "signed out")
    assert console.context.cookies() == []
    # Neither going back nor the address shows anything to whoever comes next.
    console.page.go_back()
    console.lands_on("sign-in?next=settings")
    console.heading("Sign in")
    console.open("settings").heading("Sign in")


def test_the_next_one_sees_nothing_of_the_one_before(inside, member, shared_server):
    member.twin().login(password="not the password", expect=401)
    inside.open("settings")
    inside.see("Sign-in refused", inside.card("Recent activity"))
    inside.sign_out()
    following = shared_server.client()
    following.register()
    inside.enter(following.email)
    inside.lands_on(HOME)
    inside.go("Settings")
    activity = inside.card("Recent activity")
    inside.see("Registered", activity)
    inside.see_no("Sign-in refused", activity)
    inside.see_no(member.email)
    expect(inside.card("Sessions").get_by_role("listitem")).to_have_count(2)


def test_a_wrong_password_is_told_with_its_trace(console, member):
    console.watch.provokes(401)
    console.open("sign-in")
    with console.page.expect_response("**/api/auth/login") as answered:
        console.enter(member.email, "not the password")
    refusal = answered.value.json()
    console.see(refusal["message"], console.alert)
    console.see(refusal["suggested_fix"], console.alert)
    console.press("Copy trace id", console.alert)
    console.see("Copied trace id.")
    assert console.copied() == refusal["trace_id"] == answered.value.headers["x-trace-id"]
    inspect(console, "wrong password")
    console.enter(member.email)
    console.lands_on(HOME)


def test_what_is_wrong_stands_at_its_field(console):
    console.watch.provokes(409, 422)
    email, password = console.open("register").field("Email"), console.field("Password")
    console.press("Register")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    assert "Fill in this field." in described(email)
    console.fill("Email", "no address")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    console.fill("Password", PASSWORD)
    refused(console, email, "email")
    console.fill("Email", fresh_email())
    console.fill("Password", "short")
    refused(console, password, "password")
    assert "At least 8 characters" in described(password)
    inspect(console, "422 at a field")
    console.fill("Password", PASSWORD)
    console.fill("Phone number (optional)", "415")
    refused(console, console.field("Phone number (optional)"), "phone_e164")
    console.fill("Phone number (optional)", "")
    console.fill("Email", "admin@example.com")
    refused(console, email, "email", status=409)


def refused(console, field, name: str, status: int = 422) -> None:
    """The server's words are read out with the field that it names, which has the focus."""
    with console.page.expect_response("**/api/auth/register") as answered:
        console.press("Register")
    body = answered.value.json()
    assert (answered.value.status, body["field"]) == (status, name)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert body["message"] in described(field) and body["suggested_fix"] in described(field)


def test_too_many_attempts_count_down(consoles, servers):
    limits = {"BURST": "2", "QUOTA": "20"}
    server = servers.start(
        limits=True,
        env={f"COUNTERSIGN_RATE_LIMITS_SIGN_IN_{key}": value for key, value in limits.items()},
    )
    email = server.admin().email
    console = consoles(server)
    console.watch.provokes(401, 429)
    console.open("sign-in")
    for status in (401, 401, 429):
        with console.page.expect_response("**/api/auth/login") as answered:
            console.enter(email, "not the password")
        assert answered.value.status == status
    wait = answered.value.json()["retry_after_seconds"]
    assert 1 <= wait <= 3
    console.see("Too many requests", console.alert)
    held = console.button(re.compile("^Wait "))
    expect(held).to_have_attribute("aria-disabled", "true")
    sent = len(console.watch.requests)
    held.click(force=True)
    assert len(console.watch.requests) == sent
    inspect(console, "429")
    console.see("You can try again now.", console.alert)
    console.enter(email)
    console.heading("Overview")


def test_registration_may_be_closed(consoles, servers):
    server = servers.start(env={"COUNTERSIGN_REGISTRATION": "open"})
    server.admin()
    server.stop()
    server.env["COUNTERSIGN_REGISTRATION"] = "closed"
    console = consoles(server.start())
    console.watch.provokes(403)
    console.register(fresh_email())
    console.see("Registration is closed", console.alert)
    inspect(console, "registration closed")


def test_an_address_is_kept_through_sign_in(console, member):
    console.open("connections?open=openai").heading("Sign in")
    assert console.page.url.endswith("#/sign-in?next=connections%3Fopen%3Dopenai")
    console.enter(member.email)
    console.lands_on("connections?open=openai")
    console.see("Events of OpenAI", console.dialog)


@pytest.mark.parametrize("elsewhere", ["https%3A%2F%2Fevil.example%2F", "%2F%2Fevil.example", "x"])
def test_an_address_never_leads_elsewhere(console, member, elsewhere):
    console.sign_in(member.email, path=f"sign-in?next={elsewhere}")
    console.lands_on(HOME)


def test_pages_of_administrators_are_not_there_for_others(inside):
    for path in ("overview", "tokens", "nonsense", "settings/more"):
        inside.open(path).heading("There is no such page")
    inspect(inside, "no such page")
    inside.link("Go to the start").click()
    inside.lands_on(HOME)


def test_a_forgotten_password_is_reset(console, member, admin):
    console.watch.provokes(401)
    path = f"/api/admin/users/{member.user['id']}/reset-password"
    token = admin.post(path)["reset_token"]
    console.open().link("I have a reset token").click()
    console.heading("Reset password")
    console.fill("Reset token", "cs_r_nonsense")
    console.fill("New password", "another long secret")
    console.press("Set new password")
    console.see("reset_token is unknown")
    inspect(console, "reset refused")
    console.open(f"reset?token={token}")
    expect(console.field("Reset token")).to_have_value(token)
    # A secret does not stay in the address.
    console.lands_on("reset")
    console.fill("New password", "another long secret")
    console.press("Set new password")
    console.see("Your new password is set")
    inspect(console, "reset done")
    console.enter(member.email, PASSWORD)
    console.see("do not belong together", console.alert)
    console.enter(member.email, "another long secret")
    console.lands_on(HOME)
    assert not member.signed_in()
