"""Where the proof happens: servers of the release binary in temporary folders, each gateway with
the strict mock of all providers behind it."""

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from harness import (
    CREDENTIALS,
    PRIVATE_UPSTREAMS,
    REPOSITORY,
    Gateway,
    Server,
    forms_of_secrets,
    provider_environment,
)
from harness.sms import GENEROUS
from upstream import Upstream

from . import traffic
from .caller import Caller, Tally
from .camera import Picture, Window, launch
from .masking import Secrets
from .pages import Section

PASSWORD = "correct horse battery staple"
# Each row says itself what is seen: no probe of the server's own comes in between.
NO_PROBES = {"COUNTERSIGN_PROBES_ENABLED": "false"}


class Proof:
    """What the checks share. Servers live until the end; each has a folder of its own."""

    def __init__(self, out: Path, scratch: Path):
        self.out, self.scratch = out, scratch
        self.secrets = Secrets()
        self.tally = Tally()
        self.pictures: list[Picture] = []
        self._ends = ExitStack()
        self._servers: list[Server] = []
        self._upstreams: list[Upstream] = []
        self.secrets.learn("password", PASSWORD)
        for name, value in forms_of_secrets().items():
            self.secrets.learn(name, value)

    def __enter__(self) -> "Proof":
        return self

    def __exit__(self, *_) -> None:
        for server in self._servers:
            server.kill()
        self._ends.close()

    # Servers

    def folder(self, name: str) -> Path:
        """An empty folder that goes away with the run."""
        folder = self.scratch / name
        folder.mkdir(parents=True)
        return folder

    def server(self, **options) -> Server:
        """Not started yet."""
        server = Server(self.scratch / f"server-{len(self._servers)}", **options)
        self.secrets.learn("APP_ENC_KEY", server.key)
        self._servers.append(server)
        return server

    def start(self, **options) -> Server:
        return self.server(**options).start()

    def with_providers(
        self, *, env: dict[str, str] | None = None, without: tuple[str, ...] = ()
    ) -> tuple[Server, Upstream]:
        """A started server with a mock of its own; `without` names keys that it does not get."""
        upstream = self._ends.enter_context(Upstream(CREDENTIALS))
        self._upstreams.append(upstream)
        settings = {**provider_environment(upstream, without=without), **NO_PROBES, **GENEROUS}
        server = self.start(env={**settings, **(env or {})}, args=(PRIVATE_UPSTREAMS,))
        return server, upstream

    def gateway(self, **options) -> Gateway:
        """Such a server with its admin. `options` as above."""
        return Gateway(*self.with_providers(**options))

    @cached_property
    def shared(self) -> Gateway:
        """For checks that leave nothing behind but accounts of their own."""
        return self.gateway()

    @cached_property
    def busy(self) -> Gateway:
        """With a day of use behind it and without FRED's key, for the console."""
        gateway = self.gateway(without=("FRED_API_KEY",))
        traffic.fill(gateway)
        return gateway

    # Windows

    @cached_property
    def _browser(self) -> Browser:
        return launch(self._ends.enter_context(sync_playwright()))

    def window(self, gateway: Gateway) -> Window:
        return Window(self._browser, gateway.server, self.out)

    def keep(self, window: Window, section: Section) -> None:
        """Closes the window and puts its pictures into the section."""
        self.pictures += window.pictures
        for picture in window.pictures:
            section.picture(picture.file, picture.text)
        window.close()

    # Callers

    def caller(self, section: Section, server: Server | None = None) -> Caller:
        server = server or self.shared.server
        return Caller(server.url, section, self.secrets, self.tally, self.scratch)

    def admin(self, section: Section, gateway: Gateway) -> Caller:
        """With the session of the gateway's admin."""
        caller = self.caller(section, gateway.server)
        caller.session = gateway.admin.cookie
        return caller

    def person(self, section: Section, email: str, server: Server | None = None) -> Caller:
        """A caller with an account, signed in, with nothing of that shown."""
        caller = self.caller(section, server)
        caller.register(email, PASSWORD, quiet=True)
        return caller

    # The repository

    @staticmethod
    def files(folder: str) -> list[str]:
        found = sorted(path for path in (REPOSITORY / folder).rglob("*") if path.is_file())
        return [path.relative_to(REPOSITORY).as_posix() for path in found]

    # At the end

    def leaks(self) -> list[str]:
        """What of a caller's has arrived at a provider and must not have."""
        return [f"at a provider: {leak}" for upstream in self._upstreams for leak in upstream.leaks]


def source(path: str) -> str:
    """The text of a file of the repository."""
    return (REPOSITORY / path).read_text()


def link(path: str, text: str | None = None) -> str:
    """A link from a page of the proof to a file of the repository that is there."""
    assert (REPOSITORY / path).exists(), f"{path} is not there"
    return f"[{text or path}](../../{path})"
