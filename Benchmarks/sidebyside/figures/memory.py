"""What everybody holds in memory when nothing happens."""

import time

from ..peers import countersign, litellm, pocketbase, proxies, redis, upstream
from ..programs import Program, say
from ..results import Result, Row, Spread, at_most, table
from ..rig import Rig
from .chat import await_answer

IDLE_MAX = at_most(60, " MB")
# Whatever runs after a start has run by then.
SETTLE_SECONDS = 3


def measure(rig: Rig) -> Result:
    provider = upstream.start(rig)
    chat = litellm.start(rig, provider)
    programs: dict[str, Program] = {"Countersign": countersign.start(rig).program}
    programs["PocketBase"] = pocketbase.start(rig).program
    programs["Redis"] = redis.start(rig).program
    starters = [proxies.start_nginx, proxies.start_envoy, proxies.start_caddy]
    peers = [start(rig, provider) for start in starters]
    programs |= {peer.name: peer.program for peer in peers}
    await_answer("LiteLLM", chat.url, f"Bearer {chat.key}")
    programs["LiteLLM"] = chat.program
    say("waiting until everybody is at rest")
    time.sleep(SETTLE_SECONDS)
    resident = programs["Countersign"].megabytes()
    idle = {name: program.megabytes_of_all() for name, program in programs.items()}
    rows = [[name, f"{megabytes:,.1f}"] for name, megabytes in idle.items()]
    return Result(
        title="Memory at rest",
        rows=[
            Row.judged(
                "memory at rest",
                f"{resident:,.0f} MB",
                f"PocketBase {idle['PocketBase']:,.0f} MB",
                Spread.of([resident]),
                IDLE_MAX,
                1,
                " MB",
            )
        ],
        detail=f"""After a start, with one account where there are accounts. The mark is held
against all resident memory ({resident:,.1f} MB). For the comparison each shared page counts once
(PSS), over all processes of a program.

{table(["", "MB"], rows)}""",
        rounds=table(["", "MB"], rows),
        versions={
            "Countersign": countersign.version(),
            "PocketBase": pocketbase.version(),
            "Redis": redis.version(),
            "LiteLLM": litellm.version(),
            **{peer.name: peer.version for peer in peers},
        },
    )
