"""Countersign itself: a server, its first account, and tokens for what is measured."""

import base64
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from ..api import call
from ..programs import Failure, Program, output_of
from ..rig import Rig
from ..settings import PRODUCTS

BINARY = PRODUCTS / "countersign"
EMAIL, PASSWORD = "bench@example.com", "correct horse battery staple"
# Nobody's limit may spoil a measurement: those that are on by default are off, and no line is
# written for each request, as no peer writes one.
QUIET = {
    "COUNTERSIGN_LOG_ACCESS": "false",
    "COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA": "unlimited",
    "COUNTERSIGN_RATE_LIMITS_REGISTRATION_QUOTA": "unlimited",
}
# Calls that were cut off when the load stopped are given this long to leave their events.
SETTLE_SECONDS = 5
SETTLE_POLL_SECONDS = 0.1


@dataclass
class Countersign:
    origin: str
    program: Program
    start_seconds: float
    # Of the first account, an admin; empty where there were accounts before.
    session: str = ""

    def call(self, path: str, body=None, method: str | None = None):
        return call(self.origin + path, body, self.session, method)[0]

    def mint(self, *scopes: str) -> str:
        """A token with these scopes."""
        return self.call("/api/tokens", {"name": "bench", "scopes": list(scopes)})["token"]

    def count(self, integration: str, field: str) -> int:
        for one in self.call("/api/integrations/status")["integrations"]:
            if one["id"] == integration:
                return one[field]
        raise Failure(f"the status has no {integration}")

    def settled_count(self, integration: str, field: str, at_least: int) -> int:
        """The count once it stands still, and is as large as it should be."""
        deadline = time.monotonic() + SETTLE_SECONDS
        before, now = None, self.count(integration, field)
        while time.monotonic() < deadline and not (now == before and now >= at_least):
            time.sleep(SETTLE_POLL_SECONDS)
            before, now = now, self.count(integration, field)
        return now


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def environment(**own: str) -> dict[str, str]:
    """Defaults but for what the run needs: the caller's own settings would change the figures."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COUNTERSIGN_", "APP_ENC_KEY"))
    }
    return kept | {"APP_ENC_KEY": new_key()} | QUIET | own


def launch(
    rig: Rig, data: Path | None = None, name: str = "countersign", arguments=(), **own: str
) -> Countersign:
    """A server on a data directory, until the rig ends."""
    began = time.monotonic()
    command = [product("countersign"), "serve", "--port", "0"]
    command += ["--data-dir", data or rig.place / f"{name}-data", *arguments]
    program = rig.start(name, command, environment(**own))
    origin = program.await_line(r"^listening on (http://\S+)$").group(1)
    return Countersign(origin, program, time.monotonic() - began)


def start(rig: Rig, name: str = "countersign", arguments=(), **own: str) -> Countersign:
    """A new installation with its first account."""
    server = launch(rig, name=name, arguments=arguments, **own)
    account = {"email": EMAIL, "password": PASSWORD}
    _, server.session = call(server.origin + "/api/auth/register", account)
    return server


def product(name: str) -> Path:
    path = PRODUCTS / name
    if not os.access(path, os.X_OK):
        raise Failure(f"no {name} among the release products: make bench builds it")
    return path


def version() -> str:
    return output_of(BINARY, "version").split(" ")[-1]
