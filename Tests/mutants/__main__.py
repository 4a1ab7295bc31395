"""Takes away one guard of the storage code at a time, and sees who notices.

All mutants are compiled into one copy of the tree, behind a switch each; an environment variable
turns one of them on. So there are two builds, the simulation's and the tests', for all of them.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / ".build-mutants"
SOURCES = Path("Sources")
LIST = Path(__file__).with_name("mutants.toml")

# What is asked when a mutant is on.
SWITCH = """\
import Glibc

/// Which guard is taken away in this run.
package enum Mutant {
    static let active: Int = {
        // Safe: the environment does not change while this runs.
        guard let text = unsafe getenv("MUTANT") else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }()

    /// Sound in the simulation, which is one thread, and it alone uses this.
    nonisolated(unsafe) static var snapshot: SnapshotFile?

    package static func on(_ number: Int) -> Bool { active == number }
}
"""

# So many seeds of the model come on one of the server's own states.
DOMAIN_ONE_IN = 20
SIMULATION_SECONDS_MAX = 600
TESTS_SECONDS_MAX = 60


class Mutants:
    def __init__(self):
        content = tomllib.loads(LIST.read_text())
        self.edits = content["edits"]
        self.redundant = content["redundant"]
        self.tests = content["tests"]
        names = {}
        for edit in self.edits:
            for name in re.findall(r"\{([a-z]+(?:-[a-z]+)+)\}", edit["new"]):
                names.setdefault(name, len(names) + 1)
        self.numbers = names
        unknown = (set(self.redundant) | set(self.tests)) - set(names)
        if unknown:
            sys.exit(f"mutants without an edit: {', '.join(sorted(unknown))}")

    def apply(self):
        """Makes the copy, as far as it differs from the one before."""
        texts = {}
        for edit in self.edits:
            path = SOURCES / edit.get("module", "Persistence") / edit["file"]
            text = texts.get(path) or (ROOT / path).read_text()
            old, new = edit["old"].lstrip("\n"), edit["new"].lstrip("\n")
            if text.count(old) != 1:
                sys.exit(f"{path} has this {text.count(old)} times, not once:\n{old}")
            for name, number in self.numbers.items():
                new = new.replace("{" + name + "}", f"Mutant.on({number})")
            texts[path] = text.replace(old, new)
        texts[SOURCES / "Persistence" / "Mutant.swift"] = SWITCH
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "Package.swift", "Sources", "Tests"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for name in listed:
            if (ROOT / name).is_file() and Path(name) not in texts:
                write(COPY / name, (ROOT / name).read_bytes())
        for path, text in texts.items():
            write(COPY / path, text.encode())


def write(path, content):
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def run(command, seconds, number=0):
    environment = dict(os.environ, ENABLE_SIMULATION="1", MUTANT=str(number))
    # A group of its own: what hangs is a child of `swift test`, and has to end with it.
    process = subprocess.Popen(
        command,
        cwd=COPY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return -1, "does not come to an end"


def build():
    simulation = ["-c", "release", "--static-swift-stdlib", "--product", "Simulation"]
    for arguments in (simulation, ["--build-tests"]):
        start = time.monotonic()
        code, output = run(["swift", "build", "-j", "2", *arguments], None)
        if code != 0:
            wrong = [line for line in output.splitlines() if "error:" in line]
            sys.exit("\n".join(wrong[:20]) or output[-2000:])
        took = time.monotonic() - start
        print(f"swift build {' '.join(arguments)}: {took:.0f} s", flush=True)


def simulate(number, seeds):
    """What the simulation says, or nothing when it finds nothing wrong."""
    return simulate_states(number, "model", seeds) or simulate_states(
        number, "domain", max(1, seeds // DOMAIN_ONE_IN)
    )


def simulate_states(number, states, seeds):
    program = str(COPY / ".build/release/Simulation")
    command = [program, "seeds", str(seeds), "states", states]
    code, output = run(command, SIMULATION_SECONDS_MAX, number)
    if code == 0:
        return None
    if found := re.search(r"^seed (\d+): (.*)$", output, re.MULTILINE):
        return f"the simulation of the {states} at seed {found[1]}: {found[2]}"
    if found := re.search(r"(Fatal error|Swift runtime failure|does not come)[^\n]*", output):
        return f"the simulation: {found[0]}"
    return f"the simulation: exit status {code}"


def test(number, suites):
    """What the tests of these suites say, or nothing when all of them pass."""
    command = ["swift", "test", "--skip-build", "--filter", suites]
    code, output = run(command, TESTS_SECONDS_MAX, number)
    if code == 0:
        if not re.search(r"Test run with [1-9]\d* test", output):
            sys.exit(f"no tests ran for {suites}:\n{output[-2000:]}")
        return None
    if found := re.search(r"✘ Test (.*?) (?:recorded|failed)|does not come to an end", output):
        return f"{suites}: {found[1] or found[0]}"
    return f"{suites}: exit status {code}"


def judge(mutants, name, seeds):
    number = mutants.numbers[name]
    killer = simulate(number, seeds)
    if killer is None and name in mutants.tests:
        killer = test(number, mutants.tests[name])
    return killer


def verdict(mutants, name, killer):
    if name in mutants.redundant:
        return (f"NOT redundant, {killer}", False) if killer else ("redundant", True)
    return (f"killed by {killer}", True) if killer else ("LIVES", False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--clean", action="store_true", help="build everything anew")
    parser.add_argument("names", nargs="*", help="of the mutants to try; all without")
    options = parser.parse_args()
    if options.clean:
        shutil.rmtree(COPY, ignore_errors=True)
    mutants = Mutants()
    mutants.apply()
    start = time.monotonic()
    build()
    if found := simulate(0, options.seeds):
        sys.exit(f"without a mutant, {found}")
    if found := test(0, "|".join(sorted(set("|".join(mutants.tests.values()).split("|"))))):
        sys.exit(f"without a mutant, {found}")
    names = options.names or list(mutants.numbers)
    bad = 0
    print("| mutant | verdict |\n|---|---|", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        for name, killer in zip(
            names, pool.map(lambda name: judge(mutants, name, options.seeds), names), strict=True
        ):
            text, is_good = verdict(mutants, name, killer)
            bad += not is_good
            print(f"| {name} | {text} |", flush=True)
    took = time.monotonic() - start
    killed = len(names) - bad - sum(name in mutants.redundant for name in names)
    print(f"\n{len(names)} mutants, {killed} killed, {bad} to look at, {took:.0f} s")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
