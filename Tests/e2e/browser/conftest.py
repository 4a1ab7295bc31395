"""Browsers: one Chromium for each worker, one context for each person in a test."""

import shutil
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from conftest import ServerFactory
from harness import CREDENTIALS, Client, Server
from upstream import Upstream

from .console import Console
from .farm import make_states, start

CHROMIUM = "/usr/bin/chromium"
# A page is there long before this; a busy machine may take its time.
PATIENCE_MILLISECONDS = 15_000


# Of the package and not of the session: while Playwright runs, the thread has an event loop, and
# other tests start their own.
@pytest.fixture(scope="package")
def chromium():
    if not shutil.which(CHROMIUM):
        pytest.exit(f"{CHROMIUM} is not there: scripts/setup.sh installs it", returncode=2)
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.when == "call":
        item.has_failed = report.failed
    return report


@pytest.fixture
def consoles(chromium, request, tmp_path, servers):
    """Opens consoles. In the end each is asked whether anything went wrong behind the back of the
    test; when the test has failed, its folder keeps a picture of each. (`servers`, so that a test's
    own server does not end before its consoles do.)"""
    opened: list[Console] = []

    def start(server: Server, client: Client | None = None, **context) -> Console:
        console = Console(chromium, server, client, **context)
        console.context.set_default_timeout(PATIENCE_MILLISECONDS)
        opened.append(console)
        return console

    yield start
    has_failed = getattr(request.node, "has_failed", False)
    for number, console in enumerate(opened):
        if has_failed:
            picture = tmp_path / f"console-{number}.png"
            console.page.screenshot(path=picture, full_page=True)
            print(f"{console.page.url}: {picture}", *console.watch.problems, sep="\n")
    for console in opened:
        console.context.close()
    if not has_failed:
        for console in opened:
            console.watch.check()


@pytest.fixture
def console(consoles, shared_server, admin) -> Console:
    """A visitor of the shared server."""
    return consoles(shared_server)


@pytest.fixture
def inside(consoles, shared_server, member) -> Console:
    """The fresh account `member`, signed in at the shared server."""
    return consoles(shared_server, member)


@pytest.fixture(scope="module")
def farm():
    """One gateway for all tests of a file, with the nine integrations in nine states."""
    with tempfile.TemporaryDirectory(prefix="countersign-e2e-") as root:
        factory = ServerFactory(Path(root))
        with Upstream(CREDENTIALS) as upstream:
            gateway = start(factory, upstream)
            make_states(gateway)
            yield gateway
            assert upstream.leaks == []
            factory.end_all()
