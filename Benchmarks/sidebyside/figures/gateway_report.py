"""The gateway's measurement as markdown."""

from ..disk import RECORD_BYTES, RECORDS
from ..peers.upstream import BODY
from .gateway import MANY, OURS, SINGLE, Measurement


def details(measured: Measurement) -> str:
    parts = [heading(measured), table(measured), ratios(measured), events(measured)]
    return "\n\n".join(part for part in parts if part)


def heading(measured: Measurement) -> str:
    lines = [
        f"All stand before one nginx, which answers a GET with {len(BODY)} bytes of JSON; `direct`",
        f"asks it without a proxy. {len(measured.rounds)} interleaved rounds of"
        f" {measured.seconds} s for each at c={SINGLE} and at c={MANY}.",
    ]
    if OURS in measured.names:
        lines.append("Countersign's figures include a durable usage event for each call; the")
        lines.append("others write nothing.")
    if measured.is_tls:
        lines.append("`direct` is wrk's own TLS; the proxies take plain HTTP and speak TLS behind.")
    return "\n".join(lines)


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


def every_run(measured: Measurement) -> str:
    """The raw figures, for whoever wants to calculate again."""
    rows = [
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
        rows.append(f"| {number} | {count.succeeded} | {count.events} | {count.in_flight_max} |")
    return "\n".join(rows)
