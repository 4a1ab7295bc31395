"""The fixtures: servers of a test's own, and one that the tests of a file share."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import BINARY, Client, Server


def pytest_configure(config):
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f"{BINARY} is not there: build it with `make build`", returncode=2)


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
def in_parallel():
    """Runs one function in many threads at once and answers the results."""

    def run(count: int, work) -> list:
        with ThreadPoolExecutor(max_workers=count) as pool:
            return [future.result() for future in [pool.submit(work, n) for n in range(count)]]

    return run
