"""What has to hold of a cluster whatever was done to it."""

import time
from collections import Counter

import requests

from .servers import Caller, Load, Members

PAGE = 200


def make_admin(members: Members) -> Caller:
    """The first account, made through a server that does not own the data."""
    owner = members.owner()
    standby = next(member for member in members.all if member is not owner)
    caller = Caller()
    answer = caller.register(standby.url, "admin@example.com")
    assert answer.status_code == 201 and answer.json()["user"]["role"] == "admin"
    return caller


def mint(admin: Caller, members: Members) -> str:
    answer = admin.send(
        "POST",
        members.all[0].url + "/api/tokens",
        {"name": "load", "scopes": ["usage:write", "usage:read"]},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def pages(caller: Caller, url: str, path: str, member: str) -> list[dict]:
    found, cursor = [], None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        answer = caller.send("GET", f"{url}{path}?limit={PAGE}{more}")
        assert answer.status_code == 200, answer.text
        found += answer.json()[member]
        cursor = answer.json().get("next_cursor")
        if not cursor:
            return found


def check_nothing_lost(members: Members, admin: Caller, load: Load) -> None:
    for member in members.all:
        if member.process.poll() is not None:
            continue
        events = pages(admin, member.url, "/api/integrations/openai/events", "events")
        counts = Counter(event["event_id"] for event in events)
        acknowledged = {name for _, name in load.events}
        assert acknowledged <= set(counts), f"{len(acknowledged - set(counts))} events are lost"
        assert max(counts.values()) == 1, "an event is there twice"
    users = pages(admin, members.owner().url, "/api/admin/users", "users")
    emails = Counter(user["email"] for user in users)
    assert set(load.emails) <= set(emails), "an account is lost"
    assert max(emails.values()) == 1, "an account is there twice"
    print(
        f"\n{len(acknowledged)} events and {len(load.emails)} accounts, all there once; "
        f"refused meanwhile: {dict(Counter(load.failures))}"
    )


def eventually(is_so, seconds: float = 30) -> None:
    """A server that hands over, or begins anew, may cut a request off."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if is_so():
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError("it does not come to that")
