"""A million accounts with a session each, and how fast a start reads the log."""

import subprocess
import uuid
from pathlib import Path

from ..load import Load, put
from ..peers import countersign
from ..peers.countersign import Countersign
from ..programs import Failure, say
from ..results import Result, Row, Spread, at_least, at_most, table
from ..rig import Rig

MEMORY_MAX = at_most(1.2, " GB", 1)
REPLAY_MIN = at_least(500_000, "/s")
SEED_SECONDS_MAX = 600
# Registered, its activity, session started, its source.
RECORDS_EACH = 4
# Batches of a thousand, for as long as it takes to make a log that is worth reading.
INGEST_CONNECTIONS, INGEST_SECONDS, INGEST_SECONDS_QUICK = 8, 8, 3
# So that nothing but a stop would write a snapshot, and a start has the whole log to read.
NO_SNAPSHOTS = {
    "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "1099511627776",
    "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "604800",
}


def measure(rig: Rig) -> Result:
    users, key = rig.settings.users, countersign.new_key()
    accounts, events = rig.place / "accounts", rig.place / "events"
    say(f"making {users:,} accounts with a session each")
    subprocess.run(
        [countersign.product("SeedUsers"), accounts, str(users)],
        check=True,
        env=countersign.environment(APP_ENC_KEY=key),
        timeout=SEED_SECONDS_MAX,
    )
    ingest(rig, events, key)
    of_accounts = replays(rig, "accounts", accounts, key)
    if of_accounts[0][0] != users * RECORDS_EACH:
        raise Failure(f"{users:,} accounts left {of_accounts[0][0]:,} records")
    of_events = replays(rig, "events", events, key)
    from_log, from_snapshot, snapshot_seconds = memory(rig, accounts, key)
    worst = max(from_log, from_snapshot) / 1000
    lines = [
        [f"{users:,} accounts", f"{of_accounts[0][0]:,}", *spreads(of_accounts)],
        ["usage events", f"{of_events[0][0]:,}", *spreads(of_events)],
    ]

    def row(what: str, starts: list[tuple[int, float]]) -> Row:
        measured = Spread.of(records / seconds for records, seconds in starts)
        own = f"{starts[0][0]:,} in {Spread.of(seconds for _, seconds in starts).median:.2f} s"
        return Row.judged(what, own, "", measured, REPLAY_MIN, 0, "/s")

    return Result(
        title="A large installation, and its start",
        rows=[
            row("start from a log of usage events", of_events),
            row("start from a log of accounts", of_accounts),
            Row.judged(
                f"memory with {users:,} users and sessions",
                f"{worst:.2f} GB",
                "",
                Spread.of([worst]),
                MEMORY_MAX,
                2,
                " GB",
            ),
        ],
        detail=f"""A start is timed from the launch of the process until it listens, the log being
in the page cache. A record is what the log counts: an account with a
session has {RECORDS_EACH} of them (registered, session started, and what its activity and its
sources say of both), a usage event one.

{table(["log of", "records", "start s", "records/s"], lines)}

Resident memory with {users:,} accounts and as many sessions: {from_log:,.0f} MB after a start from
the log, {from_snapshot:,.0f} MB after a start from a snapshot, which took {snapshot_seconds:.2f} s.
The mark is held against the larger.""",
        rounds=table(
            ["round", "log of", "records", "start s"],
            [
                [number, what, records, f"{seconds:.3f}"]
                for what, starts in [("accounts", of_accounts), ("events", of_events)]
                for number, (records, seconds) in enumerate(starts, 1)
            ],
            numbers_from=2,
        ),
        versions={"Countersign": countersign.version()},
    )


def ingest(rig: Rig, data: Path, key: str) -> None:
    """Leaves a log of usage events behind, without a stop: it would write a snapshot."""
    server = countersign.launch(rig, data, "ingest", APP_ENC_KEY=key, **NO_SNAPSHOTS)
    account = {"email": countersign.EMAIL, "password": countersign.PASSWORD}
    _, server.session = countersign.call(server.origin + "/api/auth/register", account)
    arguments = (server.mint("usage:write"), uuid.uuid4().hex[:8])
    seconds = INGEST_SECONDS_QUICK if rig.settings.is_quick else INGEST_SECONDS
    load = Load("ingest", server.origin, INGEST_CONNECTIONS, seconds, "", "bulk.lua", arguments)
    run = put(load, server.program)
    if run.faults():
        raise Failure(f"ingest: {', '.join(run.faults())}")
    server.program.kill()


def start(rig: Rig, name: str, data: Path, key: str) -> Countersign:
    return countersign.launch(rig, data, name, APP_ENC_KEY=key, **NO_SNAPSHOTS)


def replays(rig: Rig, name: str, data: Path, key: str) -> list[tuple[int, float]]:
    """Records and seconds of each start. Killed, the server leaves the log as it was."""
    starts = []
    for number in range(rig.settings.rounds):
        say(f"round {number + 1} of {rig.settings.rounds}: start from the log of {name}")
        server = start(rig, f"{name}-{number}", data, key)
        starts.append((records_replayed(server), server.start_seconds))
        server.program.kill()
    return starts


def records_replayed(server: Countersign) -> int:
    """By its own word, in a line that may come a little after the one it is awaited by."""
    found = server.program.await_line(r'"message":"recovered".*"records":"?(\d+)')
    return int(found.group(1))


def memory(rig: Rig, data: Path, key: str) -> tuple[float, float, float]:
    """Megabytes after a start from the log and from a snapshot, and the seconds of the latter."""
    first = start(rig, "from-log", data, key)
    from_log = first.program.megabytes()
    first.program.stop()
    second = start(rig, "from-snapshot", data, key)
    from_snapshot = second.program.megabytes()
    second.program.stop()
    return from_log, from_snapshot, second.start_seconds


def spreads(starts: list[tuple[int, float]]) -> list[str]:
    seconds = Spread.of(seconds for _, seconds in starts)
    rate = Spread.of(records / seconds for records, seconds in starts)
    return [seconds.text(2), rate.text()]
