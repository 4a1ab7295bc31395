"""What a run measured, and the marks it is held against.

All comparisons are made within a round and then the median is taken: a shared host changes its
speed between rounds, so that a ratio of medians would compare different hours.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from .load import Run

OURS = "countersign"
SINGLE, MANY = 1, 64
ENVOY_RATIO_MIN = 1.0
CADDY_RATIO_MIN = 2.0
# What the durable event may cost beside a proxy without a log.
NGINX_ADDED_MAX = 3
FLUSHES_MAX = 2


@dataclass
class Spread:
    """The median of the rounds, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))

    def text(self, decimals: int = 0) -> str:
        low, high = f"{self.low:,.{decimals}f}", f"{self.high:,.{decimals}f}"
        return f"{self.median:,.{decimals}f} ({low} to {high})"


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

    def marks(self) -> list[tuple[str, str, str]]:
        """What is asked, what was measured, and the verdict."""
        return [
            self._throughput_mark("Envoy", ENVOY_RATIO_MIN),
            self._throughput_mark("Caddy", CADDY_RATIO_MIN),
            self._latency_mark(),
        ]

    def _throughput_mark(self, label: str, least: float) -> tuple[str, str, str]:
        asked = f"req/s at c={MANY} ≥ {least} × {label}"
        other = label.lower()
        if not self.has(OURS, other):
            return asked, "", "not measured"
        spread = self.ratio(other)
        margin = spread.median / least - 1
        return asked, spread.text(2) + " ×", verdict(margin >= 0, f"{abs(margin):.1%}")

    def _latency_mark(self) -> tuple[str, str, str]:
        asked = (
            f"added p50 at c={SINGLE} ≤ {NGINX_ADDED_MAX} × nginx's + {FLUSHES_MAX} × fdatasync"
        )
        if not self.has(OURS, "nginx", "direct"):
            return asked, "", "not measured"
        added = self.over_rounds(lambda one: one.added(OURS))
        allowed = self.over_rounds(Round.allowed)
        margin = self.over_rounds(lambda one: one.allowed() - one.added(OURS)).median
        measured = f"{added.text()} µs of {allowed.text()} µs"
        return asked, measured, verdict(margin >= 0, f"{abs(margin):,.0f} µs")

    def faults(self) -> list[str]:
        """Why the figures can't be believed; empty when they can."""
        faults = []
        for number, one in enumerate(self.rounds, 1):
            for (name, connections), run in one.runs.items():
                where = f"round {number}, {name}, c={connections}"
                if run.refused:
                    faults.append(f"{where}: {run.refused} of {run.answers} answers were refusals")
                if run.socket_errors:
                    faults.append(f"{where}: socket errors: {run.socket_errors}")
        for count in self.counts:
            if not count.agrees:
                faults.append(
                    f"{OURS}: {count.succeeded} answers with success left {count.events} ok events,"
                    f" with at most {count.in_flight_max} in flight at the end"
                )
        return faults


def verdict(is_met: bool, by: str) -> str:
    return f"**met** by {by}" if is_met else f"**MISSED** by {by}"
