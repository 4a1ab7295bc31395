"""One durable event a request: beside PocketBase at 64 connections, beside Redis at 256."""

import uuid

from ..disk import flush_microseconds
from ..load import Load, Run, put
from ..peers import countersign, pocketbase, redis
from ..programs import say
from ..results import Result, Row, Spread, at_least, every_run, faults, rate, ratio, summary
from ..rig import Rig

MANY, MOST = 64, 256
POCKETBASE_RATIO_MIN = at_least(6, " ×")
REDIS_RATIO_MIN = at_least(0.5, " ×", 1)
OURS, POCKETBASE, FULL = "event, c=64", "PocketBase, c=64", "PocketBase, synchronous FULL, c=64"
OURS_MOST, REDIS = "event, c=256", "Redis XADD, c=256"
INTEGRATION = "openai"


class Ingest:
    """Loads on our ingest, each followed by a look at how many events are on record."""

    def __init__(self, server: countersign.Countersign, rig: Rig):
        self.server = server
        self.seconds = rig.settings.seconds
        self.token = server.mint("usage:write")
        self.counted = 0
        self.faults: list[str] = []

    def put(self, name: str, script: str, connections: int, events_each: int) -> Run:
        # Ids of a run are never those of another: a duplicate would cost less.
        arguments = (self.token, uuid.uuid4().hex[:8])
        load = Load(name, self.server.origin, connections, self.seconds, "", script, arguments)
        run = put(load, self.server.program)
        least = self.counted + run.succeeded * events_each
        now = self.server.settled_count(INTEGRATION, "reported_count_24h", least)
        new, self.counted = now - self.counted, now
        # What was under way when wrk stopped may have been recorded, too.
        if not 0 <= new - run.succeeded * events_each <= connections * events_each:
            said = f"{name}: {run.succeeded} answers with success left {new} events"
            self.faults.append(said)
        return run


def measure(rig: Rig) -> Result:
    server = countersign.start(rig)
    ingest = Ingest(server, rig)
    usual = pocketbase.start(rig)
    full = pocketbase.start(rig, "pocketbase-full", is_full=True)
    appended = redis.start(rig)
    flushes: list[float] = []

    def ours(name: str, connections: int):
        return lambda: ingest.put(name, "event.lua", connections, events_each=1)

    def record(name: str, peer: pocketbase.PocketBase):
        url = peer.origin + "/api/collections/events/records"

        def run() -> Run:
            arguments = (uuid.uuid4().hex[:8],)
            seconds = rig.settings.seconds
            load = Load(name, url, MANY, seconds, peer.token, "record.lua", arguments)
            return put(load, peer.program)

        return run

    def xadd() -> Run:
        flushes.append(flush_microseconds(rig.place))
        return appended.append(MOST, rig.settings.seconds)

    beside_pocketbase = {
        OURS: ours(OURS, MANY),
        POCKETBASE: record(POCKETBASE, usual),
        FULL: record(FULL, full),
    }
    beside_redis = {OURS_MOST: ours(OURS_MOST, MOST), REDIS: xadd}
    say("warming up")
    for run in [*beside_pocketbase.values(), *beside_redis.values()]:
        run()
    flushes.clear()
    first, second = rig.interleave(beside_pocketbase), rig.interleave(beside_redis)

    def row(what: str, rounds, own: str, other: str, mark) -> Row:
        return Row.judged(
            what,
            f"{rate(rounds, own).median:,.0f}/s",
            f"{rate(rounds, other).median:,.0f}/s",
            ratio(rounds, own, other),
            mark,
            2,
            " ×",
        )

    flush = Spread.of(flushes).text(0, " µs")
    return Result(
        title="One durable event a request",
        rows=[
            row(
                "durable events beside PocketBase's record create",
                first,
                OURS,
                POCKETBASE,
                POCKETBASE_RATIO_MIN,
            ),
            row("the same, PocketBase syncing each commit, too", first, OURS, FULL, None),
            row(
                "durable events beside Redis XADD, synced",
                second,
                OURS_MOST,
                REDIS,
                REDIS_RATIO_MIN,
            ),
        ],
        detail=f"""An event is answered once it is synced, and a second one with the same source and
id would be recognised.

PocketBase creates a record with the same fields, by a signed-in user, without a unique index. Its
SQLite says `synchronous` is **{usual.synchronous}** as it ships: in WAL mode a commit is then not
synced, and a power cut can take what was answered. The third line is PocketBase told to sync each
commit (**{full.synchronous}**), which is what our events do.

Redis appends to a stream with `appendfsync always`, {MOST} clients, no pipeline, by
redis-benchmark; it checks no token and no duplicate. fdatasync of 512 bytes on the same file
system took {flush}.

{summary(first)}

{summary(second)}""",
        rounds=every_run(first) + "\n\n" + every_run(second),
        faults=faults(first) + faults(second) + ingest.faults,
        versions={
            "Countersign": countersign.version(),
            "PocketBase": pocketbase.version(),
            "Redis": redis.version(),
        },
    )
