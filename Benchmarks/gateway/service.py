"""Countersign as a peer: an account, a token for the calls, and the count of durable events."""

import base64
import json
import os
import secrets
import time
import urllib.request

from .peers import REPOSITORY, Peer, Rig
from .programs import Failure, output_of

BINARY = REPOSITORY / ".build" / "release" / "countersign"
INTEGRATION = "openai"
CALL_PATH = f"/api/integrations/{INTEGRATION}/call/v1/models"
EMAIL, PASSWORD = "bench@example.com", "correct horse battery staple"
# Calls that were cut off when wrk stopped are given this long to leave their events.
SETTLE_SECONDS = 5
SETTLE_POLL_SECONDS = 0.1


class Service(Peer):
    """The peer, and what it says it has on record."""

    session: str = ""
    counted: int = 0

    def ok_events(self) -> int:
        origin = self.url.removesuffix(CALL_PATH)
        answer, _ = call(origin + "/api/integrations/status", token=self.session)
        for integration in answer["integrations"]:
            if integration["id"] == INTEGRATION:
                return integration["proof_of_use_count_24h"]
        raise Failure(f"the status has no {INTEGRATION}")

    def new_ok_events(self, at_least: int) -> int:
        """How many came since the last time, once the number stands still."""
        deadline = time.monotonic() + SETTLE_SECONDS
        before, now = None, self.ok_events()
        while time.monotonic() < deadline:
            if now == before and now - self.counted >= at_least:
                break
            time.sleep(SETTLE_POLL_SECONDS)
            before, now = now, self.ok_events()
        new, self.counted = now - self.counted, now
        return new


def call(url: str, body=None, token: str | None = None):
    """An API call around any proxy; answers the JSON and the session's cookie."""
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        cookie = answer.headers.get("set-cookie", "")
        return json.loads(answer.read()), cookie.split(";")[0].partition("=")[2]


def start_countersign(rig: Rig) -> Service:
    if not os.access(BINARY, os.X_OK):
        raise Failure(f"no {BINARY.relative_to(REPOSITORY)}: make build")
    command = [BINARY, "serve", "--port", "0", "--data-dir", rig.place / "data"]
    program = rig.start("countersign", [*command, "--allow-private-upstreams"], environment(rig))
    origin = program.await_line(r"^listening on (http://\S+)$").group(1)
    _, session = call(origin + "/api/auth/register", {"email": EMAIL, "password": PASSWORD})
    wanted = {"name": "bench", "scopes": [f"call:{INTEGRATION}"]}
    minted, _ = call(origin + "/api/tokens", wanted, token=session)
    version = output_of(BINARY, "version").split(" ")[-1]
    service = Service("countersign", version, origin + CALL_PATH, minted["token"], program)
    service.session = session
    service.counted = service.ok_events()
    return service


def environment(rig: Rig) -> dict[str, str]:
    """Defaults but for what the run needs: the caller's own settings would change the figures."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COUNTERSIGN_", "APP_ENC_KEY"))
    }
    kept |= {
        "APP_ENC_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "COUNTERSIGN_LOG_ACCESS": "false",
        "COUNTERSIGN_OPENAI_BASE_URL": f"http://127.0.0.1:{rig.port}",
        "OPENAI_API_KEY": rig.key,
    }
    if rig.is_tls:
        # By name, as with a real provider: the certificate is checked against it.
        kept["COUNTERSIGN_OPENAI_BASE_URL"] = f"https://localhost:{rig.port}"
        kept["COUNTERSIGN_UPSTREAM_CA_FILE"] = str(rig.authority)
    return kept
