"""A measurement as markdown, with the facts of the machine beside it."""

import os
import platform
import re
from pathlib import Path

from .load import RECORD_BYTES, RECORDS
from .measurement import MANY, OURS, SINGLE, Measurement
from .peers import BODY, REPOSITORY, Peer, Rig, tool
from .programs import output_of


def report(measured: Measurement, peers: list[Peer], rig: Rig, seconds: int) -> str:
    parts = [
        heading(rig, measured, seconds),
        facts(peers, rig),
        table(measured),
        ratios(measured),
        marks(measured),
        events(measured),
        faults(measured),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def heading(rig: Rig, measured: Measurement, seconds: int) -> str:
    upstream = "TLS" if rig.is_tls else "plain HTTP"
    lines = [
        f"# Gateway benchmark, upstream over {upstream}\n",
        f"All peers stand before one nginx, which answers a GET with {len(BODY)} bytes of JSON.",
        f"wrk -t1, {len(measured.rounds)} interleaved rounds of {seconds} s for each peer at"
        f" c={SINGLE} and at c={MANY}.",
        "Figures are medians of the rounds, with their range in brackets; ratios and differences",
        "are taken within a round first.",
    ]
    if OURS in measured.names:
        lines.append("Countersign's figures include a durable usage event for each call.")
    if rig.is_tls:
        lines.append("`direct` is wrk's own TLS; the proxies take plain HTTP and speak TLS behind.")
    return "\n".join(lines)


def facts(peers: list[Peer], rig: Rig) -> str:
    file_system = output_of("stat", "-f", "-c", "%T", rig.place)
    versions = ", ".join(f"{peer.name} {peer.version}" for peer in peers)
    wrk = re.search(r"^wrk \S*?(\d\S*)", output_of(tool("wrk", "wrk"), "-v"))
    lines = [
        f"- machine: {os.cpu_count()} cores ({processor()}), {len(os.sched_getaffinity(0))} of them"
        " shared by the load, the upstream and the peers",
        f"- kernel: {platform.system()} {platform.release()}; data on {file_system}",
        f"- versions: {versions}, wrk {wrk.group(1) if wrk else 'unknown'}",
        f"- commit: {commit()}",
    ]
    if file_system == "tmpfs":
        lines.append("- **the data is in memory: nothing here is durable, set BENCH_DIRECTORY**")
    return "\n".join(lines)


def processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found.group(1).strip() if found else platform.machine()


def commit() -> str:
    # Without its optional lock git changes nothing, not even its index.
    git = ["git", "--no-optional-locks", "-C", REPOSITORY]
    found = output_of(*git, "rev-parse", "--short=12", "--verify", "HEAD")
    if not re.fullmatch("[0-9a-f]+", found):
        return "unknown"
    changes = output_of(*git, "status", "--porcelain", "--untracked-files=no")
    return found + (" with uncommitted changes" if changes else "")


def table(measured: Measurement) -> str:
    rows = [
        f"| peer | c={SINGLE} req/s | p50 µs | p99 µs | added p50 µs"
        f" | c={MANY} req/s | p50 ms | p99 ms |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in measured.names:
        cells = [name, *latencies(measured, name, SINGLE, 1, 0)]
        added = name != "direct" and measured.has("direct")
        cells.append(measured.over_rounds(lambda one: one.added(name)).text() if added else "")
        cells += latencies(measured, name, MANY, 1000, 2)
        rows.append(f"| {' | '.join(cells)} |")
    flush = measured.over_rounds(lambda one: one.flush).text()
    return "\n".join(rows) + (
        f"\n\nfdatasync of {RECORD_BYTES} bytes on the data's file system, median of"
        f" {RECORDS} before each round: {flush} µs."
    )


def latencies(measured: Measurement, name, connections, unit, decimals) -> list[str]:
    rate = measured.of_peer(name, connections, lambda run: run.requests_per_second)
    p50 = measured.of_peer(name, connections, lambda run: run.p50 / unit)
    p99 = measured.of_peer(name, connections, lambda run: run.p99 / unit)
    return [rate.text(), f"{p50.median:,.{decimals}f}", f"{p99.median:,.{decimals}f}"]


def ratios(measured: Measurement) -> str:
    others = [name for name in ("envoy", "caddy", "nginx", "direct") if measured.has(OURS, name)]
    if not others:
        return ""
    rows = [f"| req/s at c={MANY} | ratio |", "|---|---:|"]
    rows += [f"| {OURS}/{other} | {measured.ratio(other).text(2)} |" for other in others]
    return "\n".join(rows)


def marks(measured: Measurement) -> str:
    rows = ["| mark | measured | verdict |", "|---|---|---|"]
    rows += [f"| {asked} | {found} | {verdict} |" for asked, found, verdict in measured.marks()]
    return "\n".join(rows)


def events(measured: Measurement) -> str:
    if not measured.counts:
        return ""
    succeeded = sum(count.succeeded for count in measured.counts)
    recorded = sum(count.events for count in measured.counts)
    slack = sum(count.in_flight_max for count in measured.counts)
    agree = all(count.agrees for count in measured.counts)
    return (
        f"Durable events: {recorded:,} ok events for {succeeded:,} answers with success, warm-up"
        f" included: {'they agree' if agree else '**they do not agree**'}.\n"
        f"Each of the {len(measured.counts)} loads is counted by itself. It may leave as many"
        " events more as it has\nconnections, for the calls that were under way when wrk stopped:"
        f" {recorded - succeeded:,} did, of {slack:,} at most.\n"
        "A loss that is smaller than these would not show here."
    )


def faults(measured: Measurement) -> str:
    found = measured.faults()
    return "\n".join(["**Not to be believed:**\n", *(f"- {one}" for one in found)]) if found else ""


def every_run(measured: Measurement) -> str:
    """The raw figures, for whoever wants to calculate again."""
    rows = [
        "## Every run\n",
        "| round | fdatasync µs | peer | c | req/s | p50 µs | p99 µs | answers | refused"
        " | socket errors |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for number, one in enumerate(measured.rounds, 1):
        for (name, connections), run in one.runs.items():
            rows.append(
                f"| {number} | {one.flush:.0f} | {name} | {connections}"
                f" | {run.requests_per_second:.2f} | {run.p50:.0f} | {run.p99:.0f} | {run.answers}"
                f" | {run.refused} | {run.socket_errors or 'none'} |"
            )
    if measured.counts:
        rows += ["", "| load on Countersign | answers with success | ok events | slack |"]
        rows.append("|---:|---:|---:|---:|")
    for number, count in enumerate(measured.counts, 1):
        rows.append(
            f"| {number} | {count.succeeded} | {count.events} | {count.in_flight_max} |"
        )
    return "\n".join(rows) + "\n"
