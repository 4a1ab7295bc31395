"""The fixtures: servers of a test's own, one that the tests of a file share, and the same with the
mock of all providers behind them."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import (
    BINARY,
    CREDENTIALS,
    Client,
    Gateway,
    Server,
    forms_of_secrets,
    home_files,
)
from harness.disk import mounted
from harness.sms import GENEROUS, Messages
from upstream import Upstream


def pytest_configure(config):
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f"{BINARY} is not there: build it with `make build`", returncode=2)
    # The providers' clients heed the environment, and everything here is on this machine.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


class ServerFactory:
    """Makes servers under one temporary directory and ends them all."""

    def __init__(self, root: Path):
        self._root = root
        self._servers: list[Server] = []

    def make(self, **options) -> Server:
        """A server that is not started yet."""
        server = Server(self._root / f"server-{len(self._servers)}", **options)
        self._servers.append(server)
        return server

    def start(self, **options) -> Server:
        return self.make(**options).start()

    def end_all(self) -> None:
        for server in self._servers:
            server.kill()
        # Whatever a test was about: no credential of any provider is in anything written down.
        for server in self._servers:
            for path in home_files(server):
                content = path.read_bytes()
                for name, secret in forms_of_secrets().items():
                    assert secret.encode() not in content, f"{name} is in {path}"


@pytest.fixture
def servers(tmp_path):
    factory = ServerFactory(tmp_path)
    yield factory
    factory.end_all()


@pytest.fixture
def server(servers) -> Server:
    """A server of this test's own, with no accounts."""
    return servers.start()


@pytest.fixture(scope="module")
def shared_server():
    """One server for all tests of a file that leave nothing behind but accounts of their own."""
    with tempfile.TemporaryDirectory(prefix="countersign-e2e-") as root:
        factory = ServerFactory(Path(root))
        yield factory.start()
        factory.end_all()


@pytest.fixture(scope="module")
def admin(shared_server) -> Client:
    """The admin of the shared server."""
    return shared_server.admin()


@pytest.fixture
def member(shared_server, admin) -> Client:
    """A fresh account on the shared server, signed in."""
    client = shared_server.client()
    client.register()
    return client


@pytest.fixture
def small_disk(tmp_path):
    """A disk that a test may fill."""
    with mounted(tmp_path / "disk") as place:
        yield place


# The gateway


@pytest.fixture(scope="module")
def shared_gateway():
    """One server with the mock behind it for all tests of a file."""
    with tempfile.TemporaryDirectory(prefix="countersign-e2e-") as root:
        factory = ServerFactory(Path(root))
        with Upstream(CREDENTIALS) as upstream:
            yield Gateway.start(factory, upstream)
            factory.end_all()


@pytest.fixture
def gateway(shared_gateway) -> Gateway:
    """The shared one, with nothing recorded or scripted yet. Whatever the test does, nothing of a
    caller's may arrive at a provider, and the server lives on."""
    shared_gateway.upstream.reset()
    yield shared_gateway
    assert shared_gateway.upstream.leaks == []
    assert shared_gateway.server.is_alive()


@pytest.fixture
def upstream(gateway) -> Upstream:
    """What is behind the shared gateway."""
    return gateway.upstream


@pytest.fixture
def own_upstream() -> Upstream:
    """A mock of this test's own."""
    with Upstream(CREDENTIALS) as upstream:
        yield upstream


@pytest.fixture
def start_gateway(servers, own_upstream):
    """Starts a gateway of this test's own; takes what `Gateway.start` takes."""

    def start(**options) -> Gateway:
        return Gateway.start(servers, own_upstream, **options)

    return start


# Text messages


@pytest.fixture
def messages(own_upstream) -> Messages:
    """The messages that arrive at this test's own mock."""
    return Messages(own_upstream["twilio"])


@pytest.fixture
def sms(start_gateway, messages) -> Gateway:
    """A gateway that sends them, with limits that no test meets by accident."""
    return start_gateway(env=GENEROUS)


@pytest.fixture
def sender(sms) -> Client:
    """A program that may send alerts."""
    return sms.admin.with_token("alerts:send")


@pytest.fixture
def in_parallel():
    """Runs one function in many threads at once and answers the results."""

    def run(count: int, work) -> list:
        with ThreadPoolExecutor(max_workers=count) as pool:
            return [future.result() for future in [pool.submit(work, n) for n in range(count)]]

    return run
