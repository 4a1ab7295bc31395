"""Session checks, beside a bare route of the same framework and PocketBase's auth-refresh."""

from ..load import Load, put
from ..peers import bare, countersign, pocketbase
from ..programs import say
from ..results import Result, Row, at_least, every_run, faults, rate, ratio, summary
from ..rig import Rig

CONNECTIONS = 64
BARE_RATIO_MIN = at_least(1.3, " ×", 1)
POCKETBASE_RATIO_MIN = at_least(8, " ×")
OURS, BARE, POCKETBASE = "session check", "bare Hummingbird route", "PocketBase auth-refresh"


def measure(rig: Rig) -> Result:
    bare_url, bare_program = bare.start(rig)
    server = countersign.start(rig)
    peer = pocketbase.start(rig)
    refresh = peer.origin + "/api/collections/users/auth-refresh"
    ours = (server.origin + "/api/auth/session", server.program, f"Bearer {server.session}", "")
    contenders = {
        OURS: ours,
        BARE: (bare_url, bare_program, "", ""),
        POCKETBASE: (refresh, peer.program, peer.token, "post.lua"),
    }

    def run(name: str):
        url, program, authorization, script = contenders[name]
        load = Load(name, url, CONNECTIONS, rig.settings.seconds, authorization, script)
        return lambda: put(load, program)

    say("warming up")
    for name in contenders:
        run(name)()
    rounds = rig.interleave({name: run(name) for name in contenders})
    own = f"{rate(rounds, OURS).median:,.0f}/s"

    def row(what: str, other: str, mark) -> Row:
        beside = f"{rate(rounds, other).median:,.0f}/s"
        return Row.judged(what, own, beside, ratio(rounds, OURS, other), mark, 2, " ×")

    return Result(
        title="Session checks",
        rows=[
            row("session checks beside a bare Hummingbird route", BARE, BARE_RATIO_MIN),
            row(
                "session checks beside PocketBase's auth-refresh", POCKETBASE, POCKETBASE_RATIO_MIN
            ),
        ],
        detail=f"""{CONNECTIONS} connections. The bare route answers a constant of 800 bytes in the
same build and does nothing else. A session check looks the bearer's session up and answers the
user and the session. PocketBase's nearest call, auth-refresh, checks its token and signs a new
one.

{summary(rounds)}""",
        rounds=every_run(rounds),
        faults=faults(rounds),
        versions={"Countersign": countersign.version(), "PocketBase": pocketbase.version()},
    )
