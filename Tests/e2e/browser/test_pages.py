"""Each page as it is with much in it and with nothing: axe-core finds no violation, light and dark,
wide and narrow; nothing scrolls sideways; nothing is unfinished."""

import pytest
from playwright.sync_api import expect

from harness.sms import fresh_number, report

from .inspection import ALL, inspect

VISITORS_PAGES = {"sign-in": "Sign in", "register": "Register", "reset": "Reset password"}
PAGES = {
    "overview": "Overview",
    "connections": "Connections",
    "alerts": "Alerts",
    "tokens": "Tokens",
    "traces": "Trace",
    "settings": "Settings",
}
ADMINS = ("overview", "tokens")


@pytest.fixture(scope="module")
def busy(farm):
    """The farm with tokens, messages, sessions and activity in addition."""
    admin = farm.admin
    for number in range(3):
        admin.mint("status:read", "call:openai:read", name=f"program {number}", expires_in_days=5)
    admin.patch("/api/auth/profile", {"phone_e164": fresh_number()})
    sent = admin.post("/api/alerts/sms/test")
    report(farm.server.url, sent["provider_message_id"], "delivered")
    admin.twin().login()
    admin.twin().login(password="not the password", expect=401)
    return farm


def settled(console) -> None:
    """Whatever was being loaded is there."""
    expect(console.page.locator("[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("path", VISITORS_PAGES)
def test_pages_of_visitors(consoles, busy, path):
    console = consoles(busy.server)
    console.open(path).heading(VISITORS_PAGES[path])
    assert console.page.title() == f"{VISITORS_PAGES[path]} · Countersign"
    inspect(console, path, ALL)


@pytest.mark.parametrize("path", PAGES)
def test_pages_with_much_in_them(consoles, busy, path):
    console = consoles(busy.server, busy.admin)
    console.open(path).heading(PAGES[path])
    assert console.page.title() == f"{PAGES[path]} · Countersign"
    current = console.page.locator("nav [aria-current=page]")
    expect(current).to_have_attribute("href", f"#/{path}")
    settled(console)
    inspect(console, path, ALL)


@pytest.mark.parametrize("path", [path for path in PAGES if path not in ADMINS])
def test_pages_of_a_new_member(inside, path):
    inside.open(path).heading(PAGES[path])
    settled(inside)
    inspect(inside, path)


def test_pages_while_they_load(inside):
    """Nothing arrives yet: the skeletons are as accessible as what will stand there."""
    held = []
    for own in ("**/api/{integrations,alerts}/**", "**/api/auth/{activity,sessions}"):
        inside.page.route(own, lambda route: held.append(route))
    for path in ("connections", "alerts", "settings"):
        inside.open(path).heading(PAGES[path])
        expect(inside.page.locator("main [aria-busy=true]")).not_to_have_count(0)
        inspect(inside, f"{path} while it loads")
    inside.watch.loses_the_server()
    for route in held:
        route.abort()
    inside.page.unroute_all()


def test_the_menu_of_a_narrow_screen(consoles, busy):
    narrow = {"width": 390, "height": 844}
    console = consoles(busy.server, busy.admin, viewport=narrow)
    console.open("settings").heading("Settings")
    console.press("Menu")
    console.see("Sign out")
    inspect(console, "menu", ALL)


def test_without_javascript(consoles, busy):
    console = consoles(busy.server, java_script_enabled=False)
    console.page.goto(busy.server.url)
    expect(console.page.locator("noscript")).to_contain_text(
        "The console needs JavaScript.", use_inner_text=True
    )
