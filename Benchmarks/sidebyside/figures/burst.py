"""250 logins at once: who is answered when, and what it does to everybody else."""

import asyncio
from dataclasses import dataclass

from ..clients import Answer, burst
from ..load import Load, Run, put
from ..peers import countersign, pocketbase
from ..programs import Failure
from ..results import Mark, Result, Row, Spread, at_most, table
from ..rig import Rig
from . import accounts
from .accounts import SignIns

# Of the session checks that go on beside the burst, which itself takes about two seconds.
BESIDE_CONNECTIONS, BESIDE_SECONDS = 8, 2
# The generator has connected and is asking by then.
LEAD_SECONDS = 0.2
# Between two bursts, so that one does not find the queue of the other.
PAUSE_SECONDS = 1.0
FIRST_MAX = at_most(100, " ms")
SLOWEST_MAX = at_most(2.5, " s", 1)
REFUSED_MAX = at_most(50, " ms")
P99_MAX = at_most(5, " ×")
OVERLOADED = {429, 503}
# Nobody who is refused on arrival waits so long: he was let in, and given up at his deadline.
LATE_SECONDS = 0.5


@dataclass
class Burst:
    answers: list[Answer]

    @property
    def accepted(self) -> list[Answer]:
        return [one for one in self.answers if one.status == 200]

    @property
    def refused(self) -> list[Answer]:
        return [one for one in self.answers if one.status in OVERLOADED]

    @property
    def late(self) -> list[Answer]:
        return [one for one in self.refused if one.seconds > LATE_SECONDS]

    @property
    def failed(self) -> list[Answer]:
        return [one for one in self.answers if one.status not in OVERLOADED | {200}]

    @property
    def first_milliseconds(self) -> float:
        began = min(one.sent for one in self.answers)
        return 1000 * (min(one.came for one in self.accepted) - began)

    @property
    def slowest_seconds(self) -> float:
        return max(one.seconds for one in self.accepted)

    @property
    def refused_milliseconds(self) -> float:
        """The slowest refusal. Whoever is refused found the queue full when he came."""
        return 1000 * max((one.seconds for one in self.refused), default=0)


@dataclass
class Round:
    alone: Burst
    before: Run
    beside: Burst
    during: Run

    @property
    def ratio(self) -> float:
        return self.during.p99 / self.before.p99


async def session_checks_during(signing: SignIns, load: Load) -> tuple[Burst, Run]:
    checks: list[asyncio.Task[Run]] = []

    async def start_load() -> None:
        # The generator is a process; the thread only waits for it.
        checks.append(asyncio.create_task(asyncio.to_thread(put, load, signing.program)))
        await asyncio.sleep(LEAD_SECONDS)

    answers = await burst(signing.origin, signing.requests, start_load)
    return Burst(answers), await checks[0]


def one_round(signing: SignIns) -> Round:
    load = Load(
        signing.name,
        signing.check_url,
        BESIDE_CONNECTIONS,
        BESIDE_SECONDS,
        signing.check_authorization,
        signing.check_script,
    )
    alone = Burst(asyncio.run(burst(signing.origin, signing.requests)))
    asyncio.run(asyncio.sleep(PAUSE_SECONDS))
    before = put(load, signing.program)
    beside, during = asyncio.run(session_checks_during(signing, load))
    asyncio.run(asyncio.sleep(PAUSE_SECONDS))
    signing.program.check_alive()
    if not alone.accepted or not beside.accepted:
        raise Failure(f"{signing.name}: nobody of {len(alone.answers)} could sign in")
    return Round(alone, before, beside, during)


def measure(rig: Rig) -> Result:
    sides = [accounts.ours(rig), accounts.pocketbases(rig)]
    ours, peer = (side.name for side in sides)
    rounds = rig.interleave({side.name: lambda side=side: one_round(side) for side in sides})

    def spread(name: str, value) -> Spread:
        return Spread.of(value(one[name]) for one in rounds)

    def row(what: str, value, mark: Mark, decimals: int, unit: str) -> Row:
        own, other = spread(ours, value), spread(peer, value)
        return Row(
            what,
            f"{own.median:,.{decimals}f}{unit}",
            f"{other.median:,.{decimals}f}{unit}",
            own.text(decimals, unit),
            mark.text(),
            mark.verdict(own.median),
        )

    rows = [
        row(
            "burst of 250 logins: first signed in",
            lambda one: one.alone.first_milliseconds,
            FIRST_MAX,
            0,
            " ms",
        ),
        row(
            "burst: slowest signed in", lambda one: one.alone.slowest_seconds, SLOWEST_MAX, 2, " s"
        ),
        row(
            "burst: slowest refusal",
            lambda one: one.alone.refused_milliseconds,
            REFUSED_MAX,
            0,
            " ms",
        ),
        row(
            "burst: p99 of session checks, during / before", lambda one: one.ratio, P99_MAX, 1, " ×"
        ),
    ]
    if not any(one[peer].alone.refused for one in rounds):
        rows[2].peer = "refuses nobody"
    return Result(
        title="A burst of logins",
        rows=rows,
        detail=f"""{accounts.COUNT} right passwords of as many accounts, each from a loopback
address of its own on a connection that is there already, within a few milliseconds. Nothing
else is asked meanwhile. First and slowest count from the first request and from each one's own; a
refusal (503 with Retry-After) from its own request. Who was let in and is given up at his
deadline, because the hashes became slower than they were, is refused after a wait. A second burst
meets {BESIDE_CONNECTIONS} connections that check a session all the time; before is the
same load alone.

{details(rounds)}""",
        rounds=every_round(rounds),
        faults=faults(rounds),
        versions={"Countersign": countersign.version(), "PocketBase": pocketbase.version()},
    )


COLUMNS = {
    "signed in": lambda one: (len(one.alone.accepted), 0),
    "refused": lambda one: (len(one.alone.refused), 0),
    "refused only after a wait": lambda one: (len(one.alone.late), 0),
    "first ms": lambda one: (one.alone.first_milliseconds, 0),
    "slowest s": lambda one: (one.alone.slowest_seconds, 2),
    "slowest refusal ms": lambda one: (one.alone.refused_milliseconds, 1),
    "signed in, beside checks": lambda one: (len(one.beside.accepted), 0),
    "refused, beside checks": lambda one: (len(one.beside.refused), 0),
    "refused only after a wait, beside checks": lambda one: (len(one.beside.late), 0),
    "slowest s, beside checks": lambda one: (one.beside.slowest_seconds, 2),
    "slowest refusal ms, beside checks": lambda one: (one.beside.refused_milliseconds, 1),
    "checks/s before": lambda one: (one.before.requests_per_second, 0),
    "checks/s during": lambda one: (one.during.requests_per_second, 0),
    "p99 ms before": lambda one: (one.before.p99 / 1000, 2),
    "p99 ms during": lambda one: (one.during.p99 / 1000, 2),
}


def details(rounds: list[dict[str, Round]]) -> str:
    names = list(rounds[0])
    lines = []
    for label, value in COLUMNS.items():
        cells = [label]
        for name in names:
            values = [value(one[name]) for one in rounds]
            cells.append(Spread.of(number for number, _ in values).text(values[0][1]))
        lines.append(cells)
    return table(["", *names], lines)


def every_round(rounds: list[dict[str, Round]]) -> str:
    rows = []
    for number, one in enumerate(rounds, 1):
        for name, round in one.items():
            values = [value(round) for value in COLUMNS.values()]
            rows.append([number, name, *(f"{found:.{digits}f}" for found, digits in values)])
    return table(["round", "who", *COLUMNS], rows, numbers_from=2)


def faults(rounds: list[dict[str, Round]]) -> list[str]:
    found = []
    for number, one in enumerate(rounds, 1):
        for name, round in one.items():
            failed = [*round.alone.failed, *round.beside.failed]
            if failed:
                statuses = sorted({answer.status for answer in failed})
                found.append(f"round {number}, {name}: {len(failed)} logins answered {statuses}")
            found += [f"round {number}, {name}: {one}" for one in round.before.faults()]
            found += [f"round {number}, {name}: {one}" for one in round.during.faults()]
    return found
