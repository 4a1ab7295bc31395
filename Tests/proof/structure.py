"""Rows C4 and C5: the folders, and the one file that is deployed."""

import re
import shutil
import stat

from harness import BINARY, REPOSITORY

from . import shell
from .ledger import shows
from .load import CONNECTIONS, SECONDS, wrk
from .pages import Section
from .world import Proof, link, source

PAGE = "construction"
TOP_LEVEL = ["Package.swift", "Sources/App", "Sources/Actors", "Sources/Persistence"]
TOP_LEVEL += ["Tests", "Benchmarks", "config"]
# What every Debian has: the C and C++ runtime and zlib.
SYSTEM_LIBRARIES = {"linux-vdso", "ld-linux", "libc", "libm", "libgcc_s", "libstdc++", "libz"}


@shows("C4", PAGE, "the folders")
def folders(proof: Proof, section: Section) -> str:
    """Each must be there, and each folder of Sources must be a target that the product needs."""
    manifest = source("Package.swift")
    rows = []
    for name in TOP_LEVEL:
        path = REPOSITORY / name
        files = [one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts]
        assert path.is_file() or files, f"{name} is not there"
        rows.append([link(name), len(files) or 1])
        if name.startswith("Sources/"):
            assert f'name: "{path.name}"' in manifest, f"{name} is no target"
    section.table(["path", "files"], rows, "lr")
    return f"{len(rows)} of {len(rows)} are there"


@shows("C5", PAGE, "one file")
def one_file(proof: Proof, section: Section) -> str:
    """What the binary needs of the system; the binary alone in an empty folder, serving; and a
    short load of two kinds."""
    linked = shell.run(["ldd", str(BINARY)], proof.scratch).stdout.decode()
    lines = [re.sub(r"\s*\(0x[0-9a-f]+\)", "", line).strip() for line in linked.splitlines()]
    section.code("$ ldd countersign\n" + "\n".join(lines))
    names = {re.split(r"\.so|-x86|-aarch", line.split()[0].rsplit("/")[-1])[0] for line in lines}
    assert names and names <= SYSTEM_LIBRARIES, names - SYSTEM_LIBRARIES
    mode = BINARY.stat().st_mode
    assert stat.S_ISREG(mode) and mode & stat.S_IXUSR
    size = BINARY.stat().st_size

    server = proof.server()
    shutil.copy(BINARY, server.home)
    server.binary = server.home / BINARY.name
    server.start()
    caller = proof.caller(section, server)
    section.say("A copy of it in an empty folder, with a key and nothing else:")
    assert caller("GET", "/health").json["status"] == "ok"
    console = caller("GET", "/", quiet=True)
    assert "<html" in console.text and "text/html" in console.header("content-type")
    admin = server.admin()
    session = wrk(proof.scratch, f"{server.url}/api/auth/session", "session.lua", admin.cookie)
    token = admin.mint("usage:write", "status:read")
    event = wrk(proof.scratch, server.url, "event.lua", token, "proof")
    rows = admin.get("/api/integrations/status")["integrations"]
    server.kill()
    counted = next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"]
    # What was under way when wrk stopped is durable too, and not in its sum.
    assert event.requests <= counted <= event.requests + CONNECTIONS, (event, counted)
    section.table(
        [f"{CONNECTIONS} connections, {SECONDS} s", "answers", "a second"],
        [
            ["session check", f"{session.requests:,}", f"{session.a_second:,.0f}"],
            ["one durable event a request", f"{event.requests:,}", f"{event.a_second:,.0f}"],
        ],
        "lrr",
    )
    benchmarks = link("docs/benchmarks.md", "The benchmarks")
    section.say(f"No answer failed, and every event was counted. {benchmarks} have the figures.")
    return (
        f"{size:,} bytes that need {len(names)} libraries of the system's; alone in a folder it "
        f"serves API and console; {session.a_second:,.0f} session checks/s and "
        f"{event.a_second:,.0f} durable events/s beside the load generator"
    )
