"""Usage events in batches of a thousand."""

from ..peers import countersign
from ..programs import say
from ..results import Result, Row, Spread, at_least, every_run, faults
from ..rig import Rig
from .events import Ingest

CONNECTIONS, EVENTS_EACH = 8, 1000
EVENTS_MIN = at_least(250_000, "/s")
OURS = "batches of 1,000 events"


def measure(rig: Rig) -> Result:
    server = countersign.start(rig)
    ingest = Ingest(server, rig)

    def run():
        return ingest.put(OURS, "bulk.lua", CONNECTIONS, EVENTS_EACH)

    say("warming up")
    run()
    rounds = rig.interleave({OURS: run})
    events = Spread.of(one[OURS].requests_per_second * EVENTS_EACH for one in rounds)
    batch = Spread.of(one[OURS].p99 / 1000 for one in rounds)
    return Result(
        title="Bulk ingest",
        rows=[
            Row.judged(
                "bulk ingest, batches of 1,000",
                f"{events.median:,.0f}/s",
                "",
                events,
                EVENTS_MIN,
                0,
                "/s",
            )
        ],
        detail=f"""{CONNECTIONS} connections, {EVENTS_EACH:,} events of about 130 bytes of JSON a
request, each with an id of its own, every one looked up among the ids of the last 24 hours (up to
4,000,000) and durable before the answer. p99 of a batch: {batch.text(1)} ms. The generator takes
its share of the same cores to write the JSON.""",
        rounds=every_run(rounds),
        faults=faults(rounds) + ingest.faults,
        versions={"Countersign": countersign.version()},
    )
