"""Two-factor authentication in Settings: turned on by the picture on the screen, its backup codes
saved or lost with open eyes, and turned off."""

import pytest
from playwright.sync_api import expect

from harness import PASSWORD

from .factor import (
    APP_CODE,
    SAVE,
    SET_UP,
    SETUP_CODE,
    app_for,
    codes_on_screen,
    done_with_codes,
    enrol,
    scan,
    turn_on,
)
from .inspection import ALL, inspect

LEAVE = "Leave without saving the codes?"
OFF = "Your password alone opens this account."


@pytest.fixture
def settings(inside):
    inside.open("settings").heading("Settings")
    return inside


def test_it_is_turned_on_by_the_picture_on_the_screen(settings, member, tmp_path):
    settings.watch.provokes(401)
    settings.see(OFF)
    settings.press(SET_UP)
    authenticator = app_for(scan(settings, tmp_path), member.email)
    key = settings.dialog.locator("code").first.inner_text()
    assert key.replace(" ", "") == authenticator.secret
    settings.press("Copy key")
    settings.see("Copied")
    assert settings.copied() == authenticator.secret
    inspect(settings, "set up", ALL)

    settings.fill(SETUP_CODE, authenticator.wrong_code())
    settings.press("Turn on")
    settings.see("The code is wrong")
    expect(settings.field(SETUP_CODE)).to_be_focused()
    inspect(settings, "wrong code")
    # As the app shows it, with a gap in the middle.
    code = authenticator.code()
    settings.fill(SETUP_CODE, f"{code[:3]} {code[3:]}")
    settings.press("Turn on")
    codes_on_screen(settings)
    inspect(settings, "backup codes", ALL)
    done_with_codes(settings)
    settings.see("10 of 10 backup codes left")
    inspect(settings, "Settings with a second factor")
    settings.lead(member)
    assert member.get("/api/auth/session")["user"]["two_factor_enabled"] is True
    # The server has got the same secret as the app.
    assert member.verify(member.challenge(), code=authenticator.code())["user"]["id"]


def test_the_picture_can_be_read_in_the_dark_and_on_a_phone(
    consoles, shared_server, member, tmp_path
):
    narrow = {"width": 390, "height": 844}
    console = consoles(shared_server, member, color_scheme="dark", viewport=narrow)
    console.open("settings").press(SET_UP)
    app_for(scan(console, tmp_path), member.email)


def test_backup_codes_are_saved_in_three_ways(settings, member, tmp_path):
    page = settings.page
    _, codes = turn_on(settings, member.email, tmp_path)
    settings.press("Copy")
    settings.see("Copied")
    assert settings.copied().split() == codes
    with page.expect_download() as download:
        settings.press("Download")
    text = download.value.path().read_text()
    assert all(code in text for code in codes) and member.email in text
    assert download.value.suggested_filename == "countersign-backup-codes.txt"

    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    settings.press("Print")
    assert page.evaluate("window.printed") == 1
    # On paper: the codes and whose they are, and nothing of the page.
    page.emulate_media(media="print")
    expect(page.get_by_text("Countersign backup codes")).to_be_visible()
    settings.see(member.email, settings.dialog)
    for code in codes:
        expect(page.get_by_text(code, exact=True)).to_be_visible()
    for name in ("Done", "Print"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_hidden()


def test_leaving_unsaved_backup_codes_asks(inside, member, tmp_path):
    settings, page = inside, inside.page
    settings.open("alerts").heading("Alerts")
    settings.go("Settings")
    _, codes = turn_on(settings, member.email, tmp_path)
    ways = {
        "Escape": lambda: page.keyboard.press("Escape"),
        "Escape again": lambda: page.keyboard.press("Escape"),
        "Done": lambda: settings.press("Done"),
        "Close": lambda: settings.press("Close"),
        "back": lambda: page.evaluate("history.back()"),
        "an address": lambda: page.evaluate("location.hash = '#/alerts'"),
    }
    for way, leave in ways.items():
        leave()
        settings.see(LEAVE)
        if way == "Done":
            inspect(settings, "leaving asks")
        settings.press("Stay")
        expect(page.locator("dialog")).to_have_count(1)
        settings.lands_on("settings")
        assert codes_on_screen(settings) == codes, way
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    settings.see(SAVE)
    assert asked == ["beforeunload"]
    settings.press("Done")
    settings.press("Leave without saving")
    settings.no_dialog()
    settings.see("10 of 10 backup codes left")


def test_new_codes_end_the_old_ones(settings, member, tmp_path):
    authenticator, old = enrol(settings, member.email, tmp_path)
    settings.press("Make new backup codes")
    inspect(settings, "new codes")
    settings.fill(APP_CODE, authenticator.code(), settings.dialog)
    settings.press("Make new backup codes", settings.dialog)
    new = codes_on_screen(settings)
    assert not set(new) & set(old)
    done_with_codes(settings)
    expect(settings.button("Make new backup codes")).to_be_focused()
    temp_token = member.challenge()
    assert member.verify(temp_token, 401, backup_code=old[0])["error_code"] == "code_invalid"
    assert member.verify(temp_token, backup_code=new[0])["backup_codes_remaining"] == 9


def test_few_backup_codes_warn(settings, member, tmp_path):
    _, codes = enrol(settings, member.email, tmp_path)
    settings.see_no("Few backup codes left")
    other = member.twin()
    for code in codes[:7]:
        other.verify(other.challenge(), backup_code=code)
    settings.page.reload()
    settings.see("3 of 10 backup codes left")
    settings.see("Few backup codes left")
    inspect(settings, "few codes")


@pytest.mark.parametrize("way", ["a code", "a backup code"])
def test_it_is_turned_off(settings, member, tmp_path, way):
    authenticator, codes = enrol(settings, member.email, tmp_path)
    settings.press("Turn off")
    inspect(settings, "turn off")
    if way == "a code":
        settings.fill(APP_CODE, authenticator.code(), settings.dialog)
    else:
        settings.press("Use a backup code", settings.dialog)
        settings.fill("Backup code", codes[0], settings.dialog)
    settings.press("Turn off", settings.dialog)
    settings.see("Two-factor authentication is off.")
    settings.see(OFF)
    assert "user" in member.login(member.email, PASSWORD)


def test_a_picture_that_has_expired_is_replaced(consoles, servers, tmp_path):
    server = servers.start(env={"COUNTERSIGN_AUTH_SETUP_SECONDS": "3"})
    admin = server.admin()
    console = consoles(server, admin)
    console.open("settings").press(SET_UP)
    console.see("This QR code has expired")
    expect(console.page.locator("svg.qr")).to_have_count(0)
    inspect(console, "expired set-up")
    console.press("Start again")
    authenticator = app_for(scan(console, tmp_path), admin.email)
    console.fill(SETUP_CODE, authenticator.code())
    console.press("Turn on")
    codes_on_screen(console)
    done_with_codes(console)
