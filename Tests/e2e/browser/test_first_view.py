"""What the console costs: its first view, and how it answers while others storm the sign-in."""

import threading
import time
from collections import Counter

from harness import PASSWORD, Client

# The brief's own limits for the first view.
BYTES_MAX = 120_000
REQUESTS_MAX = 20
STORMERS = 32
# Bounds for a machine that is busy with other tests; the figures are printed.
FIRST_VIEW_SECONDS_MAX = 10
IN_A_STORM_SECONDS_MAX = 20


class Weight:
    """Sums up what a page loads."""

    def __init__(self, page):
        self.sizes: dict[str, int] = {}
        page.on("requestfinished", self._add)

    def _add(self, request) -> None:
        self.sizes[request.url] = request.sizes()["responseBodySize"]

    @property
    def bytes(self) -> int:
        return sum(self.sizes.values())


def test_the_first_view_is_light(console):
    weight = Weight(console.page)
    started = time.monotonic()
    console.page.goto(f"{console.url}/")
    console.heading("Sign in")
    assert console.focused() == "Email"
    seconds = time.monotonic() - started
    console.page.wait_for_load_state("networkidle")
    paint, ready = console.page.evaluate(
        """() => [performance.getEntriesByName("first-contentful-paint")[0].startTime,
            performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd]"""
    )
    count = len(console.watch.requests)
    print(
        f"first view: {count} requests, {weight.bytes} bytes uncompressed; "
        f"first paint after {paint:.0f} ms, scripts after {ready:.0f} ms, "
        f"ready for typing after {seconds * 1000:.0f} ms"
    )
    assert count == len(weight.sizes) <= REQUESTS_MAX
    assert 0 < weight.bytes <= BYTES_MAX
    assert seconds < FIRST_VIEW_SECONDS_MAX
    # A visitor is not asked about: nothing of the API is called.
    assert not [url for url in weight.sizes if "/api/" in url]


def test_a_second_view_is_only_asked_about(console):
    console.open().heading("Sign in")
    console.page.wait_for_load_state("networkidle")
    answers = []
    console.page.on("response", lambda answer: answers.append(answer))
    console.page.reload()
    console.heading("Sign in")
    console.page.wait_for_load_state("networkidle")
    statuses = {answer.url.removeprefix(console.url): answer.status for answer in answers}
    print(f"second view: {len(statuses)} requests, {statuses}")
    assert set(statuses.values()) <= {200, 304}
    assert not any(answer.headers.get("cache-control") == "no-store" for answer in answers)


def storm(url: str, email: str, over: threading.Event, counts: list[int]) -> None:
    stormer = Client(url)
    while not over.is_set():
        body = {"email": email, "password": PASSWORD}
        counts.append(stormer.request("POST", "/api/auth/login", json=body).status_code)


def test_it_answers_while_a_storm_of_logins_runs(consoles, servers):
    server = servers.start()
    admin = server.admin()
    over, counts = threading.Event(), []
    threads = [
        threading.Thread(target=storm, args=(server.url, admin.email, over, counts))
        for _ in range(STORMERS)
    ]
    for thread in threads:
        thread.start()
    try:
        while len(counts) < STORMERS // 2:
            assert any(thread.is_alive() for thread in threads)
            time.sleep(0.01)
        console = consoles(server, admin)
        before = len(counts)
        started = time.monotonic()
        console.open("settings").heading("Settings")
        page_seconds = time.monotonic() - started
        checks = []
        for _ in range(20):
            asked = time.monotonic()
            assert admin.signed_in()
            checks.append(time.monotonic() - asked)
        during = len(counts) - before
        seconds = time.monotonic() - started
    finally:
        over.set()
        for thread in threads:
            thread.join()
    print(
        f"in a storm of {STORMERS} ({during / seconds:.0f} answers a second, "
        f"{Counter(counts)}): the page is there "
        f"after {page_seconds * 1000:.0f} ms, a session check takes "
        f"{sorted(checks)[len(checks) // 2] * 1000:.1f} ms (worst {max(checks) * 1000:.1f} ms)"
    )
    # It was a storm all the time, and nobody in it was failed by accident.
    assert during > 0 and set(counts) <= {200, 429, 503}, set(counts)
    assert page_seconds < IN_A_STORM_SECONDS_MAX and max(checks) < IN_A_STORM_SECONDS_MAX
