"""The pop-out of an integration: the last 50 events as they come in, their states and traces."""

import re
import threading

import pytest
from playwright.sync_api import Locator, expect

from upstream import Gate, sse_answer

from . import farm as states
from .console import Console
from .inspection import ALL, come_to_rest, inspect

PAGE = 50
COLUMNS = ["Time", "Operation", "Status", "Latency", "Units", "Source", "Trace"]
FRAME = b'data: {"choices": []}\n\n'
DONE = b"data: [DONE]\n\n"


class PopOut:
    """The open dialog with the events of OpenAI."""

    def __init__(self, console: Console):
        self.console = console
        console.see("Events of OpenAI", console.dialog)
        expect(self.rows.first).to_be_visible()

    @property
    def rows(self) -> Locator:
        return self.console.dialog.locator("table.events > tbody > tr")

    def ids(self) -> list[str]:
        return self.rows.evaluate_all("(rows) => rows.map((row) => row.dataset.item)")

    def choose(self, state: str) -> None:
        chip = self.console.dialog.locator("label").filter(has_text=re.compile(f"^{state} [0-9]"))
        chip.click()

    def row(self, trace: str) -> Locator:
        link = self.console.page.get_by_role("link", name=f"Trace {trace}", exact=True)
        return self.rows.filter(has=link)


@pytest.fixture
def connections(consoles, farm):
    console = consoles(farm.server, farm.admin)
    console.open("connections")
    return console


@pytest.fixture
def pop_out(connections):
    connections.press("Events of OpenAI")
    return PopOut(connections)


def newest(farm, limit: int = PAGE) -> list[dict]:
    return farm.admin.get(f"/api/integrations/openai/events?limit={limit}")["events"]


def test_it_shows_the_last_fifty(pop_out, farm):
    console = pop_out.console
    console.lands_on("connections?open=openai")
    expect(pop_out.rows).to_have_count(PAGE)
    events = newest(farm)
    assert pop_out.ids() == [event["id"] for event in events]
    assert console.dialog.locator("table.events thead th").all_inner_texts() == COLUMNS
    event = events[0]
    row = pop_out.rows.first
    for text in (event["operation"], f"HTTP {event['http_status']}", event["source"]):
        console.see(text, row)
    console.see(event["at"][11:23], row)
    console.see("just now", row)
    chatted = next(one for one in events if one["units"])
    assert chatted["units"]["input_tokens"] == 11
    row = pop_out.row(chatted["trace_id"])
    expect(row).to_contain_text("11 input · 7 output")
    expect(row).to_contain_text(chatted["provider_request_id"][:12])
    inspect(console, "pop-out", ALL)


def test_every_row_has_its_trace(pop_out, farm):
    console = pop_out.console
    event = next(one for one in newest(farm) if one["provider_request_id"])
    row = pop_out.row(event["trace_id"])
    console.press("Copy trace id", row)
    console.see("Copied trace id.", row)
    assert console.copied() == event["trace_id"]
    console.press("Copy the provider’s request id", row)
    console.see("Copied the provider’s request id.", row)
    assert console.copied() == event["provider_request_id"]
    console.link(f"Trace {event['trace_id']}", row).click()
    console.heading("Trace")
    console.lands_on(f"traces/{event['trace_id']}")
    console.no_dialog()
    console.see(event["trace_id"])
    # Back is where one came from: the pop-out.
    console.page.go_back()
    PopOut(console)


def test_it_is_filtered_by_status(pop_out, farm):
    events = newest(farm)
    failures = [event for event in events if event["status"] != "ok"]
    assert 0 < len(failures) < PAGE
    pop_out.choose("All failures")
    expect(pop_out.rows).to_have_count(len(failures))
    assert pop_out.ids() == [event["id"] for event in failures]
    pop_out.console.see(failures[0]["error_code"], pop_out.rows.first)
    inspect(pop_out.console, "failures")
    pop_out.choose("OK")
    expect(pop_out.rows).to_have_count(PAGE - len(failures))
    pop_out.choose("All")
    expect(pop_out.rows).to_have_count(PAGE)


def test_a_new_call_comes_in_by_itself(pop_out, farm):
    console = pop_out.console
    console.page.evaluate("window.isTheSamePage = true")
    console.see("Live", console.dialog)
    pop_out.choose("All failures")
    shown = pop_out.rows.count()
    trace = states.chat(farm)
    failed = states.failing_chat(farm)
    # The chosen state holds for what comes in, too.
    expect(pop_out.row(failed)).to_be_visible()
    expect(pop_out.rows).to_have_count(shown + 1)
    pop_out.choose("All")
    expect(pop_out.row(trace)).to_be_visible()
    assert pop_out.ids()[:PAGE] == [event["id"] for event in newest(farm)]
    assert console.page.evaluate("window.isTheSamePage")


def test_it_can_be_paused(pop_out, farm):
    console = pop_out.console
    console.press("Pause")
    console.see("Paused", console.dialog)
    with pytest.raises(AssertionError), console.page.expect_request("**/events?*", timeout=4000):
        states.chat(farm)
        raise AssertionError
    console.press("Resume")
    expect(pop_out.row(newest(farm)[0]["trace_id"])).to_be_visible()


def test_a_call_under_way_is_shown_as_such_until_it_ends(pop_out, farm):
    gate = Gate()
    farm.upstream["openai"].next(sse_answer([FRAME, gate, DONE]))
    call = threading.Thread(target=states.chat, args=[farm], kwargs={"stream": True})
    call.start()
    try:
        gate.wait_reached()
        expect(pop_out.rows.first).to_contain_text("Under way")
        pop_out.choose("Under way")
        expect(pop_out.rows).to_have_count(1)
        inspect(pop_out.console, "under way")
    finally:
        gate.open()
        call.join()
    pop_out.console.see("None of these events has this status.")
    pop_out.choose("All")
    expect(pop_out.rows.first).to_contain_text("OK")


def test_older_ones_are_loaded_without_gap_or_double(pop_out, farm):
    console = pop_out.console
    more = console.button("Load older")
    more.focus()
    # What comes in meanwhile must not shift what is loaded.
    states.chat(farm)
    more.press("Enter")
    expect(pop_out.rows.nth(PAGE + 2)).to_be_visible()
    expect(more).to_be_hidden()
    console.see("There are no older ones.", console.dialog)
    trace = newest(farm)[0]["trace_id"]
    expect(pop_out.row(trace)).to_be_visible()
    assert pop_out.ids() == [event["id"] for event in newest(farm, 200)]


def test_what_is_read_stays_where_it_is(pop_out, farm):
    """New rows above neither move the row that is looked at nor take the focus from it."""
    page = pop_out.console.page
    row = pop_out.rows.nth(20)
    identity = row.get_attribute("data-item")
    row.get_by_role("button").first.focus()
    where = """() => { const row = document.activeElement.closest("tr");
        return [row?.dataset.item, Math.round(row?.getBoundingClientRect().top)]; }"""
    come_to_rest(page)
    before = page.evaluate(where)
    assert before[0] == identity
    trace = states.chat(farm)
    expect(pop_out.row(trace)).to_be_attached()
    after = page.evaluate(where)
    assert after[0] == identity and abs(after[1] - before[1]) <= 1


def test_an_address_opens_it(consoles, farm):
    console = consoles(farm.server, farm.admin)
    console.open("connections?open=openai")
    PopOut(console)
    console.page.keyboard.press("Escape")
    console.no_dialog()
    console.lands_on("connections")
    console.open("connections?open=nothing")
    console.see("There is no integration “nothing”")


def test_a_click_outside_closes_it(pop_out):
    pop_out.console.page.mouse.click(5, 5)
    pop_out.console.no_dialog()
    pop_out.console.lands_on("connections")


def test_the_day_in_numbers(pop_out, farm):
    console = pop_out.console
    console.dialog.locator("summary").filter(has_text="The last 24 hours in numbers").click()
    table = console.dialog.get_by_role("table", name="Calls by hour")
    hours = farm.admin.get("/api/integrations/openai/stats?hours=24")["hours"]
    last = table.locator("tbody tr").last.locator("td").all_inner_texts()
    assert [int(text) for text in last][1] == hours[-1]["failed"]
    expect(table.locator("tbody tr")).to_have_count(len(hours))


def test_nothing_has_happened_yet(connections):
    connections.press("Events of NewsAPI")
    connections.see("No events yet", connections.dialog)
    inspect(connections, "no events")
