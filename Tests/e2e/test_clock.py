"""The time of day jumps, forwards and back, under a running server."""

import time

import pytest

from harness import Authenticator, fresh_email, usage_event
from harness.shim import Shim

MINUTE, HOUR, DAY = 60, 3600, 86_400
YEAR = 365 * DAY
# A correction, daylight saving done wrong, a dead battery, and what a mistyped year does.
JUMPS = (HOUR, -HOUR, 2 * YEAR, -2 * YEAR, 200 * YEAR, -50 * YEAR)


@pytest.fixture
def shim(tmp_path):
    return Shim(tmp_path / "shim", tmp_path / "disk")


@pytest.fixture
def start(servers, shim, tmp_path):
    def start(**options):
        env = {
            "COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1",
            "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "1024",
            **shim.environment(),
        }
        return servers.start(env=env, **options)

    return start


class ShiftedAuthenticator(Authenticator):
    """Of a phone whose clock is as wrong as the server's."""

    def __init__(self, secret: str, seconds: float):
        super().__init__(secret)
        self._seconds = seconds

    def code(self) -> str:
        return self.code_at(int(time.time() + self._seconds) // 30)


def check_everything_works(server, seconds: float) -> None:
    """Accounts, the second factor and sessions, at whatever time it is."""
    client = server.client()
    client.register(fresh_email())
    secret = client.post("/api/auth/2fa/setup")["secret"]
    authenticator = ShiftedAuthenticator(secret, seconds)
    codes = client.post("/api/auth/2fa/confirm", {"code": authenticator.code()})["backup_codes"]
    client.verify(client.challenge(), backup_code=codes[0])
    assert client.signed_in()
    assert server.is_alive()


def test_whatever_the_clock_says_everything_works_and_so_it_does_afterwards(start, shim):
    server = start()
    admin = server.admin()
    for jump in JUMPS:
        snapshots = newest_snapshot(server)
        with shim.clock(jump):
            check_everything_works(server, jump)
            # The interval of the snapshots is measured by a clock that nobody sets.
            wait_for_a_newer_snapshot(server, snapshots)
            server.crash_and_restart()
            assert server.client().get("/ready")
        assert server.is_alive()
    check_everything_works(server, 0)
    server.crash_and_restart()
    admin.on(server.url).login()
    caller = admin.with_token("usage:write", "status:read")
    caller.post("/api/usage/events", [usage_event()])
    rows = caller.get("/api/integrations/status")["integrations"]
    assert next(row for row in rows if row["id"] == "openai")["proof_of_use_count_24h"] == 1


def newest_snapshot(server) -> str:
    return max((path.name for path in server.data.glob("snapshot-*.snap")), default="")


def wait_for_a_newer_snapshot(server, than: str) -> None:
    deadline = time.monotonic() + 15
    while newest_snapshot(server) <= than:
        assert time.monotonic() < deadline, "no snapshot is made"
        server.client().register(fresh_email())
        time.sleep(0.1)


def test_a_session_outlives_a_correction_of_the_clock(start, shim):
    client = start().admin()
    for jump in (MINUTE, -MINUTE, HOUR, -HOUR, -DAY):
        with shim.clock(jump):
            assert client.signed_in(), jump
        assert client.signed_in(), jump


def test_a_used_code_stays_used_when_the_clock_goes_back(start, shim):
    server = start()
    client = server.client()
    client.register(fresh_email())
    authenticator, _ = client.enroll()
    code = authenticator.code()
    client.verify(client.challenge(), code=code)
    with shim.clock(-HOUR):
        refused = client.verify(client.challenge(), expect=401, code=code)
        assert refused["error_code"] == "code_invalid"
    refused = client.verify(client.challenge(), expect=401, code=code)
    assert refused["error_code"] == "code_invalid"


def test_nobody_waits_longer_because_the_clock_went_back(start, shim):
    server = start(limits=True)
    wrong = {"email": "nobody@example.com", "password": "not the right password"}

    def refused() -> dict:
        for _ in range(200):
            answer = server.client().request("POST", "/api/auth/login", json=wrong)
            if answer.status_code == 429:
                return answer.json()
        raise AssertionError("nobody is refused")

    usual = refused()["retry_after_seconds"]
    for jump in (-DAY, -YEAR):
        with shim.clock(jump):
            assert refused()["retry_after_seconds"] <= usual + MINUTE
