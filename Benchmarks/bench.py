"""Measures Countersign side by side with what one would pick instead, in one run on one machine.

    python3 Benchmarks/bench.py [FIGURE …] [--write] [--output FOLDER]

Without figures it measures all of them; `--write` then makes docs/benchmarks.md and
docs/benchmarks/rounds.md of them. Some figures alone are only printed.

BENCH_ROUNDS (5), BENCH_SECONDS (4, of each load), BENCH_USERS (1,000,000), BENCH_CORES (2, what
everything shares), BENCH_DIRECTORY (the system's temporary directory) for the data whose durability
is measured, BENCH_PRODUCTS (.build/release). BENCH_QUICK=1: a look in a few minutes.

Ends with 1 when a figure can't be measured or can't be believed. A mark that is missed is a result,
and ends with 0.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sidebyside import machine
from sidebyside.figures import (
    bulk,
    burst,
    chat,
    events,
    gateway,
    log,
    logins,
    memory,
    scale,
    session,
)
from sidebyside.page import Facts, page, rounds_page
from sidebyside.peers.installed import ensure_peers
from sidebyside.programs import Failure, say
from sidebyside.results import Result
from sidebyside.rig import Rig, rig
from sidebyside.settings import REPOSITORY, Settings

FIGURES: dict[str, Callable[[Rig], Result]] = {
    "session": session.measure,
    "events": events.measure,
    "bulk": bulk.measure,
    "logins": logins.measure,
    "burst": burst.measure,
    "gateway": gateway.measure,
    "chat": chat.measure,
    "gateway-tls": gateway.measure_tls,
    "memory": memory.measure,
    "scale": scale.measure,
    "log": log.measure,
}
# For information, and long: not part of a quick look.
NOT_QUICK = {"gateway-tls", "log"}


def parse_arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="write the pages there")
    arguments = parser.parse_args()
    asked = [name for text in arguments.figures for name in text.split(",") if name]
    usual = [name for name in FIGURES if not (settings.is_quick and name in NOT_QUICK)]
    arguments.figures = list(dict.fromkeys(asked)) or usual
    if unknown := [name for name in arguments.figures if name not in FIGURES]:
        parser.error(f"no such figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    if arguments.write and (settings.is_quick or set(arguments.figures) != set(FIGURES)):
        parser.error("docs/benchmarks.md is only written by a whole run: all figures, not quick")
    return arguments


def measure(name: str, settings: Settings) -> Result:
    """The figure, or why there is none: the others are measured all the same."""
    began = time.monotonic()
    say(f"==> {name}")
    try:
        with rig(settings) as place:
            result = FIGURES[name](place)
    except Failure as failure:
        result = Result(name, faults=[f"not measured: {failure}"])
    except Exception as error:
        traceback.print_exc()
        result = Result(name, faults=[f"not measured: {error!r}"])
    say(f"==> {name}: {time.monotonic() - began:.0f} s")
    for fault in result.faults:
        say(f"not to be believed: {fault}")
    return result


def write(folder: Path, text: str, rounds: str) -> None:
    (folder / "benchmarks").mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks.md").write_text(text)
    (folder / "benchmarks" / "rounds.md").write_text(rounds)
    say(f"written: {folder.name}/benchmarks.md and {folder.name}/benchmarks/rounds.md")


def main() -> int:
    # Ended from outside, too, it leaves no program behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    settings = Settings.from_environment()
    arguments = parse_arguments(settings)
    ensure_peers()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: settings.cores])
    facts = Facts(
        commit=machine.commit(),
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        load=machine.busy_before(),
        machine=machine.facts(settings.directory or tempfile.gettempdir()),
    )
    try:
        results = {name: measure(name, settings) for name in arguments.figures}
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    text, rounds = page(results, settings, facts), rounds_page(results, facts)
    print(text, end="")
    if arguments.write:
        write(REPOSITORY / "docs", text, rounds)
    if arguments.output:
        write(arguments.output, text, rounds)
    return 1 if any(result.faults for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
