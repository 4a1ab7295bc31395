"""The watch and the inspection themselves: each of them can fail."""

import pytest

from .inspection import inspect_as_it_is

ELSEWHERE = "http://127.0.0.1:9/"
BREACHES = {
    "an error of the console": ("console.error('a complaint')", "a complaint"),
    "a warning of the console": ("console.warn('a doubt')", "a doubt"),
    "an error that nobody catches": (
        "setTimeout(() => { throw new Error('uncaught by all') })",
        "uncaught by all",
    ),
    "a promise that nobody catches": (
        "void Promise.reject(new Error('a broken promise'))",
        "a broken promise",
    ),
    "a call of another origin": (
        f"void fetch('{ELSEWHERE}').catch(() => {{}})",
        f"CSP: connect-src forbids {ELSEWHERE}",
    ),
    "a picture of another origin": (
        f"document.body.append(Object.assign(new Image(), {{ src: '{ELSEWHERE}' }}))",
        f"CSP: img-src forbids {ELSEWHERE}",
    ),
    "a style in an attribute": (
        "document.body.setAttribute('style', 'color: red')",
        "CSP: style-src-attr forbids inline",
    ),
    "text taken for markup": (
        "try { document.body.innerHTML = '<p>text</p>' } catch {}",
        "CSP: require-trusted-types-for forbids trusted-types-sink",
    ),
    "an answer of 404": ("void fetch('/nothing')", "404"),
}


@pytest.mark.parametrize("what", BREACHES)
def test_nothing_goes_unnoticed(console, what):
    script, told = BREACHES[what]
    console.open().heading("Sign in")
    console.page.evaluate(script)
    until(console, lambda: any(told in problem for problem in console.watch.problems))
    with pytest.raises(AssertionError):
        console.watch.check()
    console.watch.problems.clear()


def test_leaving_the_origin_is_noticed(console):
    console.open().heading("Sign in")
    console.context.route(ELSEWHERE, lambda route: route.fulfill(body="elsewhere"))
    console.page.goto(ELSEWHERE)
    assert console.watch.problems == [f"left the origin: GET {ELSEWHERE}"]
    console.watch.problems.clear()


def test_what_is_announced_must_happen(console):
    console.open().heading("Sign in")
    console.watch.provokes(404)
    with pytest.raises(AssertionError, match="never provoked"):
        console.watch.check()
    console.page.evaluate("fetch('/nothing')")
    until(console, lambda: 404 in console.watch.refused)
    console.watch.check()


SPOILT = {
    "a field without a label": ("document.querySelector('label').remove()", "label"),
    "ink that can't be read": (
        "document.querySelector('h1').style.color = 'var(--line)'",
        "color-contrast",
    ),
    "a second h1": ("document.querySelector('main').append(document.createElement('h1'))", "h1"),
    "what is wider than the screen": (
        "document.querySelector('main').style.minWidth = '2000px'",
        "sideways",
    ),
    "what is left for later": (
        "document.querySelector('h1').textContent = 'Coming' + ' soon'",
        "sign in",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_spoilt_is_found(console, what):
    script, told = SPOILT[what]
    console.open().heading("Sign in")
    inspect_as_it_is(console.page, "Sign in")
    console.page.evaluate(script)
    with pytest.raises(AssertionError, match=f"(?i){told}"):
        inspect_as_it_is(console.page, "Sign in")


def until(console, condition) -> None:
    """Events of the browser arrive while something is awaited."""
    for _ in range(100):
        if condition():
            return
        console.page.evaluate("new Promise((done) => setTimeout(done, 20))")
    raise AssertionError(f"it does not become so; problems: {console.watch.problems}")
