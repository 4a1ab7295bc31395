"""kill -9 under load: nothing that was acknowledged is lost, doubled or put in another order."""

import os
import random
import threading
import time

from harness import PASSWORD
from harness.facts import Facts, check_facts
from harness.gateway import Gateway
from harness.load import Load

# Each round is a start, a load of a fraction of a second and a kill.
ROUNDS = int(os.environ.get("ROUNDS", "20"))
# A directory grows with each round, and with it the time of the next one.
ROUNDS_PER_DIRECTORY = 50
# Small segments, and snapshots as often as can be, so that kills land in the middle of them too.
RESTLESS = {
    "COUNTERSIGN_LOG_SEGMENT_BYTES": str(1 << 20),
    "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
    # Every event of all rounds has to be listed at the end.
    "COUNTERSIGN_USAGE_RING_EVENTS": "10000000",
    "COUNTERSIGN_SNAPSHOT_LOG_BYTES": str(64 << 10),
}


def test_kill_9_under_load_loses_nothing_acknowledged(start_gateway):
    began = time.monotonic()
    summaries = []
    for first in range(0, ROUNDS, ROUNDS_PER_DIRECTORY):
        gateway = start_gateway(env=RESTLESS)
        rounds = min(ROUNDS_PER_DIRECTORY, ROUNDS - first)
        facts = kill_again_and_again(gateway, rounds)
        summaries.append(facts.summary())
        gateway.server.kill()
        gateway.upstream.reset()
    print(f"\n{ROUNDS} kills in {time.monotonic() - began:.0f} s:", *summaries, sep="\n")


def kill_again_and_again(gateway: Gateway, rounds: int) -> Facts:
    token = gateway.admin.mint("usage:write", "usage:read", "status:read")
    gateway.token("call:alpaca")
    facts = Facts()
    # Once in peace: on a slow machine no round may be long enough for its hashes.
    Load(gateway, token, facts).use_code(gateway.server.client())
    for _ in range(rounds):
        with Load(gateway, token, facts) as load:
            time.sleep(random.uniform(0.05, 0.45))
            gateway.server.kill()
            load.stop.set()
        gateway.server.start()
        gateway.restarted()
        check_facts(gateway, token, facts, everything=False)
    check_facts(gateway, token, facts, everything=True)
    assert len(facts.event_ids) > rounds and len(facts.emails) > rounds / 4
    assert len(facts.ended_cookies) > rounds / 10 and facts.used_codes
    assert len(facts.revoked_tokens) > rounds / 2 and len(facts.calls_answered) > rounds
    return facts


def test_a_password_change_and_the_end_of_other_sessions_are_one_fact(servers):
    server = servers.start()
    for _ in range(5):
        owner, other = server.client(), server.client()
        owner.register()
        other.login(owner.email)
        thread = threading.Timer(random.uniform(0, 0.08), server.kill)
        thread.start()
        try:
            owner.post(
                "/api/auth/password/change",
                {"current_password": PASSWORD, "new_password": "an entirely new one"},
            )
        except OSError:
            pass
        thread.join()
        server.start()
        changed = (
            server.client()
            .request(
                "POST",
                "/api/auth/login",
                json={"email": owner.email, "password": "an entirely new one"},
            )
            .status_code
            == 200
        )
        assert other.on(server.url).signed_in() is not changed
