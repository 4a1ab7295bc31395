"""Row W3: the Connections page and its pop-out, held against the API."""

import re

from playwright.sync_api import expect

from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof

PAGE = "console"
FACTS = ("Configured", "Connected", "Proof of use, 24 h")
EVENTS_SHOWN = 50
# So much of the page shows three integrations.
TALL = 1200


@shows("W3", PAGE, "Connections")
def connections(proof: Proof, section: Section) -> str:
    """What the page says of each integration is held against the status of the API, and the
    pop-out against the API's list of events."""
    gateway = proof.busy
    window = proof.window(gateway)
    window.register("lin@example.com", PASSWORD, "+14155550144")
    window.heading("Connections")
    rows = gateway.admin.get("/api/integrations/status")["integrations"]
    for row in rows:
        card = window.page.get_by_role("article", name=row["name"], exact=True)
        for fact in FACTS:
            expect(card.get_by_role("heading", name=fact, exact=True)).to_be_visible()
        window.see("Configured" if row["configured"] else row["missing_env_vars"][0], card)
        is_said = card.get_by_text("Connected", exact=True)
        # One is the heading, the other the badge.
        expect(is_said).to_have_count(2 if row["connected"] else 1)
        used = f"{row['proof_of_use_count_24h']:,}"
        counts = card.get_by_role("definition").filter(has_text=re.compile(rf"^{used}$"))
        expect(counts.first).to_be_visible()
    text = "Connections, with what is configured, what is connected, and what was used"
    window.page.wait_for_load_state("networkidle")
    window.photograph("connections", text, height=TALL)
    window.photograph("connections-dark", text, dark=True, height=TALL)
    window.photograph("connections-390", text, narrow=True)

    window.press("Events of OpenAI")
    table = window.dialog.get_by_role("table")
    shown = table.get_by_role("row").filter(has=window.page.get_by_role("cell"))
    expect(shown).to_have_count(EVENTS_SHOWN)
    listed = gateway.admin.get(f"/api/integrations/openai/events?limit={EVENTS_SHOWN}")["events"]
    links = [one.get_attribute("href") for one in table.locator("a[href^='#/traces/']").all()]
    assert links == [f"#/traces/{event['trace_id']}" for event in listed], "other trace ids"
    window.photograph("events", "The pop-out with the last 50 events and their trace ids")
    trace = listed[0]["trace_id"]
    seen = sum(row["proof_of_use_count_24h"] > 0 for row in rows)
    proof.keep(window, section)

    admin = proof.window(gateway)
    admin.sign_in("admin@example.com", PASSWORD)
    admin.heading("Overview")
    admin.open(f"traces/{trace}")
    admin.see(listed[0]["operation"])
    admin.photograph("trace", "What happened under the trace id of the newest event")
    proof.keep(admin, section)
    return (
        f"{len(rows)} integrations with three facts each, as the API has them, {seen} of them "
        f"used; the pop-out lists the {len(listed)} newest events with the trace ids of the API, "
        "and a trace id leads to what happened under it"
    )
