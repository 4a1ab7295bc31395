"""Rows W4 and P3: what the console says nowhere, and the pictures that there have to be."""

from playwright.sync_api import expect

from browser.inspection import UNFINISHED

from .camera import BYTES_MAX, Window
from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof, source

PAGE = "console"
WEB = "Sources/WebUI/web"
PAGES_MIN = 9
# What has to be among the pictures, whatever else is.
PICTURES = {
    "two-factor-setup.png",
    "two-factor-setup-dark.png",
    "two-factor-setup-390.png",
    "backup-codes.png",
    "second-step.png",
    "two-factor-disable.png",
    "degraded.png",
    "alerts.png",
    "connections.png",
    "connections-dark.png",
    "connections-390.png",
    "events.png",
}


@shows("W4", PAGE, "no empty promise")
def no_empty_promise(proof: Proof, section: Section) -> str:
    """Every page is opened, as a visitor and as the admin, and all of its text is searched; and so
    are the sources of the console."""
    texts: dict[str, str] = {}
    window = proof.window(proof.busy)
    for path in ("sign-in", "register", "reset"):
        window.open(path)
        expect(window.page.get_by_role("heading", level=1)).to_be_visible()
        texts[path] = text_of(window)
    window.sign_in("admin@example.com", PASSWORD)
    window.heading("Overview")
    names = window.page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    for name in [one.strip() for one in names]:
        link = window.link(name)
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        window.page.wait_for_load_state("networkidle")
        texts[name] = text_of(window)
    assert len(texts) >= PAGES_MIN, texts.keys()
    window.close()
    files = proof.files(WEB)
    sources = {path: source(path) for path in files}
    for place, text in {**texts, **sources}.items():
        for promise in UNFINISHED:
            assert promise not in text.lower(), f"{place} says {promise}"
    size = sum(len(text) for text in texts.values())
    section.table(["page", "characters"], [[name, len(text)] for name, text in texts.items()], "lr")
    return (
        f"no such phrase is on any of {len(texts)} pages ({size:,} characters) or in the "
        f"{len(files)} files of {WEB}; no page had an error on its console or asked another origin"
    )


def text_of(window: Window) -> str:
    """Everything that can be read, also by a screen reader alone."""
    return window.page.evaluate("document.body.textContent")


@shows("P3", PAGE, "the pictures")
def pictures(proof: Proof, section: Section) -> str:
    """Every picture that is asked for must have been taken in this run, and be what it was then."""
    taken = {picture.file: picture for picture in proof.pictures}
    missing = PICTURES - taken.keys()
    assert not missing, f"not taken: {', '.join(sorted(missing))}"
    rows = []
    for file, picture in sorted(taken.items()):
        content = (proof.out / file).read_bytes()
        assert content.startswith(b"\x89PNG") and len(content) == picture.bytes <= BYTES_MAX
        width, height = picture.size
        rows.append([f"[{file}]({file})", picture.text, f"{width} × {height}", f"{len(content):,}"])
    section.table(["file", "what it shows", "pixels", "bytes"], rows, "llrr")
    total = sum(picture.bytes for picture in taken.values())
    return f"{len(taken)} pictures, {total:,} bytes in all, none above {BYTES_MAX:,}"
