"""Measures the gateway beside nginx, Envoy and Caddy, all before the same upstream, in one run.

Countersign's figures include the durable usage event of each call; the others write nothing. The
load generator and the upstream run on the same cores, so the figures of one run compare with each
other and with nothing else. Prints markdown; `--output` keeps it, with the figures of every run.

    python3 Benchmarks/gateway.py [--tls] [--only direct,nginx] [--output FILE]

BENCH_ROUNDS (5), BENCH_SECONDS (3, of each load), BENCH_CORES (2, what everything shares), and
BENCH_DIRECTORY (the system's temporary directory) for the data whose durability is measured.

Ends with 1 when the figures can't be believed: a peer failed, or an event is missing. A mark that
is missed is a result, and ends with 0.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from gateway import peers
from gateway.load import Run, check_answer, flush_microseconds, wrk
from gateway.measurement import MANY, SINGLE, Count, Measurement, Round
from gateway.peers import Peer, Rig
from gateway.programs import Failure
from gateway.report import every_run, report
from gateway.service import Service, start_countersign

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
# As many as the workers that nginx and Envoy are given: more cores would favour the others.
CORES = int(os.environ.get("BENCH_CORES", "2"))
DIRECTORY = os.environ.get("BENCH_DIRECTORY")
STARTERS = {
    "direct": peers.start_direct,
    "nginx": peers.start_nginx,
    "envoy": peers.start_envoy,
    "caddy": peers.start_caddy,
    "countersign": start_countersign,
}
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


def put_load(measured: Measurement, peer: Peer, connections: int) -> Run:
    run = wrk(peer, connections, SECONDS)
    if isinstance(peer, Service):
        events = peer.new_ok_events(at_least=run.succeeded)
        measured.counts.append(Count(run.succeeded, events, in_flight_max=connections))
    return run


def measure(rig: Rig, started: list[Peer]) -> Measurement:
    measured = Measurement([peer.name for peer in started])
    for peer in started:
        say(f"warming up: {peer.name}")
        check_answer(peer, rig.authority)
        if isinstance(peer, Service):
            events = peer.new_ok_events(at_least=1)
            measured.counts.append(Count(succeeded=1, events=events, in_flight_max=0))
        put_load(measured, peer, MANY)
    for number in range(ROUNDS):
        current = Round(flush_microseconds(rig.place))
        measured.rounds.append(current)
        # Nobody always runs after the same neighbour, or always last.
        turn = number % len(started)
        for connections in (SINGLE, MANY):
            for peer in started[turn:] + started[:turn]:
                say(f"round {number + 1} of {ROUNDS}, c={connections}: {peer.name}")
                current.runs[peer.name, connections] = put_load(measured, peer, connections)
    return measured


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def compare(arguments: argparse.Namespace) -> int:
    place = Path(tempfile.mkdtemp(prefix="countersign-gateway-", dir=DIRECTORY))
    try:
        if INSTALLED.intersection(arguments.names):
            peers.ensure_peers()
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        with ExitStack() as stack:
            rig = Rig(place, stack, arguments.tls)
            peers.start_upstream(rig)
            started = [STARTERS[name](rig) for name in arguments.names]
            measured = measure(rig, started)
            text = report(measured, started, rig, SECONDS)
    finally:
        shutil.rmtree(place)
    print(text, end="")
    if arguments.output:
        arguments.output.write_text(text + "\n" + every_run(measured))
    return 1 if measured.faults() else 0


def main() -> int:
    # Ended from outside, too, it leaves no program behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    arguments = parse_arguments()
    try:
        return compare(arguments)
    except Failure as failure:
        say(f"error: {failure}")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
