"""Logins a second, beside what libsodium alone does on the same cores, and beside PocketBase."""

import asyncio

from ..clients import sustained
from ..peers import countersign, pocketbase, sodium
from ..results import Result, Row, Spread, at_least, table
from ..rig import Rig
from . import accounts
from .accounts import SignIns

# Enough to keep the hashing threads busy, few enough that nobody waits until he is refused.
CONNECTIONS = 32
WARM_SECONDS = 1.0
SODIUM_RATIO_MIN = at_least(0.9, " ×", 1)
OURS, SODIUM, POCKETBASE = "logins", "libsodium alone", "PocketBase logins"


def measure(rig: Rig) -> Result:
    server, peer = accounts.ours(rig), accounts.pocketbases(rig)
    seconds, cores = rig.settings.seconds, rig.settings.cores
    faults: list[str] = []

    def logins(signing: SignIns):
        def run() -> float:
            rate, answers = asyncio.run(
                sustained(signing.origin, signing.requests[:CONNECTIONS], seconds, WARM_SECONDS)
            )
            refused = [one.status for one in answers if not 200 <= one.status < 300]
            if refused:
                faults.append(f"{signing.name}: {len(refused)} logins answered {refused[0]}")
            signing.program.check_alive()
            return rate

        return run

    rounds = rig.interleave(
        {
            OURS: logins(server),
            SODIUM: lambda: sodium.verifications_per_second(cores, seconds),
            POCKETBASE: logins(peer),
        }
    )
    spreads = {name: Spread.of(one[name] for one in rounds) for name in rounds[0]}
    own = f"{spreads[OURS].median:,.0f}/s"

    def row(what: str, other: str, mark) -> Row:
        measured = Spread.of(one[OURS] / one[other] for one in rounds)
        return Row.judged(what, own, f"{spreads[other].median:,.0f}/s", measured, mark, 2, " ×")

    lines = [[name, spread.text(1)] for name, spread in spreads.items()]
    raw = [[number, *(f"{one[n]:.2f}" for n in spreads)] for number, one in enumerate(rounds, 1)]
    return Result(
        title="Logins",
        rows=[
            row("logins beside libsodium alone", SODIUM, SODIUM_RATIO_MIN),
            row("logins beside PocketBase", POCKETBASE, None),
        ],
        detail=f"""{CONNECTIONS} connections, each from a loopback address and with an account of
its own, sign in again and again with the right password. Both sides compute Argon2id with
m = 19 MiB, t = 2, p = 1; libsodium alone checks the same hash on {cores} threads of a process
that does nothing else. PocketBase hashes with bcrypt, cost 10 as it ships, so that line compares
two choices and not two programs.

{table(["", "a second"], lines)}""",
        rounds=table(["round", *spreads], raw),
        faults=faults,
        versions={
            "Countersign": countersign.version(),
            "PocketBase": pocketbase.version(),
            "libsodium": sodium.version(),
        },
    )
