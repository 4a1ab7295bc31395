"""Measures the server beside a bare Hummingbird route, in one run, and prints ratios.

The load generator (wrk, 2 threads) runs on the same machine and takes its share of the same cores,
so the figures of one run compare with each other and with nothing else.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PRODUCTS = REPOSITORY / ".build" / "release"
SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
CONNECTIONS = 64
USERS = int(os.environ.get("BENCH_USERS", "100000"))
KEY = base64.b64encode(os.urandom(32)).decode()
PASSWORD = "correct horse battery staple"


class Program:
    """A server of ours, started on a free port and stopped by its id."""

    def __init__(self, *command, **environment):
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "APP_ENC_KEY": KEY, **environment},
            text=True,
        )
        line = self.process.stdout.readline()
        found = re.match(r"listening on (http://\S+)", line)
        if not found:
            sys.exit(f"{command[0]} did not start: {line!r}")
        self.url = found.group(1)
        self.start_seconds = time.monotonic() - self.began

    def resident_megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def call(url, body=None, token=None):
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        cookie = answer.headers.get("set-cookie", "")
        return json.loads(answer.read()), cookie.split(";")[0].partition("=")[2]


def wrk(url, script=None, arguments=(), connections=CONNECTIONS) -> float:
    """Requests a second; every answer has to be a success."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{SECONDS}s"]
    if script:
        command += ["-s", str(REPOSITORY / "Benchmarks" / "wrk" / script)]
    printed = subprocess.run(
        [*command, url, "--", *arguments], capture_output=True, text=True, check=True
    ).stdout
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", printed):
        print(f"(refused: {refused.group(1)})", file=sys.stderr)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", printed).group(1))


def serve(data, **environment):
    return Program(
        PRODUCTS / "countersign", "serve", "--port", "0", "--data-dir", data, **environment
    )


def compare(place: Path) -> list[tuple[str, float, float, str]]:
    bare = Program(PRODUCTS / "BareRoute")
    server = serve(place / "compare", COUNTERSIGN_LOG_ACCESS="false")
    idle = server.resident_megabytes()
    _, session = call(
        server.url + "/api/auth/register", {"email": "bench@example.com", "password": PASSWORD}
    )
    minted, _ = call(
        server.url + "/api/tokens",
        {"name": "bench", "scopes": ["usage:write", "session:read"]},
        token=session,
    )
    token, run = minted["token"], uuid.uuid4().hex[:8]
    wrk(bare.url + "/bare")
    baseline = wrk(bare.url + "/bare")
    check = wrk(server.url + "/api/auth/session", "session.lua", [session])
    single = wrk(server.url, "event.lua", [token, run])
    bulk = wrk(server.url, "bulk.lua", [token, run], connections=8) * 1000
    again = wrk(bare.url + "/bare")
    bare.stop()
    server.stop()
    mean = (baseline + again) / 2
    return [
        ("bare Hummingbird route, requests/s", mean, 1.0, ""),
        ("session check, requests/s", check, check / mean, "≥ 0.8"),
        ("one durable event a request, requests/s", single, single / mean, "≥ 0.55"),
        ("bulk ingest, 1,000 events a request, events/s", bulk, bulk / mean, "≥ 100,000 events/s"),
        ("memory at rest, MB", idle, 0, "≤ 60 MB"),
    ]


def start_with_users(place: Path) -> list[tuple[str, float, float, str]]:
    data = place / "users"
    subprocess.run(
        [PRODUCTS / "SeedUsers", data, str(USERS)],
        check=True,
        env={**os.environ, "APP_ENC_KEY": KEY},
    )
    from_log = serve(data)
    from_log.stop()
    from_snapshot = serve(data)
    memory = from_snapshot.resident_megabytes()
    from_snapshot.stop()
    return [
        (f"start with {USERS:,} users from the log, s", from_log.start_seconds, 0, ""),
        (f"start with {USERS:,} users from a snapshot, s", from_snapshot.start_seconds, 0, ""),
        (f"memory with {USERS:,} users, MB", memory, 0, ""),
    ]


def main():
    place = Path(tempfile.mkdtemp(prefix="countersign-bench-"))
    try:
        rows = compare(place) + start_with_users(place)
    finally:
        shutil.rmtree(place)
    print(f"{os.cpu_count()} cores, shared with wrk -t2 -c{CONNECTIONS} -d{SECONDS}s\n")
    print("| what | figure | ratio to the bare route | mark |\n|---|---:|---:|---|")
    for name, figure, ratio, mark in rows:
        shown = f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"
        print(f"| {name} | {shown} | {f'{ratio:.2f}' if ratio else ''} | {mark} |")
    print("\nAppends to the log, in process:\n", flush=True)
    subprocess.run([PRODUCTS / "LogAppends"], check=True)


main()
