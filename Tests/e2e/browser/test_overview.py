"""Overview: what needs attention comes and goes as it does, and the last hour in two charts."""

import re

import pytest
from playwright.sync_api import expect

from harness.disk import SMALLEST_SEGMENTS, Filler, write_until_refused

from . import farm as states
from .factor import enrol
from .inspection import inspect

CALM = "Nothing needs attention"
NO_FACTOR = "Your account has no second factor"
REFUSED = "OpenAI refuses the credentials"
QUIET = {"COUNTERSIGN_PROBES_ENABLED": "false"}


@pytest.fixture
def gateway(start_gateway):
    return start_gateway(env=QUIET)


@pytest.fixture
def overview(consoles, gateway):
    console = consoles(gateway.server, gateway.admin)
    console.open("overview").heading("Overview")
    return console


def needs(console):
    """Its heading has the number, where there is one."""
    return console.card(re.compile(r"^Needs attention( \d+)?$"))


def test_attention_appears_and_goes(overview, gateway, tmp_path):
    console = overview
    listed = console.page.locator(".attention > li")
    console.see(NO_FACTOR, needs(console))
    expect(listed).to_have_count(1)
    console.link("Open Settings", needs(console)).click()
    console.heading("Settings")
    enrol(console, gateway.admin.email, tmp_path)
    console.lead(gateway.admin)
    console.go("Overview")
    console.see(CALM)
    inspect(console, "nothing needs attention")

    # A provider refuses: it is there without a reload, critical, with what to do.
    console.page.evaluate("window.isTheSamePage = true")
    trace = states.refuse_credentials(gateway)
    console.see(REFUSED, needs(console))
    console.see("Critical", needs(console))
    console.see("OPENAI_API_KEY", needs(console))
    inspect(console, "a provider refuses")
    console.link("Show its events", needs(console)).click()
    console.lands_on("connections?open=openai")
    expect(console.link(f"Trace {trace}", console.dialog)).to_be_visible()
    console.press("Close", console.dialog)
    console.go("Overview")
    # And gone with the next success.
    states.chat(gateway)
    console.see(CALM)
    assert console.page.evaluate("window.isTheSamePage")


def test_a_pending_key_rotation(consoles, servers):
    server = servers.start()
    admin = server.admin()
    server.stop()
    old, server.key = server.key, servers.make().key
    server.env["APP_ENC_KEY_PREVIOUS"] = old
    server.start()
    console = consoles(server, admin.on(server.url))
    console.open("overview")
    console.see("A key rotation is not finished", needs(console))
    assert old not in console.page.content()
    console.page.close()
    server.stop()
    del server.env["APP_ENC_KEY_PREVIOUS"]
    server.start()
    later = consoles(server, admin.on(server.url))
    later.open("overview")
    later.see(NO_FACTOR, needs(later))
    later.see_no("A key rotation is not finished")


def test_a_full_disk(consoles, servers, small_disk):
    server = servers.start(data=small_disk / "data", env=SMALLEST_SEGMENTS)
    admin = server.admin()
    reporter = admin.with_token("usage:write")
    console = consoles(server, admin)
    console.open("overview")
    console.see(NO_FACTOR, needs(console))
    filler = Filler(small_disk)
    filler.fill()
    write_until_refused(reporter)
    console.see("The disk is full", needs(console))
    # The banner stands above the other pages too; reading goes on.
    console.watch.provokes(503)
    console.go("Settings")
    console.page.reload()
    notices = console.page.get_by_role("region", name="Service notices")
    console.see("3 things need attention", notices)
    notices.locator("summary").click()
    console.see("The server is not ready", notices)
    inspect(console, "the disk is full")
    # What can't be written is refused in words, at once.
    console.watch.provokes(507)
    console.press("Add phone number")
    console.fill("Phone number", "+14155550123")
    console.press("Save phone number")
    console.see("disk", console.alert)
    # Room comes back, and everything with it.
    filler.make_room()
    console.go("Overview")
    console.see(NO_FACTOR, needs(console))
    console.see_no("The disk is full", needs(console))
    console.go("Settings")
    console.press("Add phone number")
    console.fill("Phone number", "+14155550123")
    console.press("Save phone number")
    console.see("Phone number saved.")


def test_the_last_hour(overview, gateway):
    console = overview
    for _ in range(4):
        states.chat(gateway)
    states.failing_chat(gateway, status=500)
    hour = console.card("Last hour")
    chart = hour.get_by_role("img", name=re.compile("^Calls to providers a minute"))
    expect(chart).to_have_attribute("aria-label", "Calls to providers a minute: 4 ok, 1 failed.")
    expect(chart.locator(".bar.ok")).not_to_have_count(0)
    expect(chart.locator(".bar.failed")).to_have_count(1)
    sums = dict(
        zip(
            hour.locator(".sums dt").all_inner_texts(),
            hour.locator(".sums dt + dd").all_inner_texts(),
            strict=True,
        )
    )
    assert (sums["Calls to providers"], sums["Failed calls"]) == ("5", "1")
    assert int(sums["Requests"]) >= 5 and int(sums["Server errors"]) == 1
    console.see("20%", hour)
    requests = hour.get_by_role("img", name=re.compile("^Requests a minute"))
    expect(requests).to_have_attribute("aria-label", re.compile("1 server errors"))
    # The exact numbers, by minute.
    hour.locator("summary").click()
    table = hour.get_by_role("table", name="The last hour by minute")
    expect(table.locator("tbody tr")).to_have_count(60)
    calls = [int(text) for text in table.locator("tbody td:nth-child(5)").all_inner_texts()]
    failures = [int(text) for text in table.locator("tbody td:nth-child(6)").all_inner_texts()]
    assert (sum(calls), sum(failures)) == (5, 1)
    inspect(console, "last hour")


def test_the_server_itself(overview, gateway):
    card = overview.card("Server")
    told = gateway.admin.get("/api/admin/overview")["server"]
    facts = dict(
        zip(
            card.locator("dt").all_inner_texts(),
            card.locator("dt + dd").all_inner_texts(),
            strict=True,
        )
    )
    assert facts["Version"] == told["version"]
    assert facts["Users"] == str(told["users"]) and facts["Events lost"] == "None"
    for name in ("Memory", "Log", "Disk free"):
        assert re.fullmatch(r"[\d.]+ (B|kB|MB|GB|TB)", facts[name]), facts


def test_a_cluster_has_a_card_and_a_single_server_has_none(overview, gateway):
    console = overview
    expect(console.card("Server")).to_be_visible()
    expect(console.page.get_by_role("heading", name="Cluster")).to_have_count(0)

    here, there = "http://a.test:8080", "http://b.test:8080"

    def spread(route):
        answer = route.fetch()
        body = answer.json()
        body["cluster"] = {
            "this_server": here,
            "shards": [
                {"shard": 0, "standing": "here", "owner": here, "epoch": 1},
                {"shard": 1, "standing": "here", "owner": here, "epoch": 1},
                {"shard": 2, "standing": "elsewhere", "owner": there, "epoch": 3},
                {"shard": 3, "standing": "here", "owner": here, "epoch": 1},
                {"shard": 4, "standing": "stopped", "owner": None, "epoch": 1},
            ],
        }
        route.fulfill(response=answer, json=body)

    console.page.route("**/api/admin/overview", spread)
    card = console.card("Cluster")
    rows = card.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_have_text(re.compile("a.test.*This server.*3.*0–1, 3$"))
    expect(rows.nth(1)).to_have_text(re.compile("b.test[^T]*1.*2$"))
    expect(rows.nth(2)).to_have_text(re.compile("followed.*server’s log.*1.*4$"))
    inspect(console, "cluster")
