"""What a person loses and gets back: the session, the server, the network; and several tabs."""

import re

import pytest
from playwright.sync_api import expect

from harness import PASSWORD

from .factor import codes_on_screen, done_with_codes, turn_on
from .inspection import inspect

EXPIRED = "Your session has ended"
UNREACHED = "The server can’t be reached. Trying again by itself."


@pytest.fixture
def other(consoles, shared_server, member):
    """The same person at another computer."""
    console = consoles(shared_server)
    console.sign_in(member.email)
    console.lands_on("connections")
    return console


def end_others(console) -> None:
    console.go("Settings")
    console.press("End all others")
    console.press("End all others", console.dialog)
    console.see("One session ended.")


# The session


def test_a_session_that_has_run_out_comes_back_to_its_page(consoles, servers):
    server = servers.start(env={"COUNTERSIGN_AUTH_SESSION_ABSOLUTE_SECONDS": "4"})
    server.admin()
    member = server.client()
    member.register()
    console = consoles(server, member)
    console.watch.provokes(401)
    console.open("connections?open=openai")
    console.see("Events of OpenAI", console.dialog)
    # Nobody presses anything: the page notices by itself.
    console.see(EXPIRED)
    console.heading("Sign in")
    console.no_dialog()
    inspect(console, "session ended")
    console.enter(member.email)
    console.see("Events of OpenAI", console.dialog)


def test_a_form_that_meets_the_end_of_the_session(inside, other, member):
    inside.watch.provokes(401)
    inside.open("settings").press("Add phone number")
    end_others(other)
    inside.fill("Phone number", "+14155550123")
    inside.press("Save phone number")
    inside.see(EXPIRED)
    inside.enter(member.email)
    inside.heading("Settings")
    inside.see("None", inside.card("Profile"))


def test_unsaved_backup_codes_outlive_their_session(inside, other, member, tmp_path):
    inside.watch.provokes(401)
    inside.open("settings")
    _, codes = turn_on(inside, member.email, tmp_path)
    end_others(other)
    with inside.page.expect_response("**/api/auth/sessions") as asked:
        inside.page.evaluate(
            "import('/js/api.js').then((api) => api.get('/api/auth/sessions')).catch(() => {})"
        )
    assert asked.value.status == 401
    assert codes_on_screen(inside) == codes
    done_with_codes(inside)
    inside.see(EXPIRED)


# The server and the network


def test_a_server_that_dies_comes_back_under_the_open_page(consoles, server):
    admin = server.admin()
    console = consoles(server, admin)
    console.watch.loses_the_server()
    console.open("settings").press("Add phone number")
    console.fill("Phone number", "+14155550123")
    server.kill()
    console.press("Save phone number")
    console.see(UNREACHED)
    console.see("The server can't be reached.", console.alert)
    inspect(console, "no server")
    server.start(server.port)
    console.see_no(UNREACHED)
    console.press("Save phone number")
    console.see("Phone number saved.")
    assert admin.get("/api/auth/session")["user"]["phone_e164"] == "+14155550123"


def test_offline_and_back(inside):
    inside.watch.loses_the_server()
    inside.open("connections")
    inside.see("OpenAI")
    inside.context.set_offline(True)
    inside.see(UNREACHED)
    inside.see("Not up to date", inside.page.get_by_role("main"))
    # What was known stays on the screen.
    inside.see("OpenAI")
    inspect(inside, "offline")
    inside.context.set_offline(False)
    inside.see_no(UNREACHED)
    inside.see_no("Not up to date")


@pytest.mark.parametrize(
    "path", ["overview", "connections", "alerts", "tokens", "traces/" + 32 * "a"]
)
def test_a_page_that_gets_no_answer_says_so_and_tries_again(consoles, shared_server, admin, path):
    console = consoles(shared_server, admin)
    console.watch.loses_the_server()
    console.open("settings").heading("Settings")
    own = re.compile("/api/(admin/overview|integrations|alerts|tokens|traces)|/health")
    console.page.route(own, lambda route: route.abort())
    console.page.evaluate("(path) => { location.hash = `#/${path}`; }", path)
    console.see("The server can't be reached.", console.alert)
    inspect(console, f"{path} without an answer")
    with console.page.expect_request(own):
        console.press("Try again", console.alert.first)
    console.see("The server can't be reached.", console.alert)


def test_starting_without_the_server(inside):
    inside.watch.loses_the_server()
    inside.open("settings").heading("Settings")
    inside.page.route("**/api/**", lambda route: route.abort())
    inside.page.reload()
    inside.see("The server can't be reached.", inside.alert)
    inspect(inside, "started without the server")
    inside.page.unroute("**/api/**")
    inside.press("Try again")
    inside.heading("Settings")


def test_a_part_of_the_console_that_does_not_arrive(inside):
    inside.watch.loses_the_server()
    inside.open("settings").heading("Settings")
    inside.page.route("**/js/pages/alerts.js", lambda route: route.abort())
    inside.link("Alerts").click()
    inside.heading("This page could not be loaded")
    inspect(inside, "a missing part")
    inside.page.unroute("**/js/pages/alerts.js")
    inside.press("Try again")
    inside.heading("Alerts")


# Tabs of one browser share the cookie


def test_other_tabs_follow(inside, admin):
    inside.open("settings").heading("Settings")
    tab = inside.context.new_page()
    tab.goto(f"{inside.url}/#/settings")
    expect(tab.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    inside.sign_out()
    expect(tab.get_by_text(EXPIRED)).to_be_visible()
    # Somebody else signs in here: the other tab must not go on as the one before.
    inside.enter(admin.email, PASSWORD)
    inside.heading("Overview")
    tab.bring_to_front()
    tab.reload()
    expect(tab.get_by_text(admin.email).first).to_be_visible()
