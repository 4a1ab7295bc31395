"""A person at the console: what they see, press and type."""

import json
import re

from playwright.sync_api import Browser, Locator, Page, expect

from harness import COOKIE_NAME, PASSWORD, Client, Server

from .watch import Watch

WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
# The console itself remembers, by user id, who should be signed in. Once in each tab: afterwards
# it is the console that changes it.
REMEMBER = """(id) => {
    if (location.protocol === "about:" || sessionStorage.getItem("is-remembered")) return;
    sessionStorage.setItem("is-remembered", "yes");
    localStorage.setItem("countersign.signed-in", id);
}"""


class Console:
    """A browser of its own. With `client` it is signed in with that one's session."""

    def __init__(self, chromium: Browser, server: Server, client: Client | None = None, **context):
        self.url = server.url
        options = {"viewport": WIDE, "locale": "en-GB", "reduced_motion": "reduce", **context}
        self.scheme = options.get("color_scheme", "light")
        self.context = chromium.new_context(**options)
        if client is not None:
            self.context.add_cookies([session_cookie(client)])
            self.context.add_init_script(f"({REMEMBER})({json.dumps(client.user['id'])})")
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.url)
        self.watch = Watch(self.context, self.url)
        self.page: Page = self.context.new_page()

    # Going

    def open(self, path: str = "") -> "Console":
        """A page of the console by its address, as if it were typed."""
        self.page.goto(f"{self.url}/#/{path}")
        return self

    def go(self, name: str) -> None:
        """By the navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        self.heading(name)

    def lands_on(self, path: str) -> None:
        self.page.wait_for_url(f"{self.url}/#/{path}")

    def register(self, email: str, password: str = PASSWORD, phone: str | None = None) -> None:
        self.open("register")
        self.fill("Email", email)
        self.fill("Password", password)
        if phone:
            self.fill("Phone number (optional)", phone)
        self.press("Register")

    def sign_in(self, email: str, password: str = PASSWORD, path: str = "sign-in") -> None:
        self.open(path)
        self.enter(email, password)

    def enter(self, email: str, password: str = PASSWORD) -> None:
        """Signs in where the page asks for it."""
        self.fill("Email", email)
        self.fill("Password", password)
        self.press("Sign in")

    def lead(self, client: Client) -> None:
        """The client goes on with the session that the browser has now: some changes renew it."""
        (client.cookie,) = [one["value"] for one in self.context.cookies()]

    def sign_out(self) -> None:
        self.press("Sign out")
        self.see("You are signed out")

    # Doing

    def press(self, name: str, within: Locator | None = None) -> None:
        self.button(name, within).click()

    def fill(self, label: str, value: str, within: Locator | None = None) -> None:
        self.field(label, within).fill(value)

    def look_again(self) -> None:
        """Comes back to the tab: what keeps itself up to date asks at once."""
        self.page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")

    def copied(self) -> str:
        """What is on the clipboard."""
        return self.page.evaluate("navigator.clipboard.readText()")

    # Seeing

    def button(self, name: str | re.Pattern, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def field(self, label: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_label(label, exact=True)

    def link(self, name: str | re.Pattern, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("link", name=name, exact=True)

    def card(self, heading: str | re.Pattern) -> Locator:
        """The section or article of the page with this heading."""
        return self.page.locator("section, article").filter(
            has=self.page.get_by_role("heading", level=2, name=heading, exact=True)
        )

    @property
    def dialog(self) -> Locator:
        """The topmost open one."""
        return self.page.locator("dialog[open]").last

    @property
    def alert(self) -> Locator:
        return self.page.get_by_role("alert")

    def no_dialog(self) -> None:
        expect(self.page.locator("dialog")).to_have_count(0)

    def see(self, text: str | re.Pattern, within: Locator | None = None) -> None:
        found = (within or self.page).get_by_text(text).filter(visible=True)
        expect(found.first).to_be_visible()

    def see_no(self, text: str | re.Pattern, within: Locator | None = None) -> None:
        expect((within or self.page).get_by_text(text)).to_have_count(0)

    def heading(self, name: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()

    def focused(self) -> str:
        """The accessible name of what has the focus, near enough."""
        return self.page.evaluate(
            """() => {
                const at = document.activeElement;
                const label = at.labels?.[0]?.textContent;
                return (at.getAttribute("aria-label") ?? label ?? at.textContent).trim();
            }"""
        )


def session_cookie(client: Client) -> dict:
    return {
        "name": COOKIE_NAME,
        "value": client.cookie,
        "domain": "127.0.0.1",
        "path": "/",
        "expires": -1,
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
    }


def described(field: Locator) -> str:
    """What a screen reader reads beside the label."""
    return field.evaluate(
        """(node) => (node.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)
            .map((id) => document.getElementById(id).textContent).join(" ")"""
    )
