"""A caller with curl whose calls are written down as they happen."""

import json
from typing import Any

from harness import COOKIE_NAME, Authenticator

from . import shell
from .masking import Secrets
from .pages import Section
from .shell import Answer

# Of all headers, what a reader of the proof looks at.
HEADERS_SHOWN = {
    "allow",
    "x-trace-id",
    "set-cookie",
    "retry-after",
}
LINES_SHOWN_MAX = 60


class Tally:
    """How many answers there were in all of the run, each with a trace id of its own."""

    def __init__(self):
        self.trace_ids: set[str] = set()
        self.answers = 0

    def count(self, answer: Answer, path: str) -> None:
        trace = answer.trace_id
        assert len(trace) == 32 and set(trace) <= set("0123456789abcdef"), (
            f"{path}: x-trace-id is {trace!r}"
        )
        assert trace in answer.header("traceparent"), f"{path}: traceparent does not carry it"
        # What a provider has answered is passed on as it is, and a document is a document.
        is_ours = "/call/" not in path and (path.startswith("/api/") or answer.status >= 400)
        if is_ours:
            assert answer.json["trace_id"] == trace, f"{path}: trace_id differs from x-trace-id"
        self.answers += 1
        self.trace_ids.add(trace)


class Caller:
    def __init__(self, url: str, section: Section, secrets: Secrets, tally: Tally, home):
        self.url = url
        self.section = section
        self._secrets, self._tally, self._home = secrets, tally, home
        self.session = ""

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int | None = 200,
        session: str | None = None,
        token: str | None = None,
        headers: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        jq: str | None = None,
        also: tuple[str, ...] = (),
        quiet: bool = False,
    ) -> Answer:
        """Calls with the session of this caller, or with another one, or with a token; "" is
        neither. `body` is JSON, or text that is sent as it is. `also` names further headers to
        show; `quiet` calls are not shown."""
        is_said = method == "GET" or (method == "POST" and (body is not None or options))
        arguments = [] if is_said else ["-X", method]
        arguments += [f"$api{path}", *self._credentials(session, token)]
        for header in headers:
            arguments += ["-H", header]
        if body is not None:
            self._secrets.learn_from(body)
            text = body if isinstance(body, str) else compact(body)
            if not any(header.startswith("content-type:") for header in headers):
                arguments += ["-H", "content-type: application/json"]
            arguments += ["-d", text]
        arguments += options
        real = [self.url + word[4:] if word.startswith("$api") else word for word in arguments]
        answer = shell.curl(real, self._home)
        if answer.is_json:
            self._secrets.learn_from(answer.json)
        if answer.session:
            self._secrets.learn("session", answer.session)
            self.session = answer.session
        if jq is not None:
            answer.rows = shell.json_values(shell.jq(jq, answer.text, self._home))
        if not quiet:
            self.section.code(self._transcript(arguments, answer, jq, {*HEADERS_SHOWN, *also}))
        self._tally.count(answer, path)
        assert expect is None or answer.status == expect, (
            f"{method} {path}: expected {expect}, got {answer.status}: "
            + self._secrets.mask(answer.text[:300])
        )
        return answer

    def _credentials(self, session: str | None, token: str | None) -> list[str]:
        if token is not None:
            self._secrets.learn("token", token)
            return ["-H", f"authorization: Bearer {token}"] if token else []
        cookie = self.session if session is None else session
        self._secrets.learn("session", cookie)
        return ["-H", f"cookie: {COOKIE_NAME}={cookie}"] if cookie else []

    def _transcript(
        self, arguments: list[str], answer: Answer, jq: str | None, headers: set[str]
    ) -> str:
        # The command is masked before it is quoted, for masking looks at whole values.
        masked = [self._secrets.mask(word) for word in arguments]
        command = shell.shown(["curl", "-si", *masked])
        head = [answer.first_line] + [
            f"{name}: {value}" for name, value in answer.headers if name in headers
        ]
        if jq is not None:
            command += f"\n    # the body goes through jq {shell.quoted(jq)}"
            body = "\n".join(self._secrets.readable(row) for row in answer.rows)
        elif answer.is_json and answer.text:
            body = self._secrets.readable(answer.json)
        else:
            body = self._secrets.mask(answer.text)
        lines = body.splitlines()
        if len(lines) > LINES_SHOWN_MAX:
            lines = [*lines[:LINES_SHOWN_MAX], f"‹{len(lines) - LINES_SHOWN_MAX} lines more›"]
        return "\n".join([command, self._secrets.mask("\n".join(head)), "", *lines])

    # What comes up again and again

    def register(self, email: str, password: str, quiet: bool = False, **more) -> Answer:
        body = {"email": email, "password": password, **more}
        return self("POST", "/api/auth/register", body, expect=201, session="", quiet=quiet)

    def login(self, email: str, password: str, quiet: bool = False, expect: int = 200) -> Answer:
        body = {"email": email, "password": password}
        return self("POST", "/api/auth/login", body, session="", quiet=quiet, expect=expect)

    def enrol(self, quiet: bool = False) -> tuple[Authenticator, list[str]]:
        """Turns the second factor on; answers the authenticator and the backup codes."""
        setup = self("POST", "/api/auth/2fa/setup", quiet=quiet).json
        authenticator = Authenticator(setup["secret"])
        body = {"code": authenticator.code()}
        confirmed = self("POST", "/api/auth/2fa/confirm", body, quiet=quiet).json
        assert confirmed["user"]["two_factor_enabled"] is True
        return authenticator, confirmed["backup_codes"]


def compact(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
