"""Measures what accounts, sessions and events cost in memory and at a start, and writes
docs/capacity.md from it.

    python3 Benchmarks/capacity.py [--write]

CAPACITY_USERS=10000,100000,300000,1000000 and CAPACITY_EVENTS=100000,500000,1000000,2000000 are the
sizes; BENCH_DIRECTORY is where the data lies. After `make bench` has built the products.
"""

import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

from sidebyside import machine
from sidebyside.figures.scale import NO_SNAPSHOTS, RECORDS_EACH, SEED_SECONDS_MAX
from sidebyside.load import Load, put
from sidebyside.peers import countersign
from sidebyside.programs import say
from sidebyside.results import table
from sidebyside.rig import Rig, rig
from sidebyside.settings import REPOSITORY, Settings

PAGE = REPOSITORY / "docs" / "capacity.md"
MEGABYTE = 1e6
USERS, EVENTS = "10000,100000,300000,1000000", "100000,500000,1000000,2000000"
INGEST_CONNECTIONS, INGEST_SECONDS = 8, 4
# Duplicates of so many keys are recognised, as by default.
DEDUP_KEYS_MAX = 4_000_000


def sizes(name: str, usual: str) -> list[int]:
    return [int(text) for text in os.environ.get(name, usual).split(",")]


def size_of(folder: Path, pattern: str) -> float:
    """In megabytes. Segments are prepared in full; what they hold is not told by their size."""
    return sum(path.stat().st_size for path in folder.glob(pattern)) / MEGABYTE


def measured_start(rig: Rig, name: str, data: Path, key: str):
    return countersign.launch(rig, data, name, APP_ENC_KEY=key, **NO_SNAPSHOTS)


def starts(rig: Rig, name: str, data: Path, key: str) -> dict[str, float]:
    """A start from the log, a stop that writes a snapshot, and a start from that."""
    first = measured_start(rig, f"{name}-log", data, key)
    found = {
        "log seconds": first.start_seconds,
        "log MB": first.program.megabytes(),
        "log files MB": size_of(data, "wal-*.log"),
    }
    first.program.stop()
    found["snapshot file MB"] = size_of(data, "snapshot-*.snap")
    second = measured_start(rig, f"{name}-snapshot", data, key)
    found["snapshot seconds"] = second.start_seconds
    found["snapshot MB"] = second.program.megabytes()
    second.program.stop()
    return found


def accounts(rig: Rig, count: int) -> dict[str, float]:
    say(f"{count:,} accounts")
    data, key = rig.place / f"accounts-{count}", countersign.new_key()
    subprocess.run(
        [countersign.product("SeedUsers"), data, str(count)],
        check=True,
        env=countersign.environment(APP_ENC_KEY=key),
        timeout=SEED_SECONDS_MAX,
    )
    return starts(rig, f"accounts-{count}", data, key) | {"count": count}


def events(rig: Rig, count: int) -> dict[str, float]:
    """At least so many, since a load ends by time: what there are is counted."""
    say(f"{count:,} events")
    data, key = rig.place / f"events-{count}", countersign.new_key()
    server = measured_start(rig, f"events-{count}", data, key)
    account = {"email": countersign.EMAIL, "password": countersign.PASSWORD}
    _, server.session = countersign.call(server.origin + "/api/auth/register", account)
    token = server.mint("usage:write")
    idle, there = server.program.megabytes(), 0
    while there < count:
        arguments = (token, uuid.uuid4().hex[:8])
        seconds = min(INGEST_SECONDS, max(1, (count - there) // 300_000))
        put(
            Load("ingest", server.origin, INGEST_CONNECTIONS, seconds, "", "bulk.lua", arguments),
            server.program,
        )
        there = server.settled_count("openai", "reported_count_24h", 1)
    busy = server.program.megabytes()
    server.program.kill()
    found = starts(rig, f"events-{count}", data, key)
    return found | {"count": there, "idle MB": idle, "ingest MB": busy}


def lines_of_accounts(rows: list[dict[str, float]]) -> str:
    head = ["accounts, each with a session", "memory MB", "start from the log s", "records/s"]
    head += ["snapshot MB on disk", "start from it s", "memory then MB"]
    return table(
        head,
        [
            [
                f"{row['count']:,}",
                f"{row['log MB']:,.0f}",
                f"{row['log seconds']:.2f}",
                f"{row['count'] * RECORDS_EACH / row['log seconds']:,.0f}",
                f"{row['snapshot file MB']:,.1f}",
                f"{row['snapshot seconds']:.2f}",
                f"{row['snapshot MB']:,.0f}",
            ]
            for row in rows
        ],
    )


def lines_of_events(rows: list[dict[str, float]]) -> str:
    head = ["events", "memory after ingest MB", "start from the log s", "events/s"]
    head += ["memory then MB", "snapshot MB on disk", "start from it s"]
    return table(
        head,
        [
            [
                f"{row['count']:,}",
                f"{row['ingest MB']:,.0f}",
                f"{row['log seconds']:.2f}",
                f"{row['count'] / row['log seconds']:,.0f}",
                f"{row['log MB']:,.0f}",
                f"{row['snapshot file MB']:,.1f}",
                f"{row['snapshot seconds']:.2f}",
            ]
            for row in rows
        ],
    )


def slope(rows: list[dict[str, float]], field: str) -> float:
    """Bytes for each more, between the smallest and the largest."""
    first, last = rows[0], rows[-1]
    return (last[field] - first[field]) * MEGABYTE / (last["count"] - first["count"])


def page(people: list[dict[str, float]], uses: list[dict[str, float]], facts: list[str]) -> str:
    base = people[0]["log MB"] - slope(people, "log MB") * people[0]["count"] / MEGABYTE
    account, key = slope(people, "log MB"), slope(uses, "log MB")
    largest = people[-1]["count"]
    return f"""# Capacity

How large a machine has to be. Written by `python3 Benchmarks/capacity.py --write`; measured, not
calculated, but for the sums at the end.

- date: {datetime.now(UTC):%Y-%m-%d}; commit: {machine.commit()}
{chr(10).join(facts)}

## Accounts and sessions

Each account has one session, one entry of activity and one known source, as a registration leaves
them, and a User-Agent that others have too. A start is timed until the server listens.

{lines_of_accounts(people)}

One more account with its session takes **{account:,.0f} bytes** of memory.

## Events

Distinct events of one integration, by batches of a thousand. Counts are exact whatever their
number. What grows is the memory of keys by which duplicates are recognised: 24 hours of them, at
most `usage.dedup_keys_max` ({DEDUP_KEYS_MAX:,} by default; fewer mean a shorter window, which the
answers then say). The ring of events that can be listed has `usage.ring_events` for each
integration, and then forgets its oldest.

{lines_of_events(uses)}

One more key takes **{key:,.0f} bytes**. Ten million events a day are 116 a second; with the default
they fill the keys after {DEDUP_KEYS_MAX / 1e7 * 24:.1f} hours, and from then on memory stays where
it is.

## Sizing

    memory = {base:,.0f} MB + accounts × {account:,.0f} B + keys × {key:,.0f} B

- {largest:,} accounts with sessions and a full memory of {DEDUP_KEYS_MAX:,} keys:
  about {(base + largest * account / MEGABYTE + DEDUP_KEYS_MAX * key / MEGABYTE) / 1000:.1f} GB.
  Give the machine half as much again: a snapshot copies what changes while it is written, and the
  bodies of requests may take up to `http.bodies_bytes_max`.
- Disk: two snapshots, the log since the older one (as large as a snapshot or
  `snapshot.log_bytes`, whichever is more, twice), and two prepared segments of
  `log.segment_bytes`.
- Processor: password hashes are what needs it. One takes some 20 ms of a core; everything else is
  in [benchmarks.md](benchmarks.md).
"""


def main() -> int:
    settings = Settings.from_environment()
    with rig(settings) as place:
        people = [accounts(place, count) for count in sizes("CAPACITY_USERS", USERS)]
        uses = [events(place, count) for count in sizes("CAPACITY_EVENTS", EVENTS)]
        text = page(people, uses, machine.facts(str(place.place)))
    print(text)
    if "--write" in sys.argv:
        PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
