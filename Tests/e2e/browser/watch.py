"""What a browser must never do behind the back of a test: complain in its console, report a breach
of the content security policy, leave an error uncaught, or ask another origin for anything."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

# Chromium itself writes such a line for each answer of 400 and more, and for each that never came.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
UNREACHED = re.compile(r"Failed to load resource: net::ERR_")
COMPLAINTS = {"error", "warning", "assert"}
# A breach becomes a line of the console, which is looked at anyway.
TELL_BREACHES = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} forbids ${event.blockedURI}`));"""
INSIDE = ("data:", "blob:", "about:")


class Watch:
    """Sees all pages of a browser context. `problems` is what nobody has provoked."""

    def __init__(self, context: BrowserContext, origin: str):
        self.problems: list[str] = []
        self.requests: list[Request] = []
        self.refused: set[int] = set()
        self._origin = origin
        self._provoked: set[int] = set()
        self._may_be_unreached = False
        context.add_init_script(TELL_BREACHES)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.problems.append(f"uncaught: {error.error}"))
        context.on("request", self._see)

    def provokes(self, *statuses: int) -> None:
        """The test makes the server refuse something with each of these, and must."""
        self._provoked.update(statuses)

    def loses_the_server(self) -> None:
        """From now on answers may fail to come."""
        self._may_be_unreached = True

    def check(self) -> None:
        assert not self.problems, "\n".join(self.problems)
        assert self._provoked <= self.refused, f"never provoked: {self._provoked - self.refused}"

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in COMPLAINTS:
            return
        if found := REFUSED.match(message.text):
            status = int(found[1])
            self.refused.add(status)
            if status in self._provoked:
                return
        if self._may_be_unreached and UNREACHED.match(message.text):
            return
        place = message.location.get("url", "")
        self.problems.append(f"{message.type}: {message.text} {place}")

    def _see(self, request: Request) -> None:
        self.requests.append(request)
        if not request.url.startswith((f"{self._origin}/", *INSIDE)):
            self.problems.append(f"left the origin: {request.method} {request.url}")
