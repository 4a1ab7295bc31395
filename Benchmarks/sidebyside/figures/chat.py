"""Chat completions through the gateway, beside LiteLLM's proxy, before the same upstream."""

import json
import time
import urllib.request

from ..api import ask
from ..load import Load, put
from ..peers import countersign, litellm, upstream
from ..peers.gateway import start_countersign
from ..programs import Failure, say
from ..results import Result, Row, at_least, every_run, faults, rate, ratio, summary
from ..rig import Rig

CONNECTIONS = 64
RATIO_MIN = at_least(250, " ×")
OURS, PEER = "Countersign", "LiteLLM"
QUESTION = upstream.compact(
    {"model": "bench-model", "messages": [{"role": "user", "content": "Say hello."}]}
)
# Its workers import for a long time, after the port is open.
READY_SECONDS_MAX = 180


def measure(rig: Rig) -> Result:
    provider = upstream.start(rig)
    gateway = start_countersign(rig, provider, litellm.CHAT_PATH)
    peer = litellm.start(rig, provider)
    contenders = {
        OURS: (gateway.url, gateway.program, gateway.authorization),
        PEER: (peer.url, peer.program, f"Bearer {peer.key}"),
    }
    for name, (url, _, authorization) in contenders.items():
        await_answer(name, url, authorization)

    def run(name: str):
        url, program, authorization = contenders[name]
        seconds = rig.settings.seconds
        load = Load(name, url, CONNECTIONS, seconds, authorization, "post.lua", (QUESTION,))
        return lambda: put(load, program)

    say("warming up")
    for name in contenders:
        run(name)()
    rounds = rig.interleave({name: run(name) for name in contenders})
    return Result(
        title="Chat completions beside LiteLLM",
        rows=[
            Row.judged(
                f"gateway, {CONNECTIONS} connections, beside LiteLLM",
                f"{rate(rounds, OURS).median:,.0f}/s",
                f"{rate(rounds, PEER).median:,.0f}/s",
                ratio(rounds, OURS, PEER),
                RATIO_MIN,
                0,
                " ×",
            )
        ],
        detail=f"""A POST of {len(QUESTION)} bytes to `/v1/chat/completions`, which the upstream
answers with {len(upstream.CHAT)} bytes. Both check a key of the caller's and put the provider's
in its place; Countersign reads the tokens used and writes a durable event, LiteLLM has no
database and {rig.settings.cores} workers.

{summary(rounds)}""",
        rounds=every_run(rounds),
        faults=faults(rounds),
        versions={"Countersign": countersign.version(), "LiteLLM": litellm.version()},
    )


def await_answer(name: str, url: str, authorization: str) -> None:
    """Until it gives the upstream's completion: a gateway's own words are none."""
    deadline, said = time.monotonic() + READY_SECONDS_MAX, ""
    while time.monotonic() < deadline:
        request = urllib.request.Request(url, QUESTION.encode())
        request.add_header("Authorization", authorization)
        request.add_header("Content-Type", "application/json")
        try:
            status, body = ask(request)
            content = json.loads(body)["choices"][0]["message"]["content"]
            if status == 200 and content == "Hello.":
                return
            said = f"{status} {body[:500]!r}"
        except (OSError, ValueError, KeyError, IndexError) as error:
            said = repr(error)
        time.sleep(1)
    raise Failure(f"{name} gives no completion after {READY_SECONDS_MAX} s: {said}")
