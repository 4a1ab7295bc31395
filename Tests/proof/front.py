"""Row C3: what of the server runs in task groups, and that a stop waits for what is under way."""

import re
import socket
import threading
import time
from pathlib import Path

from harness import REPOSITORY, Server
from upstream import Answer, Gate

from .ledger import shows
from .load import CONNECTIONS, SECONDS, wrk
from .pages import Section
from .world import Proof, link, source

PAGE = "construction"
FOLDER = "Sources/App/HTTP/"
SERVICES = "Sources/App/Composition/Server.swift"
TASK_GROUP = re.compile(r"with(?:Throwing)?(?:Discarding)?TaskGroup")
UNSTRUCTURED = re.compile(r"\bTask(?:\.detached|\.immediate)?(?:\([^)]*\))?\s*\{")
CALLS_UNDER_WAY = 20
STOP_SECONDS_MAX = 8


@shows("C3", PAGE, "the HTTP front")
def front(proof: Proof, section: Section) -> str:
    """The task groups that everything of the server runs in, and every task that is in none; then
    a stop with calls under way, which has to wait for all of them and for nothing else."""
    groups, loose = [], []
    for path in sorted((REPOSITORY / "Sources").rglob("*.swift")):
        file = path.relative_to(REPOSITORY).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0]
            if TASK_GROUP.search(code):
                groups.append([link(file), number, f"`{code.strip()}`"])
            elif UNSTRUCTURED.search(code):
                loose.append([link(file), number, f"`{code.strip()}`"])
    front = [row for row in groups if FOLDER in row[0]]
    assert front, "the HTTP front has no task group"
    assert not [row for row in loose if FOLDER in row[0]], loose
    services = source(SERVICES)
    assert "ServiceGroup(" in services and "gracefulShutdownSignals" in services
    section.say(
        "All services, the HTTP front among them, are children of one ServiceGroup in "
        f"{link(SERVICES)}. Task groups:"
    )
    section.table(["file", "line", "code"], groups, "lrl")
    section.say("Tasks outside of a group, of which none is in the HTTP front:")
    section.table(["file", "line", "code"], loose, "lrl")
    return f"{stopped(proof, section)}; {loaded(proof, section)}"


def stopped(proof: Proof, section: Section) -> str:
    gateway = proof.gateway()
    gate = Gate()
    answer = Answer(200, {"content-type": "application/json"}, pieces=[b"[1,", gate, b"2]"])
    gateway.upstream["openai"].always(answer)
    bodies: list[str] = []
    token = gateway.token("call:openai")

    def call() -> None:
        bodies.append(gateway.call("GET", "openai", "/v1/models", token=token).text)

    threads = [threading.Thread(target=call) for _ in range(CALLS_UNDER_WAY)]
    for thread in threads:
        thread.start()
    gate.wait_reached(CALLS_UNDER_WAY)
    process, port = gateway.server.process, gateway.server.port
    process.terminate()
    wait_until_closed(port)
    assert process.poll() is None, "the stop has not waited for the calls"
    began = time.monotonic()
    gate.open()
    for thread in threads:
        thread.join(STOP_SECONDS_MAX)
    code = process.wait(STOP_SECONDS_MAX)
    seconds = time.monotonic() - began
    gateway.server.process = None
    assert bodies == ["[1,2]"] * CALLS_UNDER_WAY, f"{len(bodies)} calls have ended well"
    assert code == 0, f"it ended with {code}"
    section.say(
        f"SIGTERM while {CALLS_UNDER_WAY} calls wait for their provider: no new connection is "
        f"taken, all {len(bodies)} get the rest of their answers, exit code {code}, "
        f"{seconds:.2f} s after the provider went on."
    )
    return f"a stop let all {len(bodies)} calls under way finish and took no new ones"


def wait_until_closed(port: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline, "it still listens"
        time.sleep(0.02)


def loaded(proof: Proof, section: Section) -> str:
    server = proof.start()
    admin = server.admin()
    threads: list[int] = []
    sampler = threading.Timer(SECONDS / 2, lambda: threads.append(threads_of(server)))
    sampler.start()
    load = wrk(proof.scratch, f"{server.url}/api/auth/session", "session.lua", admin.cookie)
    sampler.join()
    assert threads and threads[0] < CONNECTIONS * 2, threads
    section.say(
        f"{CONNECTIONS} connections for {SECONDS} s: {load.requests:,} session checks, none "
        f"failed, by {threads[0]} threads."
    )
    return f"{CONNECTIONS} connections are served by {threads[0]} threads"


def threads_of(server: Server) -> int:
    status = (Path("/proc") / str(server.process.pid) / "status").read_text()
    return int(re.search(r"Threads:\s+(\d+)", status)[1])
