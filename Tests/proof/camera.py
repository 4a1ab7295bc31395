"""Photographs of the console: the pictures of the proof, small, and only of what is in order."""

import io
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Playwright, expect

from browser.console import NARROW, WIDE, Console
from browser.inspection import axe, inspect_as_it_is
from harness import Server

MILLISECONDS_MAX = 15_000
BYTES_MAX = 120_000
# The few red pixels of a page are what one has to see, so rare colours count as much as others;
# then the palette is fitted until it changes no more.
PALETTE = {
    "colors": 256,
    "method": Image.Quantize.MAXCOVERAGE,
    "kmeans": 1,
    "dither": Image.Dither.NONE,
}


@dataclass(frozen=True)
class Picture:
    file: str
    text: str
    size: tuple[int, int]
    bytes: int


def launch(driver: Playwright) -> Browser:
    """Debian's Chromium; a container has no namespaces for its sandbox."""
    path = shutil.which("chromium")
    assert path, "chromium is not there: scripts/setup.sh installs it"
    expect.set_options(timeout=MILLISECONDS_MAX)
    return driver.chromium.launch(executable_path=path, args=["--no-sandbox"])


class Window(Console):
    """A person at the console with a camera."""

    def __init__(self, chromium: Browser, server: Server, out: Path):
        super().__init__(chromium, server, timezone_id="UTC")
        self.context.set_default_timeout(MILLISECONDS_MAX)
        self.pictures: list[Picture] = []
        self._out = out

    def close(self) -> None:
        """Fails when anything has gone wrong behind the back of the check."""
        self.context.close()
        self.watch.check()

    def photograph(
        self, name: str, text: str, *, dark: bool = False, narrow: bool = False, height: int = 0
    ) -> Path:
        """What is on the screen, after axe-core has found nothing wrong with it; the window is as
        before afterwards."""
        page = self.page
        text += ", dark" * dark + ", on a phone" * narrow
        size = NARROW if narrow else WIDE
        page.set_viewport_size({**size, "height": height or size["height"]})
        page.emulate_media(color_scheme="dark" if dark else "light")
        if not page.evaluate("'axe' in window"):
            page.evaluate(axe())
        inspect_as_it_is(page, name)
        shot = page.screenshot()
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme=self.scheme)
        path = self._out / f"{name}.png"
        with Image.open(io.BytesIO(shot)) as image:
            small = image.convert("RGB").quantize(**PALETTE)
            small.save(path, optimize=True)
            picture = Picture(path.name, text, image.size, path.stat().st_size)
        assert picture.bytes <= BYTES_MAX, f"{picture.file} has {picture.bytes:,} bytes"
        self.pictures.append(picture)
        return path
