"""Row W2: the Alerts page, from the button to the report that the message has arrived."""

import re

from playwright.sync_api import expect

from harness import Gateway
from harness.sms import report

from .camera import Window
from .ledger import shows
from .messages import VARIABLES
from .pages import Section
from .world import PASSWORD, Proof

PAGE = "console"
EMAIL, PHONE = "ops@example.com", "+14155550143"
BUTTON = "Send test message"


@shows("W2", PAGE, "Alerts")
def alerts(proof: Proof, section: Section) -> str:
    """A test message by the button; Twilio reports it delivered; and a server without Twilio's
    variables."""
    gateway = proof.busy
    before = gateway.status("twilio")["proof_of_use_count_24h"]
    window = proof.window(gateway)
    window.register(EMAIL, PASSWORD, PHONE)
    window.heading("Connections")
    window.go("Alerts")
    window.press(BUTTON)
    message = sent(gateway, window)
    for status in ("sent", "delivered"):
        assert report(gateway.server.url, message["provider_message_id"], status).status_code == 200
    twilio = window.page.get_by_role("region", name="Twilio", exact=True)
    table = window.page.get_by_role("table", name=re.compile("last text messages"))
    window.see("Delivered", table)
    window.see("Connected", twilio)
    link = table.get_by_role("link").first
    assert message["trace_id"] in (link.get_attribute("href") or ""), "no link to its trace"
    after = gateway.status("twilio")["proof_of_use_count_24h"]
    assert after == before + 1, (before, after)
    counts = twilio.get_by_role("definition").filter(has_text=re.compile(rf"^{after}$"))
    expect(counts.first).to_be_visible()
    window.photograph("alerts", "Alerts, after the test message has been delivered", height=1080)
    proof.keep(window, section)

    bare = proof.window(proof.gateway(without=VARIABLES))
    bare.register(EMAIL, PASSWORD, PHONE)
    bare.heading("Connections")
    bare.go("Alerts")
    for name in VARIABLES:
        bare.see(name)
    expect(bare.page.get_by_role("button", name=BUTTON)).to_have_count(0)
    bare.close()
    return (
        f"sent by the button and delivered; proof of use from {before} to {after}; without the "
        "variables the page names all three and has no button"
    )


def sent(gateway: Gateway, window: Window) -> dict:
    """The message that the button has sent, as soon as the page shows it."""
    window.see("This message")
    newest = gateway.admin.get("/api/alerts/status")["messages"][0]
    assert newest["status"] == "queued" and newest["test"] is True, newest
    return newest
