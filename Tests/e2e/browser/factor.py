"""The second factor as a person sees it: the QR code photographed off the screen and read by
zbarimg, codes from oathtool."""

import itertools
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from harness import Authenticator

from .console import Console

APP_CODE = "Code from your authenticator app"
SETUP_CODE = "Code that the app shows now"
SET_UP = "Set up two-factor authentication"
SAVE = "Save your backup codes"

_pictures = itertools.count(1)


def scan(console: Console, folder: Path) -> str:
    """What a phone would read off the screen."""
    console.see("Scan this with your authenticator app")
    picture = folder / f"qr-{next(_pictures)}.png"
    console.page.get_by_role("img", name="QR code of the key below").screenshot(path=picture)
    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", str(picture)], check=True, capture_output=True, text=True
    )
    return read.stdout.strip()


def app_for(url: str, email: str) -> Authenticator:
    """The authenticator app after it has scanned this; the URL must say all that it needs."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp"), url
    assert unquote(parts.path) == f"/Countersign:{email}", url
    assert query["issuer"] == "Countersign", url
    assert query.get("digits", "6") == "6" and query.get("period", "30") == "30", url
    assert query.get("algorithm", "SHA1") == "SHA1", url
    return Authenticator(query["secret"])


def turn_on(console: Console, email: str, folder: Path) -> tuple[Authenticator, list[str]]:
    """From Settings to the backup codes, which are on the screen then."""
    console.press(SET_UP)
    authenticator = app_for(scan(console, folder), email)
    console.fill(SETUP_CODE, authenticator.code())
    console.press("Turn on")
    return authenticator, codes_on_screen(console)


def codes_on_screen(console: Console) -> list[str]:
    console.see(SAVE)
    codes = console.page.get_by_role("list", name="Backup codes").get_by_role("listitem")
    texts = [text.strip() for text in codes.all_inner_texts()]
    assert len(set(texts)) == 10, texts
    return texts


def done_with_codes(console: Console) -> None:
    console.field("I have saved them").check()
    console.press("Done")
    console.no_dialog()


def enrol(console: Console, email: str, folder: Path) -> tuple[Authenticator, list[str]]:
    authenticator, codes = turn_on(console, email, folder)
    done_with_codes(console)
    return authenticator, codes
