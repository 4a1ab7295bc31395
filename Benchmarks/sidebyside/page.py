"""The report: one page to read, and one with every round."""

import textwrap
from dataclasses import dataclass

from . import machine
from .results import Result, Row, table
from .settings import Settings

COLUMNS = 100
# Named as in their tables, where nginx is small, too.
PROXIES = {"envoy", "caddy", "countersign"}
MARKS = ["figure", "Countersign", "beside it", "measured", "mark", ""]
NOT_BELIEVED = "**not to be believed**"
HOW_TO_READ = """Written by `make bench`; the generator is in [Benchmarks](../Benchmarks). All
figures are of one run on one machine, whose cores the load generator, the servers and the upstream
share: they compare with each other and with nothing else. Read the ratios.

Contenders take turns within each round, so that a host that changes its speed meets all of them.
Figures are medians of the rounds with their range in brackets. A ratio is taken within a round, and
then the median; it need not be the ratio of the medians beside it. A mark is held against the
median. Loads are closed loops by wrk, which has one thread; logins come from a client in Python,
each from a loopback address of its own. Rate limits that would refuse the load are off, and so are
everybody's request logs."""


@dataclass
class Facts:
    """What was true when the run began."""

    commit: str
    date: str
    load: float
    machine: list[str]


def page(results: dict[str, Result], settings: Settings, facts: Facts) -> str:
    parts = [
        "# Benchmarks",
        HOW_TO_READ,
        "Where the time goes, and what was tried: [performance.md](performance.md). Every round:\n"
        "[rounds.md](benchmarks/rounds.md).",
        "## The run",
        the_run(results, settings, facts),
        "## Marks",
        marks(results),
        believability(results),
        *sections(results, "detail"),
    ]
    return joined(parts)


def rounds_page(results: dict[str, Result], facts: Facts) -> str:
    parts = [
        "# Every round",
        f"The raw figures behind [the benchmarks](../benchmarks.md), commit {facts.commit},"
        f" {facts.date}.",
        *sections(results, "rounds"),
    ]
    return joined(parts)


def the_run(results: dict[str, Result], settings: Settings, facts: Facts) -> str:
    versions: dict[str, str] = {}
    for result in results.values():
        for name, version in result.versions.items():
            versions[name.capitalize() if name in PROXIES else name] = version
    versions["wrk"] = machine.wrk_version()
    told = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    lines = [
        f"- commit {facts.commit}, {facts.date}",
        *facts.machine,
        f"- {settings.rounds} rounds; loads of {settings.seconds} s; {facts.load:.1f} cores were"
        " busy in the minute before",
        f"- versions: {told}",
    ]
    if settings.is_quick:
        lines.append("- **BENCH_QUICK: a quick look, not figures to keep**")
    return "\n".join(lines)


def marks(results: dict[str, Result]) -> str:
    """A figure that can't be believed meets no mark, whatever its number says."""
    rows = [row for result in results.values() if not result.faults for row in result.rows]
    judged = [row for row in rows if row.verdict]
    met = sum("MISSED" not in row.verdict for row in judged)
    lines = []
    for result in results.values():
        for row in result.rows:
            lines.append(cells(row)[:-1] + [NOT_BELIEVED if result.faults else row.verdict])
        if not result.rows and result.faults:
            lines.append([result.title, "", "", "not measured", "", NOT_BELIEVED])
    return f"{met} of {len(judged)} marks are met.\n\n" + table(MARKS, lines)


def cells(row: Row) -> list[str]:
    return [row.what, row.ours, row.peer, row.measured, row.mark, row.verdict]


def believability(results: dict[str, Result]) -> str:
    found = [f"- {one.title}: {fault}" for one in results.values() for fault in one.faults]
    return "\n".join(["**Not to be believed:**\n", *found]) if found else ""


def sections(results: dict[str, Result], part: str) -> list[str]:
    found = []
    for result in results.values():
        if text := getattr(result, part):
            found += [f"## {result.title}", text]
    return found


def joined(parts: list[str]) -> str:
    text = "\n\n".join(part.strip() for part in parts if part.strip())
    return "\n\n".join(wrapped(paragraph) for paragraph in text.split("\n\n")) + "\n"


def wrapped(paragraph: str) -> str:
    """Prose in lines of the usual length; numbers put into it have moved its ends."""
    if paragraph.startswith(("|", "-", "#")):
        return paragraph
    return textwrap.fill(
        " ".join(paragraph.split()), COLUMNS, break_long_words=False, break_on_hyphens=False
    )
