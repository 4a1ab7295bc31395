"""Checks the load tool itself: that a stall of the server can't hide from an open loop, and what
the tool costs beside wrk. Ends with 1 when the stall hides or the tool costs more than its mark.

After ENABLE_BENCHMARKS=1 swift build -c release --static-swift-stdlib: python3 this file.
"""

import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PRODUCTS = Path(__file__).resolve().parent.parent / ".build" / "release"
CONNECTIONS = 64
STALL_SECONDS = 1.0
ROUNDS = 5
ROUND_SECONDS = 3
# The generator shares the machine with the server, so it may not cost much more than wrk does.
COST_RATIO_MAX = 1.5


def load(url: str, *options: str) -> dict:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [PRODUCTS / "countersign-load", "run", "url", "--target", url, "--quiet"]
        subprocess.run([*command, "--json", file.name, *options], check=True)
        return json.load(file)


def stalled(server: subprocess.Popen, url: str, *options: str) -> dict:
    """A run of 10 s in whose middle the server is stopped for a second."""

    def stall():
        time.sleep(5)
        server.send_signal(signal.SIGSTOP)
        time.sleep(STALL_SECONDS)
        server.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=stall)
    thread.start()
    result = load(url, "--duration", "10", "--warmup", "1", *options)
    thread.join()
    return result["total"]["latency"]


def check_stall(server: subprocess.Popen, url: str) -> bool:
    rows = {
        "closed loop": stalled(server, url, "--connections", "8"),
        "open loop, 1,000/s": stalled(server, url, "--connections", "64", "--rate", "1000"),
    }
    print(f"The server stands still for {STALL_SECONDS:.0f} s of 10 s:\n")
    print("| | p50 ms | p90 ms | p99 ms | p99.9 ms | max ms |\n|---|---:|---:|---:|---:|---:|")
    for name, row in rows.items():
        figures = (row[f"{column}_us"] / 1000 for column in ("p50", "p90", "p99", "p99_9", "max"))
        print(f"| {name} | " + " | ".join(f"{figure:,.2f}" for figure in figures) + " |")
    # A tenth of the requests was meant to be sent during the stall and waited half of it in the
    # mean, so the 99th percentile is near nine tenths of it.
    p99 = rows["open loop, 1,000/s"]["p99_us"] / 1e6
    return 0.8 * STALL_SECONDS < p99 < 1.2 * STALL_SECONDS


def wrk(url: str) -> tuple[float, float]:
    """Requests a second, and microseconds of processor time for each."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{ROUND_SECONDS}s", url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    count = int(re.search(r"(\d+) requests in", printed).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", printed).group(1))
    return rate, seconds / count * 1e6


def check_cost(url: str) -> bool:
    pairs = []
    options = ["--connections", str(CONNECTIONS), "--warmup", "0.5"]
    wrk(url)
    for _ in range(ROUNDS):
        theirs = wrk(url)
        result = load(url, "--duration", str(ROUND_SECONDS), *options)
        ours = result["achieved_rate"], result["generator"]["cpu_us_per_request"]
        pairs.append((theirs, ours))
    print(f"\nBeside wrk, {CONNECTIONS} connections, one thread, {ROUNDS} rounds in turn:\n")
    print("| | requests/s | µs of processor a request |\n|---|---:|---:|")
    for index, name in enumerate(("wrk", "countersign-load")):
        rate = statistics.median(pair[index][0] for pair in pairs)
        cost = statistics.median(pair[index][1] for pair in pairs)
        print(f"| {name} | {rate:,.0f} | {cost:.2f} |")
    rates = statistics.median(ours[0] / theirs[0] for theirs, ours in pairs)
    costs = statistics.median(ours[1] / theirs[1] for theirs, ours in pairs)
    print(f"| ratio, median of the rounds' | {rates:.2f} | {costs:.2f} (≤ {COST_RATIO_MAX}) |")
    return costs <= COST_RATIO_MAX


def main() -> int:
    server = subprocess.Popen(
        [PRODUCTS / "BareRoute"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        url = re.match(r"listening on (\S+)", server.stdout.readline()).group(1) + "/bare"
        print(f"{os.cpu_count()} cores, shared by the load and the server\n")
        passed = [check_stall(server, url), check_cost(url)]
    finally:
        server.terminate()
        server.wait(timeout=30)
    if not all(passed):
        print("\nFAILED: " + ", ".join(n for n, p in zip(("stall", "cost"), passed) if not p))
    return 0 if all(passed) else 1


sys.exit(main())
