"""Row P1: the search for calls of edge functions, and the guard that repeats it in every test
run."""

import re
import shutil
from pathlib import Path

from harness import BINARY, REPOSITORY

from . import shell
from .ledger import shows
from .pages import Section
from .world import Proof, link, source

PATTERN = r"supabase\.functions\.invoke|/functions/v1/"
CLIENT = "Sources/WebUI/web"
PLACES = ["Sources", "config"]
GUARD = "scripts/guard-edge-functions.sh"
# Looked for in the binary as well, to see that the search looks into it.
SURELY_THERE = "/api/integrations/status"
NOTHING_FOUND = 1


@shows("P1", "guard", "the search and its guard")
def search(proof: Proof, section: Section) -> str:
    """The brief's search over the client, then over all sources, then over the binary that serves
    the client; and the guard of `make test`, which is also run where it has to fail."""
    counts = []
    for places in ([CLIENT], PLACES):
        files = [path for place in places for path in (REPOSITORY / place).rglob("*")]
        files = [path for path in files if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        assert files and size, f"{places} is empty"
        command = ["grep", "-rnE", PATTERN, *places]
        expect(section, proof, command, NOTHING_FOUND)
        section.say(f"Nothing, in {len(files)} files of {size:,} bytes.")
        counts.append((len(files), size))
    assert any(path.suffix == ".js" for path in (REPOSITORY / CLIENT).rglob("*"))

    section.say(
        f"The release binary serves these very files, byte for byte: {served(proof, section)}."
    )
    binary = {"cwd": BINARY.parent}
    expect(section, proof, ["grep", "-acE", PATTERN, BINARY.name], NOTHING_FOUND, **binary)
    expect(section, proof, ["grep", "-acF", SURELY_THERE, BINARY.name], 0, shown=False, **binary)

    section.say(f"The guard, {link(GUARD)}:")
    said = expect(section, proof, [GUARD], 0)
    numbers = re.match(r"no call of an edge function in (\d+) files \((\d+) bytes\)", said)
    assert numbers and int(numbers[1]) > counts[0][0], said
    assert GUARD in source("scripts/test.sh") and "make test" in source(".ci/run")
    assert "scripts/test.sh" in source("Makefile")

    section.say("In a copy of the tree with such a call in one script, and in one without scripts:")
    copy = proof.folder("tree")
    for place in ("Sources", "config", "docs", "scripts"):
        shutil.copytree(REPOSITORY / place, copy / place)
    shutil.copy(REPOSITORY / "README.md", copy)
    script = next(iter(sorted((copy / CLIENT).rglob("*.js"))))
    with script.open("a") as file:
        file.write('\nawait supabase.functions.invoke("send-sms");\n')
    expect(section, proof, [GUARD, str(copy)], 1)
    shutil.rmtree(copy / CLIENT / "js")
    expect(section, proof, [GUARD, str(copy)], 1)
    return (
        f"nothing in {counts[0][0]} files ({counts[0][1]:,} bytes) of the client, nothing in "
        f"{counts[1][0]} files ({counts[1][1]:,} bytes) of all sources, nothing in the "
        "binary, which serves the client as it is; the guard "
        f"reads {numbers[1]} files, finds what it plants, and fails where it has to"
    )


def served(proof: Proof, section: Section) -> str:
    """Whether what is searched is what browsers get."""
    caller = proof.caller(section)
    files = proof.files(CLIENT)
    for file in files:
        path = file.removeprefix(CLIENT).removesuffix("index.html")
        got = caller("GET", path, quiet=True).text
        assert got == source(file), f"{path} is served as it was before: the binary is old"
    return f"{len(files)} of {len(files)}"


def expect(
    section: Section,
    proof: Proof,
    command: list[str],
    code: int,
    shown: bool = True,
    cwd: Path = REPOSITORY,
) -> str:
    """Runs it, shows it, and answers what it has printed."""
    done = shell.run(command, proof.scratch, cwd=cwd)
    printed = (done.stdout + done.stderr).decode().strip()
    if shown:
        line = shell.shown(command).replace(str(proof.scratch / "tree"), "copy")
        parts = [line, printed, "$ echo $?", str(done.returncode)]
        section.code("\n".join(part for part in parts if part))
    assert done.returncode == code, f"{command[0]} ended with {done.returncode}: {printed[:200]}"
    return printed
