"""The gateway beside nginx, Envoy and Caddy, all before the same upstream."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..disk import flush_microseconds
from ..load import Load, Run, put
from ..peers import proxies, upstream
from ..peers.gateway import Gateway, start_countersign
from ..peers.proxies import Peer
from ..peers.upstream import Upstream
from ..programs import say
from ..results import Result, Row, Spread, at_least
from ..rig import Rig

OURS = "countersign"
SINGLE, MANY = 1, 64
ENVOY_RATIO_MIN = at_least(1.2, " ×", 1)
CADDY_RATIO_MIN = at_least(2.5, " ×", 1)
# What the durable event may cost beside a proxy without a log.
NGINX_ADDED_MAX = 3
FLUSHES_MAX = 2
STARTERS = {
    "direct": proxies.start_direct,
    "nginx": proxies.start_nginx,
    "envoy": proxies.start_envoy,
    "caddy": proxies.start_caddy,
    OURS: start_countersign,
}


@dataclass
class Count:
    """One load on Countersign: answers with success, and the events that came with them."""

    succeeded: int
    events: int
    # Calls that were under way when wrk stopped may have their events, too.
    in_flight_max: int

    @property
    def agrees(self) -> bool:
        return 0 <= self.events - self.succeeded <= self.in_flight_max


@dataclass
class Round:
    flush: float
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)

    def rate(self, name: str) -> float:
        return self.runs[name, MANY].requests_per_second

    def added(self, name: str) -> float:
        return self.runs[name, SINGLE].p50 - self.runs["direct", SINGLE].p50

    def allowed(self) -> float:
        return NGINX_ADDED_MAX * self.added("nginx") + FLUSHES_MAX * self.flush


@dataclass
class Measurement:
    names: list[str]
    is_tls: bool
    seconds: int
    rounds: list[Round] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        return all(name in self.names for name in names)

    def over_rounds(self, value: Callable[[Round], float]) -> Spread:
        return Spread.of([value(one) for one in self.rounds])

    def of_peer(self, name: str, connections: int, value: Callable[[Run], float]) -> Spread:
        return self.over_rounds(lambda one: value(one.runs[name, connections]))

    def ratio(self, other: str) -> Spread:
        return self.over_rounds(lambda one: one.rate(OURS) / one.rate(other))

    def rows(self) -> list[Row]:
        """What is asked, what was measured, and the verdict."""
        rows = []
        for other, mark in [("envoy", ENVOY_RATIO_MIN), ("caddy", CADDY_RATIO_MIN)]:
            if self.has(OURS, other):
                rows.append(
                    Row.judged(
                        f"gateway, {MANY} connections, beside {other.capitalize()}",
                        self._rate_text(OURS),
                        self._rate_text(other),
                        self.ratio(other),
                        mark,
                        2,
                        " ×",
                    )
                )
        if self.has(OURS, "nginx", "direct"):
            rows.append(self._latency_row())
        return rows

    def _rate_text(self, name: str) -> str:
        return f"{self.over_rounds(lambda one: one.rate(name)).median:,.0f}/s"

    def _latency_row(self) -> Row:
        added = self.over_rounds(lambda one: one.added(OURS))
        nginx = self.over_rounds(lambda one: one.added("nginx"))
        allowed = self.over_rounds(Round.allowed)
        left = self.over_rounds(lambda one: one.allowed() - one.added(OURS)).median
        return Row(
            f"gateway, {SINGLE} connection, added p50 beside nginx",
            f"{added.median:,.0f} µs",
            f"{nginx.median:,.0f} µs",
            added.text(0, " µs"),
            f"≤ {allowed.median:,.0f} µs = {NGINX_ADDED_MAX} × nginx + {FLUSHES_MAX} fdatasyncs",
            "**met**" if left >= 0 else f"**MISSED** by {-left:,.0f} µs",
        )

    def faults(self) -> list[str]:
        """Why the figures can't be believed; empty when they can."""
        faults = []
        for number, one in enumerate(self.rounds, 1):
            for (name, connections), run in one.runs.items():
                where = f"round {number}, {name}, c={connections}"
                faults += [f"{where}: {fault}" for fault in run.faults()]
        for count in self.counts:
            if not count.agrees:
                faults.append(
                    f"{OURS}: {count.succeeded} answers with success left {count.events} ok events,"
                    f" with at most {count.in_flight_max} in flight at the end"
                )
        return faults


def put_load(rig: Rig, measured: Measurement, peer: Peer, connections: int) -> Run:
    seconds = rig.settings.seconds
    run = put(Load(peer.name, peer.url, connections, seconds, peer.authorization), peer.program)
    if isinstance(peer, Gateway):
        events = peer.new_ok_events(at_least=run.succeeded)
        measured.counts.append(Count(run.succeeded, events, in_flight_max=connections))
    return run


def warm_up(rig: Rig, measured: Measurement, started: list[Peer], provider: Upstream) -> None:
    for peer in started:
        say(f"warming up: {peer.name}")
        upstream.check_answer(peer.name, peer.url, peer.authorization, provider)
        if isinstance(peer, Gateway):
            events = peer.new_ok_events(at_least=1)
            measured.counts.append(Count(succeeded=1, events=events, in_flight_max=0))
        put_load(rig, measured, peer, MANY)


def compare(rig: Rig, names: list[str], is_tls: bool) -> tuple[Measurement, list[Peer]]:
    provider = upstream.start(rig, is_tls)
    started = [STARTERS[name](rig, provider) for name in names]
    measured = Measurement(names, is_tls, rig.settings.seconds)
    warm_up(rig, measured, started, provider)
    rounds = rig.settings.rounds
    for number in range(rounds):
        current = Round(flush_microseconds(rig.place))
        measured.rounds.append(current)
        # Nobody always runs after the same neighbour, or always last.
        turn = number % len(started)
        for connections in (SINGLE, MANY):
            for peer in started[turn:] + started[:turn]:
                say(f"round {number + 1} of {rounds}, c={connections}: {peer.name}")
                run = put_load(rig, measured, peer, connections)
                current.runs[peer.name, connections] = run
    return measured, started


def measure(rig: Rig) -> Result:
    return measure_over(rig, is_tls=False)


def measure_tls(rig: Rig) -> Result:
    """The same over TLS to the provider: for information, the marks are those of plain HTTP."""
    result = measure_over(rig, is_tls=True)
    result.title = "The gateway over TLS to the provider"
    for row in result.rows:
        row.what = row.what.replace("gateway,", "gateway over TLS,")
        row.mark = row.verdict = ""
    return result


def measure_over(rig: Rig, is_tls: bool) -> Result:
    from . import gateway_report

    measured, started = compare(rig, list(STARTERS), is_tls)
    return Result(
        title="The gateway beside other proxies",
        rows=measured.rows(),
        detail=gateway_report.details(measured),
        rounds=gateway_report.every_run(measured),
        faults=measured.faults(),
        versions={peer.name: peer.version for peer in started if peer.name != "direct"},
    )
