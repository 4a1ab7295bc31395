"""By keyboard alone: the focus is where one expects it, is seen, and comes back."""

import pytest
from playwright.sync_api import expect

from harness import PASSWORD

from .console import NARROW, Console
from .factor import APP_CODE, SAVE, SETUP_CODE, app_for, codes_on_screen, scan

TABS_MAX = 60


def has_ring(console: Console) -> bool:
    """Whether what has the focus is seen to have it: itself, or what stands for it."""
    return console.page.evaluate(
        """() => {
            const node = document.activeElement;
            return [node, node.closest("label"), node.nextElementSibling].filter(Boolean)
                .filter((one) => one.getBoundingClientRect().width >= 8)
                .some((one) => getComputedStyle(one).outlineStyle !== "none");
        }"""
    )


def tab_to(console: Console, name: str, key: str = "Tab") -> None:
    """Goes on until what has this accessible name has the focus, which then is to be seen."""
    for _ in range(TABS_MAX):
        console.page.keyboard.press(key)
        if console.focused() == name:
            break
    assert console.focused() == name, f"{key} does not lead to {name!r}"
    assert has_ring(console), f"{name!r} has no focus ring"


def at_heading(console: Console, name: str) -> None:
    """A new page is begun at its heading."""
    console.heading(name)
    expect(console.page.get_by_role("heading", level=1)).to_be_focused()


def test_signing_in_with_a_second_factor(console, member):
    authenticator, _ = member.enroll()
    keys = console.page.keyboard
    console.open().heading("Sign in")
    assert console.focused() == "Email"
    keys.type(member.email)
    tab_to(console, "Password")
    keys.type(PASSWORD)
    keys.press("Enter")
    console.heading("Second step")
    assert console.focused() == APP_CODE
    keys.type(authenticator.code())
    keys.press("Enter")
    at_heading(console, "Connections")
    console.page.reload()
    console.heading("Connections")
    console.page.evaluate("document.activeElement.blur()")
    tab_to(console, "Skip to content")
    keys.press("Enter")
    expect(console.page.get_by_role("main")).to_be_focused()
    tab_to(console, "Sign out", "Shift+Tab")
    keys.press("Enter")
    at_heading(console, "Sign in")


def test_the_pop_out(consoles, farm):
    console = consoles(farm.server, farm.admin)
    keys = console.page.keyboard
    console.open("connections")
    at_heading(console, "Connections")
    tab_to(console, "Events of OpenAI")
    keys.press("Enter")
    console.see("Events of OpenAI", console.dialog)
    rows = console.dialog.locator("table.events > tbody > tr")
    expect(rows).to_have_count(50)
    # The filter first; arrows choose, as in all radio groups.
    assert console.focused().startswith("All ")
    keys.press("ArrowRight")
    assert console.focused().startswith("All failures") and has_ring(console)
    expect(rows).to_have_count(3)
    keys.press("ArrowLeft")
    expect(rows).to_have_count(50)
    tab_to(console, "Copy trace id")
    keys.press("Enter")
    console.see("Copied trace id.", console.dialog)
    assert len(console.copied()) == 32
    # The focus never leaves the dialog for what lies behind it.
    tab_to(console, "Load older", "Shift+Tab")
    for _ in range(4):
        keys.press("Tab")
        assert console.page.evaluate(
            "document.activeElement === document.body"
            " || document.querySelector('dialog').contains(document.activeElement)"
        )
    keys.press("Escape")
    console.no_dialog()
    expect(console.button("Events of OpenAI")).to_be_focused()
    console.lands_on("connections")


def test_turning_the_second_factor_on(inside, member, tmp_path):
    keys = inside.page.keyboard
    inside.open("settings")
    at_heading(inside, "Settings")
    tab_to(inside, "Set up two-factor authentication")
    keys.press("Enter")
    authenticator = app_for(scan(inside, tmp_path), member.email)
    assert inside.focused() == SETUP_CODE
    keys.type(authenticator.code())
    keys.press("Enter")
    codes_on_screen(inside)
    assert inside.focused() == SAVE
    keys.press("Escape")
    inside.see("Leave without saving the codes?")
    assert inside.focused() == "Stay"
    keys.press("Escape")
    expect(inside.page.locator("dialog")).to_have_count(1)
    tab_to(inside, "I have saved them")
    keys.press("Space")
    tab_to(inside, "Done")
    keys.press("Enter")
    inside.no_dialog()
    assert inside.focused() == "Make new backup codes"


@pytest.mark.parametrize("way", ["Escape", "a link"])
def test_the_menu_of_a_narrow_screen(consoles, shared_server, member, way):
    console = consoles(shared_server, member, viewport=NARROW)
    console.open("connections").heading("Connections")
    settings = console.link("Settings")
    expect(settings).to_be_hidden()
    tab_to(console, "Menu", "Shift+Tab")
    console.page.keyboard.press("Enter")
    expect(console.button("Close")).to_have_attribute("aria-expanded", "true")
    expect(settings).to_be_visible()
    if way == "Escape":
        console.page.keyboard.press("Escape")
        expect(settings).to_be_hidden()
        assert console.focused() == "Menu"
    else:
        tab_to(console, "Settings")
        console.page.keyboard.press("Enter")
        at_heading(console, "Settings")
        expect(settings).to_be_hidden()
