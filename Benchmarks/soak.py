"""Keeps a mixed load on one server and watches its memory and file descriptors: they have to become
flat. Ends with 1 when they do not, or when a request failed other than by being shed.

    MINUTES=30 python3 Benchmarks/soak.py [--write]

`--write` puts the curve and the verdict into docs/soak.md. After `make bench` has built the
products.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime

from sidebyside import machine
from sidebyside.peers import countersign
from sidebyside.programs import say
from sidebyside.results import table
from sidebyside.rig import rig
from sidebyside.settings import REPOSITORY, Settings

PAGE = REPOSITORY / "docs" / "soak.md"
MIX = "session=60,events=25,gateway=10,ingest=1,logins=1,streams=3"
RATE = 1500
CONNECTIONS = 64
SAMPLE_SECONDS = 5
ROWS = 12
# The keys of duplicates fill during the first part; a snapshot is due several times in each part.
SETTINGS = {
    "COUNTERSIGN_USAGE_DEDUP_KEYS_MAX": "100000",
    "COUNTERSIGN_USAGE_RING_EVENTS": "1000",
    "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "30",
    "COUNTERSIGN_SNAPSHOT_LOG_BYTES": str(8 << 20),
    "COUNTERSIGN_AUTH_SESSION_IDLE_SECONDS": "60",
}
# Of the last third beyond the middle one. While a snapshot is written, memory is a third higher; a
# median would tell how often samples fell into that, so what is compared is the floor and the peak.
# Two megabytes of a thread's arena come and go.
FLOOR_GROWTH_MAX = 0.05
PEAK_GROWTH_MAX = 0.10
FLOOR_TENTH, PEAK_TENTH = 1, 9
DESCRIPTORS_GROWTH_MAX = 8
SHED = "status_503"
WATCHED = {
    "process_resident_memory_bytes": "memory",
    "process_open_fds": "descriptors",
    "countersign_http_connections_open": "connections",
    "countersign_sessions": "sessions",
}


def sample(origin: str) -> dict[str, float]:
    with urllib.request.urlopen(origin + "/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {short: float(values[name]) for name, short in WATCHED.items()}


def load(server, minutes: float, upstream_port: int, result) -> subprocess.Popen:
    command = [countersign.product("countersign-load"), "run", "mixed", "--mix", MIX]
    command += ["--target", server.origin, "--admin-token", server.session, "--rate", str(RATE)]
    command += ["--duration", str(int(minutes * 60)), "-c", str(CONNECTIONS), "--json", result]
    command += ["--listen-upstream", str(upstream_port), "--batch", "100", "--accounts", "20"]
    return subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)


def growth(samples: list[dict[str, float]], field: str, tenth: int) -> tuple[float, float]:
    """Of the last third beyond the middle one: a part of it, and by how much."""
    size = len(samples) // 3
    middle, last = (
        statistics.quantiles([one[field] for one in part], n=10)[tenth - 1]
        for part in (samples[size : 2 * size], samples[2 * size :])
    )
    return last / middle - 1, last - middle


def main() -> int:
    minutes = float(os.environ.get("MINUTES", "30"))
    settings = Settings.from_environment()
    upstream_port = int(os.environ.get("SOAK_UPSTREAM_PORT", "18399"))
    with rig(settings) as place:
        server = countersign.start(
            place,
            arguments=("--allow-private-upstreams",),
            COUNTERSIGN_OPENAI_BASE_URL=f"http://127.0.0.1:{upstream_port}",
            OPENAI_API_KEY="soak-of-no-provider-0123456789",
            **SETTINGS,
        )
        result = place.place / "load.json"
        running = load(server, minutes, upstream_port, result)
        samples, began = [], time.monotonic()
        while running.poll() is None:
            time.sleep(SAMPLE_SECONDS)
            if time.monotonic() - began < minutes * 60:
                samples.append(sample(server.origin) | {"at": time.monotonic() - began})
        outcome = json.loads(result.read_text())
        server.program.stop()
    floor, peak = (growth(samples, "memory", each)[0] for each in (FLOOR_TENTH, PEAK_TENTH))
    more = growth(samples, "descriptors", PEAK_TENTH)[1]
    failed = outcome["total"]["failed"] - refused(outcome)
    is_flat = (
        floor <= FLOOR_GROWTH_MAX and peak <= PEAK_GROWTH_MAX and more <= DESCRIPTORS_GROWTH_MAX
    )
    text = page(minutes, samples, outcome, floor, peak, more, is_flat and not failed)
    print(text)
    if "--write" in sys.argv:
        PAGE.write_text(text)
    say("flat" if is_flat else "NOT flat")
    return 0 if is_flat and not failed else 1


def refused(outcome) -> int:
    """A server that sheds what it can't do in time does what it should: on a machine that is busy
    with something else, too."""
    return sum(scenario["errors"].get(SHED, 0) for scenario in outcome["scenarios"])


def failures(outcome) -> str:
    """How many there were, and of which kind in which scenario."""
    kinds = [
        f"{count:,} × {kind} in {scenario['name']}"
        for scenario in outcome["scenarios"]
        for kind, count in scenario["errors"].items()
    ]
    return f"{outcome['total']['failed']:,}" + (f" ({', '.join(kinds)})" if kinds else "")


def page(minutes, samples, outcome, floor, peak, more, is_good) -> str:
    step = max(1, len(samples) // ROWS)
    rows = [
        [
            f"{one['at'] / 60:.1f}",
            f"{one['memory'] / 1e6:.1f}",
            f"{one['descriptors']:.0f}",
            f"{one['sessions']:.0f}",
        ]
        for one in samples[::step]
    ]
    total = outcome["total"]
    latency = total["latency"]
    verdict = "flat" if is_good else "NOT flat"
    return f"""# Soak

`MINUTES={minutes:g} make soak` on {datetime.now(UTC):%Y-%m-%d}, commit {machine.commit()}: a mixed
load ({MIX}) of {outcome["offered_rate"]:,.0f} operations a second in open loop for {minutes:g}
minutes, with a snapshot each half minute and sessions that end after a minute.

{total["ok"]:,} operations succeeded, {failures(outcome)} did not. p50 was
{latency["p50_us"] / 1000:.2f} ms, p99 {latency["p99_us"] / 1000:.2f} ms, p99.9
{latency["p99_9_us"] / 1000:.2f} ms, the longest {latency["max_us"] / 1000:.0f} ms.

{table(["minute", "memory MB", "file descriptors", "sessions"], rows)}

From the middle third to the last, memory at rest (its lowest tenth) grew by {floor:+.1%} (at most
{FLOOR_GROWTH_MAX:.0%}), while a snapshot is written (its highest tenth) by {peak:+.1%} (at most
{PEAK_GROWTH_MAX:.0%}), and file descriptors by {more:+.0f} (at most {DESCRIPTORS_GROWTH_MAX}):
**{verdict}**.
"""


if __name__ == "__main__":
    sys.exit(main())
