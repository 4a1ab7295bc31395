"""Rows W1 and A7 in the browser: Settings, and what a page can see of the session."""

from browser import factor

from . import shell
from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof

PAGE = "console"
TURNED_OFF = "Your password alone opens this account."


@shows("W1", PAGE, "Settings")
def settings(proof: Proof, section: Section) -> str:
    """A new account turns the second factor on with the code that is in the photographed QR code,
    signs in with it, and turns it off; one provider is down all the while."""
    email = "grace@example.com"
    window = proof.window(proof.busy)
    window.watch.provokes(401)
    window.register(email, PASSWORD, "+14155550142")
    window.heading("Connections")
    window.go("Settings")
    window.press(factor.SET_UP)
    window.see("Scan this with your authenticator app")
    text = "Setting the second factor up, with the QR code and the key to type"
    shots = [
        window.photograph("two-factor-setup", text),
        window.photograph("two-factor-setup-dark", text, dark=True),
        window.photograph("two-factor-setup-390", text, narrow=True),
    ]
    read = [shell.run(["zbarimg", "--quiet", "--raw", str(one)], proof.scratch) for one in shots]
    addresses = {one.stdout.decode().strip() for one in read}
    assert len(addresses) == 1, "the three pictures do not have the same QR code"
    authenticator = factor.app_for(addresses.pop(), email)
    proof.secrets.learn("secret", authenticator.secret)

    window.fill(factor.SETUP_CODE, authenticator.wrong_code())
    window.press("Turn on")
    window.see("The code is wrong")
    window.fill(factor.SETUP_CODE, authenticator.code())
    window.press("Turn on")
    codes = factor.codes_on_screen(window)
    window.photograph("backup-codes", "The backup codes, after the right code was typed")
    factor.done_with_codes(window)
    window.see("10 of 10 backup codes left")
    window.page.reload()
    window.heading("Settings")
    window.see("10 of 10 backup codes left")
    assert not any(code in window.page.content() for code in codes), "they are shown again"

    window.sign_out()
    window.sign_in(email, PASSWORD)
    window.heading("Second step")
    window.photograph("second-step", "The second step of signing in")
    window.fill(factor.APP_CODE, authenticator.code())
    window.press("Continue")
    window.heading("Connections")

    window.go("Settings")
    banners = window.page.get_by_role("region", name="Service notices")
    window.see("Finnhub is down", banners)
    window.photograph("degraded", "Settings while a provider is down")
    window.press("Turn off")
    dialog = window.dialog
    window.photograph("two-factor-disable", "Turning the second factor off")
    window.fill(factor.APP_CODE, authenticator.code(), dialog)
    window.press("Turn off", dialog)
    window.see(TURNED_OFF)
    window.sign_out()
    window.sign_in(email, PASSWORD)
    window.heading("Connections")
    proof.keep(window, section)
    return (
        "zbarimg reads the same address from the three pictures, and its codes are the right ones; "
        "10 backup codes that are not there after a reload; the second step asked and passed; off "
        "again; the banner says that Finnhub is down"
    )


@shows("A7", PAGE, "the cookie in a browser")
def cookie_in_a_browser(proof: Proof, section: Section) -> str:
    """In Chromium, signed in: what a script of the page can read, and what the browser keeps."""
    window = proof.window(proof.busy)
    window.sign_in("admin@example.com", PASSWORD)
    window.heading("Overview")
    (kept,) = window.context.cookies()
    assert kept["name"] == "__Host-countersign" and kept["httpOnly"] and kept["secure"], kept
    read = window.page.evaluate("document.cookie")
    stored = window.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert read == "" and kept["value"] not in stored, "a script can read the session"
    window.close()
    return "the browser has one httpOnly cookie; `document.cookie` is empty and no storage has it"
