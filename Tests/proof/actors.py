"""Row C1: which actor owns what, and what many callers at once can make of it."""

import re
from concurrent.futures import ThreadPoolExecutor

from harness import PASSWORD, REPOSITORY, usage_event

from .ledger import shows
from .pages import Section
from .world import Proof, link, source

ACTORS = "Sources/Actors"
# What is owned, the actor with its file, the state in it, and where that state says so.
OWNERS = [
    ("users", "AccountActor", "Accounts/AccountActor.swift", "AccountState",
     "Accounts/AccountState.swift", r"var users = "),
    ("sessions", "AccountActor", "Accounts/AccountActor.swift", "AccountState",
     "Accounts/AccountState.swift", r"var sessions = "),
    ("rate-limit buckets", "RateLimiter", "RateLimits/RateLimiter.swift", "RateLimitTable",
     "RateLimits/RateLimitTable.swift", r"TokenBucket"),
    ("ring buffer of usage events", "UsageActor", "Usage/UsageActor.swift", "UsageState",
     "Usage/UsageState.swift", r"UsageRing"),
]  # fmt: skip
AT_ONCE = 16
BATCHES, EVENTS_A_BATCH = 32, 25
BURST = 5
ONE_BURST_AN_HOUR = {
    "COUNTERSIGN_RATE_LIMITS_REGISTRATION_QUOTA": "1",
    "COUNTERSIGN_RATE_LIMITS_REGISTRATION_WINDOW_SECONDS": "3600",
    "COUNTERSIGN_RATE_LIMITS_REGISTRATION_BURST": str(BURST),
}


@shows("C1", "construction", "the actors")
def actors(proof: Proof, section: Section) -> str:
    """The declarations, and what no caller may be able to break by being many: one code taken
    once, every event counted once, a bucket that gives what is in it."""
    rows = []
    for what, actor, file, state, state_file, mark in OWNERS:
        text = source(f"{ACTORS}/{file}")
        assert re.search(rf"^package actor {actor} \{{", text, re.MULTILINE), f"no actor {actor}"
        its_state = rf"^    (?:private )?var \w+: {state}$"
        assert re.search(its_state, text, re.MULTILINE), f"{actor} has no {state}"
        assert re.search(mark, source(f"{ACTORS}/{state_file}")), f"{state}: no {what}"
        owner = link(f"{ACTORS}/{file}", f"actor {actor}")
        rows.append([what, owner, link(f"{ACTORS}/{state_file}", state)])
    section.table(["what", "owned by", "in its state"], rows)
    files = sorted((REPOSITORY / ACTORS).rglob("*.swift"))
    locked = [path for path in files if re.search(r"\bMutex<", path.read_text())]
    names = [link(path.relative_to(REPOSITORY).as_posix(), path.stem) for path in locked]
    section.say(
        f"Of the {len(files)} files of {ACTORS}, {len(names)} keep something behind a lock "
        f"instead: {', '.join(names)}."
    )
    server = proof.start(env=ONE_BURST_AN_HOUR)
    admin = server.admin()
    taken = one_code_at_once(server, admin)
    counted, duplicates = events_at_once(server, admin)
    admitted = registrations_at_once(server)
    section.table(
        [f"{AT_ONCE} callers at once", "sent", "taken"],
        [
            ["the same code of a second factor", AT_ONCE, taken],
            ["events, each by two callers", 2 * BATCHES * EVENTS_A_BATCH, counted],
            ["registrations, with a bucket of " + str(BURST), AT_ONCE, admitted],
        ],
        "lrr",
    )
    assert taken == 1, f"the code was taken {taken} times"
    assert counted == duplicates == BATCHES * EVENTS_A_BATCH, (counted, duplicates)
    # The admin's own registration was the first of the burst.
    assert admitted == BURST - 1, f"{admitted} of {BURST - 1} registrations"
    return (
        f"{len(set(row[1] for row in rows))} actors own them, in isolated state; of {AT_ONCE} "
        f"equal codes {taken} was taken, of {2 * counted} events with {counted} keys {counted} "
        f"were counted, of a bucket of {BURST} {admitted + 1} went out"
    )


def at_once(count: int, work) -> list:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, range(count)))


def one_code_at_once(server, admin) -> int:
    authenticator, _ = admin.enroll()
    callers = [server.client() for _ in range(AT_ONCE)]
    login = {"email": admin.email, "password": PASSWORD}
    temp_token = admin.post("/api/auth/login", login)["temp_token"]
    body = {"temp_token": temp_token, "code": authenticator.code()}
    path = "/api/auth/2fa/verify"
    answers = at_once(AT_ONCE, lambda n: callers[n].post(path, body, expect=None))
    return sum("user" in answer for answer in answers)


def events_at_once(server, admin) -> tuple[int, int]:
    """How many the status counts, and how many were told to be duplicates."""
    token = admin.mint("usage:write", "status:read")
    batches = [[usage_event() for _ in range(EVENTS_A_BATCH)] for _ in range(BATCHES)]

    def post(number: int) -> int:
        caller = server.client(token=token)
        batch = batches[number % BATCHES]
        return caller.post("/api/usage/events", batch)["duplicates"]

    duplicates = sum(at_once(2 * BATCHES, post))
    rows = server.client(token=token).get("/api/integrations/status")["integrations"]
    counted = next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"]
    return counted, duplicates


def registrations_at_once(server) -> int:
    def register(number: int) -> bool:
        body = {"email": f"c1-{number}@example.com", "password": PASSWORD}
        answer = server.client().request("POST", "/api/auth/register", json=body)
        assert answer.status_code in {201, 429}, answer.text
        return answer.status_code == 201

    return sum(at_once(AT_ONCE, register))
