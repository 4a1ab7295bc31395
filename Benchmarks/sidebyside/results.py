"""What a figure found, and the marks it is held against.

All comparisons are made within a round and then the median is taken: a shared host changes its
speed between rounds, so that a ratio of medians would compare different hours.
"""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .load import Run

Round = dict[str, Run]


@dataclass
class Spread:
    """The median of the rounds, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        known = list(values)
        return cls(statistics.median(known), min(known), max(known))

    def text(self, decimals: int = 0, unit: str = "") -> str:
        low, high = f"{self.low:,.{decimals}f}", f"{self.high:,.{decimals}f}"
        median = f"{self.median:,.{decimals}f}{unit}"
        return median if low == high else f"{median} ({low} to {high})"


def rate(rounds: list[Round], name: str) -> Spread:
    return Spread.of(one[name].requests_per_second for one in rounds)


def ratio(rounds: list[Round], ours: str, other: str) -> Spread:
    return Spread.of(
        one[ours].requests_per_second / one[other].requests_per_second for one in rounds
    )


@dataclass(frozen=True)
class Mark:
    """What is asked of a figure: at least so much, or at most."""

    limit: float
    is_least: bool
    unit: str = ""
    decimals: int = 0

    def text(self) -> str:
        sign = "≥" if self.is_least else "≤"
        return f"{sign} {self.limit:,.{self.decimals}f}{self.unit}"

    def verdict(self, value: float) -> str:
        is_met = value >= self.limit if self.is_least else value <= self.limit
        return "**met**" if is_met else f"**MISSED** by {abs(value / self.limit - 1):.0%}"


def at_least(limit: float, unit: str = "", decimals: int = 0) -> Mark:
    return Mark(limit, True, unit, decimals)


def at_most(limit: float, unit: str = "", decimals: int = 0) -> Mark:
    return Mark(limit, False, unit, decimals)


@dataclass
class Row:
    """One line of the table that the page begins with."""

    what: str
    ours: str
    peer: str
    measured: str
    mark: str = ""
    verdict: str = ""

    @classmethod
    def judged(
        cls,
        what: str,
        ours: str,
        peer: str,
        measured: Spread,
        mark: Mark | None,
        decimals: int,
        unit: str = "",
    ) -> "Row":
        return cls(
            what,
            ours,
            peer,
            measured.text(decimals, unit),
            mark.text() if mark else "",
            mark.verdict(measured.median) if mark else "",
        )


@dataclass
class Result:
    """A figure as the page shows it."""

    title: str
    rows: list[Row] = field(default_factory=list)
    # Markdown under the title, and under the same title among the rounds.
    detail: str = ""
    rounds: str = ""
    # Why the figures can't be believed; empty when they can.
    faults: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


def table(heads: list[str], rows: Iterable[Iterable], numbers_from: int = 1) -> str:
    """Markdown; columns from `numbers_from` on are numbers and stand on the right."""
    rule = ["---"] * numbers_from + ["---:"] * (len(heads) - numbers_from)
    lines = [f"| {' | '.join(heads)} |", f"|{'|'.join(rule)}|"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def summary(rounds: list[Round]) -> str:
    """A line for each contender: medians of its rounds."""

    def cells(name: str) -> list[str]:
        def spread(value: Callable[[Run], float], decimals: int) -> str:
            return Spread.of(value(one[name]) for one in rounds).text(decimals)

        return [
            name,
            spread(lambda run: run.requests_per_second, 0),
            spread(lambda run: run.p50 / 1000, 2),
            spread(lambda run: run.p99 / 1000, 2),
        ]

    return table(["", "requests/s", "p50 ms", "p99 ms"], [cells(name) for name in rounds[0]])


def every_run(rounds: list[Round]) -> str:
    """The raw figures, for whoever wants to calculate again."""
    heads = ["round", "who", "requests/s", "p50 µs", "p99 µs", "answers", "refused", "errors"]
    rows = []
    for number, one in enumerate(rounds, 1):
        for name, run in one.items():
            rows.append(
                [number, name, f"{run.requests_per_second:.2f}", f"{run.p50:.0f}"]
                + [f"{run.p99:.0f}", run.answers, run.refused, run.socket_errors or "none"]
            )
    return table(heads, rows, numbers_from=2)


def faults(rounds: list[Round]) -> list[str]:
    return [
        f"round {number}, {name}: {fault}"
        for number, one in enumerate(rounds, 1)
        for name, run in one.items()
        for fault in run.faults()
    ]
