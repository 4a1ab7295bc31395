"""Connections: nine integrations in nine states, and for each three facts that prove nothing of
one another."""

import re

import pytest
from playwright.sync_api import Locator, expect

from harness import at, usage_event

from . import farm as states
from .console import Console
from .inspection import inspect

FACTS = ("Configured", "Connected", "Proof of use, 24 h")
NOTHING = "There is nothing to connect with yet."
# error_code → what stands under "Configured" and under "Connected"
WORDS = {
    None: (["Configured"], ["Connected"]),
    "unproven": (["Configured"], ["Not proven"]),
    "quota_exhausted": (["Configured"], ["Connected", "Quota used up"]),
    "rate_limited": (["Configured"], ["Connected", "Rate limited"]),
    "auth_failed": (["Configured"], ["Credentials refused"]),
    "unreachable": (["Configured"], ["Unreachable"]),
    "provider_down": (["Configured"], ["Provider down"]),
    "env_malformed": (["Can’t be right"], []),
    "not_configured": (["Not configured"], []),
}
GROUPS = {
    "Needs attention": {
        "quota_exhausted",
        "rate_limited",
        "auth_failed",
        "unreachable",
        "provider_down",
        "env_malformed",
    },
    "Working": {None},
    "Not proven": {"unproven"},
    "Not configured": {"not_configured"},
}
DEGRADED = {"auth_failed", "unreachable", "provider_down"}
# What is broken stands before what only wants attention, and that before what works.
LAST = ["OpenAI", "Alpaca Trading", "FRED"]


def rows(gateway) -> dict[str, dict]:
    listed = gateway.admin.get("/api/integrations/status")["integrations"]
    return {row["id"]: row for row in listed}


def card_of(console: Console, row: dict) -> Locator:
    return console.page.get_by_role("article", name=row["name"], exact=True)


def facts(card: Locator) -> list[Locator]:
    found = [
        card.locator(".fact").filter(
            has=card.page.get_by_role("heading", level=3, name=title, exact=True)
        )
        for title in FACTS
    ]
    for one in found:
        expect(one).to_have_count(1)
    return found


def counts(card: Locator) -> list[int]:
    """ok, failed, reported"""
    numbers = card.locator("dl.counts dd").all_inner_texts()
    return [int(number.replace(",", "")) for number in numbers]


@pytest.fixture
def connections(consoles, farm):
    """The page as the administrator has it."""
    console = consoles(farm.server, farm.admin)
    console.open("connections")
    expect(console.page.get_by_role("article")).to_have_count(9)
    return console


def test_three_facts_are_kept_apart(connections, farm):
    console = connections
    all_rows = rows(farm)
    assert {id: row["error_code"] for id, row in all_rows.items()} == states.ERROR_CODES
    for row in all_rows.values():
        card = card_of(console, row)
        setting, connection, use = facts(card)
        configured, connected = WORDS[row["error_code"]]
        assert setting.locator(".badge").all_inner_texts() == configured, row["id"]
        assert connection.locator(".badge").all_inner_texts() == connected, row["id"]
        expected = ["proof_of_use_count_24h", "failures_24h", "reported_count_24h"]
        assert counts(use) == [row[name] for name in expected], row["id"]
        if not row["configured"]:
            console.see(NOTHING, connection)
        if evidence := row["evidence"]:
            console.see(
                f"A call, HTTP {evidence['http_status']}"
                if evidence["http_status"]
                else "A call, ",
                connection,
            )
            expect(console.link(f"Trace {evidence['trace_id']}", connection)).to_be_visible()
        for name in row["missing_env_vars"]:
            expect(console.button(f"Copy the name {name}", setting)).to_be_visible()
        if fix := row["suggested_fix"]:
            shown = (connection if row["configured"] else setting).inner_text()
            assert fix.replace("`", "") in shown, row["id"]
    # A use that was only reported proves no connection, and no configuration.
    assert counts(card_of(console, all_rows["alpaca"])) == [1, 0, 1]
    assert counts(card_of(console, all_rows["fred"])) == [1, 0, 1]
    inspect(console, "Connections")


def test_the_chart_has_the_day_by_outcome(connections, farm):
    card = card_of(connections, rows(farm)["openai"])
    card.scroll_into_view_if_needed()
    stats = farm.admin.get("/api/integrations/openai/stats?hours=24")
    ok, failed, reported = (
        sum(hour[name] for hour in stats["hours"]) for name in ("ok", "failed", "reported")
    )
    assert (ok, failed, reported) >= (60, 3, 0)
    chart = card.get_by_role("img", name=re.compile("^Calls of the last 24 hours"))
    expect(chart).to_have_attribute(
        "aria-label",
        f"Calls of the last 24 hours: {ok} ok, {failed} failed, {reported} reported.",
    )
    expect(chart.locator(".bar.ok")).not_to_have_count(0)
    expect(chart.locator(".bar.failed")).not_to_have_count(0)
    # What failed hangs below the line: the places differ, not only the colours.
    line = chart.locator(".line").bounding_box()["y"]
    assert chart.locator(".bar.ok").last.bounding_box()["y"] < line
    assert chart.locator(".bar.failed").last.bounding_box()["y"] >= line
    # The hour under the pointer is told in numbers.
    box = chart.bounding_box()
    connections.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    hour = stats["hours"][-1]
    connections.see(f"{hour['ok']} ok, {hour['failed']} failed", card)
    for name in ("p50", "p90", "p99"):
        connections.see(name, card)
    connections.see(re.compile("Provider’s limit: 499 of 500 left"), card)


def test_they_are_filtered_by_state_and_category(connections, farm):
    console, all_rows = connections, rows(farm)
    names = console.page.get_by_role("article").get_by_role("heading", level=2)
    assert names.all_inner_texts()[-3:] == LAST
    for group, codes in GROUPS.items():
        wanted = {row["name"] for row in all_rows.values() if row["error_code"] in codes}
        console.page.locator("label").filter(has_text=re.compile(f"^{group}")).click()
        expect(names).to_have_count(len(wanted))
        assert set(names.all_inner_texts()) == wanted, group
    console.page.get_by_label("Category").select_option(label="Broker")
    console.see("No integration fits")
    inspect(console, "nothing fits")
    console.page.locator("label").filter(has_text=re.compile("^All")).click()
    assert names.all_inner_texts() == ["Alpaca Trading"]


def test_a_new_call_appears_without_a_reload(connections, farm):
    page = connections.page
    page.evaluate("window.isTheSamePage = true")
    card = card_of(connections, rows(farm)["openai"])
    before = counts(card)
    trace = states.chat(farm)
    expect(card.locator("dl.counts dd").first).to_have_text(str(before[0] + 1))
    expect(connections.link(f"Trace {trace}", card)).to_be_visible()
    connections.see("just now", card)
    card.scroll_into_view_if_needed()
    chart = card.get_by_role("img", name=re.compile(f"hours: {before[0] + 1} ok"))
    expect(chart).to_be_visible()
    assert page.evaluate("window.isTheSamePage")


def test_what_has_not_changed_is_not_sent_again(connections):
    path = "**/api/integrations/status"
    with connections.page.expect_response(path) as second:
        connections.look_again()
    assert second.value.status == 304 and second.value.request.headers["if-none-match"]


def test_degraded_providers_stand_above_every_page(consoles, farm):
    member = farm.server.client()
    member.register()
    console = consoles(farm.server, member)
    console.open("settings")
    notices = console.page.get_by_role("region", name="Service notices")
    degraded = [row for row in rows(farm).values() if row["error_code"] in DEGRADED]
    console.see(f"{len(degraded)} things need attention", notices)
    console.see("Polygon (Massive) does not accept the credentials", notices)
    notices.locator("summary").click()
    inspect(console, "banners")
    notices.get_by_role("link", name="Show its connection").first.click()
    console.see(re.compile("^Events of "), console.dialog)


def test_a_probe_tells_what_came_back(connections, farm):
    console, all_rows = connections, rows(farm)
    card = card_of(console, all_rows["finnhub"])
    console.press("Probe now: Finnhub", card)
    console.see("Probed just now:", card)
    console.see("HTTP 200 in", card)
    # One good answer is evidence.
    expect(facts(card)[1].locator(".badge")).to_have_text(["Connected"])
    console.see("A probe, HTTP 200", card)
    # And never a use.
    assert counts(card)[0] == 0
    farm.upstream["finnhub"].always(states.Answer(status=503, body=b"down"), probes=True)
    console.press("Probe now: Finnhub", card)
    console.see("HTTP 503 in", card)
    inspect(console, "probed")
    farm.upstream["finnhub"].always(None)
    for id in ("newsapi", "fred"):
        name = all_rows[id]["name"]
        expect(console.button(f"Probe now: {name}")).to_have_count(0)


def test_members_see_it_and_probe_nothing(consoles, farm):
    member = farm.server.client()
    member.register()
    console = consoles(farm.server, member)
    console.open("connections")
    expect(console.page.get_by_role("article")).to_have_count(9)
    expect(console.button(re.compile("^Probe now"))).to_have_count(0)
    expect(console.button(re.compile("^Events of "))).to_have_count(9)


def test_a_report_appears_as_such(connections, farm):
    card = card_of(connections, rows(farm)["newsapi"])
    assert counts(card) == [0, 0, 0]
    connections.see("Never used.", card)
    event = usage_event(integration="newsapi", operation="GET /v2/everything", at=at(-60))
    farm.admin.with_token("usage:write").post("/api/usage/events", [event])
    connections.look_again()
    expect(card.locator("dl.counts dd")).to_have_text(["1", "0", "1"])
    connections.see("1 min ago", card)
