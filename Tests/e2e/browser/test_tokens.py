"""Tokens: minted with chosen scopes, shown once, used, and revoked."""

import re
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import Locator, expect

from harness import check_our_error

from .console import Console
from .inspection import inspect

NAME = "checkout, production"
TOKEN = re.compile("cs_k_[0-9A-Za-z_-]+")
PROGRAM_SECONDS_MAX = 30


@pytest.fixture
def tokens(consoles, gateway):
    console = consoles(gateway.server, gateway.admin)
    console.open("tokens").heading("Tokens")
    return console


def fill_in(console: Console, name: str = NAME) -> None:
    """May read the status, and call OpenAI."""
    console.press("Mint a token")
    console.fill("Name", name)
    console.dialog.locator("label").filter(has_text="Read what is configured").click()
    console.dialog.get_by_role("group", name="OpenAI").get_by_text("All calls").click()


def mint(console: Console, name: str = NAME) -> str:
    fill_in(console, name)
    console.press("Mint token", console.dialog)
    console.see(f"Token “{name}”", console.dialog)
    return console.dialog.get_by_label("The token", exact=True).inner_text()


def row(console: Console, name: str = NAME) -> Locator:
    return console.page.get_by_role("row").filter(has_text=name)


def calls(gateway, token: str, integration: str = "openai") -> requests.Response:
    return gateway.call("GET", integration, "/v1/models", token=token)


def test_a_token_is_minted_used_and_revoked(tokens, gateway):
    console = tokens
    token = mint(console)
    assert TOKEN.fullmatch(token)
    inspect(console, "the secret")
    console.dialog.get_by_role("button", name="Copy", exact=True).click()
    console.see("Copied the token.", console.dialog)
    assert console.copied() == token
    console.press("Done")
    console.no_dialog()
    live = row(console)
    assert live.locator(".scope").all_inner_texts() == ["status:read", "call:openai"]
    console.see("never", live)
    console.see("in 89 d", live)
    inspect(console, "Tokens")

    assert calls(gateway, token).status_code == 200
    check_our_error(calls(gateway, token, "anthropic"), 403, "scope_missing")
    console.page.reload()
    expect(row(console).get_by_role("cell").nth(3)).to_have_text(re.compile("just now|s ago"))

    console.press(f"Revoke {NAME}")
    console.see("It was last used", console.dialog)
    inspect(console, "revoking asks")
    console.press("Cancel", console.dialog)
    assert calls(gateway, token).status_code == 200
    console.press(f"Revoke {NAME}")
    console.press("Revoke token", console.dialog)
    console.see(f"“{NAME}” is revoked.")
    # At once, and not only when the page asks again anyway.
    expect(row(console)).to_have_count(0, timeout=8_000)
    expect(console.button("Mint a token")).to_be_focused()
    check_our_error(calls(gateway, token), 401)


def test_it_is_shown_once(tokens):
    console, page = tokens, tokens.page
    token = mint(console)
    for leave in (
        lambda: page.keyboard.press("Escape"),
        lambda: console.press("Done"),
        lambda: page.evaluate("location.hash = '#/alerts'"),
    ):
        leave()
        console.see("Leave without copying?")
        console.press("Stay")
        console.lands_on("tokens")
    inspect(console, "not copied yet")
    console.press("Done")
    console.press("Leave")
    console.no_dialog()
    page.reload()
    expect(row(console)).not_to_have_count(0)
    assert token not in page.content()
    assert token not in str(page.evaluate("({ ...localStorage, ...sessionStorage })"))


def test_what_is_missing_is_asked_for(tokens):
    console = tokens
    console.press("Mint a token")
    expect(console.field("Name", console.dialog)).to_be_focused()
    inspect(console, "mint")
    console.press("Mint token", console.dialog)
    expect(console.field("Name")).to_have_attribute("aria-invalid", "true")
    console.fill("Name", "nothing chosen")
    console.press("Mint token", console.dialog)
    console.see("Choose at least one thing that it may do.")
    console.field("Expires after").select_option(label="Another number of days")
    console.fill("Days", "0")
    console.dialog.locator("label").filter(has_text="Read the metrics").click()
    console.watch.provokes(422)
    console.press("Mint token", console.dialog)
    expect(console.field("Days")).to_have_attribute("aria-invalid", "true")
    inspect(console, "refused")
    console.fill("Days", "3")
    console.press("Mint token", console.dialog)
    console.see("Token “nothing chosen”", console.dialog)
    console.press("Copy", console.dialog)
    console.press("Done")
    console.see("Soon", row(console, "nothing chosen"))


@pytest.mark.parametrize("kind", ["curl", "Python"])
def test_the_examples_work_as_they_are(tokens, gateway, tmp_path, kind):
    console = tokens
    token = mint(console, f"example of {kind}")
    console.press(f"Copy the example for {kind}", console.dialog)
    console.see(f"Copied the example for {kind}.", console.dialog)
    example = console.copied()
    if kind == "curl":
        command = ["sh", "-c", f"{example} --silent --fail"]
    else:
        command = [sys.executable, "-c", example]
    before = len(gateway.upstream["openai"].calls)
    environment = {"COUNTERSIGN_TOKEN": token, "PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        command,
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(gateway.upstream["openai"].calls) == before + 1
    console.press("Copy", console.dialog)
    console.press("Done")


def test_no_tokens_yet(consoles, servers):
    server = servers.start()
    console = consoles(server, server.admin())
    console.open("tokens")
    console.see("No tokens yet")
    inspect(console, "no tokens")
