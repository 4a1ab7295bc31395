"""Measures the gateway alone beside nginx, Envoy and Caddy, all before the same upstream.

    python3 Benchmarks/gateway.py [--tls] [--only direct,nginx] [--output FILE]

It is the figure of the same name of `make bench`, with a choice of peers; the same variables hold.
Prints markdown; `--output` keeps it, with the figures of every run.

Ends with 1 when the figures can't be believed: a peer failed, or an event is missing. A mark that
is missed is a result, and ends with 0.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from sidebyside import machine
from sidebyside.figures import gateway_report
from sidebyside.figures.gateway import STARTERS, compare
from sidebyside.page import MARKS, cells, joined
from sidebyside.peers.installed import ensure_peers
from sidebyside.programs import Failure, say
from sidebyside.results import table
from sidebyside.rig import rig
from sidebyside.settings import Settings

INSTALLED = {"envoy", "caddy"}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tls", action="store_true", help="the upstream speaks TLS")
    parser.add_argument("--only", default=",".join(STARTERS), help="peers, with commas between")
    parser.add_argument("--output", type=Path, help="a file for the report and every run")
    arguments = parser.parse_args()
    arguments.names = list(dict.fromkeys(arguments.only.split(",")))
    if unknown := [name for name in arguments.names if name not in STARTERS]:
        parser.error(f"no such peer: {', '.join(unknown)}; there are {', '.join(STARTERS)}")
    return arguments


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    if INSTALLED.intersection(arguments.names):
        ensure_peers()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: settings.cores])
    with rig(settings) as place:
        measured, started = compare(place, arguments.names, arguments.tls)
    versions = ", ".join(f"{peer.name} {peer.version}" for peer in started)
    faults = measured.faults()
    parts = [
        f"# Gateway, upstream over {'TLS' if arguments.tls else 'plain HTTP'}",
        "\n".join(machine.facts(settings.directory or tempfile.gettempdir())),
        f"Commit {machine.commit()}; {versions}, wrk {machine.wrk_version()}.",
        table(MARKS, map(cells, measured.rows())) if measured.rows() else "",
        gateway_report.details(measured),
        "\n".join(["**Not to be believed:**\n", *(f"- {one}" for one in faults)]) * bool(faults),
    ]
    text = joined(parts)
    print(text, end="")
    if arguments.output:
        every_run = joined(["## Every run", gateway_report.every_run(measured)])
        arguments.output.write_text(text + "\n" + every_run)
    return 1 if faults else 0


def main() -> int:
    # Ended from outside, too, it leaves no program behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(parse_arguments(), Settings.from_environment())
    except Failure as failure:
        say(f"error: {failure}")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
